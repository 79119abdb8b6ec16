"""Reports from a store: a `Fold` whose conversations and attempts are not made of facts, but read as they were kept."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import polars as pl

from dcevents.model import attempts
from dcevents.model.conversations import Fold, ranked
from dcevents.store.disk import segment
from dcevents.store.disk.segment import ATTEMPTS, TEXTS
from dcevents.store.disk.state import NO_WINDOW, State

_STATES = (
    "sid", "said", "started_at", "engaged_at", "completed_at", "last_at", "engaged", "gave_email", "gave_phone",
    "closed_last", "meetings", "live_chats", "outcome",
)  # fmt: skip


@dataclass(frozen=True)
class Kept(Fold):
    """A store's conversations and attempts as they stood at `as_of`. `conv` is a row's number in all segments."""

    state: State = field(kw_only=True)

    @cached_property
    def said(self) -> pl.DataFrame:
        """As in `Fold`."""
        return ranked(segment.contents(self.state.said))

    def whole(self) -> Fold:
        """As in `Fold`."""
        return replace(self, state=replace(self.state, window=NO_WINDOW))

    @cached_property
    def conversations(self) -> pl.DataFrame:
        """As in `Fold`."""
        _ = self.said, self.attempts  # Before threads ask for them.
        return self.state.live(_STATES, lambda rows: self.decided(self._typed(rows)))

    def states(self) -> pl.DataFrame:
        """As in `Fold`."""
        return self.state.live(_STATES, self._typed)

    def _typed(self, rows: pl.DataFrame) -> pl.DataFrame:
        return self._with_ids(rows).with_columns(pl.selectors.datetime().to_physical())

    def _with_ids(self, rows: pl.DataFrame) -> pl.DataFrame:
        ids = self.said["conv_id"]
        return rows.with_columns(ids.gather(rows["said"]).alias("conv_id")).drop("said")

    def with_parts(self, frame: pl.DataFrame) -> pl.DataFrame:
        """As in `Fold`: attempts have them."""
        return frame

    @cached_property
    def walked(self) -> pl.DataFrame:
        """As in `Fold`, with `sid` and `conv_id`."""
        parts = [pl.DataFrame(schema={**ATTEMPTS, "conv": pl.UInt32})]
        for number, rows in enumerate(self.state.tables("attempts")):
            live = self.state.without_dead(number, rows, rows["row"])
            parts.append(
                live.with_columns((pl.col("row") + self.state.offsets[number]).alias("conv"))
            )
        rows = pl.concat(parts)
        agent = self.said["agent"].gather(rows["agent"]).alias("agent")
        found = self._with_ids(rows.with_columns(agent).drop("row"))
        return found.with_columns(pl.selectors.datetime().to_physical())

    @cached_property
    def attempts(self) -> pl.DataFrame:
        """As in `Fold`, with `sid` and `conv_id`."""
        return attempts.decided(self.walked, self.as_of)

    def namings(self) -> pl.DataFrame:
        """As in `Fold`."""
        rows = pl.concat([segment.none("agents"), *self.state.tables("agents")])
        return rows.group_by("said").agg(pl.col("ts").max().to_physical())

    def last_steps(self, of: pl.DataFrame | None = None) -> pl.DataFrame:  # noqa: ARG002 - all are there
        """As in `Fold`."""
        return self.state.live(["last_step"]).with_columns(pl.col("last_step").cast(pl.String))

    def chosen(self, column: str, changing: pl.Expr) -> pl.DataFrame:
        """As in `Fold`."""
        code = TEXTS[column]
        rows = self._with_ids(self.state.live(["said", code]))
        wanted = self.said.filter(changing)["conv_id"].unique()
        rows = rows.filter(pl.col("conv_id").is_in(wanted.implode()))
        return rows.select("conv", self.said[column].gather(rows[code]).alias("chosen"))

    def sid_texts(self, codes: pl.Series) -> pl.Series:
        """As in `Fold`."""
        return self.state.texts(codes)

    @cached_property
    def ids(self) -> pl.DataFrame:
        """As in `Fold`."""
        return self.said.select("conv_id", "conversation_id").unique()
