"""The tables of a segment, and their computation from facts.

Sessions have the store's numbers (`numbering`), attributes the store's codes. A conversation's row
has all that its reports show; what depends on a report's moment (`open`, `waiting`, `ongoing`) is
decided when the row is read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import polars as pl

from dcevents.model.attempts import PROVISIONAL_OUTCOME_TYPE
from dcevents.model.conversations import FactFold
from dcevents.model.events import KINDS
from dcevents.model.facts import Facts
from dcevents.model.fold import find_choosable_texts, find_constant_texts
from dcevents.model.moments import ANCIENT, DAY_MS, FIRST_BELIEVED_MS, FUTURE, UNTIMED
from dcevents.model.outcomes import OUTCOME_TYPE
from dcevents.model.vocabulary import Vocabulary
from dcevents.reading.log import LOCATED_COLUMNS
from dcevents.store.disk.numbering import STORED_NUMBER_TYPE

_CODE_TYPE = pl.UInt32
PLACE: Final = "place"
"""Column of facts that are folded: which of the sessions concerned they are of."""
PLACE_TYPE: Final = pl.UInt32
TIME_TYPE = pl.Datetime("ms", "UTC")

FACTS_SCHEMA: Final[dict[str, Any]] = {
    "sid": STORED_NUMBER_TYPE,
    "attributes": _CODE_TYPE,
    "ts": TIME_TYPE,
}
SIDS_SCHEMA: Final[dict[str, Any]] = {"sid": STORED_NUMBER_TYPE, "text": pl.String}
TEXT_CODE_COLUMNS: Final = {
    "conversation": "name_code",
    "type": "type_code",
    "ui_type": "ui_type_code",
    "page": "page_code",
}
"""Texts of a conversation, and the columns with a code of attributes that have the text."""
CONVERSATIONS_SCHEMA: Final[dict[str, Any]] = {
    "sid": STORED_NUMBER_TYPE,
    "attributes": _CODE_TYPE,
    "started_at": TIME_TYPE,
    "engaged_at": TIME_TYPE,
    "completed_at": TIME_TYPE,
    "last_at": TIME_TYPE,
    "engaged": pl.Boolean,
    "gave_email": pl.Boolean,
    "gave_phone": pl.Boolean,
    "closed_last": pl.Boolean,
    "meetings": pl.UInt32,
    "live_chats": pl.UInt32,
    "outcome": OUTCOME_TYPE,
    "last_step": pl.Enum(KINDS),
    **dict.fromkeys(TEXT_CODE_COLUMNS.values(), _CODE_TYPE),
}
"""`attributes` is a code with the conversation's id; `outcome` takes it for not open."""
CONVERSATION_SIDS: Final = "conversation_sids"
"""The file with the column `sid` of conversations, which each run searches and reports seldom need.

Segments of stores of version 2 and 3 have none: the column is among the others.
"""
ATTEMPTS_SCHEMA: Final[dict[str, Any]] = {
    "row": _CODE_TYPE,
    "sid": STORED_NUMBER_TYPE,
    "attributes": _CODE_TYPE,
    "attempt": pl.UInt32,
    "started_at": TIME_TYPE,
    "requested_at": TIME_TYPE,
    "accepted_at": TIME_TYPE,
    "ended_at": TIME_TYPE,
    "latest_at": TIME_TYPE,
    "agent": _CODE_TYPE,
    "provisional_outcome": PROVISIONAL_OUTCOME_TYPE,
    "is_last": pl.Boolean,
}
"""`row`, `sid`, `attributes` are the conversation's in this segment.

`agent` is a code with the agent.
"""
AGENTS_SCHEMA: Final[dict[str, Any]] = {"attributes": _CODE_TYPE, "ts": TIME_TYPE}
"""Attributes that name an agent, and their latest time; null without a known one."""
EVENTS_SCHEMA: Final[dict[str, Any]] = {
    **LOCATED_COLUMNS,
    "sid": STORED_NUMBER_TYPE,
    "ts": TIME_TYPE,
    "reading": pl.UInt32,
}
"""Each accepted line, where lines are stored.

`file` is the number of a log in the ledger; `reading` counts how often the log had been read anew:
only its last reading counts.
"""
ORPHANS_SCHEMA: Final[dict[str, Any]] = {"sid": STORED_NUMBER_TYPE}
"""Sessions with facts in a segment and all conversations in later ones."""
ATTRIBUTES_SCHEMA: Final[dict[str, Any]] = {
    "kind": pl.Enum(KINDS),
    "id": pl.String,
    "name": pl.String,
    "type": pl.String,
    "ui_type": pl.String,
    "page": pl.String,
    "agent_id": pl.String,
    "agent_name": pl.String,
    "meeting_info": pl.String,
}
"""Attributes of events; their code is their row."""


