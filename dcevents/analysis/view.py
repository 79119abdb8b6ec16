"""The rows that a report is made of: conversations, attempts, events, as the options select and name them."""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

import polars as pl

from dcevents import show
from dcevents.model.conversations import Fold
from dcevents.model.events import ABANDONED_OUTCOMES, KINDS, OUTCOMES
from dcevents.model.moments import UNTIMED
from dcevents.reading.log import Log
from dcevents.settings import Settings

_TEXT_COLUMNS = ("conversation", "type", "ui_type", "page")


@dataclass(frozen=True)
class View:
    """A log's fold under the settings of one run."""

    log: Log
    fold: Fold
    settings: Settings

    def fill_caches(self) -> None:
        """Make what several reports start from."""
        with ThreadPoolExecutor(1) as pool:
            agents = pool.submit(lambda: self.fold.agents)
            _ = (
                self.selected_conversations,
                self.fold.attempts,
                self.fold.conversation_ids,
                agents.result(),
            )

    # -- conversations and attempts, to be grouped --------------------------------------------------------------

    @cached_property
    def selected_conversations(self) -> pl.DataFrame:
        """The conversations that window and filters select, with `abandoned`."""
        found = self.keep_in_window(self._apply_filters(self.fold.conversations))
        least, most = OUTCOMES.index(ABANDONED_OUTCOMES[0]), OUTCOMES.index(ABANDONED_OUTCOMES[-1])
        return found.with_columns(
            pl.col("outcome").to_physical().is_between(least, most).alias("abandoned")
        )

    def select_conversations(self, by: Collection[str]) -> pl.DataFrame:
        """Selected conversations with the key columns that `by` needs, `conversation` (its name) aside."""
        frame = self._add_keys(self.selected_conversations, by)
        return (
            frame.join(self.fold.find_last_steps(), on="conv", how="left")
            if "last-step" in by
            else frame
        )

    def select_attempts(self, by: Collection[str]) -> pl.DataFrame:
        """Selected attempts with `wait` and `chat` (milliseconds), `in_time`, and the keys that `by` needs."""
        frame = self._selected_attempts
        if "conversation" in by:
            last = self.fold.conversations.select("conv", "last_at")
            frame = frame.join(last, on="conv", how="left")
        return self._add_keys(frame, by)

    def _add_keys(self, frame: pl.DataFrame, by: Collection[str]) -> pl.DataFrame:
        for name in by:
            if name in ("type", "ui-type", "page"):
                frame = self.fold.add_text(frame, name.replace("-", "_"))
        return frame

    @cached_property
    def _selected_attempts(self) -> pl.DataFrame:
        wait = pl.col("accepted_at") - pl.col("requested_at")
        chat = pl.when("accepted").then(pl.col("ended_at") - pl.col("accepted_at"))
        frame = self.keep_in_window(self.fold.attempts)
        if self.settings.filters.keys() - {"agent", "outcome"}:
            chosen = self._apply_filters(self.fold.conversations, without=("agent", "outcome"))
            frame = frame.join(chosen.select("conv"), on="conv", how="semi")
        frame = self.fold.add_key_parts(frame)
        frame = frame.with_columns(wait.alias("wait"), chat.alias("chat"))
        frame = frame.with_columns(
            (pl.col("wait") <= self.settings.service_level_ms).alias("in_time")
        )
        return self._keep_selected_agents(frame.join(self.fold.agents, on="agent", how="left"))

    def name_groups(
        self, groups: pl.DataFrame, frame: pl.DataFrame, keys: Sequence[str]
    ) -> pl.DataFrame:
        """For each group of `keys` (with `conv_id` among them): `conversation`, the name of that of its
        conversations in `frame` with the latest `last_at` that has one.
        """
        constant = self.fold.find_constant_texts("conversation")
        groups = groups.join(constant, on="conv_id", how="inner")
        changing = frame.filter(pl.col("conv_id") > 0).join(constant, on="conv_id", how="anti")
        groups = groups.filter(pl.col("conv_id") > 0).select(*keys, "conversation")
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
        """The first and the last day of the events in the zone; None where none has a time."""
        first, last = self.log.facts.earliest_ms, self.log.facts.latest_ms
        if first is None:
            return None
        days = [(show.format_local_time(ts, self.settings.tz) or "")[:10] for ts in (first, last)]
        return days[0] if days[0] == days[1] else " to ".join(days)

    def keep_in_window(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The conversations or attempts that start in the window."""
        since, until = self.settings.window.since, self.settings.window.until
        start = pl.col("started_at")
        if since is not None:
            frame = frame.filter(start >= since)
        if until is not None:
            frame = frame.filter(start < until)
        return frame

    def _apply_filters(self, frame: pl.DataFrame, without: Collection[str] = ()) -> pl.DataFrame:
        for column in self.settings.filters:
            if column not in without:
                frame = self.apply_filter(frame, column)
        return frame

    def apply_filter(self, frame: pl.DataFrame, column: str) -> pl.DataFrame:
        """The conversations (by `outcome` also the attempts) that the filter of one column selects."""
        patterns = self.settings.filters[column]
        if column == "agent":
            theirs = self._keep_selected_agents(self._add_agent_names()).select("conv").unique()
            return frame.join(theirs, on="conv", how="semi")
        if column == "outcome":
            outcome = pl.col("outcome").cast(pl.String)
            return frame.filter(
                outcome.is_in(
                    match_patterns(patterns, frame.select(outcome.unique())["outcome"].to_list())
                )
            )
        return self._keep_matching_texts(frame, column, patterns)

    def _keep_matching_texts(
        self, frame: pl.DataFrame, column: str, patterns: Sequence[str]
    ) -> pl.DataFrame:
        texts = self.fold.add_text(frame.select("conv", "conv_id"), column)
        fits = pl.col(column).is_in(
            match_patterns(patterns, texts[column].drop_nulls().unique().to_list())
        )
        if column == "conversation":
            ids = self.fold.conversation_ids.drop_nulls()
            chosen = ids.filter(
                pl.col("conversation_id").is_in(
                    match_patterns(patterns, ids["conversation_id"].to_list())
                )
            )
            fits |= pl.col("conv_id").is_in(chosen["conv_id"].to_list())
        return frame.join(texts.filter(fits).select("conv"), on="conv", how="semi")

    def _add_agent_names(self) -> pl.DataFrame:
        return self.fold.attempts.join(self.fold.agents, on="agent", how="left")

    def _keep_selected_agents(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Attempts of the agents that are asked for."""
        patterns = self.settings.filters.get("agent")
        if not patterns:
            return frame
        names = [*frame["agent_id"].unique(), *frame["agent_name"].unique()]
        values = match_patterns(patterns, [name for name in names if name is not None])
        return frame.filter(pl.col("agent_id").is_in(values) | pl.col("agent_name").is_in(values))

    # -- listings -------------------------------------------------------------------------------------------------

    def list_conversations(self) -> pl.DataFrame:
        """The `conversations` listing."""
        frame = self.selected_conversations.join(self.fold.find_last_steps(), on="conv", how="left")
        for column in _TEXT_COLUMNS:
            frame = self.fold.add_text(frame, column)
        return self._order_listing(frame, "started_at").with_columns(
            ((pl.col("last_at") - pl.col("started_at")) / 1000).alias("duration_seconds"),
            pl.col("outcome").cast(pl.String),
        )

    def list_sessions(self) -> pl.DataFrame:
        """The `sessions` listing."""
        outcome = pl.col("outcome")
        found = self.keep_in_window(
            self._apply_filters(self.fold.conversations, without=("outcome",))
        )
        grouped = found.group_by("sid").agg(
            pl.col("started_at").min(),
            pl.col("last_at").max(),
            pl.len().alias("conversations"),
            pl.col("engaged").sum(),
            (outcome == "completed").sum().alias("completed"),
            pl.col("gave_email").sum().alias("emails"),
            pl.col("gave_phone").sum().alias("phones"),
            pl.col("meetings", "live_chats").sum(),
            outcome.to_physical().min().alias("best"),
        )
        named = grouped.with_columns(
            ((pl.col("last_at") - pl.col("started_at")) / 1000).alias("duration_seconds"),
            pl.col("best")
            .replace_strict(dict(enumerate(OUTCOMES)), return_dtype=pl.String)
            .alias("outcome"),
        )
        if patterns := self.settings.filters.get("outcome"):
            named = named.filter(pl.col("outcome").is_in(match_patterns(patterns, OUTCOMES)))
        return self._order_listing(
            named.with_columns(pl.lit(0, pl.UInt32).alias("conv_id")), "started_at"
        )

    def list_chats(self) -> pl.DataFrame:
        """The `chats` listing."""
        frame = self.fold.add_text(self._selected_attempts, "conversation")
        if "outcome" in self.settings.filters:
            frame = self.apply_filter(frame, "outcome")
        return self._order_listing(frame, "requested_at", "attempt").with_columns(
            pl.col("agent_name").alias("agent"),
            (pl.col("wait") / 1000).alias("wait_seconds"),
            (pl.col("chat") / 1000).alias("chat_seconds"),
        )

    def list_events(self) -> pl.DataFrame:
        """The `events` listing: of lines with the same whole identity, the first by file and line."""
        if self.log.located is None:
            raise ValueError("the log was read without places")
        frame = self.log.located.join(self._expand_attributes(), on="said").with_columns(
            pl.min_horizontal("ts", UNTIMED).alias("ts"),
            self.fold.make_key(pl.col("conv_id")),
        )
        frame = frame.sort("file", "line").unique(
            ["sid", "ident", "ts"], keep="first", maintain_order=True
        )
        if self.settings.filters or self.settings.window:
            chosen = self.keep_in_window(
                self._apply_filters(self.fold.conversations, without=("agent",))
            )
            frame = self._keep_selected_agents(
                frame.join(chosen.select("conv"), on="conv", how="semi")
            )
        frame = frame.with_columns(pl.when(pl.col("ts") < UNTIMED).then("ts").alias("timestamp"))
        files = pl.DataFrame(
            {"file": range(len(self.log.inputs)), "name": [each.name for each in self.log.inputs]}
        )
        listed = self._order_listing(frame, "timestamp", "kind", "file", "line")
        return listed.join(
            files.cast({"file": pl.UInt32}), on="file", how="left", maintain_order="left"
        ).with_columns(
            pl.col("kind_name").alias("kind"),
            pl.col("agent_name").alias("agent"),
            pl.col("name").alias("file"),
        )

    def _expand_attributes(self) -> pl.DataFrame:
        vocabulary = self.log.facts.vocabulary
        said = vocabulary.list_attributes()
        return self.fold.attributes.with_columns(
            vocabulary.number_identities().alias("ident"),
            pl.Series("agent_id", [each.agent_id for each in said], dtype=pl.String),
            pl.Series("meeting_info", [each.meeting_info for each in said], dtype=pl.String),
            pl.Series("kind_name", [KINDS[each.kind] for each in said], dtype=pl.String),
        ).with_row_index("said")

    def _order_listing(self, frame: pl.DataFrame, time: str, *more: str) -> pl.DataFrame:
        """Rows in a listing's order, with the texts of `sid` and `conversation_id`."""
        sids = self.fold.look_up_sids(frame["sid"])
        frame = frame.with_columns(sids.alias("sid"))
        if "conversation_id" not in frame.columns:
            frame = frame.join(self.fold.conversation_ids, on="conv_id", how="left")
        return frame.sort(time, "sid", "conversation_id", *more, nulls_last=True)


def match_patterns(patterns: Sequence[str], values: Collection[str]) -> list[str]:
    """The values that one of the patterns equals; for a pattern that equals none, those that it fits as a glob."""
    found: set[str] = set()
    for pattern in patterns:
        found |= {pattern} if pattern in values else {v for v in values if fnmatchcase(v, pattern)}
    return sorted(found)
