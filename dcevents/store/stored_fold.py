"""Reports from a store: a `Fold` whose conversations and attempts are not made of facts, but read as they were kept."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from dcevents.model import attempts
from dcevents.model.conversations import Fold, add_ranks
from dcevents.store.disk import segment
from dcevents.store.disk.segment import ATTEMPTS_SCHEMA, TEXT_CODE_COLUMNS
from dcevents.store.disk.state import NO_WINDOW, StoreState

_STATE_COLUMNS = (
    "sid", "said", "started_at", "engaged_at", "completed_at", "last_at", "engaged", "gave_email", "gave_phone",
    "closed_last", "meetings", "live_chats", "outcome",
)  # fmt: skip


@dataclass(frozen=True)
class StoredFold(Fold):
    """A store's conversations and attempts as they stood at `as_of`. `conv` is a row's number in all segments."""

    state: StoreState = field(kw_only=True)

    @cached_property
    def attributes(self) -> pl.DataFrame:
        """As in `Fold`."""
        return add_ranks(segment.convert_attributes(self.state.attributes))

    def lift_window(self) -> Fold:
        """As in `Fold`."""
        return replace(self, state=replace(self.state, window=NO_WINDOW))

    @cached_property
    def conversations(self) -> pl.DataFrame:
        """As in `Fold`."""
        _ = self.attributes, self.attempts  # Before threads ask for them.
        return self.state.read_live_conversations(
            _STATE_COLUMNS, lambda rows: self.decide_outcomes(self._convert_rows(rows))
        )

    def fold_before_clock(self) -> pl.DataFrame:
        """As in `Fold`."""
        return self.state.read_live_conversations(_STATE_COLUMNS, self._convert_rows)

    def _convert_rows(self, rows: pl.DataFrame) -> pl.DataFrame:
        return self._add_conversation_ids(rows).with_columns(pl.selectors.datetime().to_physical())

    def _add_conversation_ids(self, rows: pl.DataFrame) -> pl.DataFrame:
        ids = self.attributes["conv_id"]
        return rows.with_columns(ids.gather(rows["said"]).alias("conv_id")).drop("said")

    def add_key_parts(self, frame: pl.DataFrame) -> pl.DataFrame:
        """As in `Fold`: attempts have them."""
        return frame

    @cached_property
    def attempts_before_clock(self) -> pl.DataFrame:
        """As in `Fold`, with `sid` and `conv_id`."""
        parts = [pl.DataFrame(schema={**ATTEMPTS_SCHEMA, "conv": pl.UInt32})]
        for number, rows in enumerate(self.state.read_tables("attempts")):
            live = self.state.drop_superseded(number, rows, rows["row"])
            parts.append(
                live.with_columns((pl.col("row") + self.state.row_offsets[number]).alias("conv"))
            )
        rows = pl.concat(parts)
        agent = self.attributes["agent"].gather(rows["agent"]).alias("agent")
        found = self._add_conversation_ids(rows.with_columns(agent).drop("row"))
        return found.with_columns(pl.selectors.datetime().to_physical())

    @cached_property
    def attempts(self) -> pl.DataFrame:
        """As in `Fold`, with `sid` and `conv_id`."""
        return attempts.decide_attempts(self.attempts_before_clock, self.as_of)

    def find_agent_namings(self) -> pl.DataFrame:
        """As in `Fold`."""
        rows = pl.concat([segment.make_empty_table("agents"), *self.state.read_tables("agents")])
        return rows.group_by("said").agg(pl.col("ts").max().to_physical())

    def find_last_steps(self, conversations: pl.DataFrame | None = None) -> pl.DataFrame:  # noqa: ARG002 - all are there
        """As in `Fold`."""
        return self.state.read_live_conversations(["last_step"]).with_columns(
            pl.col("last_step").cast(pl.String)
        )

    def choose_texts(self, column: str, has_text: pl.Expr) -> pl.DataFrame:
        """As in `Fold`."""
        code = TEXT_CODE_COLUMNS[column]
        rows = self._add_conversation_ids(self.state.read_live_conversations(["said", code]))
        wanted = self.attributes.filter(has_text)["conv_id"].unique()
        rows = rows.filter(pl.col("conv_id").is_in(wanted.implode()))
        return rows.select("conv", self.attributes[column].gather(rows[code]).alias("chosen"))

    def look_up_sids(self, numbers: pl.Series) -> pl.Series:
        """As in `Fold`."""
        return self.state.look_up_sids(numbers)

    @cached_property
    def conversation_ids(self) -> pl.DataFrame:
        """As in `Fold`."""
        return self.attributes.select("conv_id", "conversation_id").unique()
