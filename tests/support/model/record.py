"""Where a record keeps its event: definitions 1, rules 1 and 4 to 9, one function a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from model import keys, names, times
from model.texts import Opener, resolve_types, split_dots
from model.values import Obj, Value, has_object, scalar_text, shorten

MAX_DEPTH = 16
MAX_OBJECTS = 512
MIB = 1024 * 1024
MAX_SID_BYTES = 512
MAX_TEXT, MAX_PAGE, MAX_UNKNOWN = 512, 2048, 128


@dataclass(frozen=True)
class Phase:
    """Hold what is looked at, only where the phases before hold no known name."""

    any_names: bool = False
    #: How many texts in one another under other keys than body keys are entered.
    levels: int = 0
    requests: bool = False


#: Listed keys; names under any other key; texts under other keys; the record's request line.
PHASES = [
    Phase(),
    Phase(any_names=True),
    *(Phase(any_names=True, levels=levels) for levels in range(1, 6)),
    Phase(any_names=True, requests=True),
]


@dataclass(frozen=True)
class Outcome:
    """Hold what a record says."""

    #: "event", "ready", "unknown", or the reason of a rejected record.
    what: str
    #: The kind of an event; the name of an unknown one as it is spelled.
    name: str = ""
    ts_ms: int | None = None
    future: bool = False
    ancient: bool = False
    sid: str = ""
    id: str | None = None
    conversation: str | None = None
    type: str | None = None
    ui_type: str | None = None
    page: str | None = None
    agent_id: str | None = None
    agent_name: str | None = None
    #: Whether the event's name stands in a text.
    from_text: bool = False
    #: Whether the event's name is a full name.
    is_full: bool = False

    @property
    def is_known(self) -> bool:
        """Return whether the record holds a known name."""
        return self.what in {"event", "ready", "no_sid", "too_long"}


@dataclass(eq=False)
class Node:
    """Hold an object that is entered, and where it lies."""

    obj: Obj
    parent: Node | None
    key: str

    @property
    def ancestors(self) -> list[Node]:
        """Return the objects around, the nearest first."""
        return [] if self.parent is None else [self.parent, *self.parent.ancestors]

    def is_below(self, other: Node) -> bool:
        """Return whether the object lies in another, however deep."""
        return other in self.ancestors


@dataclass
class Settings:
    """Hold what a run is told."""

    clock_ms: int
    keep_query: bool = False


class Judge:
    """Tell what values say."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.opener = Opener(self, self._is_full_event)

    # --- What framing asks -----------------------------------------------------------------

    def holds_event(self, value: Value) -> bool:
        """Return whether a value, or the JSON that a text is, holds an event."""
        return any(outcome.what == "event" for outcome, _ in self.read(value, "") or [])

    def holds_object(self, text: str) -> bool:
        """Return whether a text is JSON with an object."""
        return self.opener.open_text(text, 1) is not None

    def _is_full_event(self, fields: Obj) -> bool:
        """Return whether a form has "a full event name and a sid"."""
        return any(outcome.what == "event" and outcome.is_full for outcome, _ in self._read(fields))

    # --- One value -------------------------------------------------------------------------

    def read(self, value: Value, prefix: str) -> list[tuple[Outcome, bool]]:
        """Return what each record of a value says, and whether it is a member of several."""
        if isinstance(value, str) and not isinstance(value, Obj):
            opened = self.opener.open_text(value, 1)
            if isinstance(opened, Obj):
                return self.read(replace(opened, prefix=opened.prefix or prefix), "")
            if isinstance(opened, list):
                return [
                    (outcome, True) for item in opened for outcome, _ in self.read(item, prefix)
                ]
        if not isinstance(value, Obj):
            return [(Outcome("not_an_object"), False)]
        tree = resolve_types(value)
        assert isinstance(tree, Obj)
        return self._read(replace(tree, prefix=prefix or tree.prefix))

    def _read(self, tree: Obj, limit: int = len(PHASES)) -> list[tuple[Outcome, bool]]:
        """Return what the records of an object say.

        Rule 9: "A list, a text of several values or lines, an object whose values are all events
        (Firebase) hold records. What is around a list is shared, siblings are not. If what is
        around is itself an event, it is one record and its lists are not looked into."
        """
        whole = Outcome("no_event")
        tried: object = None
        without_sid: list[tuple[Outcome, bool]] = []
        is_named = False
        marked = close_payloads(tree)
        assert isinstance(marked, Obj)
        tree = marked
        for number, phase in enumerate(PHASES[:limit], start=1):
            entered = self.opener.enter_texts(tree, levels=phase.levels, requests=phase.requests)
            assert isinstance(entered, Obj)
            entered = self._list_firebase(entered)
            if number > 2 and _shape(entered) == tried:
                continue
            found = self._judge(_without_lists(entered), phase)
            if is_named and (found.from_text or found.what != "event"):
                continue  # another's name
            if whole.what == "no_event" or found.is_known:
                whole = found
            if found.what == "event":
                break
            lists = list(_lists(entered))
            tried = _shape(entered)
            if lists:
                members = [
                    self._read_members(entered, place, number, limit, only_events=found.is_known)
                    for place in lists
                ]
                said = [item for found in members for item in found]
                if any(outcome.what in {"event", "ready", "too_long"} for outcome, _ in said):
                    return said
                # A known name without a sid: "other keys only where nothing else holds an event".
                without_sid = without_sid or said
            # "All others only in a record in which these hold no known name": the listed keys.
            # Only its sid may still be found, in a text under another key.
            is_named = is_named or (found.is_known and number == 1)
        if without_sid and not whole.is_known:
            return without_sid
        if whole.what == "no_event" and limit == len(PHASES):
            entered = self.opener.enter_texts(tree, levels=5, requests=False)
            assert isinstance(entered, Obj)
            for place in _lists(entered):
                alone = [
                    _with_member(entered, place, each) for each in _members(_at(entered, place))
                ]
                said = [item for each in alone for item in self._read(each, 2)]
                if any(outcome.what == "unknown" for outcome, _ in said):
                    return said
        if len(tree.source) > MIB // 4 and len(tree.source.encode()) > MIB:
            whole = Outcome("too_long")
        return [(whole, False)]

    def _read_members(
        self, tree: Obj, place: list[str | int], phase: int, limit: int, *, only_events: bool
    ) -> list[tuple[Outcome, bool]]:
        """Return what the members of a list say; nothing if none has a known name.

        "Scalars among them are none." A name around a list is no name of its members: with
        `only_events` there is nothing unless a member is an event.
        """
        members = list(_members(_at(tree, place)))
        found: list[list[tuple[Outcome, bool]]] = []
        for member in members:
            alone = _with_member(tree, place, member)
            found.append(self._read(replace(alone, source=member.source), phase))
        whats = {outcome.what for items in found for outcome, _ in items if outcome.is_known}
        if not (whats & {"event", "too_long"} if only_events else whats):
            return []
        for index, member in enumerate(members):
            if phase < limit and not any(outcome.is_known for outcome, _ in found[index]):
                alone = _with_member(tree, place, member)
                found[index] = self._read(replace(alone, source=member.source), limit)
        return [(outcome, True) for items in found for outcome, _ in items]

    def _list_firebase(self, tree: Obj) -> Obj:
        """Return an object in which each "object whose values are all events" is their list."""
        pairs: list[tuple[str, Value]] = []
        for key, value in tree.pairs:
            if isinstance(value, Obj) and not keys.is_closed(key):
                members = self._firebase_members(value)
                pairs.append((key, members or self._list_firebase(value)))
            else:
                pairs.append((key, value))
        members = self._firebase_members(tree)
        if members:
            return replace(tree, pairs=[("", members)])
        return replace(tree, pairs=pairs)

    def _firebase_members(self, value: Obj) -> list[Value]:
        """Return the values of an object if they are all events."""
        members = [item for _, item in value.pairs]
        if len(members) < 2 or any(keys.is_closed(key) for key, _ in value.pairs):
            return []
        if not all(isinstance(item, Obj) and not item.from_text for item in members):
            return []
        for item in members:
            assert isinstance(item, Obj)
            if any(outcome.what != "event" for outcome, _ in self._read(item, 1)):
                return []
        return members

    # --- One record ------------------------------------------------------------------------

    def _judge(self, tree: Obj, phase: Phase) -> Outcome:
        """Return what an object without lists says."""
        canonical = self._judge_canonical(tree, tree)
        if canonical is not None:
            return canonical
        nodes = _nodes(tree)
        # "`_raw` and `original`, where they hold an event, are the record."
        for node in nodes:
            if keys.norm(node.key) in {"raw", "original"} and node.parent is not None:
                inner = [other for other in nodes if other is node or other.is_below(node)]
                outcome = self._judge_within(tree, nodes, inner, phase)
                if outcome.what == "event":
                    return outcome
        return self._judge_within(tree, nodes, nodes, phase)

    def _judge_within(
        self, tree: Obj, nodes: list[Node], inner: list[Node], phase: Phase
    ) -> Outcome:
        """Return what some of a record's objects say; times may come from all."""
        # "… or the text that a body key holds".
        for node in inner:
            if node.obj.from_text:
                canonical = self._judge_canonical(tree, node.obj)
                if canonical is not None:
                    return canonical
        dotted = split_dots(tree)
        assert isinstance(dotted, Obj)
        inner_dotted = _nodes(dotted)
        if inner is not nodes:
            inner_dotted = _same_part(inner_dotted, inner[0])
        return self._judge_other(_nodes_of(inner_dotted), inner_dotted, phase)

    def _judge_canonical(self, tree: Obj, obj: Obj) -> Outcome | None:
        """Return what a canonical record or text says, None if it is none.

        Rule 1: "with a known name at `event` and an object with a sid at `data.payload`".
        """
        data = obj.get("data")
        payload = data.get("payload") if isinstance(data, Obj) else None
        if not isinstance(payload, Obj) or sid_of(payload, in_array=False) is None:
            return None
        spelling = scalar_text(obj.get("event"))
        if spelling is None or names.event_kind(spelling, has_sid=True) is None:
            return None
        dotted = split_dots(tree)
        assert isinstance(dotted, Obj)
        nodes = _nodes(dotted)
        event = next((node for node in nodes if node.obj.undotted is obj), None)
        inner = next((node for node in nodes if node.obj.undotted is payload), None)
        if event is None or inner is None:  # beyond 16 levels or 512 objects
            return None
        found = Name(event, "event", spelling, is_event_key=True)
        return self._outcome(nodes, inner, found, is_canonical=True)

    def _judge_other(self, nodes: list[Node], inner: list[Node], phase: Phase) -> Outcome:
        """Return what the objects of a record that is not canonical say."""
        payload = find_payload(inner)
        name = find_name(inner, payload, phase)
        if name is None:
            unknown = find_unknown(inner, payload)
            if unknown is None:
                return Outcome("no_event")
            return Outcome("unknown", shorten(unknown, MAX_UNKNOWN) or "")
        if name.kind(has_sid=payload is not None) == "ready":
            return Outcome("ready")
        if payload is None:
            return Outcome("no_sid")
        if name.node.obj.is_form:
            payload = name.node  # whose sid is its own
        return self._outcome(nodes, payload, name, is_canonical=False)

    def _outcome(
        self, nodes: list[Node], payload: Node, name: Name, *, is_canonical: bool
    ) -> Outcome:
        """Return the event of a payload and a name."""
        kind = name.kind(has_sid=True)
        assert kind is not None
        if kind == "ready":
            return Outcome("ready")
        sid = sid_of(payload.obj, in_array=not is_canonical)
        if sid is None:
            sid = session_id_of(payload.obj)
        assert sid is not None
        if len(sid.encode("utf-8")) > MAX_SID_BYTES:
            return Outcome("too_long")
        # "A `name` or `type` that names the event is not the conversation's", whichever of them.
        is_inside = payload is not name.node and payload.is_below(name.node)
        names_event = "" if is_canonical or is_inside else kind

        def text_of(adobe: str) -> str | None:
            text = payload_text(payload.obj, adobe, names_event, is_canonical=is_canonical)
            return shorten(text, MAX_TEXT)

        ts_ms, ancient = self._find_time(nodes, payload, name.node, is_canonical=is_canonical)
        future = ts_ms is not None and ts_ms > self.settings.clock_ms + times.DAY_MS
        return Outcome(
            "event",
            kind,
            ts_ms=None if future else ts_ms,
            future=future,
            ancient=ancient,
            sid=sid,
            id=text_of("id"),
            conversation=text_of("name"),
            type=text_of("type"),
            ui_type=text_of("uiType"),
            page=self._find_page(payload, name.node, is_canonical=is_canonical),
            agent_id=text_of("agentID"),
            agent_name=text_of("agentName"),
            is_full=names.full_kind(name.spelling) is not None,
            from_text=any(node.obj.from_text for node in [name.node, *name.node.ancestors]),
        )

    # --- Rule 7: time ----------------------------------------------------------------------

    def _find_time(
        self, nodes: list[Node], payload: Node, event: Node, *, is_canonical: bool
    ) -> tuple[int | None, bool]:
        """Return the time of an event, and whether the only ones are ancient."""
        values: list[Value] = []
        if is_canonical:
            values.append(event.obj.get("timestamp"))
            # "Looked for elsewhere, outside the payload."
            nodes = [node for node in nodes if node is not payload]
        for node in time_order(nodes, payload, event):
            values += times_of(node.obj)
        found = [times.timestamp_ms(value) for value in values]
        prefixes = [node.obj.prefix for node in [event, *event.ancestors]]
        found += [times.prefix_ms(prefix, self.settings.clock_ms) for prefix in prefixes]
        some = [ms for ms in found if ms is not None]
        # "A value that is none, or `ancient`, is passed over where there is another".
        good = next((ms for ms in some if ms >= times.OLDEST_MS), None)
        return good, good is None and bool(some)

    # --- Rule 8: page ----------------------------------------------------------------------

    def _find_page(self, payload: Node, event: Node, *, is_canonical: bool) -> str | None:
        """Return the page: "in the event's object, the payload or between; around them not …"."""
        inner = [event, *between(event, payload), payload]
        around = [node for node in event.ancestors if node not in inner]
        if is_canonical:
            inner.remove(payload)
            page = self._page_text(event.obj.get("page"))
            if page is not None:
                return page
        else:
            around += [
                node for node in payload.ancestors if node not in inner and node not in around
            ]
        for node in [*inner, *sorted(around, key=lambda node: -len(node.ancestors))]:
            is_around = node in around
            pages = [
                (key, value) for key, value in node.obj.pairs if keys.is_page(key, around=is_around)
            ]
            for _, value in sorted(pages, key=lambda pair: pair[0] != "page"):
                page = self._page_text(value)
                if page is not None:
                    return page
        return None

    def _page_text(self, value: Value) -> str | None:
        """Return a page, also of `page.url`: "its query and fragment are cut off"."""
        if isinstance(value, Obj):
            value = next((item for key, item in value.pairs if keys.norm(key) == "url"), None)
        text = scalar_text(value, in_array=True)
        if text is not None and not self.settings.keep_query:
            text = text.split("?")[0].split("#")[0] or None
        return shorten(text, MAX_PAGE)


