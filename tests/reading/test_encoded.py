"""Bodies in base64: the scanner and the judge say the same, whatever is in and around them."""

import base64
import json
import random
from typing import Any

import pytest
from choosing import combine, try_examples
from hypothesis import given
from hypothesis import strategies as st
from odd_lines import ODD, canonical, check_lines, logs

pytestmark = pytest.mark.records


def wrapped(body: bytes, n: int = 0, /, **more: object) -> bytes:
    """A line of API Gateway's with a body that it took for no text."""
    text = base64.b64encode(body).decode()
    around = {
        "path": "/dc",
        "requestContext": {"requestId": f"r{n:06x}", "requestTimeEpoch": 1_793_610_904_120 + n},
    }
    return json.dumps(
        {**around, "body": text, "isBase64Encoded": True, **more}, separators=(",", ":")
    ).encode()


def bodies(number: int) -> list[bytes]:
    """Different canonical lines."""
    dice = random.Random(1)
    return [
        canonical(f"{dice.randrange(16**8):08x}", f'"2026-11-02T09:15:{n % 60:02d}.000Z"')
        for n in range(number)
    ]


def usual(number: int) -> list[bytes]:
    """These, wrapped."""
    return [wrapped(body, n) for n, body in enumerate(bodies(number))]


PLAIN = bodies(1)[0]
OTHERS = {
    "nothing": wrapped(b""),
    "two records": wrapped(PLAIN + b"\n" + PLAIN),
    "a line end behind it": wrapped(PLAIN + b"\n"),
    "spaces before it": wrapped(b"  " + PLAIN),
    "over several lines": wrapped(json.dumps(json.loads(PLAIN), indent=1).encode()),
    "a list": wrapped(b"[" + PLAIN + b"]"),
    "behind a prefix": wrapped(b"2026-11-02T09:15:04Z " + PLAIN),
    "no event": wrapped(b'{"a":1}'),
    "the ready event": wrapped(b'{"event":"adobedx.conversations.ready"}'),
    "an unknown event": wrapped(PLAIN.replace(b"CONVERSATION_ENGAGED", b"RATED")),
    "without a time": wrapped(canonical(ts="null")),
    "without a page": wrapped(PLAIN.replace(b"page", b"side"), page="https://x.example/collector"),
    "encoded once more": wrapped(wrapped(PLAIN)),
    "no padding": wrapped(PLAIN[:-1] + b" }").replace(b'=","', b'","'),
    "a line end in base64": wrapped(PLAIN).replace(b'"body":"', b'"body":"\\n'),
    "no base64": wrapped(PLAIN).replace(b'"body":"', b'"body":"#'),
    "plain text": wrapped(b"", body=PLAIN.decode()),
    "plain text, not said to be encoded": wrapped(b"", body=PLAIN.decode(), isBase64Encoded=False),
    "not said to be encoded": wrapped(PLAIN, isBase64Encoded=False),
    "said to be as text": wrapped(PLAIN, isBase64Encoded="true"),
    "an event beside it": wrapped(PLAIN, event="CONVERSATION_CLOSED", sid="outer"),
    "an event without a session beside it": wrapped(PLAIN, event="CONVERSATION_CLOSED"),
    "another text beside it": wrapped(PLAIN, message=base64.b64encode(canonical("other")).decode()),
    "a type beside it": wrapped(PLAIN, type="REQUEST", name="closed"),
    "a list beside it": wrapped(PLAIN, Records=[json.loads(canonical("other")), {}]),
    "another key before it": wrapped(PLAIN, dynamicChat=json.loads(canonical("inner"))),
    "headers": wrapped(PLAIN, headers={"event": "CONVERSATION_CLOSED", "sid": "a", "x": [{}]}),
    "a time of its own": wrapped(PLAIN, timestamp="2026-11-03T00:00:00Z"),
}


@combine(
    ("line", "many"),
    {**{f"{odd} in it": wrapped(line) for odd, line in ODD.items()}, **OTHERS},
    [1, 25],
    at_once=1,
)
def test_an_odd_body_among_others_says_what_it_says_by_itself(line: bytes, many: int) -> None:
    lines = [*usual(30), *[line] * many, *usual(30), *[line] * many]

    tally, *_ = check_lines(lines)
    assert tally["event"] >= 60


def test_what_varies_around_bodies_is_not_lost() -> None:
    """A page that only the collector knows, another one in each line."""
    bare = [body.replace(b"page", b"side") for body in bodies(90)]
    lines = [wrapped(body, page=f"https://x.example/{n}") for n, body in enumerate(bare)]

    _, events, *_ = check_lines(lines)
    assert {attributes.page for *_, attributes, _, _ in events} == {
        f"https://x.example/{n}" for n in range(90)
    }


@given(
    lines=logs(),
    around=st.lists(
        st.sampled_from([{}, {"page": "p"}, {"timestamp": 1}, {"type": "x"}]), min_size=1
    ),
)
@try_examples(15)
def test_any_bodies_say_what_they_say_by_themselves(
    lines: list[bytes], around: list[dict[str, Any]]
) -> None:
    every = [wrapped(line, n, **around[n % len(around)]) for n, line in enumerate(lines)]
    check_lines(every)
