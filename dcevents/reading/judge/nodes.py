"""A record's JSON as nodes that remember where they were found (definitions 1, rules 3 and 4).

Typed values are their values, lists of pairs and keys with dots are objects, an array of one
scalar is that scalar. Members are made when they are asked for: most are never looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple, Self

from dcevents.reading.json_value import is_number, write_scalar
from dcevents.reading.judge.keys import NOT_SID, fold_key

MAX_DEPTH: Final = 16
"""Levels below the record at which objects and arrays are still entered."""
TYPE_NAMES: Final = frozenset(
    (
        *("$date", "$numberLong", "$oid", "S", "N", "BOOL", "M", "L"),
        *("stringValue", "intValue", "integerValue", "doubleValue", "booleanValue"),
        *("timestampValue", "mapValue", "kvlistValue", "arrayValue"),
        *("string_value", "int_value", "float_value", "double_value", "_seconds"),
        *("string", "long"),
    )
)
"""Names of types: an object with one such member is that member's value."""
TYPE_CONTENTS: Final = {"mapValue": "fields", "kvlistValue": "values", "arrayValue": "values"}
"""Members in which types of several values keep them."""
SCALAR_TYPE_NAMES: Final = TYPE_NAMES - {*TYPE_CONTENTS, "M", "L", "_seconds"}
"""Names of types of which the member is the value as it stands."""
TYPE_STEPS: Final = frozenset((*TYPE_NAMES, *TYPE_CONTENTS.values(), "value"))
"""Steps of paths that lead to what typed values and pairs stand for."""
NANOSECONDS: Final = ("_nanoseconds", "nanos")
"""Members that may stand beside a typed value."""
PAIR_KEYS: Final = ("key", "name", "field")
PAIR_VALUE: Final = "value"
MAX_PAIR_MEMBERS: Final = 3

Path = tuple[str | int, ...]
"""Steps from the framed value: keys as spelled, numbers of members, TextSteps into texts."""


class TextStep(str):
    """A step of a path into a text: how the text was read, `json`, `base64`, …"""

    __slots__ = ()


class PairStep(int):
    """A step of a path into a list of pairs: a member's number, and what its key says."""

    key: str

    def __new__(cls, number: int, key: str) -> Self:
        """Return the step of a pair."""
        step = super().__new__(cls, number)
        step.key = key
        return step

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PairStep) and (int(self), self.key) == (int(other), other.key)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((int(self), self.key))


class Scalar(NamedTuple):
    """A text, number, true or false: its text.

    None for null and the empty string.
    """

    text: str | None
    raw: Any
    path: Path
    is_of_array: bool = False

    @property
    def is_string(self) -> bool:
        """Return whether JSON had a string, not a number or a word."""
        return type(self.raw) is str


@dataclass
class Array:
    """A list of nodes."""

    raw: list[Any]
    path: Path
    depth: int

    @cached_property
    def items(self) -> "list[Node]":
        """Return the members as nodes."""
        return [
            make_record_node(value, (*self.path, number), self.depth + 1)
            for number, value in enumerate(self.raw)
        ]


@dataclass
class Member:
    """A key of an object and what stands under it."""

    key: str
    node: "Node"
    raw: Any

    @property
    def folded(self) -> str:
        """Return the key as keys compare."""
        return fold_key(self.key)


@dataclass
class Object:
    """An object: its entries as they stand in JSON, each a key, a value and a path."""

    entries: list[tuple[str, Any, Path]]
    path: Path
    depth: int
    is_form: bool = False
    _members: list[Member] = field(default_factory=list)
    _is_made: bool = False

    @property
    def members(self) -> list[Member]:
        """Return the members, keys with dots as objects."""
        if not self._is_made:
            self._members = list(_make_members(self.entries, self.path, self.depth))
            self._is_made = True
        return self._members

    def scalars(self) -> Iterator[tuple[Member, Scalar]]:
        """Yield the members that are scalars with a text."""
        for member in self.members:
            if isinstance(member.node, Scalar) and member.node.text is not None:
                yield member, member.node

    def find(self, key: str) -> "Node | None":
        """Return what stands under a key as it is spelled.

        None for nothing.
        """
        return next((member.node for member in self.members if member.key == key), None)


Node = Scalar | Array | Object


def make_node(value: Any, path: Path = (), depth: int = 0) -> Node:  # noqa: ANN401 - JSON
    """Return the node of a decoded value."""
    value, path = _unwrap_typed(value, path)
    if isinstance(value, dict):
        return Object([(key, each, (*path, key)) for key, each in value.items()], path, depth)
    if isinstance(value, list):
        return _make_list_node(value, path, depth)
    return Scalar(write_scalar(value), value, path)


def make_record_node(value: Any, path: Path = (), depth: int = 0) -> Node:  # noqa: ANN401 - JSON
    """Return the node of a record or a list's member: an object stays one, typed or not."""
    node = make_node(value, path, depth)
    if isinstance(value, dict) and not isinstance(node, Object):
        return Object([(key, each, (*path, key)) for key, each in value.items()], path, depth)
    return node