@dataclass
class Segment:
    """The tables of a segment.

    Each is a file of its name. `facts` and `events` are those that the segment adds to the store.
    """

    facts: pl.DataFrame
    sids: pl.DataFrame
    """Sessions that no earlier segment has."""
    conversations: pl.DataFrame
    attempts: pl.DataFrame
    agents: pl.DataFrame
    events: pl.DataFrame
    orphans: pl.DataFrame = field(default_factory=lambda: make_empty_table("orphans"))

    def collect_tables(self) -> dict[str, pl.DataFrame]:
        """Return name → table, of those with rows."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: table for name, table in named.items() if not table.is_empty()}

    def collect_files(self) -> dict[str, pl.DataFrame]:
        """Return name → what is written to the file of this name."""
        files = self.collect_tables()
        if (conversations := files.pop("conversations", None)) is not None:
            files["conversations"] = conversations.drop("sid")
            files[CONVERSATION_SIDS] = conversations.select("sid")
        return files


TABLE_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "facts": FACTS_SCHEMA,
    "sids": SIDS_SCHEMA,
    "conversations": CONVERSATIONS_SCHEMA,
    "attempts": ATTEMPTS_SCHEMA,
    "agents": AGENTS_SCHEMA,
    "events": EVENTS_SCHEMA,
    "orphans": ORPHANS_SCHEMA,
}


_FILLER: Final = pl.format("\0{}", pl.int_range(pl.len()))
"""Stands in attributes that no event has: it tells rows apart that would be equal."""
CODE_COLUMNS: Final = {
    "facts": ["attributes"],
    "conversations": ["attributes", *TEXT_CODE_COLUMNS.values()],
    "attempts": ["attributes", "agent"],
    "agents": ["attributes"],
    "events": ["attributes"],
}
"""Columns with codes of attributes, by table."""


def make_empty_table(name: str) -> pl.DataFrame:
    """Return a table of a segment without rows."""
    return pl.DataFrame(schema=TABLE_SCHEMAS[name])


# -- facts and attributes ------------------------------------------------------------------------


def store_times(rows: pl.DataFrame) -> pl.DataFrame:
    """Convert the `ts` of facts to that of tables.

    It is null where there is none, and 1970 where it was ancient.
    """
    ts = pl.when(pl.col("ts") < UNTIMED).then("ts").when(pl.col("ts") == ANCIENT).then(0)
    return rows.with_columns(ts.cast(TIME_TYPE).alias("ts"))


def restore_times(rows: pl.DataFrame, clock: int) -> pl.DataFrame:
    """Convert the `ts` of tables to that of facts.

    It is UNTIMED where there is none, ANCIENT or FUTURE where it is not believed.
    """
    ts = pl.col("ts").cast(pl.Int64)
    believed = pl.when(ts > clock + DAY_MS).then(FUTURE).when(ts < FIRST_BELIEVED_MS).then(ANCIENT)
    return rows.with_columns(believed.otherwise(ts).fill_null(UNTIMED).alias("ts"))


def is_timed(clock: int) -> pl.Expr:
    """Return whether a table's `ts` is one that is believed."""
    return pl.col("ts").cast(pl.Int64).is_between(FIRST_BELIEVED_MS, clock + DAY_MS)


