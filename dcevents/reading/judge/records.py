"""Judge the records of one value (definitions 1, rules 1, 2, 9)."""

from collections.abc import Iterator
from enum import IntEnum
from typing import Any, Final, NamedTuple

from dcevents.reading.json_value import SPACE
from dcevents.reading.judge.events import EventParts, read_event
from dcevents.reading.judge.findings import (
    MAX_UNKNOWN_NAME_CHARACTERS,
    NO_EVENT,
    NO_SID,
    NOT_AN_OBJECT,
    Context,
    Event,
    Finding,
    Outcome,
    Rejection,
    UnknownEvent,
    WidgetReady,
    cut_text,
)
from dcevents.reading.judge.keys import is_body_key, may_hold_objects, may_hold_text
from dcevents.reading.judge.mapped_search import MappedSearch
from dcevents.reading.judge.name_search import (
    EventName,
    find_full_name,
    find_listed_name,
    find_name,
    find_ready,
    find_under_event_keys,
    find_unknown_name,
)
from dcevents.reading.judge.nodes import MAX_DEPTH, Array, Node, Object, Scalar, make_record_node
from dcevents.reading.judge.payload import find_canonical
from dcevents.reading.judge.places import (
    MAX_TEXT_DEPTH,
    MIN_FLAT_PAYLOAD_KEYS,
    Holder,
    Place,
    SearchedRecord,
)
from dcevents.reading.judge.texts import decode_text, make_part_nodes, read_request

MIN_GROUP: Final = 2
"""Values from which an object may be a list of events."""


class Stage(IntEnum):
    """Say how far a record is searched: each stage only where those before found no event."""

    LISTED = 1
    """Objects, lists and texts of body keys; names under listed keys."""
    OTHER_NAMES = 2
    """Full names under any other key."""
    OTHER_TEXTS = 3
    """Texts under any other key."""
    REQUESTS = 4
    """The record's own request line, as a form."""


class Records(NamedTuple):
    """Hold what the records of a value say, and whether these stand in a list."""

    outcomes: list[Outcome]
    is_list: bool = False