# --- Objects of a record ---------------------------------------------------------------------


def _nodes(tree: Obj) -> list[Node]:
    """Return the objects that are entered: "at most 16 deep and 512 of them"."""
    found: list[Node] = []

    def walk(obj: Obj, parent: Node | None, key: str, depth: int) -> None:
        if depth > MAX_DEPTH or len(found) > MAX_OBJECTS:
            return
        node = Node(obj, parent, key)
        found.append(node)
        for name, value in obj.pairs:
            if isinstance(value, Obj) and (value.is_request or not keys.is_closed(name)):
                walk(value, node, name, depth + 1)

    walk(tree, None, "", 0)
    return found


def _nodes_of(nodes: list[Node]) -> list[Node]:
    """Return some objects and all those around them."""
    found = list(nodes)
    for node in nodes:
        found += [other for other in node.ancestors if other not in found]
    return found


def _same_part(nodes: list[Node], top: Node) -> list[Node]:
    """Return the objects in the part of a record that has the same path as another's."""

    def path(node: Node) -> list[str]:
        return [part for other in [*node.ancestors[::-1], node] for part in other.key.split(".")]

    start = next((node for node in nodes if path(node) == path(top)), None)
    if start is None:
        return []
    return [node for node in nodes if node is start or node.is_below(start)]