def is_future(clock: int) -> pl.Expr:
    """Return whether a table's `ts` is beyond the clock's belief."""
    return (pl.col("ts").cast(pl.Int64) > clock + DAY_MS).fill_null(value=False)


def tabulate_attributes(vocabulary: Vocabulary) -> pl.DataFrame:
    """Return a table of attributes in the order of codes."""
    rows = vocabulary.list_rows()
    kinds = pl.Series("kind", KINDS, dtype=pl.Enum(KINDS)).gather(rows["kind"])
    return rows.with_columns(kinds)


def make_vocabulary(attributes: pl.DataFrame) -> Vocabulary:
    """Return a vocabulary with the codes of a table.

    A code is a row, and a vocabulary knows equal rows once: where stores of version 2 have blanked
    a row, it may equal another.
    """
    is_first = pl.struct(pl.all()).is_first_distinct()
    told_apart = pl.when(is_first).then("meeting_info").otherwise(_FILLER)
    rows = attributes.with_columns(told_apart.alias("meeting_info"))
    rows = rows.with_columns(pl.col("kind").to_physical())
    vocabulary = Vocabulary()
    vocabulary.assign_rows(rows)
    return vocabulary


def number_conversation_ids(attributes: pl.DataFrame) -> pl.Series:
    """Return code → number of the conversation's id or 0."""
    return attributes["id"].rank("dense").fill_null(0).cast(pl.UInt32)


def convert_attributes(attributes: pl.DataFrame) -> pl.DataFrame:
    """Convert attributes to the columns of `Fold.attributes`, without ranks."""
    return attributes.select(
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
    attributes: pl.DataFrame,
    removed_codes: pl.Series,
    conversations: Sequence[pl.DataFrame],
    attempts: Sequence[pl.DataFrame],
) -> pl.DataFrame:
    """Blank attributes of removed codes that no row shows; none equals another for that."""
    ids = [collect_codes(tables, ["attributes"]) for tables in (conversations, attempts)]
    shown = {
        "id": pl.concat(ids),
        "name": collect_codes(conversations, [TEXT_CODE_COLUMNS["conversation"]]),
        **{
            name: collect_codes(conversations, [TEXT_CODE_COLUMNS[name]])
            for name in ("type", "ui_type", "page")
        },
        **dict.fromkeys(("agent_id", "agent_name"), collect_codes(attempts, ["agent"])),
    }
    code = pl.int_range(pl.len(), dtype=_CODE_TYPE)
    is_used = ~code.is_in(removed_codes.implode())
    return attributes.with_columns(
        pl.when(is_used).then("meeting_info").otherwise(_FILLER).alias("meeting_info"),
        *(
            pl.when(is_used | code.is_in(codes.implode())).then(pl.col(name)).alias(name)
            for name, codes in shown.items()
        ),
    )


def collect_codes(tables: Iterable[pl.DataFrame], columns: Sequence[str]) -> pl.Series:
    """Return the codes in some columns of tables, each once."""
    parts = [table[column].unique() for table in tables for column in columns]
    return pl.concat([pl.Series(dtype=_CODE_TYPE), *parts]).drop_nulls().unique()


# -- tables computed from facts ------------------------------------------------------------------


def add_places(rows: pl.DataFrame, sids: pl.Series) -> pl.DataFrame:
    """Add `place`, that of a row's sid among different ones; drop rows of other sids."""
    places = sids.alias("sid").to_frame().with_row_index(PLACE)
    return rows.join(places, on="sid", how="inner", maintain_order="left")


def fold_facts(facts: pl.DataFrame, vocabulary: Vocabulary, clock: int) -> FactFold:
    """Fold a table of facts, in which a session goes by its `place`."""
    rows = restore_times(facts, clock)
    found = Facts(vocabulary)
    found.add_rows(rows.select(pl.col(PLACE).alias("sid"), "attributes", "ts"))
    return FactFold(found, None, has_ranked_texts=True)