class Judge:
    """The judge of one framed value: the text before it, and what is known beside it."""

    def __init__(self, context: Context, prefix: str = "") -> None:
        self.context = context
        self.prefix = prefix
        self._names = context.mapping.known_names
        self._mapped = MappedSearch(
            context.mapping, lambda holder: self._open(holder, texts=True)[0]
        )
        # What was found before: the stages, and the records around, ask again and again.
        self._found: dict[tuple[SearchedRecord, Stage], Records | None] = {}
        self._judged: dict[SearchedRecord, Records] = {}
        self._groups: dict[int, tuple[Object, bool]] = {}
        self._expanded: dict[tuple[int, bool], tuple[Holder, list[SearchedRecord], bool]] = {}

    def judge(self, value: Any) -> list[Finding]:  # noqa: ANN401 - any JSON value
        """Return what the records of a value say."""
        # The members of an outer list are as deep as records alone: they say the same.
        node = make_record_node(value, depth=-1 if isinstance(value, list) else 0)
        records, is_list = self._expand(node, None, "", texts=True, nesting=0)
        found = [self._judge_record(record) for record in records]
        if not found:
            return [Finding(Rejection(NOT_AN_OBJECT))]
        outcomes = [outcome for each in found for outcome in each.outcomes]
        if not is_list and not found[0].is_list:
            return [Finding(outcomes[0])]
        return [Finding(outcome, index) for index, outcome in enumerate(outcomes)]

    def finds_at_listed_keys(self, value: Any) -> bool:  # noqa: ANN401 - any JSON value
        """Return whether the first stage finds an event in all records of a value."""
        node = make_record_node(value, depth=-1 if isinstance(value, list) else 0)
        records, _ = self._expand(node, None, "", texts=True, nesting=0)
        return all(self._find_events(each, Stage.LISTED) is not None for each in records)

    def list_missing_parts(self, value: Any) -> list[str]:  # noqa: ANN401 - any JSON value
        """Return the parts of the user's map at whose places a value has nothing."""
        node = make_record_node(value, depth=-1 if isinstance(value, list) else 0)
        records, _ = self._expand(node, None, "", texts=True, nesting=0)
        return [
            part
            for part, _ in self.context.mapping.paths
            if not any(self._mapped.has_part(record, part) for record in records)
        ]

    def _judge_record(self, record: SearchedRecord) -> Records:
        """Return what a record says: an event at the first stage that finds one, or why none."""
        if record not in self._judged:
            stages = (self._find_events(record, stage) for stage in Stage)
            found = next((each for each in stages if each is not None), None)
            self._judged[record] = self._find_bucket(record) if found is None else found
        return self._judged[record]

    def _find_events(self, record: SearchedRecord, stage: Stage) -> Records | None:
        """Return the events of a record, as far as a stage searches; None for none."""
        if not (record.texts or record.lists or record.requests):
            stage = min(stage, Stage.OTHER_NAMES)  # nothing more to search
        if (record, stage) not in self._found:
            self._found[record, stage] = self._search(record, stage)
        return self._found[record, stage]

    def _search(self, record: SearchedRecord, stage: Stage) -> Records | None:
        """Return the events of a record in the order in which they count; None for none."""
        mapped = self._find_mapped(record, stage) if self.context.mapping.paths else None
        if mapped is not None:
            return mapped
        own = self._find_canonical(record)
        if own is not None:
            return Records([own.outcome])
        for holder in record.list_originals():
            found = self._find_in(holder, stage)
            if found is not None:
                return found
        # Where a listed key has a known name, other keys hold no other; its sid at most.
        is_named = stage > Stage.LISTED and find_listed_name(record) is not None
        listed = Stage.LISTED if is_named else stage
        own = self._find_own(record, listed)
        if own is not None and _is_certain(own):
            return Records([own.outcome])
        texts = list(_list_texts(record, stage))
        if is_named:
            texts = [each for each in texts if is_body_key(each.key) or not self._is_named(each)]
        found = self._find_in_texts(texts, stage, only_canonical=own is not None)
        if found is not None:
            return found
        if own is not None:
            return Records([own.outcome])
        return self._find_in_lists(record, listed) or self._find_in_requests(record, listed)

    def _is_named(self, holder: Holder) -> bool:
        """Return whether a text names an event itself."""
        records, _ = self._open(holder, texts=True)
        return any(find_full_name(each) or find_unknown_name(each) for each in records)

    def _find_in_texts(
        self, texts: list[Holder], stage: Stage, *, only_canonical: bool
    ) -> Records | None:
        """Return what the first text with a canonical event says, else with any; None for none."""
        found = [each for each in (self._find_in(text, stage) for text in texts) if each]
        canonical = next((each for each in found if _has_canonical(each)), None)
        return canonical or (found[0] if found and not only_canonical else None)

    def _find_canonical(self, record: SearchedRecord) -> "Own | None":
        """Return the event of a canonical record; None for any other."""
        payload = find_canonical(record)
        name = find_under_event_keys(record.root) if payload else None
        if payload is None or name is None:
            return None
        return Own(self._read_event(name, payload, record), name, payload)

    def _find_mapped(self, record: SearchedRecord, stage: Stage) -> Records | None:
        """Return the events where the user's map says; None for none."""
        pair = self._mapped.find_pair(record)
        if pair is not None and pair.payload is None:
            return Records([WidgetReady()])
        if pair is not None and pair.payload is not None:
            record = pair.name.place.record
            return Records([self._read_event(pair.name, pair.payload, record, pair.placed)])
        holders = (each for each in (*record.lists, *record.texts) if self._mapped.leads_into(each))
        return next((each for each in (self._find_in(on, stage) for on in holders) if each), None)

    def _read_event(
        self,
        name: EventName,
        payload: Place,
        record: SearchedRecord,
        placed: tuple[str, ...] = (),
    ) -> Outcome:
        """Return the event that a name and a payload make, or why it is none."""
        has_map = bool(self.context.mapping.paths)
        mapped = self._mapped.find_scalars(name.place, payload) if has_map else {}
        parts = EventParts(name, payload, mapped, placed)
        return read_event(parts, record, self.context, self.prefix)

    def _find_own(self, record: SearchedRecord, stage: Stage) -> "Own | None":
        """Return the event that a record's objects make; None for none."""
        pair = _find_pair(record, others=stage >= Stage.OTHER_NAMES)
        if pair is None:
            return _find_own_ready(record, others=stage >= Stage.OTHER_NAMES)
        name, payload = pair
        return Own(self._read_event(name, payload, record), name, payload)

    def _find_in(self, holder: Holder, stage: Stage) -> Records | None:
        """Return what a list or text says, if one of its records is an event; else None."""
        stages = (each for each in Stage if each <= stage)
        found = (self._find_in_at(holder, each) for each in stages)
        return next((each for each in found if each is not None), None)

    def _find_in_at(self, holder: Holder, stage: Stage) -> Records | None:
        """Return what a list or text says, as far as one stage searches its records."""
        is_text = isinstance(holder.node, Scalar)
        texts = is_text or stage >= Stage.OTHER_TEXTS or is_body_key(holder.key)
        records, is_list = self._open(holder, texts=texts and may_hold_text(holder.key))
        found = [self._find_events(record, stage) for record in records]
        if all(each is None for each in found):
            return None
        judged = [
            self._judge_record(record) if each is None else each
            for record, each in zip(records, found, strict=True)
        ]
        is_list = is_list or any(each.is_list for each in judged)
        return Records([outcome for each in judged for outcome in each.outcomes], is_list)

    def _find_in_lists(self, record: SearchedRecord, stage: Stage) -> Records | None:
        """Return what the lists of a record say that hold events; None for none."""
        found = [
            each
            for holder in record.lists
            if not holder.place.is_closed and (each := self._find_in(holder, stage)) is not None
        ]
        outcomes = [outcome for each in found for outcome in each.outcomes]
        return Records(outcomes, is_list=True) if outcomes else None

    def _find_in_requests(self, record: SearchedRecord, stage: Stage) -> Records | None:
        """Return the event that the record's own request line says as a form; None for none."""
        if stage < Stage.REQUESTS:
            return None
        for holder in record.requests:
            form = read_request(holder)
            if form is not None and not holder.place.is_closed:
                inside = self._make_record(form, holder.place, holder.key)
                own = self._find_own(inside, Stage.OTHER_NAMES)
                if own is not None:
                    return Records([own.outcome])
        return None

    def _find_bucket(self, record: SearchedRecord) -> Records:
        """Return why a record without an event is none."""
        is_form = record.root.is_of_form
        mapped = self._find_mapped_bucket(record) if self.context.mapping.paths else None
        if mapped is not None:
            return Records([mapped])
        if not is_form and not record.ranked_payloads and find_full_name(record) is not None:
            return Records([Rejection(NO_SID)])
        inside = [self._judge_holder(holder) for holder in _list_holders(record)]
        for each in inside:
            if Rejection(NO_SID) in each.outcomes:
                return each
        unknown = find_unknown_name(record)
        if unknown is not None and not is_form:
            name = cut_text(unknown.text or "", MAX_UNKNOWN_NAME_CHARACTERS)
            return Records([UnknownEvent(name)])
        for each in inside:
            if any(isinstance(outcome, UnknownEvent) for outcome in each.outcomes):
                return each
        return Records([Rejection(NO_EVENT)])

    def _find_mapped_bucket(self, record: SearchedRecord) -> Outcome | None:
        """Return why the text at the event's mapped place makes no event; None without one."""
        text = self._mapped.find_event_text(record)
        if text is None or not text.strip(SPACE):
            return None
        if self._names.match(text) is not None:
            return Rejection(NO_SID)
        return UnknownEvent(cut_text(text, MAX_UNKNOWN_NAME_CHARACTERS))

    def _judge_holder(self, holder: Holder) -> Records:
        """Return what the records of a list or text say."""
        records, is_list = self._open(holder, texts=may_hold_text(holder.key))
        judged = [self._judge_record(record) for record in records]
        is_list = is_list or any(each.is_list for each in judged)
        return Records([outcome for each in judged for outcome in each.outcomes], is_list)

    def _open(self, holder: Holder, *, texts: bool) -> tuple[list[SearchedRecord], bool]:
        """Return the records in a list or text, made once."""
        key = id(holder), texts
        if key not in self._expanded:
            nesting = holder.place.record.text_depth
            found = self._expand(
                holder.node, holder.place, holder.key, texts=texts, nesting=nesting
            )
            self._expanded[key] = (holder, *found)
        return self._expanded[key][1:]

    def _expand(
        self, node: Node, around: Place | None, key: str, *, texts: bool, nesting: int
    ) -> tuple[list[SearchedRecord], bool]:
        """Return the records that a node is or holds, and whether they stand in a list.

        `nesting` is the number of texts around the node.
        """
        if isinstance(node, Scalar):
            return self._expand_text(node, around, key, nesting) if texts else ([], False)
        if isinstance(node, Array):
            items = [(item, key) for item in node.items] if node.depth < MAX_DEPTH else []
            return self._expand_all(items, around, texts=texts, nesting=nesting), True
        if self._is_group(node):
            members = [(member.node, member.key) for member in node.members]
            return self._expand_all(members, around, texts=texts, nesting=nesting), True
        return [self._make_record(node, around, key, nesting)], False

    def _make_record(
        self, node: Object, around: Place | None = None, key: str = "", nesting: int = 0
    ) -> SearchedRecord:
        """Return an object as a record."""
        record = SearchedRecord(node, around, key, self._is_group, self._names)
        record.text_depth = nesting
        return record

    def _expand_all(
        self, nodes: list[tuple[Node, str]], around: Place | None, *, texts: bool, nesting: int
    ) -> list[SearchedRecord]:
        """Return the records of several nodes."""
        found: list[SearchedRecord] = []
        empty: dict[str, list[SearchedRecord]] = {}
        for node, key in nodes:
            # All empty objects of a list say the same.
            is_empty = isinstance(node, Object) and not node.entries
            records = empty.get(key) if is_empty else None
            if records is None:
                records, _ = self._expand(node, around, key, texts=texts, nesting=nesting)
            if is_empty:
                empty[key] = records
            found += records
        return found

    def _expand_text(
        self, scalar: Scalar, around: Place | None, key: str, nesting: int
    ) -> tuple[list[SearchedRecord], bool]:
        """Return the records in a text, and whether they may be several."""
        contents = (
            decode_text(scalar.raw) if scalar.is_string and nesting < MAX_TEXT_DEPTH else None
        )
        if contents is None:
            return [], False
        found: list[SearchedRecord] = []
        is_list = len(contents.parts) > 1
        for node, prefix in make_part_nodes(contents, scalar.path, around):
            records, is_array = self._expand(node, around, key, texts=True, nesting=nesting + 1)
            for record in records:
                record.prefix = record.prefix or prefix
            found += records
            is_list = is_list or is_array
        return found, is_list

    def _is_group(self, node: Object) -> bool:
        """Return whether an object is a list of events under keys, as Firebase exports them."""
        if id(node) not in self._groups:
            self._groups[id(node)] = node, self._are_all_events(node)
        return self._groups[id(node)][1]

    def _are_all_events(self, node: Object) -> bool:
        """Return whether an object's values are all events: one known, others at least named."""
        nodes = [member.node for member in node.members]
        if len(nodes) < MIN_GROUP or not all(isinstance(each, Object) for each in nodes):
            return False
        if node.depth >= MAX_DEPTH or not all(may_hold_objects(each.key) for each in node.members):
            return False
        if any(isinstance(each, Object) and self._is_group(each) for each in nodes):
            return False
        records = [self._make_record(each) for each in nodes if isinstance(each, Object)]
        if not all(each.ranked_payloads or find_full_name(each) for each in records):
            return False
        known = [self._find_events(each, Stage.LISTED) is not None for each in records]
        return any(known) and all(
            is_known or find_unknown_name(each) is not None
            for is_known, each in zip(known, records, strict=True)
        )


