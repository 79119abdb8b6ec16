"""Platforms in trouble: every event arrives all the same, or what remains is said."""

import fcntl
import gzip
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import harness
import pytest
import sends
import standins
from sends import Send

from dcevents.sending import _run, _transport
from dcevents.sending._platform import Request
from dcevents.sending._secrets import Secrets

pytestmark = pytest.mark.sends
Limit = Callable[..., None]


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(["429", "429 0", "429"], id="too many requests"),
        pytest.param(["500", "503", "502"], id="errors of the server"),
        pytest.param(["reset", "reset"], id="connections that break"),
        pytest.param(["slow"], id="slow answers"),
    ],
)
def test_trouble_is_tried_through(
    trouble: list[str], standin: standins.Standin, send: Send
) -> None:
    standin.troubles = [*trouble]
    told = send()

    assert (0, []) == (told.status, standin.faults), told.err
    assert {*standin.accepted.values()} == {1}
    assert ": 0 events sent" in send().err


def test_a_lost_reply_repeats_a_batch_at_most(
    platform: str, standin: standins.Standin, send: Send
) -> None:
    """Of Adobe Analytics it is asked whether the file has arrived, so nothing is repeated."""
    standin.troubles = ["lost"]
    told = send()

    assert told.status == 0, told.err
    most = 1 if platform == "adobe-analytics" else 2
    assert max(standin.accepted.values()) == most
    assert standin.faults == []


