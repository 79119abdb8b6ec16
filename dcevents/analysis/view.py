"""The rows of reports: conversations, attempts, sessions and events that options select."""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

import polars as pl

from dcevents import show
from dcevents.model.conversations import FactFold
from dcevents.model.events import ABANDONED_OUTCOMES, KINDS, OUTCOMES
from dcevents.model.fold import TEXT_COLUMNS, Fold
from dcevents.model.moments import UNTIMED
from dcevents.reading.log import Log
from dcevents.settings import Settings, Window


@dataclass(frozen=True)
class View:
    """A log's fold under the settings of one run."""

    log: Log
    fold: Fold
    settings: Settings

    @property
    def fact_fold(self) -> FactFold:
        """Return the fold as one of facts, which knows single events.

        Raises ValueError if it was read from stored rows.
        """
        if not isinstance(self.fold, FactFold):
            raise ValueError("the fold has no facts")  # noqa: TRY004 - a state, not an argument
        return self.fold

    def fill_caches(self) -> None:
        """Compute the frames that several reports start from."""
        with ThreadPoolExecutor(1) as pool:
            agents = pool.submit(lambda: self.fold.agents)
            _ = (
                self.selected_conversations,
                self.fold.attempts,
                self.fold.conversation_ids,
                agents.result(),
            )

    # -- conversations and attempts to group ---------------------------------------------------

    @cached_property
    def selected_conversations(self) -> pl.DataFrame:
        """Return the conversations that window and filters select, with `abandoned` (bool)."""
        selected = self.keep_in_window(self._apply_filters(self.fold.conversations))
        first, last = (OUTCOMES.index(ABANDONED_OUTCOMES[i]) for i in (0, -1))
        is_abandoned = pl.col("outcome").to_physical().is_between(first, last)
        return selected.with_columns(is_abandoned.alias("abandoned"))

    def select_conversations(self, by: Collection[str]) -> pl.DataFrame:
        """Return the selected conversations with the columns of the keys `by`.

        The name of a conversation is not among them: see `name_groups`.
        """
        frame = self._add_keys(self.selected_conversations, by)
        if "last-step" not in by:
            return frame
        return frame.join(self.fold.find_last_steps(), on="conversation_key", how="left")

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
            self._apply_filters(self.fold.conversations, without=("agent",))
        )
        if "agent" in by:
            frame = selected.join(bookings, on="conversation_key", how="inner")
            frame = frame.with_columns(pl.lit(None, pl.Boolean).alias("engaged"))
        else:
            frame = selected.join(bookings, on="conversation_key", how="left")
            frame = frame.with_columns(pl.col("bookings").fill_null(0))
        return self._add_keys(frame, by)

    def _add_keys(self, frame: pl.DataFrame, by: Collection[str]) -> pl.DataFrame:
        for key in by:
            if key in ("type", "ui-type", "page"):
                frame = self.fold.add_text(frame, key.replace("-", "_"))
        return frame

    @cached_property
    def _selected_attempts(self) -> pl.DataFrame:
        wait = pl.col("accepted_at") - pl.col("requested_at")
        chat = pl.when("accepted").then(pl.col("ended_at") - pl.col("accepted_at"))
        frame = self.keep_in_window(self.fold.attempts)
        if self.settings.filters.keys() - {"agent", "outcome"}:
            selected = self._apply_filters(self.fold.conversations, without=("agent", "outcome"))
            frame = _keep_conversations(frame, selected)
        frame = self.fold.add_key_parts(frame)
        frame = frame.with_columns(wait.alias("wait"), chat.alias("chat"))
        is_in_time = pl.col("wait") <= self.settings.service_level_ms
        frame = frame.with_columns(is_in_time.alias("in_time"))
        return self._keep_selected_agents(frame.join(self.fold.agents, on="agent", how="left"))

    def name_groups(
        self, groups: pl.DataFrame, frame: pl.DataFrame, keys: Sequence[str]
    ) -> pl.DataFrame:
        """Return keys → conversation, the name of each group.

        `keys` have id_rank among them. The name is that of the conversation in `frame` with the
        latest `last_at` that has one.
        """
        constant = self.fold.find_constant_texts("conversation")
        groups = groups.join(constant, on="id_rank", how="inner")
        groups = groups.filter(pl.col("id_rank") > 0).select(*keys, "conversation")
        changing = frame.filter(pl.col("id_rank") > 0).join(constant, on="id_rank", how="anti")
        if changing.is_empty():
            return groups
        named = self.fold.add_text(changing, "conversation").drop_nulls("conversation")
        latest = (
            named.sort("last_at", "conversation", nulls_last=False)
            .group_by(keys, maintain_order=True)
            .last()
        )
        return pl.concat([groups, latest.select(*keys, "conversation")])

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

    def _apply_filters(self, frame: pl.DataFrame, without: Collection[str] = ()) -> pl.DataFrame:
        for column in self.settings.filters:
            if column not in without:
                frame = self.apply_filter(frame, column)
        return frame

    def apply_filter(self, frame: pl.DataFrame, column: str) -> pl.DataFrame:
        """Keep the conversations that the filter of one column selects.

        The filter of `outcome` applies to attempts too.
        """
        patterns = self.settings.filters[column]
        if column == "agent":
            with_names = self.fold.attempts.join(self.fold.agents, on="agent", how="left")
            return _keep_conversations(frame, self._keep_selected_agents(with_names))
        if column == "outcome":
            outcome = pl.col("outcome").cast(pl.String)
            present = frame.select(outcome.unique())["outcome"].to_list()
            return frame.filter(outcome.is_in(match_patterns(patterns, present)))
        return self._keep_matching_texts(frame, column, patterns)

    def _keep_matching_texts(
        self, frame: pl.DataFrame, column: str, patterns: Sequence[str]
    ) -> pl.DataFrame:
        texts = self.fold.add_text(frame.select("conversation_key", "id_rank"), column)
        present = texts[column].drop_nulls().unique().to_list()
        is_match = pl.col(column).is_in(match_patterns(patterns, present))
        if column == "conversation":
            ids = self.fold.conversation_ids.drop_nulls()
            wanted = match_patterns(patterns, ids["conversation_id"].to_list())
            matching = ids.filter(pl.col("conversation_id").is_in(wanted))
            is_match |= pl.col("id_rank").is_in(matching["id_rank"].to_list())
        return _keep_conversations(frame, texts.filter(is_match))

    def _keep_selected_agents(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Keep rows (with agent_id, agent_name) of the agents that the filter selects."""
        patterns = self.settings.filters.get("agent")
        if not patterns:
            return frame
        names = [*frame["agent_id"].unique(), *frame["agent_name"].unique()]
        wanted = match_patterns(patterns, [name for name in names if name is not None])
        return frame.filter(pl.col("agent_id").is_in(wanted) | pl.col("agent_name").is_in(wanted))

    # -- listings ------------------------------------------------------------------------------

    def list_conversations(self) -> pl.DataFrame:
        """Return the rows of the `conversations` report."""
        last_steps = self.fold.find_last_steps()
        frame = self.selected_conversations.join(last_steps, on="conversation_key", how="left")
        for column in TEXT_COLUMNS:
            frame = self.fold.add_text(frame, column)
        return self._order_listing(frame, "started_at").with_columns(
            _measure_duration(), pl.col("outcome").cast(pl.String)
        )

    def list_sessions(self) -> pl.DataFrame:
        """Return the rows of the `sessions` report."""
        outcome = pl.col("outcome")
        conversations = self.keep_in_window(
            self._apply_filters(self.fold.conversations, without=("outcome",))
        )
        sessions = conversations.group_by("sid").agg(
            pl.col("started_at").min(),
            pl.col("last_at").max(),
            pl.len().alias("conversations"),
            pl.col("engaged").sum(),
            (outcome == "completed").sum().alias("completed"),
            pl.col("gave_email").sum().alias("emails"),
            pl.col("gave_phone").sum().alias("phones"),
            pl.col("meetings", "live_chats").sum(),
            # The outcome of a session is the first of its conversations' in OUTCOMES.
            outcome.to_physical().min().alias("outcome"),
        )
        names = dict(enumerate(OUTCOMES))
        sessions = sessions.with_columns(
            _measure_duration(),
            outcome.replace_strict(names, return_dtype=pl.String),
            pl.lit(0, pl.UInt32).alias("id_rank"),
        )
        if patterns := self.settings.filters.get("outcome"):
            sessions = sessions.filter(outcome.is_in(match_patterns(patterns, OUTCOMES)))
        return self._order_listing(sessions, "started_at")

    def list_chats(self) -> pl.DataFrame:
        """Return the rows of the `chats` report."""
        frame = self.fold.add_text(self._selected_attempts, "conversation")
        if "outcome" in self.settings.filters:
            frame = self.apply_filter(frame, "outcome")
        return self._order_listing(frame, "requested_at", "attempt").with_columns(
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
            conversations = self._apply_filters(self.fold.conversations, without=("agent",))
            frame = _keep_conversations(frame, self.keep_in_window(conversations))
            frame = self._keep_selected_agents(frame)
        frame = frame.with_columns(pl.when(pl.col("ts") < UNTIMED).then("ts").alias("timestamp"))
        listing = self._order_listing(frame, "timestamp", "kind", "file", "line")
        return listing.join(
            self._name_files(), on="file", how="left", maintain_order="left"
        ).with_columns(
            pl.col("kind_name").alias("kind"),
            pl.col("agent_name").alias("agent"),
            pl.col("file_name").alias("file"),
        )

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

    def _order_listing(self, frame: pl.DataFrame, time: str, *more: str) -> pl.DataFrame:
        """Add the texts of `sid` and `conversation_id`, and sort."""
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


def _measure_duration() -> pl.Expr:
    duration_ms = pl.col("last_at") - pl.col("started_at")
    return (duration_ms / 1000).alias("duration_seconds")


def match_patterns(patterns: Sequence[str], values: Collection[str]) -> list[str]:
    """Return the values that patterns equal, or else match as globs."""
    matches: set[str] = set()
    for pattern in patterns:
        is_value = pattern in values
        matches |= {pattern} if is_value else {v for v in values if fnmatchcase(v, pattern)}
    return sorted(matches)