class Own(NamedTuple):
    """An event of a record's own objects: its name and payload; none for the ready event."""

    outcome: Outcome
    name: EventName | None
    payload: Place | None


def _find_pair(record: SearchedRecord, *, others: bool) -> tuple[EventName, Place] | None:
    """Return the known name and the payload that belong together; None for none."""
    payloads = record.ranked_payloads
    if payloads and payloads[0].record is not record:
        # The sid is around: this record names the event, whatever lies there.
        payloads = [] if record.root.is_of_form else payloads[:1]
    for is_other in (False, True) if others else (False,):
        for below in (False, True):
            for payload in payloads:
                name = find_name(payload, record, below=below, others=is_other)
                if name is not None and (not record.root.is_of_form or name.place.record is record):
                    return name, payload
    return None


def _find_own_ready(record: SearchedRecord, *, others: bool) -> Own | None:
    """Return the widget's ready event, if a record's objects name it; a form holds none."""
    if record.root.is_of_form or find_ready(record, others=others) is None:
        return None
    return Own(WidgetReady(), None, None)


def _is_certain(own: Own) -> bool:
    """Return whether an event is one without looking into texts: nothing in these replaces it.

    A kind alone beside a bare sid may be a server's: `closed`, of a connection.
    """
    if own.name is None or own.payload is None:
        return True
    return own.name.is_full or len(own.payload.adobe_keys) >= MIN_FLAT_PAYLOAD_KEYS


def _has_canonical(found: Records) -> bool:
    """Return whether one of these is a canonical event."""
    return any(
        isinstance(outcome, Event) and outcome.structure.is_canonical for outcome in found.outcomes
    )


def _list_texts(record: SearchedRecord, stage: Stage) -> Iterator[Holder]:
    """Yield the texts that a stage enters."""
    for holder in record.texts:
        if holder.place.is_closed or not may_hold_text(holder.key):
            continue
        is_other_entered = stage >= Stage.OTHER_TEXTS and not holder.place.is_unknown_event
        if is_body_key(holder.key) or is_other_entered:
            yield holder


def _list_holders(record: SearchedRecord) -> Iterator[Holder]:
    """Yield all lists and texts of a record that may hold records."""
    yield from _list_texts(record, Stage.OTHER_TEXTS)
    yield from (holder for holder in record.lists if not holder.place.is_closed)