def _without_lists(tree: Obj) -> Obj:
    """Return an object without its lists of records."""
    return replace(
        tree,
        pairs=[
            (key, _without_lists(value) if isinstance(value, Obj) else value)
            for key, value in tree.pairs
            if not (isinstance(value, list) and has_object(value))
        ],
    )


def _lists(tree: Obj, place: tuple[str | int, ...] = ()) -> Iterator[list[str | int]]:
    """Yield the places of an object's lists of records: the number of each member on the way."""
    for number, (key, value) in enumerate(tree.pairs):
        if keys.is_closed(key):
            continue
        if isinstance(value, Obj):
            yield from _lists(value, (*place, number))
        elif isinstance(value, list) and has_object(value) and tree.closed in {"", "other"}:
            yield [*place, number]


def _shape(value: Value) -> object:
    """Return a value in tuples, to tell whether another has the same texts entered."""
    if isinstance(value, Obj):
        return "object", tuple((key, _shape(item)) for key, item in value.pairs)
    if isinstance(value, list):
        return "array", tuple(_shape(item) for item in value)
    return value


def _at(tree: Obj, place: list[str | int]) -> Value:
    """Return what is at a place."""
    value: Value = tree
    for number in place:
        assert isinstance(value, Obj)
        assert isinstance(number, int)
        value = value.pairs[number][1]
    return value