def compute_tables(folded: FactFold, sids: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Compute the conversations and attempts of a fold; `sids` are those of all places."""
    if folded.facts.row_count == 0:
        return make_empty_table("conversations"), make_empty_table("attempts")
    rows = folded.conversations.with_columns(
        folded.list_last_steps(),
        sids.gather(folded.conversations["sid"]).alias("sid"),
        *(_choose_text_codes(folded, *names) for names in TEXT_CODE_COLUMNS.items()),
    )
    codes = _list_codes(folded.attributes["id_rank"])
    rows = rows.with_columns(codes.gather(rows["id_rank"]).alias("attributes"))
    rows = rows.with_row_index("row")
    return _cast_columns(rows, CONVERSATIONS_SCHEMA), _compute_attempts(folded, rows)


def _choose_text_codes(folded: FactFold, column: str, name: str) -> pl.Series:
    """Return the code with the text of each conversation, null without one."""
    attributes, conversations = folded.attributes, folded.conversations
    codes = _list_codes(attributes[column])
    constant = find_constant_texts(attributes, column)
    none = pl.repeat(None, _count_ranks(attributes["id_rank"]), dtype=_CODE_TYPE, eager=True)
    by_id = none.scatter(constant["id_rank"], codes.gather(constant[column]))
    chosen = by_id.gather(conversations["id_rank"])
    has_text = find_choosable_texts(attributes, column, constant)
    if has_text is not None:
        texts = folded.choose_texts(column, has_text)
        texts = texts.select("conversation_key", codes.gather(texts["chosen"]).alias(name))
        keys = conversations.select("conversation_key")
        if not keys.to_series().equals(texts["conversation_key"]):
            # Some have none of these texts.
            texts = keys.join(texts, on="conversation_key", how="left", maintain_order="left")
        chosen = chosen.zip_with(chosen.is_not_null(), texts[name])
    return chosen.alias(name)


def compute_anew(
    facts: pl.DataFrame, sids: pl.Series, vocabulary: Vocabulary, clock: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Compute the conversations and attempts of the facts of some sessions."""
    folded = fold_facts(add_places(facts, sids), vocabulary, clock)
    return compute_tables(folded, sids)


def list_agents(facts: pl.DataFrame, attributes: pl.DataFrame, clock: int) -> pl.DataFrame:
    """Return codes that name an agent, with their latest time."""
    has_name = attributes["agent_name"].is_not_null()
    named = facts.filter(has_name.gather(facts["attributes"]))
    latest = pl.when(is_timed(clock)).then("ts").max().alias("ts")
    return named.group_by("attributes").agg(latest).select(*AGENTS_SCHEMA).sort("attributes")


def _list_codes(ranks: pl.Series) -> pl.Series:
    """Return rank → the least code with it, null where there is none."""
    codes = pl.repeat(None, _count_ranks(ranks), dtype=_CODE_TYPE, eager=True)
    coded = ranks.alias("rank").to_frame().with_row_index("code").drop_nulls("rank")
    least = coded.unique("rank", keep="first", maintain_order=True)
    return codes.scatter(least["rank"], least["code"])


def _count_ranks(ranks: pl.Series) -> int:
    """Count ranks from 0 to the greatest."""
    greatest: Any = ranks.max()
    return (greatest or 0) + 1


def _compute_attempts(folded: FactFold, conversations: pl.DataFrame) -> pl.DataFrame:
    codes = _list_codes(folded.attributes["agent"])
    theirs = conversations.select("conversation_key", "row", "sid", "attributes")
    rows = folded.provisional_attempts.join(theirs, on="conversation_key", how="left")
    rows = rows.with_columns(codes.gather(rows["agent"]).alias("agent"))
    return _cast_columns(rows.sort("row", "attempt"), ATTEMPTS_SCHEMA)


def _cast_columns(frame: pl.DataFrame, schema: dict[str, Any]) -> pl.DataFrame:
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
