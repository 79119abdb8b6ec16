"""Logs made out of other logs: mutations that know lines,
JSON and what the column path learns from.

All randomness comes from the `random.Random` that is handed in, so that a seed says which logs
there will be.
"""

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

SEEDS = Path(__file__).parent / "seeds"
MOST_LINES = 80
MOST_BYTES = 1 << 15

Dice = random.Random
Pairs = list[tuple[str, Any]]

_VALUE = re.compile(
    rb'"((?:[^"\\]|\\.)*)"\s*:\s*("(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null|\{\}|\[\])'
)
_KEYS = ("event", "timestamp", "page", "data", "payload", "sid", "id", "name", "type", "uiType",
    "agentID", "agentName",
         "meetingInfo", "x")  # fmt: skip
_TOKENS = (
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b" ", b"\t", b"\r", b"\x00", b"\x0b", b"\x1f",
    b"\x7f", b"\x80",
    b"\xc3", b"\xff", b"\xc2\x85", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80", b"\\u0022",
    b"\\u005c", b"\\ud800", b"\\udc00", b"\\u0000", b"\\n", b'\\"', b"\\\\", b"\\/", b"\\x", b"-",
    b"+", b"0", b"00",
    b"1e5", b".5", b"NaN", b"null", b"true", b'""', b"{}", b"[]", b'"sid":"zz",', b'"event":"x",',
    b'"timestamp":1,',
    b"\x7fdcevents0\x7f", b"9800027182818284590452353602874713526",
)  # fmt: skip
_SCALARS = (
    '"5d1c9f0e"', '"5d1c9f0"', '"0012"', '"1e5"', '"12"', "12", "-0", "0", "1e5", "1.50",
    "12345678901234567890123", "true",
    "null", '""', '" "', '"\\u0000"', '"\\ud800"', '"\\ud83d\\ude00"', '"a\\"b"', '"a\\\\"',
    '"=1+1"', '"\\u202e"', '"\\t"',
    '"größe"', '"\u2028"', "{}", "[]", '{"sid":"in"}', '["sid","x"]', '"\\"sid\\":\\"x\\""',
    '"\x7f"', '"{"', '"}"',
    '"CONVERSATION_CLOSED"', '"conversationTriggered"', '"Enum.Events.CONVERSATION_ENGAGED"',
    '"closed"', '"RATED"',
    '"adobedx.conversations.ready"', '"2026-11-02T09:15:04.120Z"', '"2026-11-02T09:15:60.120Z"',
    '"2026-11-02T09:15:04.12Z"', '"2026-11-02 09:15:04,120+01"', '"2026-11- 2T09:15:04.120Z"',
    "1793610904120",
    "1793610904", '"1793610904.5"', "1793610904.5", "1e9999999999999999999", '"-1"', "01", "-",
    "1.", ".1", "NaN",
    '"https://x.example/p?q=1#f"', '"?q"', '"\\u003fq"', '"9999-12-31T23:59:59.999Z"',
    '"0001-01-01T00:00:00+01:00"',
)  # fmt: skip


def seeds() -> list[bytes]:
    """The seed corpus."""
    return [path.read_bytes() for path in sorted(SEEDS.iterdir())]


def mutated(data: bytes, dice: Dice) -> bytes:
    """A log somewhat different from `data`."""
    lines = data.split(b"\n")
    for _ in range(dice.choice((1, 1, 2, 3, 5))):
        lines = dice.choice(_ON_LOGS)(lines, dice)[:MOST_LINES] or [b""]
    return b"\n".join(lines)[:MOST_BYTES]


def crossed(one: bytes, other: bytes, dice: Dice) -> bytes:
    """A log of lines of both."""
    lines = one.split(b"\n")
    for line in dice.sample(pool := other.split(b"\n"), min(len(pool), 5)):
        lines.insert(dice.randrange(len(lines) + 1), line)
    return b"\n".join(lines[:MOST_LINES])[:MOST_BYTES]


def logs(dice: Dice) -> Iterator[bytes]:
    """Logs without end, where nothing guides the choice: each a seed, or a recent one, changed."""
    recent = seeds()
    while True:
        log = mutated(dice.choice(recent), dice)
        if dice.random() < 0.2:
            log = crossed(log, dice.choice(recent), dice)
        if dice.random() < 0.1:
            recent[dice.randrange(len(recent))] = log
        if dice.random() < 0.01:
            recent = seeds()
        yield log