def _members(value: Value) -> Iterator[Obj]:
    """Yield the objects of a list, and of the lists in it."""
    assert isinstance(value, list)
    for item in value:
        if isinstance(item, Obj):
            yield item
        elif isinstance(item, list):
            yield from _members(item)


def _with_member(tree: Obj, place: list[str | int], member: Obj) -> Obj:
    """Return an object with one member in place of a list, and without all other lists."""
    number, rest = place[0], place[1:]
    pairs: list[tuple[str, Value]] = []
    for other, (key, value) in enumerate(tree.pairs):
        if other == number:
            inner: Value = member
            if rest:
                assert isinstance(value, Obj)
                inner = _with_member(value, rest, member)
            pairs.append((key, inner))
        elif isinstance(value, Obj):
            pairs.append((key, _without_lists(value)))
        elif not (isinstance(value, list) and has_object(value)):
            pairs.append((key, value))
    return replace(tree, pairs=pairs)


# --- Rule 5: payload -------------------------------------------------------------------------


def first_text(obj: Obj, exact: str, is_key: list[list[str]], *, in_array: bool) -> str | None:
    """Return the first text under some keys, those of each list after those of the list before.

    Rule 4: "Of keys that mean the same, Adobe's exact spelling goes first, then document order;
    null and empty are passed over."
    """
    for group in is_key:
        for key in sorted(group, key=lambda key: key != exact):
            for name, value in obj.pairs:
                text = scalar_text(value, in_array=in_array)
                if name == key and text is not None:
                    return text
    return None


