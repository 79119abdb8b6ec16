"""A segment: facts, and what came of the conversations that they are of. The tables, and how they are made of facts.

Pure. Sessions go by the store's numbers (`keys`), contents by the store's codes. A conversation's row has all that its
reports show; what depends on the time of a report (`open`, `waiting`, `ongoing`) is decided when it is read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Final

import polars as pl

from dcevents.model.attempts import PROVISIONAL_OUTCOME_TYPE
from dcevents.model.attributes import Attributes, Vocabulary
from dcevents.model.conversations import OUTCOME_TYPE, Fold
from dcevents.model.events import KINDS
from dcevents.model.facts import Facts
from dcevents.model.moments import DAY_MS, FUTURE, UNTIMED
from dcevents.model.sessions import NUMBER_TYPE, hash_sids
from dcevents.reading.log import LOCATED_COLUMNS

_CODE_TYPE = pl.UInt32
TIME_TYPE = pl.Datetime("ms", "UTC")

FACTS_SCHEMA: Final[dict[str, Any]] = {"sid": NUMBER_TYPE, "said": _CODE_TYPE, "ts": TIME_TYPE}
SIDS_SCHEMA: Final[dict[str, Any]] = {"sid": NUMBER_TYPE, "text": pl.String}
TEXT_CODE_COLUMNS: Final = {
    "conversation": "named",
    "type": "typed",
    "ui_type": "ui_typed",
    "page": "paged",
}
"""Texts of a conversation, and the columns that have a code of a content with the text."""
CONVERSATIONS_SCHEMA: Final[dict[str, Any]] = {
    "sid": NUMBER_TYPE, "said": _CODE_TYPE, "started_at": TIME_TYPE, "engaged_at": TIME_TYPE, "completed_at": TIME_TYPE, "last_at": TIME_TYPE,
    "engaged": pl.Boolean, "gave_email": pl.Boolean, "gave_phone": pl.Boolean, "closed_last": pl.Boolean,
    "meetings": pl.UInt32, "live_chats": pl.UInt32, "outcome": OUTCOME_TYPE, "last_step": pl.Enum(KINDS),
    **dict.fromkeys(TEXT_CODE_COLUMNS.values(), _CODE_TYPE),
}  # fmt: skip
"""`said` is the code of a content with the conversation's id; `outcome` is as if it were not open."""
ATTEMPTS_SCHEMA: Final[dict[str, Any]] = {
    "row": _CODE_TYPE, "sid": NUMBER_TYPE, "said": _CODE_TYPE, "attempt": pl.UInt32, "started_at": TIME_TYPE, "requested_at": TIME_TYPE,
    "accepted_at": TIME_TYPE, "ended_at": TIME_TYPE, "latest": TIME_TYPE, "agent": _CODE_TYPE, "verdict": PROVISIONAL_OUTCOME_TYPE, "last": pl.Boolean,
}  # fmt: skip
"""`row`, `sid` and `said` are the conversation's in this segment, `agent` the code of a content with the agent."""
AGENTS_SCHEMA: Final[dict[str, Any]] = {"said": _CODE_TYPE, "ts": TIME_TYPE}
"""Contents that name an agent, and the latest time that each was said; null: never at a known time."""
EVENTS_SCHEMA: Final[dict[str, Any]] = {**LOCATED_COLUMNS, "ts": TIME_TYPE, "reading": pl.UInt32}
"""Each accepted line, where they are kept; `file` is the number of a log in the ledger, `reading` which of its readings
from its beginning on it is of: only the last counts.
"""
ORPHANS_SCHEMA: Final[dict[str, Any]] = {"sid": NUMBER_TYPE}
"""Sessions with facts in a segment, but no conversation: these are in a later one."""
ATTRIBUTES_SCHEMA: Final[dict[str, Any]] = {
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
    loose: pl.DataFrame = field(default_factory=lambda: make_empty_table("loose"))

    def collect_tables(self) -> dict[str, pl.DataFrame]:
        """Name → table, of those that have rows."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: table for name, table in named.items() if not table.is_empty()}


TABLE_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "facts": FACTS_SCHEMA, "sids": SIDS_SCHEMA, "conversations": CONVERSATIONS_SCHEMA, "attempts": ATTEMPTS_SCHEMA, "agents": AGENTS_SCHEMA,
    "events": EVENTS_SCHEMA, "loose": ORPHANS_SCHEMA,
}  # fmt: skip


def make_empty_table(name: str) -> pl.DataFrame:
    """An empty table."""
    return pl.DataFrame(schema=TABLE_SCHEMAS[name])


# -- facts and contents ------------------------------------------------------------------------------------------


def store_times(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with a `ts` as tables have it: null where there is none."""
    return rows.with_columns(pl.when(pl.col("ts") < UNTIMED).then("ts").cast(TIME_TYPE).alias("ts"))


def restore_times(rows: pl.DataFrame, clock: int) -> pl.DataFrame:
    """Rows with a `ts` as facts have it: UNTIMED, or FUTURE where the clock does not believe it."""
    ts = pl.col("ts").cast(pl.Int64)
    believed = pl.when(ts > clock + DAY_MS).then(FUTURE).otherwise(ts)
    return rows.with_columns(believed.fill_null(UNTIMED).alias("ts"))


def is_future(clock: int) -> pl.Expr:
    """Whether a table's `ts` is not to be believed."""
    return (pl.col("ts").cast(pl.Int64) > clock + DAY_MS).fill_null(value=False)


def tabulate_attributes(said: list[Attributes]) -> pl.DataFrame:
    """Contents as a table."""
    columns = {
        name: [getattr(each, name) for each in said] for name in ATTRIBUTES_SCHEMA if name != "kind"
    }
    kinds = pl.Series("kind", [KINDS[each.kind] for each in said], dtype=pl.Enum(KINDS))
    return pl.DataFrame({"kind": kinds, **columns}, schema=ATTRIBUTES_SCHEMA)


def make_vocabulary(said: pl.DataFrame) -> Vocabulary:
    """The codes of a table of contents, to go on from."""
    return Vocabulary(
        Attributes(*row) for row in said.with_columns(pl.col("kind").to_physical()).iter_rows()
    )


def number_conversation_ids(said: pl.DataFrame) -> pl.Series:
    """Code of a content → a number for its conversation's id, 0 without one."""
    return said["id"].rank("dense").fill_null(0).cast(pl.UInt32)


def convert_attributes(said: pl.DataFrame) -> pl.DataFrame:
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


def blank_attributes(
    said: pl.DataFrame,
    removed_codes: pl.Series,
    conversations: Sequence[pl.DataFrame],
    attempts: Sequence[pl.DataFrame],
) -> pl.DataFrame:
    """Contents without those of some codes: of these stays only what rows show of them."""
    shown = {
        "id": pl.concat(
            [collect_codes(conversations, ["said"]), collect_codes(attempts, ["said"])]
        ),
        "name": collect_codes(conversations, [TEXT_CODE_COLUMNS["conversation"]]),
        **{
            name: collect_codes(conversations, [TEXT_CODE_COLUMNS[name]])
            for name in ("type", "ui_type", "page")
        },
        **dict.fromkeys(("agent_id", "agent_name"), collect_codes(attempts, ["agent"])),
        "meeting_info": pl.Series(dtype=_CODE_TYPE),
    }
    code = pl.int_range(pl.len(), dtype=_CODE_TYPE)
    is_there = ~code.is_in(removed_codes.implode())
    return said.with_columns(
        pl.when(is_there | code.is_in(those.implode())).then(pl.col(name)).alias(name)
        for name, those in shown.items()
    )


def collect_codes(tables: Iterable[pl.DataFrame], columns: Sequence[str]) -> pl.Series:
    """The codes that stand in some columns of tables."""
    parts = [table[column].unique() for table in tables for column in columns]
    return pl.concat([pl.Series(dtype=_CODE_TYPE), *parts]).drop_nulls().unique()


# -- what comes of facts -----------------------------------------------------------------------------------------


def fold_facts(
    facts: pl.DataFrame, texts: pl.DataFrame, vocabulary: Vocabulary, clock: int
) -> Fold:
    """The fold of a table of facts; `texts` has the sids of all of them (and perhaps others)."""
    numbers, sids = vocabulary.numbering.number_distinct(hash_sids(texts["text"]), texts["text"])
    numbered = pl.DataFrame({"sid": texts["sid"], "number": numbers})
    rows = restore_times(facts, clock).join(numbered, on="sid", how="left", maintain_order="left")
    found = Facts(vocabulary)
    found.add_rows(rows.select(pl.col("number").alias("sid"), "said", "ts"), sids)
    return _CodedFold(found, None)


class _CodedFold(Fold):
    """A fold that has numbers in place of conversations' texts, in the order of the texts."""

    @cached_property
    def said(self) -> pl.DataFrame:
        return super().attributes.with_columns(
            pl.col(*TEXT_CODE_COLUMNS).rank("dense").cast(_CODE_TYPE)
        )


def compute_tables(folded: Fold, texts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The conversations and attempts of a fold; `texts` has the sids of its facts, and no others."""
    if folded.facts.row_count == 0:
        return make_empty_table("conversations"), make_empty_table("attempts")
    states = folded.fold_before_clock()
    states = states.join(folded.find_last_steps(states), on="conv", how="left")
    states = states.with_columns(_number_sessions(folded, states["sid"], texts))
    for column, code in TEXT_CODE_COLUMNS.items():
        states = folded.add_text(states, column).join(
            _choose_codes(folded, column, code), on=column, how="left"
        )
    states = states.join(_choose_codes(folded, "conv_id", "said"), on="conv_id", how="left")
    states = states.sort("sid", "said").with_row_index("row")
    return _cast_columns(states, CONVERSATIONS_SCHEMA), _compute_attempts(folded, states)


def list_agents(facts: pl.DataFrame, said: pl.DataFrame, clock: int) -> pl.DataFrame:
    """The agents that facts name; `said` is the table of contents."""
    named = facts.filter(said["agent_name"].is_not_null().gather(facts["said"]))
    believed = pl.when(~is_future(clock)).then("ts").max()
    return named.group_by("said").agg(believed.alias("ts")).select(*AGENTS_SCHEMA).sort("said")


def _number_sessions(folded: Fold, sids: pl.Series, texts: pl.DataFrame) -> pl.Series:
    """The store's numbers of the sessions of a fold."""
    own = pl.DataFrame({"sid": folded.facts.vocabulary.numbering.number_sids(texts["text"])})
    own = own.select(folded.split_key(pl.col("sid"))[0], texts["sid"].alias("number"))
    return (
        pl.DataFrame({"sid": sids})
        .join(own, on="sid", how="left", maintain_order="left")["number"]
        .alias("sid")
    )


def _choose_codes(folded: Fold, column: str, name: str) -> pl.DataFrame:
    """Each value of a column of contents, and the least code that has it."""
    said = folded.attributes.with_row_index(name).drop_nulls(column)
    return said.group_by(column).agg(pl.col(name).min().cast(_CODE_TYPE))


def _compute_attempts(folded: Fold, states: pl.DataFrame) -> pl.DataFrame:
    agents = _choose_codes(folded, "agent", "code")
    rows = folded.attempts_before_clock.join(
        states.select("conv", "row", "sid", "said"), on="conv", how="left"
    )
    rows = rows.join(agents, on="agent", how="left").with_columns(pl.col("code").alias("agent"))
    return _cast_columns(rows.sort("row", "attempt"), ATTEMPTS_SCHEMA)


def _cast_columns(frame: pl.DataFrame, schema: dict[str, Any]) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
