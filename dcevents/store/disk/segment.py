"""A segment: facts, and what came of the conversations that they are of. The tables, and how they are made of facts.

Pure. Sessions go by the store's numbers (`keys`), contents by the store's codes. A conversation's row has all that its
reports show; what depends on the time of a report (`open`, `waiting`, `ongoing`) is decided when it is read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Final

import polars as pl

from dcevents.model.attempts import VERDICT
from dcevents.model.attributes import Said, Vocabulary
from dcevents.model.conversations import OUTCOME, Fold
from dcevents.model.events import KINDS
from dcevents.model.facts import Facts
from dcevents.model.moments import DAY_MS, FUTURE, UNTIMED
from dcevents.model.sessions import NUMBER, hashed
from dcevents.reading.log import PLACED

_CODE = pl.UInt32
TIME = pl.Datetime("ms", "UTC")

FACTS: Final[dict[str, Any]] = {"sid": NUMBER, "said": _CODE, "ts": TIME}
SIDS: Final[dict[str, Any]] = {"sid": NUMBER, "text": pl.String}
TEXTS: Final = {"conversation": "named", "type": "typed", "ui_type": "ui_typed", "page": "paged"}
"""Texts of a conversation, and the columns that have a code of a content with the text."""
CONVERSATIONS: Final[dict[str, Any]] = {
    "sid": NUMBER, "said": _CODE, "started_at": TIME, "engaged_at": TIME, "completed_at": TIME, "last_at": TIME,
    "engaged": pl.Boolean, "gave_email": pl.Boolean, "gave_phone": pl.Boolean, "closed_last": pl.Boolean,
    "meetings": pl.UInt32, "live_chats": pl.UInt32, "outcome": OUTCOME, "last_step": pl.Enum(KINDS),
    **dict.fromkeys(TEXTS.values(), _CODE),
}  # fmt: skip
"""`said` is the code of a content with the conversation's id; `outcome` is as if it were not open."""
ATTEMPTS: Final[dict[str, Any]] = {
    "row": _CODE, "sid": NUMBER, "said": _CODE, "attempt": pl.UInt32, "started_at": TIME, "requested_at": TIME,
    "accepted_at": TIME, "ended_at": TIME, "latest": TIME, "agent": _CODE, "verdict": VERDICT, "last": pl.Boolean,
}  # fmt: skip
"""`row`, `sid` and `said` are the conversation's in this segment, `agent` the code of a content with the agent."""
AGENTS: Final[dict[str, Any]] = {"said": _CODE, "ts": TIME}
"""Contents that name an agent, and the latest time that each was said; null: never at a known time."""
EVENTS: Final[dict[str, Any]] = {**PLACED, "ts": TIME, "reading": pl.UInt32}
"""Each accepted line, where they are kept; `file` is the number of a log in the ledger, `reading` which of its readings
from its beginning on it is of: only the last counts.
"""
LOOSE: Final[dict[str, Any]] = {"sid": NUMBER}
"""Sessions with facts in a segment, but no conversation: these are in a later one."""
SAID: Final[dict[str, Any]] = {
    "kind": pl.Enum(KINDS), "id": pl.String, "name": pl.String, "type": pl.String, "ui_type": pl.String,
    "page": pl.String, "agent_id": pl.String, "agent_name": pl.String, "meeting_info": pl.String,
}  # fmt: skip
"""Contents; a content's code is its row."""


@dataclass
class Segment:
    """The tables of a segment; each is a file of its name. `facts` and `events` are those that it adds."""

    facts: pl.DataFrame
    sids: pl.DataFrame
    """Sessions that no earlier segment has."""
    conversations: pl.DataFrame
    attempts: pl.DataFrame
    agents: pl.DataFrame
    events: pl.DataFrame
    loose: pl.DataFrame = field(default_factory=lambda: none("loose"))

    def tables(self) -> dict[str, pl.DataFrame]:
        """Name → table, of those that have rows."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: table for name, table in named.items() if not table.is_empty()}


SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "facts": FACTS, "sids": SIDS, "conversations": CONVERSATIONS, "attempts": ATTEMPTS, "agents": AGENTS,
    "events": EVENTS, "loose": LOOSE,
}  # fmt: skip


def none(name: str) -> pl.DataFrame:
    """An empty table."""
    return pl.DataFrame(schema=SCHEMAS[name])


# -- facts and contents ------------------------------------------------------------------------------------------


def stored(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with a `ts` as tables have it: null where there is none."""
    return rows.with_columns(pl.when(pl.col("ts") < UNTIMED).then("ts").cast(TIME).alias("ts"))


def read_back(rows: pl.DataFrame, clock: int) -> pl.DataFrame:
    """Rows with a `ts` as facts have it: UNTIMED, or FUTURE where the clock does not believe it."""
    ts = pl.col("ts").cast(pl.Int64)
    believed = pl.when(ts > clock + DAY_MS).then(FUTURE).otherwise(ts)
    return rows.with_columns(believed.fill_null(UNTIMED).alias("ts"))


def is_future(clock: int) -> pl.Expr:
    """Whether a table's `ts` is not to be believed."""
    return (pl.col("ts").cast(pl.Int64) > clock + DAY_MS).fill_null(value=False)


def said_table(said: list[Said]) -> pl.DataFrame:
    """Contents as a table."""
    columns = {name: [getattr(each, name) for each in said] for name in SAID if name != "kind"}
    kinds = pl.Series("kind", [KINDS[each.kind] for each in said], dtype=pl.Enum(KINDS))
    return pl.DataFrame({"kind": kinds, **columns}, schema=SAID)