# -- on logs ---------------------------------------------------------------------------------------


def _change_a_line(lines: list[bytes], dice: Dice) -> list[bytes]:
    at = dice.randrange(len(lines))
    return [*lines[:at], dice.choice(_ON_LINES)(lines[at], dice), *lines[at + 1 :]]


def _repeat_a_line(lines: list[bytes], dice: Dice) -> list[bytes]:
    """Many lines of one shape, as machines write them: that is what is learnt."""
    line = dice.choice(lines)
    again = [
        _other_values(line, dice) if dice.random() < 0.9 else line
        for _ in range(dice.choice((2, 5, 20, 40)))
    ]
    at = dice.randrange(len(lines) + 1)
    return lines[:at] + again + lines[at:]


def _repeat_all(lines: list[bytes], dice: Dice) -> list[bytes]:
    return lines + [_other_values(line, dice) for line in lines]


def _change_many_lines_alike(lines: list[bytes], dice: Dice) -> list[bytes]:
    """The same change everywhere: another layout."""
    change, seed = dice.choice(_ON_LINES), dice.random()
    return [change(line, random.Random(seed)) for line in lines]


def _drop_lines(lines: list[bytes], dice: Dice) -> list[bytes]:
    at = dice.randrange(len(lines))
    return lines[:at] + lines[at + dice.choice((1, 1, 10)) :]


def _shuffle(lines: list[bytes], dice: Dice) -> list[bytes]:
    return dice.sample(lines, len(lines))


def _splice_lines(lines: list[bytes], dice: Dice) -> list[bytes]:
    """The beginning of one line and the end of another: equal pieces up to somewhere."""
    one, other = dice.choice(lines), dice.choice(lines)
    at = dice.randrange(len(one) + 1)
    spliced = one[:at] + other[(at if dice.random() < 0.5 else dice.randrange(len(other) + 1)) :]
    return [*lines, spliced]


def _swap_values(lines: list[bytes], dice: Dice) -> list[bytes]:
    """A value of one line into another."""
    found = [
        match[2]
        for line in dice.sample(lines, min(len(lines), 5))
        for match in _VALUE.finditer(line)
    ]
    at = dice.randrange(len(lines))
    if not found:
        return lines
    return [*lines[:at], _replace(lines[at], dice, lambda _: dice.choice(found)), *lines[at + 1 :]]


# -- on lines --------------------------------------------------------------------------------------


def _put_a_token(line: bytes, dice: Dice) -> bytes:
    at = dice.randrange(len(line) + 1)
    return line[:at] + dice.choice(_TOKENS) + line[at + dice.choice((0, 0, 1, 2)) :]


def _put_a_token_into_a_value(line: bytes, dice: Dice) -> bytes:
    def changed(value: bytes) -> bytes:
        at = dice.randrange(len(value) + 1)
        return value[:at] + dice.choice(_TOKENS) + value[at + dice.choice((0, 1)) :]

    return _replace(line, dice, changed)


def _set_a_value(line: bytes, dice: Dice) -> bytes:
    return _replace(line, dice, lambda _: dice.choice(_SCALARS).encode())


def _other_values(line: bytes, dice: Dice) -> bytes:
    """The same shape: other session, time, or what else has digits."""
    line = re.sub(
        rb"(?<=[T:.])[0-9]{2,3}(?=[:.Z])", lambda m: b"%0*d" % (len(m[0]), dice.randrange(60)), line
    )
    if dice.random() < 0.3:
        line = re.sub(
            rb"(?<=[0-9])[0-9]",
            lambda _: b"%d" % dice.randrange(10),
            line,
            count=dice.choice((1, 3, 9)),
        )
    sid = b'"sid":"%0*x"' % (dice.choice((8, 8, 8, 8, 7, 9)), dice.randrange(1 << 28))
    return re.sub(rb'"sid"(\s*):(\s*)"[0-9a-f]+"', lambda _: sid, line, count=1)


def _cut(line: bytes, dice: Dice) -> bytes:
    return line[: dice.randrange(len(line) + 1)]


def _respace(line: bytes, dice: Dice) -> bytes:
    mark = dice.choice((b",", b":", b"{", b"}", b'"'))
    space = dice.choice((b" ", b"  ", b"\t", b"\r", b"\x0b", b"\xc2\xa0"))
    return line.replace(
        mark, mark + space if dice.random() < 0.5 else space + mark, dice.choice((1, -1))
    )