def _make_list_node(value: list[Any], path: Path, depth: int) -> Node:
    """Return the node of a list: an object for pairs, the scalar for one scalar."""
    if _are_pairs(value):
        return Object(
            [_read_pair(pair, path, number) for number, pair in enumerate(value)],
            path,
            depth,
        )
    if len(value) == 1 and not isinstance(value[0], list):
        only, inner = _unwrap_typed(value[0], (*path, 0))
        if not isinstance(only, dict | list):
            return Scalar(write_scalar(only), only, inner, is_of_array=True)
    return Array(value, path, depth)


def _unwrap_typed(value: Any, path: Path) -> tuple[Any, Path]:  # noqa: ANN401 - JSON
    """Return what a typed value stands for, and its path.

    Any other value as it is.
    """
    while isinstance(value, dict):
        name = _find_type_name(value)
        if name is None:
            break
        seconds, value, path = value, value[name], (*path, name)
        inner = TYPE_CONTENTS.get(name)
        if inner is not None and isinstance(value, dict):
            value, path = value.get(inner, {} if name == "mapValue" else []), (*path, inner)
            if name == "mapValue":
                break
        elif name == "M":
            break
        elif name == "_seconds":
            return _join_seconds(seconds), path
    return value, path


def _find_type_name(value: dict[str, Any]) -> str | None:
    """Return the one type's name among the members, all others being null or nanoseconds."""
    said = [key for key, each in value.items() if each is not None and key not in NANOSECONDS]
    if len(said) != 1 or said[0] not in TYPE_NAMES:
        return None
    inner = TYPE_CONTENTS.get(said[0])
    if inner is not None and not (
        isinstance(value[said[0]], dict) and set(value[said[0]]) <= {inner}
    ):
        return None
    return said[0]


def _join_seconds(value: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Return seconds with the nanoseconds beside them as one number."""
    seconds = value["_seconds"]
    nanos = next((value[key] for key in NANOSECONDS if value.get(key) is not None), "")
    are_whole = all(is_number(each) and each.isdigit() for each in (seconds, nanos))
    return type(seconds)(f"{seconds}.{nanos:0>9}") if are_whole and len(nanos) <= 9 else seconds


def _are_pairs(value: list[Any]) -> bool:
    """Return whether every member has a text key, a value and at most one member more."""
    return bool(value) and all(_find_pair_keys(pair) is not None for pair in value)


def _find_pair_keys(pair: Any) -> tuple[str, str] | None:  # noqa: ANN401 - JSON
    """Return a pair's keys of its key and its value.

    None for what is no pair.
    """
    if not isinstance(pair, dict) or len(pair) > MAX_PAIR_MEMBERS:
        return None
    folded = {fold_key(key): key for key in reversed(pair)}
    name = next(
        (folded[key] for key in PAIR_KEYS if key in folded and type(pair[folded[key]]) is str),
        None,
    )
    return None if name is None or PAIR_VALUE not in folded else (name, folded[PAIR_VALUE])


def _read_pair(pair: dict[str, Any], path: Path, number: int) -> tuple[str, Any, Path]:
    """Return a pair as the entry of an object."""
    keys = _find_pair_keys(pair)
    assert keys is not None  # noqa: S101 - asked before
    step = PairStep(number, pair[keys[0]])
    return pair[keys[0]], pair[keys[1]], (*path, step, keys[1])


def _make_members(entries: list[tuple[str, Any, Path]], path: Path, depth: int) -> Iterator[Member]:
    """Yield members; keys with dots become objects, merged with one that has their first part."""
    dotted = {parts[0] for parts in (split_key(key) for key, _, _ in entries) if len(parts) > 1}
    groups: dict[str, Object] = {}
    order: list[Member | str] = []
    for key, value, where in entries:
        first, *rest = split_key(key)
        is_plain_object = not rest and first in dotted and isinstance(value, dict)
        if not rest and not is_plain_object:
            order.append(Member(key, make_node(value, where, depth + 1), value))
            continue
        if first not in groups:
            groups[first] = Object([], (*path, first) if is_plain_object else path, depth + 1)
            order.append(first)
        groups[first].entries += (
            [(inner, each, (*where, inner)) for inner, each in value.items()]
            if is_plain_object
            else [(".".join(rest), value, where)]
        )
    for each in order:
        yield each if isinstance(each, Member) else Member(each, groups[each], None)


def split_key(key: str) -> list[str]:
    """Return the parts of a key with dots.

    The key alone where it is no path of keys.
    """
    if "." not in key:
        return [key]
    parts = key.split(".")
    if not all(parts) or len(parts) > MAX_DEPTH:
        return [key]
    if ".".join(parts[-2:]).lower() == NOT_SID:
        parts[-2:] = [".".join(parts[-2:])]
    return parts


def write_path(path: Path) -> str:
    """Return a path as text: `logs[].message[]|json.data.payload.sid`, `|` before a text's kind."""
    written = ""
    for step in path:
        if isinstance(step, TextStep):
            written += f"|{step}"
        elif isinstance(step, int) and not isinstance(step, PairStep):
            written += "[]"
        else:
            key = step.key if isinstance(step, PairStep) else step
            written += f".{key}" if written else key
    return written