def vocabulary(said: pl.DataFrame) -> Vocabulary:
    """The codes of a table of contents, to go on from."""
    return Vocabulary(
        Said(*row) for row in said.with_columns(pl.col("kind").to_physical()).iter_rows()
    )


def ids(said: pl.DataFrame) -> pl.Series:
    """Code of a content → a number for its conversation's id, 0 without one."""
    return said["id"].rank("dense").fill_null(0).cast(pl.UInt32)


def contents(said: pl.DataFrame) -> pl.DataFrame:
    """A table of contents with the columns of `Fold.said`."""
    return said.select(
        pl.col("kind").to_physical(),
        pl.col("id").alias("conversation_id"),
        pl.col("name").alias("conversation"),
        "type",
        "ui_type",
        "page",
        pl.coalesce("agent_id", "agent_name"),
        "agent_name",
    )


def without(
    said: pl.DataFrame,
    lost: pl.Series,
    conversations: Sequence[pl.DataFrame],
    attempts: Sequence[pl.DataFrame],
) -> pl.DataFrame:
    """Contents without those of some codes: of these stays only what rows show of them."""
    shown = {
        "id": pl.concat([codes(conversations, ["said"]), codes(attempts, ["said"])]),
        "name": codes(conversations, [TEXTS["conversation"]]),
        **{name: codes(conversations, [TEXTS[name]]) for name in ("type", "ui_type", "page")},
        **dict.fromkeys(("agent_id", "agent_name"), codes(attempts, ["agent"])),
        "meeting_info": pl.Series(dtype=_CODE),
    }
    code = pl.int_range(pl.len(), dtype=_CODE)
    is_there = ~code.is_in(lost.implode())
    return said.with_columns(
        pl.when(is_there | code.is_in(those.implode())).then(pl.col(name)).alias(name)
        for name, those in shown.items()
    )


def codes(tables: Iterable[pl.DataFrame], columns: Sequence[str]) -> pl.Series:
    """The codes that stand in some columns of tables."""
    parts = [table[column].unique() for table in tables for column in columns]
    return pl.concat([pl.Series(dtype=_CODE), *parts]).drop_nulls().unique()


# -- what comes of facts -----------------------------------------------------------------------------------------


def fold(facts: pl.DataFrame, texts: pl.DataFrame, vocabulary: Vocabulary, clock: int) -> Fold:
    """The fold of a table of facts; `texts` has the sids of all of them (and perhaps others)."""
    numbers, sids = vocabulary.sids.different(hashed(texts["text"]), texts["text"])
    numbered = pl.DataFrame({"sid": texts["sid"], "number": numbers})
    rows = read_back(facts, clock).join(numbered, on="sid", how="left", maintain_order="left")
    found = Facts(vocabulary)
    found.add(rows.select(pl.col("number").alias("sid"), "said", "ts"), sids)
    return _Coded(found, None)


class _Coded(Fold):
    """A fold that has numbers in place of conversations' texts, in the order of the texts."""

    @cached_property
    def said(self) -> pl.DataFrame:
        return super().said.with_columns(pl.col(*TEXTS).rank("dense").cast(_CODE))


def tables(folded: Fold, texts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The conversations and attempts of a fold; `texts` has the sids of its facts, and no others."""
    if folded.facts.height == 0:
        return none("conversations"), none("attempts")
    states = folded.states()
    states = states.join(folded.last_steps(states), on="conv", how="left")
    states = states.with_columns(_numbers(folded, states["sid"], texts))
    for column, code in TEXTS.items():
        states = folded.with_text(states, column).join(
            _codes(folded, column, code), on=column, how="left"
        )
    states = states.join(_codes(folded, "conv_id", "said"), on="conv_id", how="left")
    states = states.sort("sid", "said").with_row_index("row")
    return _cast(states, CONVERSATIONS), _attempts(folded, states)


def agents(facts: pl.DataFrame, said: pl.DataFrame, clock: int) -> pl.DataFrame:
    """The agents that facts name; `said` is the table of contents."""
    named = facts.filter(said["agent_name"].is_not_null().gather(facts["said"]))
    believed = pl.when(~is_future(clock)).then("ts").max()
    return named.group_by("said").agg(believed.alias("ts")).select(*AGENTS).sort("said")


def _numbers(folded: Fold, sids: pl.Series, texts: pl.DataFrame) -> pl.Series:
    """The store's numbers of the sessions of a fold."""
    own = pl.DataFrame({"sid": folded.facts.vocabulary.sids.numbers(texts["text"])})
    own = own.select(folded.parts_of(pl.col("sid"))[0], texts["sid"].alias("number"))
    return (
        pl.DataFrame({"sid": sids})
        .join(own, on="sid", how="left", maintain_order="left")["number"]
        .alias("sid")
    )


def _codes(folded: Fold, column: str, name: str) -> pl.DataFrame:
    """Each value of a column of contents, and the least code that has it."""
    said = folded.said.with_row_index(name).drop_nulls(column)
    return said.group_by(column).agg(pl.col(name).min().cast(_CODE))


def _attempts(folded: Fold, states: pl.DataFrame) -> pl.DataFrame:
    agents = _codes(folded, "agent", "code")
    rows = folded.walked.join(states.select("conv", "row", "sid", "said"), on="conv", how="left")
    rows = rows.join(agents, on="agent", how="left").with_columns(pl.col("code").alias("agent"))
    return _cast(rows.sort("row", "attempt"), ATTEMPTS)


def _cast(frame: pl.DataFrame, schema: dict[str, Any]) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
