"""Sessions of new facts, with the numbers that the store has for them."""

from typing import NamedTuple

import polars as pl

from dcevents.store.disk import segment
from dcevents.store.disk.numbering import StoreNumbering
from dcevents.store.disk.state import StoreState


class NumberedSessions(NamedTuple):
    """Sessions with the store's numbers."""

    numbering: StoreNumbering
    sessions: pl.DataFrame
    """`sid`, `text` of the new facts' sessions, in their order."""
    rows: pl.DataFrame
    """The store's rows of these sessions and of those to be counted again."""
    texts: pl.DataFrame
    """`sid`, `text` of both, first those of `sessions`."""
    stored: pl.DataFrame
    """`sid`, `place` (in `texts`) of the sessions that the store has."""

    def flag_places(self, places: pl.Series) -> pl.Series:
        """Return place in `texts` → whether it is one of these."""
        flags = pl.repeat(value=False, n=self.texts.height, eager=True)
        return flags.scatter(places, True) if places.len() else flags


def number_sessions(
    state: StoreState, numbering: StoreNumbering, sids: pl.Series, uncounted: pl.Series
) -> NumberedSessions:
    """Assign numbers to sids, without collisions in the store."""
    while True:
        sessions = numbering.tabulate_sids(sids)
        rows = state.find_rows(pl.concat([sessions["sid"], uncounted]))
        stored = state.read_sids(rows)
        both = stored.join(sessions, on="sid", suffix="_new")
        colliding = both.filter(pl.col("text") != pl.col("text_new"))["text_new"]
        if colliding.is_empty() and _has_repeats(sessions["sid"]):
            # After the stored ones: of two new texts the second gives way, always to a stored one.
            repeated = sessions.sort("text").filter(~pl.col("sid").is_first_distinct())
            colliding = repeated["text"]
        if colliding.is_empty():
            others = stored.unique("sid").join(both, on="sid", how="anti")
            texts = pl.concat([sessions, others])
            places = segment.add_places(rows.select("sid").unique(), texts["sid"])
            return NumberedSessions(numbering, sessions, rows, texts, places)
        numbering = numbering.change_numbers(colliding)


def _has_repeats(numbers: pl.Series) -> bool:
    ordered = numbers.sort()
    return bool((ordered[1:] == ordered[:-1]).any())
