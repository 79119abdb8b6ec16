"""What is entered: definitions 1, rules 2 and 3 of "Where a record keeps its event"."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote, unquote_plus

from model import framing, keys
from model.values import Num, Obj, Value

MAX_TEXT_DEPTH = 5
TYPES = {
    "$date", "$numberLong", "$oid", "S", "N", "BOOL", "M", "L", "stringValue", "intValue",
    "integerValue", "doubleValue", "booleanValue", "timestampValue", "string_value", "int_value",
    "float_value", "double_value", "_seconds", "string", "long",
}  # fmt: skip
#: Types whose value is in a member of their value.
NESTED_TYPES = {"mapValue": "fields", "kvlistValue": "values", "arrayValue": "values"}


# --- Rule 3: typed values and pairs ----------------------------------------------------------


def resolve_types(value: Value, key: str = "", *, is_root: bool = True) -> Value:
    """Return a value with typed values and pairs as what they are, however deep."""
    if isinstance(value, Obj):
        typed = None if is_root else typed_value(value)
        if typed is not None:
            return resolve_types(typed[0], key, is_root=False)
        pairs = [(name, resolve_types(item, name, is_root=False)) for name, item in value.pairs]
        return replace(value, pairs=pairs)
    if isinstance(value, list):
        if not keys.is_list_of_headers(key) and are_pairs(value):
            return Obj([pair_of(item) for item in value])
        return [resolve_types(item, key, is_root=False) for item in value]
    return value


def typed_value(value: Obj) -> tuple[Value] | None:
    """Return the value that an object with a type's name is, in a tuple; None if it is none.

    "An object with a member that has a type's name, all others being null, `_nanoseconds` or
    `nanos`, is that value."
    """
    named = [(key, item) for key, item in value.pairs if key not in {"_nanoseconds", "nanos"}]
    members = [(key, item) for key, item in named if item is not None] or named[:1]
    if len(members) != 1:
        return None
    key, item = members[0]
    if key in TYPES:
        return (_with_fraction(item, value) if key == "_seconds" else item,)
    if key in NESTED_TYPES and isinstance(item, Obj):
        inner = item.get(NESTED_TYPES[key])
        if isinstance(inner, (Obj, list)):
            return (inner,)
    return None


def _with_fraction(seconds: Value, value: Obj) -> Value:
    """Return whole seconds with the nanoseconds beside them, which are a part of the time."""
    nanos = next((item for key, item in value.pairs if key in {"_nanoseconds", "nanos"}), None)
    if not all(isinstance(each, str) and each.isdecimal() for each in (seconds, nanos)):
        return seconds
    assert isinstance(seconds, str)
    return type(seconds)(f"{seconds}.{str(nanos).zfill(9)}")


def are_pairs(items: list[Value]) -> bool:
    """Return whether an array is an object in pairs.

    "An array of which every member has a text `key`, `name` or `field`, a `value` and at most
    one more is an object".
    """
    return bool(items) and all(isinstance(item, Obj) and _is_pair(item) for item in items)


def _is_pair(item: Obj) -> bool:
    """Return whether an object is a pair of a key and a value."""
    named = {keys.norm(key): value for key, value in item.pairs}
    return (
        "value" in named
        and len(item.pairs) <= 3
        and any(_is_text(named.get(key)) for key in ("key", "name", "field"))
    )


def _is_text(value: Value) -> bool:
    """Return whether a value is a text."""
    return isinstance(value, str) and not isinstance(value, Num)


def pair_of(item: Value) -> tuple[str, Value]:
    """Return the member that a pair stands for."""
    assert isinstance(item, Obj)
    named = {keys.norm(key): value for key, value in item.pairs}
    key = next(named[key] for key in ("key", "name", "field") if _is_text(named.get(key)))
    assert isinstance(key, str)
    return key, resolve_types(named["value"], key, is_root=False)


def split_dots(value: Value) -> Value:
    """Return a value in which "keys with dots are objects in objects"; `connect.sid` is none."""
    if isinstance(value, list):
        return [split_dots(item) for item in value]
    if not isinstance(value, Obj):
        return value
    found = replace(value, pairs=[], undotted=value)
    for key, item in value.pairs:
        parts = key.split(".")
        if "" in parts or key.lower() == "connect.sid":
            parts = [key]
        place = found
        for part in parts[:-1]:
            inner = place.get(part)
            if not isinstance(inner, Obj):
                inner = Obj()
                place.pairs.append((part, inner))
            place = inner
        place.pairs.append((parts[-1], split_dots(item)))
    return found


# --- Rule 2: texts ---------------------------------------------------------------------------

#: Whether an object is an event with a full name and a sid.
IsFullEvent = Callable[[Obj], bool]


class Opener:
    """Enter the texts of a record: of body keys, or of all."""

    def __init__(self, judge: framing.Judge, is_full_event: IsFullEvent) -> None:
        self.judge, self.is_full_event = judge, is_full_event

    def enter_texts(
        self, value: Value, key: str = "", *, levels: int, requests: bool, depth: int = 0
    ) -> Value:
        """Return a value with texts as what they hold, at most 5 deep.

        Texts under other keys than body keys are entered `levels` deep: one in another only where
        the outer one holds no event.
        """
        if isinstance(value, Obj):
            pairs = [
                (
                    name,
                    item
                    if (
                        keys.is_never_entered(name)
                        and not (requests and keys.is_request_line(name))
                    )
                    or _is_visitors(name, item, value.closed)
                    else self.enter_texts(
                        item, name, levels=levels, requests=requests, depth=depth
                    ),
                )
                for name, item in value.pairs
            ]
            return replace(value, pairs=pairs)
        if isinstance(value, list):
            return [
                self.enter_texts(item, key, levels=levels, requests=requests, depth=depth)
                for item in value
            ]
        if not isinstance(value, str) or isinstance(value, Num):
            return value
        is_body = keys.is_body(key)
        entered: Value = None
        is_request = False
        # A request line counts as a form, and is no text with JSON behind a prefix.
        is_other = levels > 0 and not keys.is_never_entered(key)
        if keys.is_request_line(key) and value.lstrip()[:1] not in {"{", "["}:
            is_other = False
        if is_body or is_other:
            entered = self.open_text(value, depth + 1)
        if entered is None and requests and keys.is_request_line(key):
            entered = self._open_request(value, depth + 1)
            is_request = True
        if entered is None:
            return value
        entered = resolve_types(entered)
        entered = _mark_text(entered, is_request=is_request)
        levels -= 0 if is_body or is_request else 1
        return self.enter_texts(entered, key, levels=levels, requests=requests, depth=depth + 1)

    def open_text(self, text: str, depth: int) -> Value:
        """Return the object, or the array of objects, that a text is; None if it is none."""
        if depth > MAX_TEXT_DEPTH:
            return None
        opened = self._open_json(text, depth)
        if opened is None:
            opened = self._open_base64(text, depth)
        if opened is None:
            opened = self._open_form(text, depth)
        # "A page's or referrer's query never does", under whatever key an address stands.
        is_query = "=" in text.partition("%")[0]
        if opened is None and not is_query and re.search("%7b", text, re.IGNORECASE):
            opened = self._open_json(unquote(text), depth)
        return opened

    def _open_json(self, text: str, depth: int) -> Value:
        """Return the values of a text, also behind prefixes, several values or lines."""
        if "{" not in text:
            return None
        found: list[Value] = []
        for piece in framing.frame_text(text, self.judge):
            value = piece.value
            if isinstance(value, str):
                value = self.open_text(value, depth + 1)
            if isinstance(value, Obj):
                found.append(replace(value, prefix=piece.prefix or value.prefix))
            elif isinstance(value, list):
                found += [item for item in value if isinstance(item, Obj)]
        if not found:
            return None
        return found[0] if len(found) == 1 else found

    def _open_base64(self, text: str, depth: int) -> Value:
        """Return the values of a text in base64."""
        text = text.strip()
        if not re.fullmatch(r"[A-Za-z0-9+/_\r\n-]{8,}={0,2}", text):
            return None
        digits = re.sub(r"[\r\n=]", "", text).replace("-", "+").replace("_", "/")
        try:
            plain = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
            return self._open_json(plain.decode("utf-8"), depth)
        except (binascii.Error, UnicodeDecodeError):
            return None

    def _open_form(self, text: str, depth: int) -> Value:
        """Return the fields of a form "with a full event name and a sid"."""
        parts = text.strip().removeprefix("?").split("&")
        pairs: list[tuple[str, Value]] = []
        for part in parts:
            key, equals, value = part.partition("=")
            if not equals or not re.fullmatch(r"[A-Za-z0-9_.$@\[\]%-]+", key):
                return None
            key = unquote_plus(key)
            if all(key != name for name, _ in pairs):
                pairs.append((key, unquote_plus(value, errors="replace")))
        fields = self.enter_texts(Obj(pairs), levels=0, requests=False, depth=depth)
        assert isinstance(fields, Obj)
        return replace(fields, is_form=True) if self.is_full_event(fields) else None

    def _open_request(self, text: str, depth: int) -> Value:
        """Return the form in a request line: `GET /dc?event=…&sid=… HTTP/1.1`."""
        match = re.search(r"\?([^\s#]*)", text)
        return self._open_form(match[1] if match else text, depth)


def _is_visitors(key: str, value: Value, closed: str) -> bool:
    """Return whether the texts of a member are visitors' own, or names of Adobe's."""
    if keys.is_adobe(key, "meetingInfo"):
        return True
    if isinstance(value, Obj):
        return False
    if closed in {"flat", "in flat"} and keys.norm(key) in {"raw", "original"}:
        return False  # the record itself
    if closed in {"all", "flat", "in flat"} or (closed == "other" and not keys.is_body(key)):
        return True
    return keys.is_adobes(key) or keys.is_visitors(key)


def _mark_text(value: Value, *, is_request: bool) -> Value:
    """Return the objects of a text, marked as such."""
    if isinstance(value, Obj):
        return replace(value, from_text=not is_request, is_request=is_request)
    if isinstance(value, list):
        return [_mark_text(item, is_request=is_request) for item in value]
    return value