def close_payloads(value: Value, *, inherited: str = "", around: bool = False) -> Value:
    """Return a value in which objects are marked whose texts and lists are visitors'.

    "Strangers' answers and names say nothing": in the payload inside the object of an event, also
    of one that is unknown, as Adobe may add events; and in an object that is a flat one of Adobe's.
    """
    if isinstance(value, list):
        return [close_payloads(item, inherited=inherited, around=around) for item in value]
    if not isinstance(value, Obj):
        return value
    closed = inherited
    named = [
        text
        for key, item in value.pairs
        if keys.names_event(key) and (text := scalar_text(item, in_array=True)) is not None
    ]
    if not closed and sid_of(value, in_array=True) is not None:
        count = count_adobe(value)
        if around and count >= 2:
            closed = "all"
        elif named and not _is_of_logger(value):
            is_adobes = any(names.is_like_adobes(text) for text in named)
            closed = "flat" if is_adobes and count >= 3 else "other"
    deeper = {"all": "all", "flat": "in flat", "in flat": "in flat"}.get(closed, "")
    pairs = [
        (key, close_payloads(item, inherited=deeper, around=around or bool(named)))
        for key, item in value.pairs
    ]
    return replace(value, pairs=pairs, closed=closed)


def _is_of_logger(obj: Obj) -> bool:
    """Return whether a level or severity stands beside."""
    return any(
        keys.norm(key) in {"level", "severity"} and scalar_text(value, in_array=True) is not None
        for key, value in obj.pairs
    )


def sid_of(obj: Obj, *, in_array: bool) -> str | None:
    """Return an object's sid."""
    return first_text(
        obj, "sid", [[key for key, _ in obj.pairs if keys.is_adobe(key, "sid")]], in_array=in_array
    )


def session_id_of(obj: Obj) -> str | None:
    """Return an object's session id, "beside a key that is plainly a conversation's"."""
    if not any(
        keys.is_plainly_conversation(key) and scalar_text(value, in_array=True) is not None
        for key, value in obj.pairs
    ):
        return None
    return first_text(
        obj, "", [[key for key, _ in obj.pairs if keys.is_session_id(key)]], in_array=True
    )


