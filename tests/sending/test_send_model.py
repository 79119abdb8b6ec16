"""Any logs and runs: what has arrived is what a naive model says."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import choosing
import harness
import pytest
import sends
import standins
from hypothesis import given
from hypothesis import strategies as st

from dcevents.sending import _run

pytestmark = pytest.mark.sends

KINDS = {
    "engaged": "chat_engaged",
    "closed": "chat_closed",
    "live_chat_requested": "chat_live_requested",
    "live_chat_request_timeout": "chat_live_timeout",
}
LINES = st.lists(
    st.tuples(
        st.sampled_from(["-", "2026-11-30T09:00:00Z", "2026-11-30T09:00:00.001Z", "1796029200"]),
        st.sampled_from(["a", "b\\u0000", "ä b", "'"]),
        st.sampled_from([*KINDS]),
        st.sampled_from(["d1", "d2", "-"]),
        st.sampled_from(["a1", "a2", "-"]),
        st.sampled_from(["Pricing", "Demo", "-"]),
    ),
    max_size=8,
)
RUNS = st.lists(
    st.tuples(
        LINES, st.sampled_from([None, "d1", "d2"]), st.booleans(), st.sampled_from(["", "503"])
    ),
    min_size=1,
    max_size=4,
)

FILE_RUNS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["d1", "d2"]), max_size=5),
        st.sampled_from([None, "d1", "d2"]),
        st.sampled_from(["0s", "5m"]),
        st.lists(st.sampled_from(["", "400", "lost", "reset", "503", "500", "429"]), max_size=7),
    ),
    min_size=2,
    max_size=5,
)


def write(line: tuple[str, ...]) -> bytes:
    moment, sid, kind, dialogue, agent, name = line
    payload: dict[str, Any] = {"sid": sid, "id": dialogue, "name": name, "agentID": agent}
    known = {key: value for key, value in payload.items() if value != "-"}
    time = {} if moment == "-" else {"timestamp": int(moment) if moment.isdecimal() else moment}
    event = {"event": f"CONVERSATION_{kind.upper()}", **time, "data": {"payload": known}}
    return json.dumps(event).encode() + b"\n"


def identify(line: tuple[str, ...]) -> str:
    """An event's identity as the model knows it: kind, time, sid, id, agent."""
    moment, sid, kind, dialogue, agent, _ = line
    times = {"2026-11-30T09:00:00Z": "000", "2026-11-30T09:00:00.001Z": "001", "1796029200": "000"}
    return json.dumps([KINDS[kind], times[moment], sid, dialogue, agent])


def identify_arrived(event: dict[str, Any]) -> str:
    context = event["data"]["__adobe"]["analytics"]["contextData"]
    moment = event["xdm"]["timestamp"]
    assert moment.startswith("2026-11-30T09:00:00.")
    name = event["xdm"]["web"]["webInteraction"]["name"]
    parts = [context.get(key, "-") for key in ("chat_sid", "chat_id", "chat_agent_id")]
    return json.dumps([name, moment[-4:-1], *parts])


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the ledger knows is looked up for a few rows at a time."""
    monkeypatch.setattr(_run, "_PLANNED_ROWS", 3)


@choosing.try_examples(10)
@given(runs=RUNS)
def test_what_has_arrived_is_what_the_model_says(
    runs: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("sends")
    standin = standins.AdobeEdge(harness.CLOCK.timestamp())
    log = folder / "dc.log"
    log.write_bytes(write(("2026-11-30T09:00:00Z", "z", "engaged", "dz", "-", "-")))
    lines = [("2026-11-30T09:00:00Z", "z", "engaged", "dz", "-", "-")]
    expected: Counter[str] = Counter()
    try:
        for added, dialogue, is_again, trouble in runs:
            with log.open("ab") as file:
                file.write(b"".join(map(write, added)))
            lines += added
            timed = [line for line in lines if line[0] != "-"]
            chosen = {identify(line) for line in timed if dialogue in (None, line[3])}
            standin.troubles = [trouble] if trouble else []
            told = sends.run(
                "adobe-edge",
                standin,
                *(log, "--state", folder / "state", "-q"),
                *(["--conversation", dialogue] if dialogue else []),
                *(["--again"] if is_again else []),
            )
            assert told.status == 0, told.err
            expected.update(chosen if is_again else chosen - expected.keys())
    finally:
        standin.close()

    assert expected == Counter(map(identify_arrived, standin.events))
    assert standin.faults == []


@choosing.try_examples(10)
@given(runs=FILE_RUNS)
def test_files_arrive_once_in_any_trouble(
    runs: list[Any], limit: Callable[..., None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Also halves of files that are refused, with answers that are lost, under other filters."""
    limit("adobe-analytics", items=3)
    folder = tmp_path_factory.mktemp("sends")
    standin = standins.AdobeAnalytics(harness.CLOCK.timestamp())
    log = folder / "dc.log"
    options = (log, "--state", folder / "state", "-q")
    count = 0
    try:
        for dialogues, dialogue, give_up, troubles in [*runs, ([], None, "5m", [])]:
            with log.open("ab") as file:
                for each in dialogues:
                    file.write(
                        harness.log(f"2026-11-30T09:00:{count:02} s{count} engaged id={each}")
                    )
                    count += 1
            standin.troubles = [*troubles]
            chosen = ["--conversation", dialogue] if dialogue else []
            sends.run("adobe-analytics", standin, *options, "--give-up", give_up, *chosen)
        status = sends.run("adobe-analytics", standin, *options, "--status", "-f", "json").json
    finally:
        standin.close()

    assert {*standin.accepted.values()} <= {1}
    assert (count, 0) == (len(standin.accepted) + status["refused"], status["due"])
    assert [fault for fault in standin.faults if "order" not in fault] == []
