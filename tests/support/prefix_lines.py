"""Lines with times in the text before their JSON, more or less as programs write them."""

from __future__ import annotations

import json
import random

TIMES = """\
03 Nov 2025 09:15:04 UTC (x y)
03-Nov-2025 09:15:04
03-Nov-2025 09:15:04 Europe/Rome
03-Nov-2025 09:15:04 UTC
03-Nov-2025 09:15:04 UTCx
03-Nov-2025 09:15:04 Z/x
03-Nov-2025 09:15:04.1 Europe/Rome
03-nov-2025 09:15:04
03/Nov/2025:09:15:04 +0000
12345
1262304000
1762160400
1762160400.123
1762160400123
1762160400123456
1762160400123456789
1999-11-03 09:15:04
2025-11-03 09:15
2025-11-03 09:15:04 +0100
2025-11-03 09:15:04 -01:0
2025-11-03 09:15:04 UTC
2025-11-03 09:15:04,120
2025-11-03 09:15:4
2025-11-03 24:00
2025-11-03T09:15:04+01
2025-11-03T09:15:04+01:00
2025-11-03T09:15:04.120Z
2025-11-03T09:15:04.1234567890
2025/11/03 09:15:04
2025/11/03 09:15:04.123456
29/feb/2024:23:59:60 -0130
3 Nov 2025 09:15 EST
Dec 31 23:59:60
Feb 29 10:00:00
Jan  1 00:00:00
Mar  2 12:00:00
Mon Nov  3 09:15:04 2024
Mon Nov 03 09:15:04.120 2024
Mon Nov 03 2025 09:15:04 GMT+0100 (Central Europe)
Mon nov  3 09:15:04 2024
Mon, 03 Nov 2025 09:15:04 GMT
Nov  3 09:15:04
Nov 03 09:15:04.5
Nov 3 09:15:04
mon Nov 03 09:15:04 2024
mon nov 03 2025 09:15:04 utc-1000
sun,9 nov 2025 09:15:04 +0100
time=1762160400.5
ts=1762160400
""".splitlines()
TEXTS = [
    *("INFO ", "[", "] ", " - ", "app[web.1]: ", "host ", "pid 123 ", "", " ", "(", ")", "/", ":"),
    *("=", "_", ".", ",", "-", "10.0.0.1 ", "GET /x?a=1 ", "\\n", "ts=", "time=", "sun ", "nov "),
    *("é", "│", "\u017f", "\\u0041", "\\ud800"),
]
SIGNS = "0123456789 :-/.,+ZzTtNoGMTUC()_=é"
RECORDS = [
    *('{"event":"CONVERSATION_ENGAGED","data":{"payload":{"sid":"s%d"}}}',) * 3,
    '{"event":"CONVERSATION_CLOSED","timestamp":"1999-01-01T00:00:00Z","sid":"s%d"}',
    '{"event":"CONVERSATION_CLOSED","time":"soon","page":"/p","sid":"s%d"}',
    '{"event":"CONVERSATION_CLOSED","timestamp":"2025-11-04T00:00:00Z","sid":"s%d"}',
    '{"event":"page_view","sid":"s%d"}',
    '{"level":"info","n":%d}',
]
ENDS = ["", "", "", "", " ", ",", " in dc.php on line 12", "]", ")", " x", " []", " {},[]", "[[]]"]
SCALARS = ["1762160400.5", "null", '"2025-11-03T09:15:04Z"', '"x"', '"\\n"', "[]", "01", "1" * 50]
KEYS = ["", "", "body=", "msg=", "request_body:\t", "x.body=", "x=", "ébody=", "body= ", "="]
QUOTED_ENDS = ["", "", "", ' x="y"', ' msg="{\\"a\\":1}"', " {", ' "', " [1]", ' x="[]"', ' y=" z"']


def make_prefixes(seed: int, lines: int) -> bytes:
    """Return lines with times, in many forms and almost in them, before records."""
    pick = random.Random(seed)
    return "".join(f"{make_prefix(pick)}{_make_record(pick)}\n" for _ in range(lines)).encode()


def _make_record(pick: random.Random) -> str:
    """Return a record, one in four as a quoted text, and what stands behind it."""
    record = pick.choice(RECORDS) % pick.randrange(9)
    chance = pick.random()
    if chance < 0.08:
        return _make_array(pick) + pick.choice(ENDS)
    if chance < 0.75:
        return record + pick.choice(ENDS)
    before, behind = (pick.choice(("",) * 8 + signs) for signs in ((" ", ","), (" ", "{}")))
    text = json.dumps(before + record + behind)
    return "".join((pick.choice(KEYS), pick.choice(KEYS), text, pick.choice(QUOTED_ENDS)))


def _make_array(pick: random.Random, level: int = 0) -> str:
    """Return an array of records, scalars, and arrays, sometimes broken."""
    members = []
    for _ in range(pick.randrange(4)):
        chance = pick.random()
        if chance < 0.3 and level < 3:
            members.append(_make_array(pick, level + 1))
        elif chance < 0.6:
            members.append(pick.choice(SCALARS))
        else:
            members.append(pick.choice(["{}", *RECORDS]).replace("%d", str(pick.randrange(9))))
    comma = pick.choice((",",) * 20 + (", ", " ", ",,"))
    return f"[{comma.join(members)}{pick.choice(('',) * 20 + (',', '}'))}]"


def make_prefix(pick: random.Random) -> str:
    """Return texts and times, some of them changed a little."""
    parts = []
    for _ in range(pick.randrange(1, 4)):
        parts.append(pick.choice(TEXTS))
        if pick.random() < 0.6:
            parts.append(_change(pick.choice(TIMES), pick))
    return "".join([*parts, pick.choice(TEXTS)])


def _change(text: str, pick: random.Random) -> str:
    """Return a text, most times with other digits, or one sign more, less or else."""
    signs = list(text)
    for _ in range(pick.choice((0, 0, 0, 1, 1, 2, 3))):
        place, chance = pick.randrange(len(signs)), pick.random()
        if chance < 0.5 and signs[place].isdigit():
            signs[place] = pick.choice("0123456789")
        elif chance < 0.7 and len(signs) > 1:
            del signs[place]
        elif chance < 0.85:
            signs.insert(place, pick.choice(SIGNS))
        else:
            signs[place] = pick.choice((signs[place].swapcase(), pick.choice(SIGNS)))
    return "".join(signs)