def payload_text(obj: Obj, adobe: str, names_event: str, *, is_canonical: bool) -> str | None:
    """Return one of Adobe's texts in a payload.

    "Outside canonical records a key that is plainly a conversation's goes before a bare `id`,
    `name`, `type`." "A `name` or `type` that names the event is not the conversation's."
    """
    found = [
        key
        for key, value in obj.pairs
        if adobe not in {"name", "type"}
        or names_event == ""
        or names.full_kind(scalar_text(value, in_array=True) or "") != names_event
    ]
    plain = [key for key in found if keys.is_conversation(key, adobe)]
    if adobe not in {"id", "name", "type"}:
        plain = []
    bare = [key for key in found if keys.is_adobe(key, adobe) and key not in plain]
    if is_canonical:
        variants = [key for key in found if key in plain or key in bare]
        own = [key for key in variants if keys.is_adobe(key, adobe)]
        other = [key for key in variants if key not in own]
        return first_text(obj, adobe, [own, other], in_array=False)
    return first_text(obj, adobe, [plain, bare], in_array=True)


def count_adobe(obj: Obj) -> int:
    """Return how many of Adobe's keys an object has."""
    return sum(
        any(
            (keys.is_adobe(key, adobe) or keys.is_conversation(key, adobe))
            and scalar_text(value, in_array=True) is not None
            for key, value in obj.pairs
        )
        for adobe in keys.ADOBE
    )


def find_payload(nodes: list[Node]) -> Node | None:
    """Return the payload's object.

    "Of the objects with a sid the one with most of Adobe's keys; of equals the outermost, then
    the first. A session's id counts as sid only where no object has a sid". Nothing that
    `meetingInfo` holds is one: it "may be anything".
    """
    nodes = [node for node in nodes if not _is_in_meeting_info(node)]
    with_sid = [node for node in nodes if sid_of(node.obj, in_array=True) is not None]
    if not with_sid:
        with_sid = [node for node in nodes if session_id_of(node.obj) is not None]
    return min(
        with_sid,
        key=lambda node: (-count_adobe(node.obj), len(node.ancestors)),
        default=None,
    )


def _is_in_meeting_info(node: Node) -> bool:
    """Return whether an object lies in a `meetingInfo`."""
    return any(keys.norm(other.key) == "meetinginfo" for other in [node, *node.ancestors])


# --- Rule 6: event ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Name:
    """Hold an event's name, and where it stands."""

    node: Node
    key: str
    spelling: str
    is_event_key: bool

    def kind(self, *, has_sid: bool) -> str | None:
        """Return the kind that the name is."""
        if self.is_event_key:
            return names.event_kind(self.spelling, has_sid=has_sid)
        return names.full_kind(self.spelling)


def name_order(nodes: list[Node], payload: Node | None) -> list[Node]:
    """Return where a name is looked for.

    "In the payload's object, in those around it, the nearest first, beside them, below".
    """
    nodes = [node for node in nodes if not _is_in_meeting_info(node)]
    if payload is None:
        return nodes
    around = [node for node in payload.ancestors if node in nodes]
    beside = [
        node
        for outer in around
        for node in nodes
        if node.is_below(outer) and node is not payload and not node.is_below(payload)
        and node not in around
    ]  # fmt: skip
    below = [node for node in nodes if node.is_below(payload)]
    order: list[Node] = []
    for node in [payload, *around, *beside, *below]:
        if node not in order:
            order.append(node)
    return order


def find_name(nodes: list[Node], payload: Node | None, phase: Phase) -> Name | None:
    """Return the event's name, None if there is no known one."""
    order = name_order(nodes, payload)
    for name in event_names(order):
        if name.kind(has_sid=payload is not None) is not None:
            return name
    # "Then, and only as a full name, under `name`, `type`, `message`, or any other key".
    found = other_names(order, listed=True)
    if phase.any_names:
        found += other_names(order, listed=False)
    # "… nor in a payload that lies inside the event's object."
    around = [] if payload is None else payload.ancestors
    if any(name.node in around for name in found) or event_names(around):
        found = [
            name
            for name in found
            if payload is None or (name.node is not payload and not name.node.is_below(payload))
        ]
    return found[0] if found else None