def _escape(line: bytes, dice: Dice) -> bytes:
    """A letter as `\\u0061`: the same JSON text, another line."""
    letters = [match.start() for match in re.finditer(rb"[A-Za-z0-9/]", line)]
    if not letters:
        return line
    at = dice.choice(letters)
    return line[:at] + b"\\u%04x" % line[at] + line[at + 1 :]


def _as_json(line: bytes, dice: Dice) -> bytes:
    """Something that only JSON sees: keys twice, gone, moved, nested, written in another way."""
    try:
        value = json.loads(line, object_pairs_hook=_Object)
    except (ValueError, RecursionError):
        return _put_a_token(line, dice)
    objects = list(_objects(value))
    if objects:
        dice.choice(_ON_OBJECTS)(dice.choice(objects), dice)
    separators = dice.choice(((",", ":"), (",", ":"), (", ", ": "), (" ,", "\t:")))
    return _text(value, separators, ascii_only=dice.random() < 0.3).encode("utf-8", "surrogatepass")


_ON_LOGS: tuple[Callable[[list[bytes], Dice], list[bytes]], ...] = (
    _change_a_line, _change_a_line, _change_a_line, _repeat_a_line, _repeat_a_line, _repeat_all,
    _change_many_lines_alike, _drop_lines, _shuffle, _splice_lines, _splice_lines, _swap_values,
)  # fmt: skip
_ON_LINES: tuple[Callable[[bytes, Dice], bytes], ...] = (
    _put_a_token, _put_a_token_into_a_value, _put_a_token_into_a_value, _set_a_value, _set_a_value,
    _other_values,
    _cut, _respace, _escape, _as_json, _as_json, _as_json,
)  # fmt: skip


def _replace(line: bytes, dice: Dice, value: Callable[[bytes], bytes]) -> bytes:
    found = list(_VALUE.finditer(line))
    if not found:
        return _put_a_token(line, dice)
    match = dice.choice(found)
    return line[: match.start(2)] + value(match[2]) + line[match.end(2) :]


# -- on objects ------------------------------------------------------------------------------------


class _Object(Pairs):
    """A JSON object whose keys may repeat."""


def _objects(value: Any) -> Iterator[_Object]:
    if isinstance(value, _Object):
        yield value
        for _, member in value:
            yield from _objects(member)


def _some(dice: Dice) -> Any:
    text = dice.choice(_SCALARS)
    try:
        return json.loads(text, object_pairs_hook=_Object)
    except ValueError:
        return text


def _repeat_a_key(members: _Object, dice: Dice) -> None:
    key = dice.choice(members)[0] if members else "sid"
    members.insert(dice.randrange(len(members) + 1), (key, _some(dice)))


def _add_a_key(members: _Object, dice: Dice) -> None:
    members.insert(dice.randrange(len(members) + 1), (dice.choice(_KEYS), _some(dice)))


def _drop_a_key(members: _Object, dice: Dice) -> None:
    if members:
        members.pop(dice.randrange(len(members)))


def _move_keys(members: _Object, dice: Dice) -> None:
    dice.shuffle(members)


def _wrap(members: _Object, dice: Dice) -> None:
    if members:
        at = dice.randrange(len(members))
        key, value = members[at]
        members[at] = (
            key,
            dice.choice(
                ([value], _Object([(key, value)]), _Object([("x", value)]), [value, value])
            ),
        )


_ON_OBJECTS: tuple[Callable[[_Object, Dice], None], ...] = (
    _repeat_a_key, _repeat_a_key, _add_a_key, _drop_a_key, _move_keys, _wrap,
)  # fmt: skip


def _text(value: Any, separators: tuple[str, str], *, ascii_only: bool) -> str:
    comma, colon = separators

    def joined(parts: Iterable[str]) -> str:
        return comma.join(parts)

    def text(each: Any) -> str:
        return _text(each, separators, ascii_only=ascii_only)

    if isinstance(value, _Object):
        return "{" + joined(text(key) + colon + text(member) for key, member in value) + "}"
    if isinstance(value, list):
        return "[" + joined(map(text, value)) + "]"
    return json.dumps(value, ensure_ascii=ascii_only)


def lines_of(data: bytes) -> list[bytes]:
    """The lines of a log."""
    lines = data.split(b"\n")
    return lines[:-1] if lines[-1] == b"" else lines
