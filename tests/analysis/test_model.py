"""The program against the naive model: the same log, the same figures, whatever the history."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import naive
import pytest
from choosing import EXAMPLES, choose_some, try_examples
from compare import analyse, rows
from histories import KEYS, START, check, histories, line
from hypothesis import given
from hypothesis import strategies as st
from odd_lines import use_scanner

from dcevents.settings import Window


@pytest.mark.parametrize("scanner", choose_some(["c", "python"], 2, "records"))
@given(history=histories(), key=st.sampled_from(KEYS))
@try_examples(4)
def test_any_history_gives_the_model_s_figures(
    history: list[dict[str, Any]], key: tuple[str, ...], scanner: str
) -> None:
    with use_scanner(scanner):
        check([("a.log", b"".join(map(line, history)))], keys=[key])


@given(history=histories(live=True))
@try_examples(4)
def test_any_sequence_of_live_chat_events_gives_the_model_s_attempts(
    history: list[dict[str, Any]],
) -> None:
    check([("a.log", b"".join(map(line, history)))], keys=[("agent",)])


@given(history=histories(), data=st.data())
@try_examples(4)
def test_as_of_and_windows_select_what_the_model_selects(
    history: list[dict[str, Any]], data: st.DataObject
) -> None:
    times = sorted({event["ts"] for event in history if event["ts"] is not None} | {START})
    near = st.builds(
        lambda ts, d: ts + d,
        st.sampled_from(times),
        st.sampled_from([-1, 0, 1, 299_999, 300_000, 600_000]),
    )
    as_of = data.draw(st.none() | near)
    since, until = data.draw(st.none() | near), data.draw(st.none() | near)
    if since is not None and until is not None and since >= until:
        since = None
    zone = data.draw(
        st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"])
    )
    keys = [data.draw(st.sampled_from(KEYS))]
    inputs = [("a.log", b"".join(map(line, history)))]
    check(inputs, keys=keys, as_of=as_of, window=Window(since, until), tz=zone)


@given(history=histories(), data=st.data())
@try_examples(4)
def test_shuffling_repeating_and_splitting_change_no_figure(
    history: list[dict[str, Any]], data: st.DataObject
) -> None:
    lines = list(map(line, history))
    parts: list[list[bytes]] = [[], [], []]
    for each in data.draw(
        st.permutations(lines + data.draw(st.lists(st.sampled_from(lines), max_size=10)))
    ):
        parts[data.draw(st.integers(0, 2))].append(each)
    inputs = [(f"{n}.log", b"".join(part)) for n, part in enumerate(parts)]
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        whole = analyse([("a.log", b"".join(lines))], Path(one))
        split = analyse(inputs, Path(other))
        for report, by in (
            ("completion", ["conversation"]),
            ("abandonment", ["page"]),
            ("live-chat", ["agent"]),
        ):
            assert rows(split, report, by) == rows(whole, report, by)
        assert rows(split, "conversations") == rows(whole, "conversations")
        assert split.log.account.events == whole.log.account.events


@pytest.mark.examples
@pytest.mark.parametrize("seed", range(max(1, EXAMPLES // 10)))
def test_a_long_log_of_several_blocks_gives_the_model_s_figures(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of lines, most of them by the column,
    in blocks small enough that sessions cross them.
    """
    monkeypatch.setattr("dcevents.reading.sources.sizes.BLOCK_BYTES", 1 << 16)
    monkeypatch.setattr("dcevents.reading.sources.sizes.FIRST_BLOCK_BYTES", 1 << 14)
    dice = random.Random(seed)
    events = [
        {
            "kind": dice.choice(naive.KINDS),
            "ts": dice.choice([START + dice.randrange(10**9), START + dice.randrange(10**9), None]),
            "page": f"https://x.example/{dice.randrange(40)}?u={dice.randrange(10**6)}",
            "sid": f"{dice.randrange(300):08x}",
            "id": dice.choice(["d1", "d2", "0012", "1e5", None]),
            "name": dice.choice(["Pricing", "Größe", "Prices"]),
            "type": "dialogue",
            "uiType": "popup",
            "agentID": dice.choice([None, "a1", "b2"]),
            "agentName": dice.choice(["Ann", "Bo", None]),
        }
        for _ in range(1000)
    ]
    lines = list(map(line, events))
    lines += [
        b"\n",
        b"{x\n",
        b"{\xff}\n",
        b'{"event":"adobedx.conversations.ready"}\n',
        b'{"event":"OTHER"}\n',
    ] * 20
    dice.shuffle(lines)
    check(
        [("a.log", b"".join(lines[:600])), ("b.log", b"".join(lines[400:]) + b'{"event":')],
        keys=KEYS,
    )