def test_a_file_that_may_have_arrived_is_asked_for(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the next run, with the same key, whatever has come in meanwhile."""
    monkeypatch.setattr(_run, "_PLANNED_ROWS", 3)
    standin = standins.AdobeAnalytics(harness.CLOCK.timestamp())
    state = ("--state", tmp_path / "state", "--give-up", "0s")
    standin.troubles = ["lost"]
    first = sends.run("adobe-analytics", standin, log, *state)
    with log.open("ab") as file:
        file.write(harness.log("2026-11-30T09:30:00Z c engaged"))
    second = sends.run("adobe-analytics", standin, log, *state)
    standin.troubles = ["reset"]
    with log.open("ab") as file:
        file.write(harness.log("2026-11-30T10:30:00Z c completed"))
    third = sends.run("adobe-analytics", standin, log, *state)
    fourth = sends.run("adobe-analytics", standin, log, *state)
    standin.close()

    assert [1, 0, 1, 0] == [each.status for each in (first, second, third, fourth)], third.err
    assert [1, 1, 1] == [*standin.keys.values()]
    assert [1] * 10 == [*standin.accepted.values()]
    assert standin.faults == []


@pytest.mark.parametrize("trouble", ["lost", "reset"])
def test_a_file_is_asked_for_under_other_filters_too(
    trouble: str, log: Path, tmp_path: Path
) -> None:
    """Of which half of its rows are selected; it has arrived, or it has not."""
    standin = standins.AdobeAnalytics(harness.CLOCK.timestamp())
    options = (log, "--state", tmp_path / "state", "--give-up", "0s")
    standin.troubles = [trouble]
    first = sends.run("adobe-analytics", standin, *options)
    standin.troubles = ["503"]
    second = sends.run("adobe-analytics", standin, *options, "--conversation", "d2")
    third = sends.run("adobe-analytics", standin, *options, "--conversation", "d2")
    fourth = sends.run("adobe-analytics", standin, *options)
    standin.close()

    assert [1, 1, 0, 0] == [each.status for each in (first, second, third, fourth)]
    assert "adobe-analytics: it answers 503" in second.err
    assert f": {0 if trouble == 'lost' else 4} events sent" in third.err
    assert [1] * 8 == [*standin.accepted.values()]
    assert [fault for fault in standin.faults if "order" not in fault] == []


@pytest.mark.parametrize("trouble", ["lost", "reset"])
def test_half_a_file_that_may_have_arrived_is_asked_for(
    trouble: str, log: Path, tmp_path: Path
) -> None:
    """The whole was refused, and the first half accepted."""
    standin = standins.AdobeAnalytics(harness.CLOCK.timestamp())
    options = (log, "--state", tmp_path / "state", "--give-up", "0s")
    standin.troubles = ["400", "", trouble]
    first = sends.run("adobe-analytics", standin, *options)
    second = sends.run("adobe-analytics", standin, *options)
    standin.close()

    assert (1, 0, []) == (first.status, second.status, standin.faults), second.err
    assert ": 4 events sent" in first.err
    assert [1, 1] == [*standin.keys.values()]
    assert [1] * 8 == [*standin.accepted.values()]


def test_a_proxy_does_not_say_that_a_file_has_not_arrived(log: Path, tmp_path: Path) -> None:
    """Adobe would: it answers 404 where it has none."""
    standin = standins.AdobeAnalytics(harness.CLOCK.timestamp())
    standin.troubles = ["lost", "404 page"]
    options = (log, "--state", tmp_path / "state")
    first = sends.run("adobe-analytics", standin, *options)
    second = sends.run("adobe-analytics", standin, *options)
    standin.close()

    assert (1, 0, []) == (first.status, second.status, standin.faults)
    assert "8 events remain due: it answers 404, with a web page" in first.err
    assert [1] * 8 == [*standin.accepted.values()]


def test_what_remains_is_due_and_goes_with_the_next_run(
    standin: standins.Standin, send: Send
) -> None:
    standin.troubles = ["503"] * 1000
    told = send("--give-up", "0s", "-q")

    assert told.status == 1
    assert "remain due: it answers 503" in told.err
    assert told.err.count("\n") == 1
    standin.troubles = []
    assert send().status == 0
    assert {*standin.accepted.values()} == {1}


def test_a_wait_that_is_too_long_ends_the_run(standin: standins.Standin, send: Send) -> None:
    standin.troubles = ["429 3600"] * 10

    assert send("--give-up", "1m").status == 1


@pytest.mark.parametrize("status", ["401", "403", "404"])
def test_what_fails_for_good_is_not_tried_again(
    status: str, standin: standins.Standin, send: Send
) -> None:
    standin.troubles = [status] * 1000
    told = send("--give-up", "1h")

    assert told.status == 1
    assert f"it answers {status}" in told.err
    assert standin.requests <= 20


def test_what_is_refused_stands_alone_in_the_end(log: Path, tmp_path: Path) -> None:
    """The stand-in refuses a request with `poison` in it: all other events arrive."""
    log.write_bytes(
        b"".join(
            harness.log(f"2026-11-30T09:00:{n:02} s{n} engaged name={'poison' if n == 17 else n}")
            for n in range(40)
        )
    )
    standin = standins.AdobeEdge(harness.CLOCK.timestamp())
    state = ("--state", tmp_path / "state")
    told = sends.run("adobe-edge", standin, log, *state)
    again = sends.run("adobe-edge", standin, log, *state)
    status = sends.run("adobe-edge", standin, log, *state, "--status")
    as_json = sends.run("adobe-edge", standin, log, *state, "--status", "-f", "json").json
    standin.close()

    assert (0, 0) == (told.status, again.status)
    assert {"it answers 400: no such value": 1} == as_json["refused_reasons"]
    assert f"refused   {1:>12}\n{1:>22}  it answers 400: no such value\n" in status.text
    assert [1] * 39 == [*standin.accepted.values()]
    assert "warning: adobe-edge: 1 event refused for good: it answers 400" in told.err
    assert "39 sent before, 1 refused before" in again.err
    assert standin.requests < 20


def test_where_all_are_refused_none_is_at_fault(
    platform: str, standin: standins.Standin, send: Send
) -> None:
    standin.troubles = ["400"] * 10_000
    told = send()
    standin.troubles = []

    assert told.status == 1
    reason = "as Google Analytics 4 would not" if platform == "ga4" else "it takes none of them"
    assert reason in told.err
    assert send().status == 0
    assert {*standin.accepted.values()} == {1}


@pytest.mark.parametrize("answer", ["400 page", "413 page", "403 page", "407 page", "200 page"])
def test_a_proxy_neither_refuses_nor_accepts(
    answer: str, platform: str, standin: standins.Standin, send: Send, limit: Limit
) -> None:
    """It begins to answer when some events have been accepted: the others stay due."""
    limit(platform, items=2, parallel_requests=1)
    standin.troubles = ["", *[answer] * 10_000]
    told = send()
    standin.troubles = []
    status = send("--status", "-f", "json").json

    assert (1, 1) == (told.status, told.err.count("remain due"))
    assert f"it answers {answer[:3]}, with a web page: a proxy or a firewall" in told.err
    assert (2, 0) == (status["sent"], status["refused"])
    assert send().status == 0
    assert {*standin.accepted.values()} == {1}
    assert standin.faults == []


@pytest.mark.parametrize("name", ["adobe-edge", "adobe-analytics"])
def test_a_platform_that_begins_to_refuse_all_refuses_nothing_for_good(
    name: str, log: Path, tmp_path: Path, limit: Limit
) -> None:
    """Somebody has changed a setting there while the run goes on."""
    limit(name, items=1, parallel_requests=1)
    standin = sends.PLATFORMS[name][0](harness.CLOCK.timestamp())
    options = (log, "--state", tmp_path / "state")
    standin.troubles = ["", *["400"] * 1000]
    told = sends.run(name, standin, *options)
    standin.troubles = []
    after = sends.run(name, standin, *options)
    standin.close()

    assert "7 events remain due: it takes none of them: it answers 400: in trouble" in told.err
    assert (1, 0) == (told.status, after.status)
    assert [1] * 8 == [*standin.accepted.values()]


def test_what_is_refused_last_is_refused_for_good(log: Path, tmp_path: Path, limit: Limit) -> None:
    """Others were accepted before it, in this run."""
    limit("adobe-edge", items=1, parallel_requests=1)
    log.write_bytes(
        harness.log("2026-11-30T09:00:00 a engaged\n2026-11-30T09:00:01 b engaged name=poison")
    )
    standin = standins.AdobeEdge(harness.CLOCK.timestamp())
    told = sends.run("adobe-edge", standin, log, "--state", tmp_path / "state")
    standin.close()

    assert told.status == 0
    assert "1 event refused for good: it answers 400: no such value" in told.err


@pytest.mark.parametrize("trouble", ["500", "reset", "lost"])
def test_what_is_sent_again_is_not_taken_for_what_was_sent_before(
    trouble: str, log: Path, tmp_path: Path
) -> None:
    """Adobe is asked for the new file, not for the former one, which has arrived."""
    standin = standins.AdobeAnalytics(harness.CLOCK.timestamp())
    options = (log, "--state", tmp_path / "state")
    first = sends.run("adobe-analytics", standin, *options)
    standin.troubles = [trouble]
    again = sends.run("adobe-analytics", standin, *options, "--again")
    standin.close()

    assert (0, 0) == (first.status, again.status)
    assert "endpoints: the key of a file is unique" not in standin.faults
    assert [2] * 8 == [*standin.accepted.values()]
    assert [1, 1] == [*standin.keys.values()]


@pytest.mark.parametrize(
    "slow",
    [
        pytest.param(["--rate", "0.0005"], id="rate"),
        pytest.param(["--give-up", "9h"], id="Retry-After"),
    ],
)
def test_no_event_is_sent_that_has_become_too_old_meanwhile(
    slow: list[str], log: Path, tmp_path: Path, limit: Limit
) -> None:
    """Turns and pauses take hours here; Google would drop without a word what is over 72 h."""
    limit("ga4", parallel_requests=1)
    moments = ["2026-11-28T00:10:00Z", "2026-11-28T00:50:00Z", "2026-11-30T09:00:00Z"]
    lines = [f"{moment} s{number} engaged" for number in range(3) for moment in moments]
    log.write_bytes(harness.log("\n".join(lines)))
    standin = standins.Ga4(harness.CLOCK.timestamp())
    standin.troubles = [] if slow[0] == "--rate" else ["429 1200", "", "503 1200", ""]
    told = sends.run("ga4", standin, log, "--state", tmp_path / "state", *slow)
    standin.close()

    assert (0, []) == (told.status, standin.faults), told.err
    lost = 9 - len(standin.events)
    assert 2 <= lost <= 6
    assert f"{lost} older than 72 h" in told.err
    assert [1] * (9 - lost) == [*standin.accepted.values()]


def test_a_redirect_elsewhere_is_not_followed(
    platform: str, standin: standins.Standin, send: Send
) -> None:
    other = sends.PLATFORMS[platform][0](harness.CLOCK.timestamp())
    standin.headers = {"Location": f"{other.endpoint}?secret=1"}
    standin.troubles = ["307"]
    told = send()
    other.close()

    assert (1, 0) == (told.status, other.requests)
    assert "it redirects to 127.0.0.1, which is not followed" in told.err


def test_a_redirect_on_the_same_host_is_followed(standin: standins.Standin, send: Send) -> None:
    standin.headers = {"Location": standin.path}
    standin.troubles = ["308"]

    assert send().status == 0
    assert {*standin.accepted.values()} == {1}


def test_two_runs_never_send_at_the_same_time(send: Send, tmp_path: Path) -> None:
    send("--conversation", "d2")
    (lock,) = (tmp_path / "state").glob("*.lock")
    with lock.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        told = send()

    assert told.status == 75
    assert "another run sends to" in told.err


def test_a_token_is_fetched_and_renewed(
    log: Path, tmp_path: Path, limit: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcevents.sending._tokens._MIN_AGE_SECONDS", -1e9)
    limit("adobe-edge", items=2, parallel_requests=1)
    standin = standins.AdobeEdge(harness.CLOCK.timestamp())
    standin.troubles = ["", "", "401", ""]
    options = ("--state", tmp_path / "state", "--token-endpoint", f"{standin.origin}/ims/token/v3")
    told = sends.run("adobe-edge", standin, log, *options, env=standins.CREDENTIALS)
    standin.close()

    assert (0, []) == (told.status, standin.faults), told.err
    assert [1] * 8 == [*standin.accepted.values()]
    assert (7, []) == (standin.requests, standin.troubles)


def test_no_token_is_said_in_one_line(log: Path, tmp_path: Path) -> None:
    standin = standins.AdobeEdge(harness.CLOCK.timestamp())
    wrong = {**standins.CREDENTIALS, "DCEVENTS_ADOBE_CLIENT_SECRET": "wrong-Secret_12"}
    options = ("--state", tmp_path / "state", "--token-endpoint", f"{standin.origin}/ims/token/v3")
    told = sends.run("adobe-edge", standin, log, *options, env=wrong)
    standin.close()

    assert told.status == 1
    assert "no access token" in told.err
    assert "wrong-Secret_12" not in told.err


def test_the_debug_endpoint_checks_and_keeps_nothing(log: Path) -> None:
    standin = standins.Ga4(harness.CLOCK.timestamp())
    good = sends.run("ga4", standin, log, "--check")
    before = len(standin.events)
    # An event of the future of the stand-in's clock is too old there.
    standin._now = harness.CLOCK.timestamp() + 80 * 3600
    bad = sends.run("ga4", standin, log, "--check")
    standin.close()

    assert (0, 0, 1) == (good.status, before, bad.status)
    assert "finds no fault in 7 events" in good.err
    assert "backdated up to 72 hours" in bad.err


def test_a_check_of_nothing_is_said(log: Path) -> None:
    """The platform was not asked: no fault of what was sent, or of a secret, was looked for."""
    standin = standins.Ga4(harness.CLOCK.timestamp())
    told = sends.run("ga4", standin, log, "--check", "--since", "2026-12-01")
    standin.close()

    assert (0, 0) == (told.status, standin.requests)
    assert "ga4: nothing is due, so nothing was checked" in told.err


def test_a_check_says_why_the_platform_checks_nothing(log: Path) -> None:
    """As sending does."""
    standin = standins.AdobeAnalytics(harness.CLOCK.timestamp())
    wrong = {**standins.SECRETS, "DCEVENTS_ADOBE_TOKEN": "wrong"}
    told = sends.run("adobe-analytics", standin, log, "--check", "-q", env=wrong)
    standin.close()

    reason = "it answers 401: Token validation failed"
    assert (1, f"dcevents: adobe-analytics: {reason}\n") == (told.status, told.err)


def test_a_check_comes_no_more_often_than_the_platform_takes(log: Path, limit: Limit) -> None:
    limit("adobe-analytics", items=2)
    standin = standins.AdobeAnalytics(harness.CLOCK.timestamp())
    told = sends.run("adobe-analytics", standin, log, "--check")
    standin.close()

    assert (0, 4, 0) == (told.status, standin.requests, standin.too_often), told.err
    assert "finds no fault in 8 events" in told.err


def test_connections_are_kept(log: Path, tmp_path: Path, limit: Limit) -> None:
    """Each is made once: to make one takes longer than a request."""
    limit("adobe-edge", items=1, parallel_requests=2)
    standin = standins.AdobeEdge(harness.CLOCK.timestamp())
    told = sends.run("adobe-edge", standin, log, "--state", tmp_path / "state")
    standin.close()

    assert (0, 8) == (told.status, standin.requests)
    assert standin.connections <= 2


def test_a_slow_line_has_time_for_a_large_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time-out is of each piece: of all it would end what goes on."""
    monkeypatch.setattr(_transport, "_CONNECT_SECONDS", 1.0)
    size, part = 12 << 20, 1 << 20
    listener = socket.create_server(("127.0.0.1", 0))
    # What the kernel takes at once must be little, or nothing is slow.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)

    def read_slowly() -> None:
        client, _ = listener.accept()
        with client, client.makefile("rb") as file:
            while file.readline().strip():
                pass
            for _ in range(size // part):
                time.sleep(0.25)
                file.read(part)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=read_slowly, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    answer = _transport.Transport(Secrets({}), 1).send(Request("POST", url, body=bytes(size)))
    thread.join()
    listener.close()

    assert answer.status == 200


def test_requests_are_within_the_units_of_a_second(
    log: Path, tmp_path: Path, limit: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of fewer units than Adobe's, so that few requests show it."""
    limit("adobe-edge", items=1, requests_per_second=2, parallel_requests=1)
    monkeypatch.setattr(standins.AdobeEdge, "units_per_second", 2 * standins.AdobeEdge.upstreams)
    standin = standins.AdobeEdge(harness.CLOCK.timestamp())
    told = sends.run("adobe-edge", standin, log, "--state", tmp_path / "state")
    standin.close()

    assert (0, 8, 0) == (told.status, standin.requests, standin.too_often), told.err


def test_files_are_written_once_and_as_they_are_sent(log: Path, tmp_path: Path) -> None:
    standin = standins.AdobeAnalytics(harness.CLOCK.timestamp())
    state = ("--state", tmp_path / "state")
    out = tmp_path / "out"
    mapping = tmp_path / "map.toml"
    mapping.write_text('[events]\nchat_engaged = "event2"\n[columns]\neVar1 = "chat_name"\n')
    told = sends.run("adobe-analytics", standin, log, *state, "--out", out, "--mapping", mapping)
    again = sends.run("adobe-analytics", standin, log, *state, "--mapping", mapping)
    standin.close()

    assert (0, 0, 0) == (told.status, again.status, standin.requests)
    (file,) = out.iterdir()
    text = gzip.decompress(file.read_bytes()).decode()
    assert text.count("\n") == 9
    assert ",event2," in text
    assert ",eVar1," in text
    assert not any(line.endswith(",") for line in text.splitlines())
