"""The rows of reports: conversations, attempts, sessions and events that options select."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import polars as pl

from dcevents import show
from dcevents.analysis.filters import Choice, choose_agents, choose_conversations, join_choices
from dcevents.analysis.patterns import match_pages, match_patterns
from dcevents.analysis.time_keys import add_time_keys
from dcevents.model.conversations import FactFold
from dcevents.model.events import ABANDONED_OUTCOMES, KINDS, OUTCOMES
from dcevents.model.fold import TEXT_COLUMNS, Fold, find_latest_names, take_latest_names
from dcevents.model.moments import UNTIMED
from dcevents.reading.log import Log
from dcevents.settings import Settings, Window

_T = TypeVar("_T")


@dataclass(frozen=True)
class View:
    """A log's fold under the settings of one run."""

    log: Log
    fold: Fold
    settings: Settings
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By key of `--by`, values that selected rows do not have."""
    is_of_abandoned: bool = False
    """Only abandoned conversations are selected."""

    @property
    def fact_fold(self) -> FactFold:
        """Return the fold as one of facts, which knows single events.

        Raises ValueError if it was read from stored rows.
        """
        if not isinstance(self.fold, FactFold):
            raise ValueError("the fold has no facts")  # noqa: TRY004 - a state, not an argument
        return self.fold

    def fill_caches(self) -> None:
        """Compute the small frames that several reports start from."""
        with ThreadPoolExecutor(1) as pool:
            agents = pool.submit(lambda: self.fold.agents)
            _ = self.fold.attempts, self.fold.conversation_ids, agents.result()

    def map_parts(self, function: Callable[["View"], _T], columns: Collection[str]) -> list[_T]:
        """Return what a function makes of views of some selected conversations each, in any order.

        There is this view alone where filters select: what a pattern fits depends on all of them.
        """
        if self.settings.filters or "selected_conversations" in vars(self):
            return [function(self)]
        window = ["started_at"] if self.settings.window else []
        return self.fold.map_parts(
            lambda fold: function(self if fold is self.fold else replace(self, fold=fold)),
            {*columns, *window},
        )

    # -- conversations and attempts to group ---------------------------------------------------

    @cached_property
    def selected_conversations(self) -> pl.DataFrame:
        """Return the conversations that window and filters select, with `abandoned` (bool)."""
        selected = self.keep_in_window(self.apply_filters(self.fold.conversations))
        first, last = (OUTCOMES.index(ABANDONED_OUTCOMES[i]) for i in (0, -1))
        is_abandoned = pl.col("outcome").to_physical().is_between(first, last)
        selected = selected.with_columns(is_abandoned.alias("abandoned"))
        return selected.filter("abandoned") if self.is_of_abandoned else selected

    def select_conversations(self, by: Collection[str]) -> pl.DataFrame:
        """Return the selected conversations with the columns of the keys `by`.

        The name of a conversation is not among them: see `name_groups`.
        """
        frame = self._add_keys(self.selected_conversations, by)
        if "last-step" not in by:
            return frame
        return frame.join(self.fold.find_last_steps(), on="conversation_key", how="left")

    def count_sessions(self, selected: pl.DataFrame) -> int:
        """Count the sessions of all selected conversations."""
        settings = self.settings
        selects = settings.filters or settings.window or self.left_out or self.is_of_abandoned
        every = None if selects else self.fold.session_count
        return self.fold.add_sids(selected)["sid"].n_unique() if every is None else every

    def select_attempts(self, by: Collection[str]) -> pl.DataFrame:
        """Return the selected attempts with the columns of the keys `by`.

        More columns: wait and chat (milliseconds), in_time (within the service level).
        """
        frame = self._selected_attempts
        if "conversation" in by:
            last = self.fold.conversations.select("conversation_key", "last_at")
            frame = frame.join(last, on="conversation_key", how="left")
        return self._add_keys(frame, by)

    def select_bookings(self, by: Collection[str]) -> pl.DataFrame:
        """Return the selected conversations with their bookings, and the columns of `by`.

        More columns: bookings (their number), booked_at and last_booked_at (the first and the last
        of them; null untimed). The filter of agents selects bookings. By agent there is a row for
        each conversation and agent that it has a booking with, and `engaged` is null, since
        whoever did not book has no agent.
        """
        bookings = self.fold.list_bookings().join(self.fold.agents, on="agent", how="left")
        keys = ["conversation_key", *(["agent_id"] if "agent" in by else [])]
        times = pl.col("ts").min().alias("booked_at"), pl.col("ts").max().alias("last_booked_at")
        bookings = (
            self._keep_selected_agents(bookings)
            .group_by(keys)
            .agg(pl.len().alias("bookings"), *times)
        )
        selected = self.keep_in_window(
            self.apply_filters(self.fold.conversations, without=("agent",))
        )
        if "agent" in by:
            frame = selected.join(bookings, on="conversation_key", how="inner")
            frame = frame.with_columns(pl.lit(None, pl.Boolean).alias("engaged"))
        else:
            frame = selected.join(bookings, on="conversation_key", how="left")
            frame = frame.with_columns(pl.col("bookings").fill_null(0))
        return self._add_keys(frame, by)

    def _add_keys(self, frame: pl.DataFrame, by: Collection[str]) -> pl.DataFrame:
        for key in dict.fromkeys([*by, *self.left_out]):
            if key in ("type", "ui-type", "page"):
                frame = self.fold.add_text(frame, key.replace("-", "_"))
        for key, values in self.left_out.items():
            frame = self._leave_out(frame, key, values)
        return frame

    def _leave_out(self, frame: pl.DataFrame, key: str, values: Sequence[str]) -> pl.DataFrame:
        """Return the rows that have another value of a key, or none."""
        column = {"conversation": "id_rank", "agent": "agent_id"}.get(key, key.replace("-", "_"))
        unwanted = pl.Series(values, dtype=pl.String)
        if key == "conversation":
            ids = self.fold.conversation_ids
            unwanted = ids.filter(pl.col("conversation_id").is_in(unwanted.implode()))["id_rank"]
        return frame.filter(~pl.col(column).is_in(unwanted.implode()).fill_null(value=False))

    @cached_property
    def _attempts_in_window(self) -> pl.DataFrame:
        """Return the attempts of the report without filters."""
        frame = self.fold.add_key_parts(self.keep_in_window(self.fold.attempts))
        return frame.join(self.fold.agents, on="agent", how="left")

    @cached_property
    def _selected_attempts(self) -> pl.DataFrame:
        wait = pl.col("accepted_at") - pl.col("requested_at")
        chat = pl.when("accepted").then(pl.col("ended_at") - pl.col("accepted_at"))
        frame = self._attempts_in_window
        if self.settings.filters.keys() - {"agent", "outcome"}:
            selected = self.apply_filters(
                self.fold.conversations, without=("agent", "outcome"), of_attempts=True
            )
            frame = _keep_conversations(frame, selected)
        frame = frame.with_columns(wait.alias("wait"), chat.alias("chat"))
        is_in_time = pl.col("wait") <= self.settings.service_level_ms
        return self._keep_selected_agents(frame.with_columns(is_in_time.alias("in_time")))

    def name_groups(
        self, groups: pl.DataFrame, names: pl.DataFrame, keys: Sequence[str]
    ) -> pl.DataFrame:
        """Return keys → conversation, the name of each group.

        `keys` have id_rank among them; `names` are those of `find_latest_names`.
        """
        constant = groups.join(self._constant_names, on="id_rank").filter(pl.col("id_rank") > 0)
        latest = take_latest_names(names, keys)
        return pl.concat(each.select(*keys, "conversation") for each in (constant, latest))

    @cached_property
    def renamed_ids(self) -> pl.Series:
        """Return the ranks of conversation ids that have several names, or one at times."""
        ids = self.fold.conversation_ids.filter(pl.col("id_rank") > 0)
        return ids.join(self._constant_names, on="id_rank", how="anti")["id_rank"]

    @cached_property
    def _constant_names(self) -> pl.DataFrame:
        return self.fold.find_constant_texts("conversation")

    def describe_days(self) -> str | None:
        """Return the first and last local day; None without timed events."""
        first, last = self.log.facts.earliest_ms, self.log.facts.latest_ms
        if first is None:
            return None
        days = [(show.format_local_time(ts, self.settings.tz) or "")[:10] for ts in (first, last)]
        return days[0] if days[0] == days[1] else " to ".join(days)

    # -- window and filters --------------------------------------------------------------------

    def keep_in_window(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Keep the conversations or attempts that start in the window, or in that compared."""
        if not self.settings.window:
            return frame
        return frame.filter(pl.any_horizontal(map(starts_in, self.settings.windows)))

    def apply_filters(
        self, frame: pl.DataFrame, without: Collection[str] = (), *, of_attempts: bool = False
    ) -> pl.DataFrame:
        """Keep the conversations that the filters select, but for those of some columns."""
        for column in self.settings.filters:
            if column not in without:
                frame = self.apply_filter(frame, column, of_attempts=of_attempts)
        return frame

    def apply_filter(
        self, frame: pl.DataFrame, column: str, *, of_attempts: bool = False
    ) -> pl.DataFrame:
        """Keep the conversations that the filter of one column selects.

        The filter of `outcome` applies to attempts too. `of_attempts`: names are those that a
        report of attempts shows.
        """
        patterns = self.settings.filters[column]
        if column == "agent":
            return _keep_conversations(frame, self._keep_selected_agents(self.fold.attempts))
        if column == "outcome":
            outcome = pl.col("outcome").cast(pl.String)
            present = frame.select(outcome.unique())["outcome"].to_list()
            return frame.filter(outcome.is_in(match_patterns(patterns, present)))
        if column == "conversation":
            choices = [
                self.choose_conversations(each, of_attempts=of_attempts) for each in patterns
            ]
            return self._keep_chosen_conversations(frame, join_choices(choices))
        texts = self.fold.add_text(frame.select("conversation_key", "id_rank"), column)
        present = texts[column].drop_nulls().unique().to_list()
        if column == "page":
            matches = sorted({page for each in patterns for page in match_pages(each, present)})
        else:
            matches = match_patterns(patterns, present)
        return _keep_conversations(frame, texts.filter(pl.col(column).is_in(matches)))

    def choose_conversations(self, pattern: str, *, of_attempts: bool = False) -> Choice:
        """Return the conversation ids that a pattern selects."""
        shown = self._names_of_attempts if of_attempts else self._names_of_conversations
        return choose_conversations(pattern, self.fold, shown)

    def choose_agents(self, pattern: str) -> Choice:
        """Return the agents that a pattern selects."""
        return choose_agents(pattern, self.fold, self._attempts_in_window)

    @cached_property
    def _names_of_conversations(self) -> pl.DataFrame:
        return self._list_shown_names(self.keep_in_window(self.fold.conversations))

    @cached_property
    def _names_of_attempts(self) -> pl.DataFrame:
        last = self.fold.conversations.select("conversation_key", "last_at")
        frame = self._attempts_in_window
        return self._list_shown_names(frame.join(last, on="conversation_key", how="left"))

    def _list_shown_names(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return id_rank → conversation: the names that the report without filters shows.

        An id has several where rows of different buckets, or single conversations, show them.
        """
        frame = frame.filter(pl.col("id_rank") > 0)
        if self.settings.is_listing:
            names = self.fold.add_text(frame.select("conversation_key", "id_rank"), "conversation")
        else:
            by = self.settings.by if "conversation" in self.settings.by else ()
            frame = add_time_keys(self._add_keys(frame, by), by, self.settings.tz)
            columns = [key.replace("-", "_") for key in by]
            keys = ["id_rank", *(column for column in columns if column in frame.columns)]
            names = find_latest_names(self.fold, frame, keys, self.renamed_ids)
            names = self.name_groups(frame.select(keys).unique(), names, keys)
        return names.select("id_rank", "conversation").drop_nulls().unique()

    def _keep_chosen_conversations(self, frame: pl.DataFrame, choice: Choice) -> pl.DataFrame:
        is_chosen = pl.col("id_rank").is_in(list(choice.ranks))
        if not choice.names:
            return frame.filter(is_chosen)
        nameless = frame.filter(pl.col("id_rank") == 0).select("conversation_key", "id_rank")
        named = self.fold.add_text(nameless, "conversation")
        fitting = named.filter(pl.col("conversation").is_in(list(choice.names)))
        keys = fitting["conversation_key"].implode()
        return frame.filter(is_chosen | pl.col("conversation_key").is_in(keys))

    def _keep_selected_agents(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Keep rows (with `agent`, a rank) of the agents that the filter selects."""
        patterns = self.settings.filters.get("agent")
        if not patterns:
            return frame
        chosen = join_choices(self.choose_agents(pattern) for pattern in patterns)
        return frame.filter(pl.col("agent").is_in(list(chosen.ranks)))

    # -- listings ------------------------------------------------------------------------------

    def list_conversations(self) -> pl.DataFrame:
        """Return the rows of the `conversations` report."""
        last_steps = self.fold.find_last_steps()
        frame = self.selected_conversations.join(last_steps, on="conversation_key", how="left")
        for column in TEXT_COLUMNS:
            frame = self.fold.add_text(frame, column)
        return self.order_listing(frame, "started_at").with_columns(
            measure_duration(), pl.col("outcome").cast(pl.String)
        )

    def list_conversations_in_parts(self) -> Iterator[pl.DataFrame]:
        """Yield the rows of the `conversations` report in parts, which come in order.

        There is one at least. Which names a filter fits depends on all conversations: with one that
        is about texts there is one part.
        """
        if self.settings.filters.keys() - {"outcome"}:
            yield self.list_conversations()
            return
        for fold in self.fold.split_by_start():
            yield replace(self, fold=fold).list_conversations()

    def list_chats(self) -> pl.DataFrame:
        """Return the rows of the `chats` report."""
        frame = self.fold.add_text(self._selected_attempts, "conversation")
        if "outcome" in self.settings.filters:
            frame = self.apply_filter(frame, "outcome")
        return self.order_listing(frame, "requested_at", "attempt").with_columns(
            pl.col("outcome").cast(pl.String),
            pl.col("agent_name").alias("agent"),
            (pl.col("wait") / 1000).alias("wait_seconds"),
            (pl.col("chat") / 1000).alias("chat_seconds"),
        )

    def list_events(self) -> pl.DataFrame:
        """Return the rows of the `events` report.

        The first of duplicates by file and line is kept. Raises ValueError if the log was read
        without places.
        """
        if self.log.located is None:
            raise ValueError("the log was read without places")
        frame = self.log.located.join(self._expand_attributes(), on="attributes").with_columns(
            pl.min_horizontal("ts", UNTIMED).alias("ts"),
            self.fact_fold.make_key(pl.col("id_rank")),
        )
        frame = frame.sort("file", "line").unique(
            ["sid", "identity", "ts"], keep="first", maintain_order=True
        )
        if self.settings.filters or self.settings.window:
            conversations = self.apply_filters(self.fold.conversations, without=("agent",))
            frame = _keep_conversations(frame, self.keep_in_window(conversations))
            frame = self._keep_selected_agents(frame)
        frame = frame.with_columns(pl.when(pl.col("ts") < UNTIMED).then("ts").alias("timestamp"))
        listing = self.order_listing(frame, "timestamp", "kind", "file", "line")
        return listing.join(
            self._name_files(), on="file", how="left", maintain_order="left"
        ).with_columns(
            pl.col("kind_name").alias("kind"),
            pl.col("agent_name").alias("agent"),
            pl.col("file_name").alias("file"),
        )

    def select_events(self) -> pl.DataFrame:
        """Return the different events that window and filters select: sid, attributes, ts.

        Of duplicates the one with the least texts; `ts` is UNTIMED where there is none. Raises
        ValueError for a fold of stored rows.
        """
        vocabulary = self.log.facts.vocabulary
        rows = vocabulary.list_attributes()
        texts = [tuple(each or "" for each in row[1:]) for row in rows]
        in_order = pl.Series(sorted(range(len(rows)), key=texts.__getitem__), dtype=pl.UInt32)
        codes = self.fold.attributes.select("id_rank", "agent").with_columns(
            vocabulary.number_identities().alias("identity"),
            in_order.arg_sort().cast(pl.UInt32).alias("rank"),
        )
        codes = codes.with_row_index("attributes")
        selected = self._select_keys() if self.settings.filters or self.settings.window else None
        # Parts of whole sessions: duplicates are of one session.
        parts = self.fact_fold.facts.split_by_session()
        ranked = pl.concat(self._select_part(part.to_frame(), codes, selected) for part in parts)
        return ranked.select("sid", in_order.gather(ranked["rank"]).alias("attributes"), "ts")

    def _select_keys(self) -> pl.DataFrame:
        conversations = self.apply_filters(self.fold.conversations, without=("agent",))
        return self.keep_in_window(conversations).select("conversation_key")

    def _select_part(
        self, facts: pl.DataFrame, codes: pl.DataFrame, selected: pl.DataFrame | None
    ) -> pl.DataFrame:
        frame = facts.with_columns(pl.min_horizontal("ts", UNTIMED).alias("ts"))
        frame = frame.join(codes, on="attributes")
        if selected is not None:
            frame = frame.with_columns(self.fact_fold.make_key(pl.col("id_rank")))
            frame = self._keep_selected_agents(_keep_conversations(frame, selected))
        frame = frame.group_by("sid", "identity", "ts").agg(pl.col("rank").min())
        return frame.select("sid", "rank", "ts")

    def _name_files(self) -> pl.DataFrame:
        names = pl.DataFrame({"file_name": [each.name for each in self.log.inputs]})
        return names.cast(pl.String).with_row_index("file")

    def _expand_attributes(self) -> pl.DataFrame:
        """Return all attributes, by code, with the number of their `identity`."""
        vocabulary = self.log.facts.vocabulary
        rows = vocabulary.list_attributes()
        return self.fold.attributes.with_columns(
            vocabulary.number_identities().alias("identity"),
            pl.Series("agent_id", [each.agent_id for each in rows], dtype=pl.String),
            pl.Series("meeting_info", [each.meeting_info for each in rows], dtype=pl.String),
            pl.Series("kind_name", [KINDS[each.kind] for each in rows], dtype=pl.String),
        ).with_row_index("attributes")

    def order_listing(self, frame: pl.DataFrame, time: str, *more: str) -> pl.DataFrame:
        """Add the texts of `sid` and `conversation_id`, and sort."""
        frame = self.fold.add_sids(frame)
        frame = frame.with_columns(self.fold.look_up_sids(frame["sid"]).alias("sid"))
        if "conversation_id" not in frame.columns:
            frame = frame.join(self.fold.conversation_ids, on="id_rank", how="left")
        return frame.sort(time, "sid", "conversation_id", *more, nulls_last=True)


def starts_in(window: Window) -> pl.Expr:
    """Return whether a conversation or attempt starts in a window that has an end."""
    started_at, conditions = pl.col("started_at"), []
    if window.since is not None:
        conditions.append(started_at >= window.since)
    if window.until is not None:
        conditions.append(started_at < window.until)
    return pl.all_horizontal(conditions)


def _keep_conversations(frame: pl.DataFrame, selected: pl.DataFrame) -> pl.DataFrame:
    return frame.join(selected.select("conversation_key"), on="conversation_key", how="semi")


def measure_duration() -> pl.Expr:
    """Return `duration_seconds`, from the start to the last event."""
    duration_ms = pl.col("last_at") - pl.col("started_at")
    return (duration_ms / 1000).alias("duration_seconds")