def event_names(order: list[Node]) -> list[Name]:
    """Return all that stands under keys that name events, Adobe's exact spelling first."""
    found: list[Name] = []
    for node in order:
        for key, value in sorted(node.obj.pairs, key=lambda pair: pair[0] != "event"):
            text = scalar_text(value, in_array=True)
            if keys.names_event(key) and text is not None and text.strip(" \t\r\n") != "":
                found.append(Name(node, key, text, is_event_key=True))
    return found


def other_names(order: list[Node], *, listed: bool) -> list[Name]:
    """Return the full names under `name`, `type`, `message`, or under any other key."""
    found: list[Name] = []
    for node in order:
        for key, value in node.obj.pairs:
            text = scalar_text(value, in_array=True)
            is_listed = keys.norm(key) in {"name", "type", "message"}
            if text is None or is_listed != listed or _never_names_event(key):
                continue
            if names.full_kind(text) is not None:
                found.append(Name(node, key, text, is_event_key=False))
    return found


def _never_names_event(key: str) -> bool:
    """Return whether nothing under a key names an event.

    "Never under `id`, `sid`, an agent's keys, `page`, `meetingInfo`"; nor where nothing is entered
    or visitors may have written.
    """
    return (
        any(keys.is_adobe(key, adobe) for adobe in ("id", "sid", "agentID", "agentName"))
        or keys.is_conversation(key, "id")
        or keys.is_closed(key)
        or keys.norm(key) in {"text", "input", "response", "responses"}
        or keys.is_page(key, around=False)
    )


def find_unknown(nodes: list[Node], payload: Node | None) -> str | None:
    """Return the nearest name under a key that names events, as it is spelled."""
    found = event_names(name_order(nodes, payload))
    return found[0].spelling if found else None


# --- Rule 7: the order of objects and of keys ------------------------------------------------


def between(event: Node, payload: Node) -> list[Node]:
    """Return the objects between the event's and the payload, from the event's on."""
    if event is payload:
        return []
    up = [node for node in event.ancestors if node is payload or node.is_below(payload)]
    down = [node for node in payload.ancestors if node is event or node.is_below(event)]
    if event in down:
        return [node for node in reversed(down) if node is not event]
    if payload in up:
        return [node for node in up if node is not payload]
    shared = [node for node in event.ancestors if node in payload.ancestors]
    up = [node for node in event.ancestors if node not in shared]
    down = [node for node in payload.ancestors if node not in shared]
    return [*up, *reversed(down)]


def time_order(nodes: list[Node], payload: Node, event: Node) -> list[Node]:
    """Return the objects in which a time is looked for, in order.

    "The event's, those between it and the payload, the payload, then those around, the nearest
    first, then what is beside these; never below the payload."
    """
    path = [event, *between(event, payload), payload]
    outer = [node for node in [*event.ancestors, *payload.ancestors] if node not in path]
    outer.sort(key=lambda node: -len(node.ancestors))
    path += outer
    beside = [
        node
        for around in path
        if around is not payload
        for node in nodes
        if node.is_below(around) and not _is_never_beside(node)
    ]
    order: list[Node] = []
    for node in [*path, *beside]:
        is_below = node.is_below(payload) and node is not event and node not in path
        if node in nodes and node not in order and not is_below:
            order.append(node)
    return order


def _is_never_beside(node: Node) -> bool:
    """Return whether an object is a request's, a response's or a meeting's."""
    return any(keys.is_never_time(other.key) for other in [node, *node.ancestors] if other.key)


def times_of(obj: Obj) -> list[Value]:
    """Return the values under an object's keys of times, the first to be looked at first."""
    beside_level = any(keys.norm(key) in {"level", "severity"} for key, _ in obj.pairs)
    found = [
        (keys.time_rank(key, beside_level=beside_level), key != keys.norm(key), value)
        for key, value in obj.pairs
        if keys.is_time(key)
    ]
    named = [item for item in found if 1 <= item[0] < 50]
    others = [item for item in found if item not in named]
    # Of keys that mean the same the exact spelling goes first; all others in document order.
    ordered = sorted(named, key=lambda item: item[:2]) + others
    ordered.sort(key=lambda item: item[0])
    return [
        value[0] if isinstance(value, list) and len(value) == 1 else value
        for _, _, value in ordered
    ]
