"""Reports from a store against the naive model, and against reports from the same logs."""

import json
import shutil
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import harness
import naive
import polars as pl
import pytest
import stores
from choosing import EVERY, try_examples
from compare import agree
from harness import log, run
from histories import GAPS, KEYS, START, line
from hypothesis import given
from hypothesis import strategies as st

from dcevents.settings import Window
from dcevents.store.disk import numbering as store_numbering

DAY = 86_400_000
OTHERS = (
    b"\n",
    b"{x\n",
    b"[1]\n",
    b"{\xff}\n",
    b'{"event":"adobedx.conversations.ready"}\n',
    b'{"event":"CONVERSATION_RATED"}\n',
    b'{"event":"acme.consent","data":{"payload":{"sid":"s1"}}}\n',
    b'{"event":"CONVERSATION_ENGAGED"}\n',
)
"""Lines that are no events of a conversation."""


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """An event of one of few sessions: at a round time, or none;
    some of them later than most clocks believe.
    """
    agent = draw(
        st.sampled_from(
            [None, None, ("a1", "Ann"), ("a1", "Anna"), ("b2", None), (None, "Bo"), (None, "a1")]
        )
    )
    times = st.one_of(
        st.sampled_from(GAPS).map(START.__add__),
        st.integers(0, 40).map(lambda n: START + n * 100_000),
        st.integers(0, 8).map(lambda n: START + n * DAY // 2),
        st.just(None),
    )
    return {
        "kind": draw(st.sampled_from([*naive.KINDS, *naive.LIVE_CHAT])),
        "ts": draw(times),
        "page": draw(st.sampled_from(["https://x.example/a", "https://x.example/b?q=1", None])),
        "sid": draw(st.sampled_from(["s1", "s1", "s2", "12", "größe"])),
        "id": draw(st.sampled_from(["d1", "d1", "d2", None])),
        "name": draw(st.sampled_from(["Pricing", "Prices", None])),
        "type": draw(st.sampled_from(["dialogue", "flow", None])),
        "uiType": draw(st.sampled_from(["popup", "inline"])),
        "agentID": agent and agent[0],
        "agentName": agent and agent[1],
    }


@st.composite
def lines(draw: st.DrawFn) -> list[bytes]:
    """Lines of a few sessions, some of them twice."""
    found = [line(each) for each in draw(st.lists(events(), min_size=1, max_size=20))]
    found += draw(st.lists(st.sampled_from(OTHERS), max_size=4))
    found += draw(st.lists(st.sampled_from(found), max_size=5))
    return draw(st.permutations(found))


class Site:
    """Logs that grow, a store that is brought up to them,
    and what one reading of all of it would be.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.options = options
        self.store = folder / "store"
        self.read: dict[str, bytes] = {}
        self.contents: list[bytes] = []

    def path(self, name: str) -> Path:
        """Where a log is."""
        return self.folder / name

    def grow(self, name: str, data: bytes) -> None:
        """Something more of a log."""
        with self.path(name).open("ab") as file:
            file.write(data)

    def run(self, names: Sequence[str], clock: int) -> None:
        """Ingest some of the logs that are there."""
        there = [name for name in names if self.path(name).exists()]
        if not there:
            return
        stores.ingest(self.store, *map(self.path, there), *self.options, clock=stores.moment(clock))
        for name in there:
            data = self.path(name).read_bytes()
            if self.read.get(name) != data:
                self.contents = stores.known(self.contents, data)
            self.read[name] = data

    def model(self, clock: int, as_of: int | None = None) -> naive.Log:
        """One reading of everything."""
        return naive.read(
            [(str(n), each) for n, each in enumerate(self.contents)], now_ms=clock, as_of_ms=as_of
        )


def play(site: Site, history: list[bytes], draw: Any) -> int:
    """Write lines to logs, in parts that need not end where lines do, with runs in between.
    What is cut within a line goes on in the same log. The last clock.
    """
    clock = START - DAY
    # A first line that is an event: else there may be nothing but rubbish, which is refused.
    for name in ("a.log", "b.log", "c.log"):
        site.grow(name, line({**FIRST, "sid": name}))
    data = b"".join(history)
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    name = "a.log"
    for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        if begin == 0 or data[begin - 1 : begin] == b"\n":
            name = draw(st.sampled_from(["a.log", "b.log", "c.log"]))
        site.grow(name, data[begin:end])
        if draw(st.booleans()):
            site.run(
                draw(st.permutations(["a.log", "b.log", "c.log"]))[: draw(st.integers(1, 3))], clock
            )
        clock += draw(st.sampled_from([0, 1, DAY // 2, DAY]))
    site.run(draw(st.permutations(["a.log", "b.log", "c.log"])), clock)
    return clock + int(draw(st.sampled_from([0, 0, DAY, 3 * DAY])))


FIRST: dict[str, Any] = {
    "kind": "triggered", "ts": START, "page": None, "id": "d0", "name": None, "type": None,
    "uiType": None,
    "agentID": None, "agentName": None,
}  # fmt: skip


@given(history=lines(), data=st.data())
@try_examples(2)
def test_a_store_says_what_one_reading_of_everything_says(
    history: list[bytes], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        site = Site(Path(folder))
        clock = play(site, history, data.draw)
        agree(
            stores.view(site.store, now=clock),
            site.model(clock),
            keys=[data.draw(st.sampled_from(KEYS))],
        )


@given(history=lines(), data=st.data())
@try_examples(2)
@pytest.mark.harm
def test_a_store_with_events_says_so_at_any_time(history: list[bytes], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        site = Site(Path(folder), "--keep-events")
        clock = play(site, history, data.draw)
        as_of = data.draw(st.one_of(st.none(), st.integers(START - 1, START + 3 * DAY)))
        window = data.draw(
            st.sampled_from([None, Window(START + 1000, None), Window(None, START + DAY)])
        )
        found = stores.view(site.store, now=clock, as_of=as_of, window=window, of_events=True)
        agree(found, site.model(clock, as_of), keys=[data.draw(st.sampled_from(KEYS))])


def few_bits(
    numbering: store_numbering.StoreNumbering,
    texts: pl.Series,
    salt: int,
    whole: Any = store_numbering.StoreNumbering._hash_texts,
) -> pl.Series:
    """`StoreNumbering._hash_texts` with so few values that collisions abound."""
    numbers: pl.Series = whole(numbering, texts, salt)
    return numbers % 16


@given(history=lines(), data=st.data())
@try_examples(2)
@pytest.mark.harm
def test_numbers_of_sessions_that_collide_change_nothing(
    history: list[bytes], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_numbering.StoreNumbering, "_hash_texts", few_bits)
        site = Site(Path(folder))
        clock = play(site, history, data.draw)
        agree(
            stores.view(site.store, now=clock),
            site.model(clock),
            keys=[data.draw(st.sampled_from(KEYS))],
        )


# -- reports on a store and on its logs ------------------------------------------------------------

SITE = harness.ROOT / "sample_logs" / "site"
LOGS = [SITE / name for name in ("dc.log-20261108.gz", "dc.log")]
"""Half of the sample's logs."""
GROUPED = {
    "completion": (
        "conversation",
        "type",
        "ui-type",
        "page",
        "day",
        "week",
        "month",
        "hour",
        "weekday",
        "all",
    ),
    "abandonment": ("conversation", "last-step", "type", "ui-type", "page", "day", "week", "all"),
    "live-chat": (
        "agent",
        "conversation",
        "type",
        "ui-type",
        "page",
        "day",
        "hour",
        "weekday",
        "all",
    ),
}
ADDED = {
    "funnel": ("all", "conversation", "page", "day"),
    "meetings": ("agent", "conversation", "type", "hour"),
    "usage": ("",),
}
"""Reports that read single events, or the log's first day."""
LISTED = ("conversations", "sessions", "chats")
OPTIONS = (
    "--since 2026-11-05 --until 2026-11-08T12:00 --tz America/New_York",
    "--period 2026-W45 --tz Europe/Berlin",
    "--as-of 2026-12-24",
    "--as-of 2026-12-24 --idle 60d",
    "--idle 1h",
    "--conversation *ri*",
    "--type dialogue --page */pricing",
    "--ui-type popup",
    "--agent *a*",
    "--since 2031-01-01",
)


def cases() -> Iterable[str]:
    """Reports by each key, and each option with some report."""
    for report, keys in GROUPED.items():
        yield from (f"{report} --by {key}" for key in keys)
    for n, options in enumerate(OPTIONS):
        yield f"summary {options}"
        yield f"{LISTED[n % 3]} {options}"
    yield from LISTED
    yield "summary"
    yield "completion --by day --by conversation --tz Asia/Tokyo"
    yield "live-chat --service-level 10s --by hour --by agent"
    yield "completion --intervals --by page"
    yield "conversations --outcome dropped"
    yield "chats --outcome missed"
    for report, keys in ADDED.items():
        yield from (f"{report}{f' --by {key}' * bool(key)}" for key in keys)
    for report in ("summary", "funnel --by conversation", "meetings --by week", "meetings"):
        yield f"{report} --period 2026-W46 --compare previous"
        yield f"{report} --since 2026-11-12 --compare previous --as-of 2026-12-01 --intervals"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two stores of the sample's logs, which came in one after the other;
    one keeps events.
    """
    folder = tmp_path_factory.mktemp("site")
    for store, options in (("plain", []), ("events", ["--keep-events"])):
        for path in LOGS:
            stores.ingest(folder / store, path, *options)
    return folder


@pytest.mark.pairwise
@pytest.mark.parametrize("case", [*cases()][:: 1 if EVERY else 4])
def test_a_report_on_a_store_is_that_on_its_logs(case: str, site: Path) -> None:
    expected, found = (
        stores.text(*case.split(), *where, "-f", "json", "-q") for where in (LOGS, store(site))
    )
    assert expected == found


@pytest.mark.parametrize("output", ["table", "csv", "markdown"])
def test_so_it_is_in_any_format(output: str, site: Path) -> None:
    expected, found = (
        stores.text("summary", *where, "-f", output, "-q") for where in (LOGS, store(site))
    )
    assert expected == found


PAST = ("", "--as-of 2026-11-06T10:00Z", "--as-of 2026-11-02T00:00")


@pytest.mark.parametrize(
    "report", ["summary", "conversations", "chats", "events", "check", "explain *"]
)
@pytest.mark.parametrize("options", PAST)
def test_a_store_with_events_says_what_its_logs_say(report: str, options: str, site: Path) -> None:
    expected, found = (
        stores.text(*report.split(), *options.split(), *where, "-f", "json", "-q")
        for where in (LOGS, store(site, "events"))
    )
    assert expected == found


@pytest.mark.parametrize(
    "case", ["events", "summary --as-of 2026-11-06T10:00Z", "check --as-of 2026-11-06T10:00Z"]
)
def test_a_store_without_events_says_so_where_they_are_needed(case: str, site: Path) -> None:
    result = run(*case.split(), *store(site), "-q")
    assert (result.status, result.out, result.err.count("\n")) == (2, b"", 1)
    assert "--keep-events" in result.err


def test_a_store_without_events_is_checked_as_far_as_it_goes(site: Path) -> None:
    expected, found = (
        run("check", *where, "-f", "json", "-q").json for where in (LOGS, store(site))
    )
    for name in ("conversations", "sessions", "days", "feed", "untimed_share", "future_share"):
        assert expected[name] == found[name], name
    assert (found["timestamps"], found["order"]) == ({}, None)


def test_a_store_without_events_explains_without_lines(site: Path) -> None:
    expected, found = (
        run("explain", "*", *where, "-f", "json", "-q").json for where in (LOGS, store(site))
    )

    def outcomes(report: Any) -> list[Any]:
        return [
            (session["sid"], each["conversation_id"], each["outcome"])
            for session in report["sessions"]
            for each in session["conversations"]
        ]

    assert outcomes(expected) == outcomes(found) != []


@pytest.mark.parametrize("report", ["completion", "live-chat", "check", "explain *", "events"])
def test_a_store_and_logs_are_both_at_once(report: str, tmp_path: Path) -> None:
    first, more = (
        sorted(SITE.iterdir(), reverse=True)[part] for part in (slice(2), slice(1, None))
    )
    copies = [Path(shutil.copy(each, tmp_path)) for each in more]
    stores.ingest(tmp_path / "store", *first, "--keep-events")
    for options in ("", "--as-of 2026-11-06T10:00Z"):
        expected, found = (
            stores.text(*report.split(), *options.split(), *where, "-f", "json", "-q")
            for where in ([*first, *copies], ["--store", tmp_path / "store", *copies])
        )
        assert expected == found, options


def store(site: Path, name: str = "plain") -> list[str | Path]:
    """The option for a store."""
    return ["--store", site / name]


# -- what goes wrong only now and then -------------------------------------------------------------


def test_what_is_believed_only_now_may_be_after_as_of(tmp_path: Path) -> None:
    """An event that a run did not believe: when a report does,
    a moment before it is in the past.
    """
    (tmp_path / "a.log").write_bytes(
        log("2026-11-02T09:00Z a engaged\n2026-11-04T12:00Z a completed")
    )
    for name, options, status in (("plain", [], 2), ("events", ["--keep-events"], 0)):
        stores.ingest(tmp_path / name, tmp_path / "a.log", *options, clock=at("2026-11-03T09:00"))
        for as_of, expected in (
            ("2026-11-03T08:00Z", status),
            ("2026-11-03T10:00Z", 0),
            ("2026-11-04T13:00Z", 0),
        ):
            case = ["completion", "--as-of", as_of, "-f", "json", "-q"]
            found = run(*case, "--store", tmp_path / name, clock=at("2026-11-03T13:00"))
            assert found.status == expected
            if expected == 0:
                assert found.out == run(*case, tmp_path / "a.log", clock=at("2026-11-03T13:00")).out


def at(text: str) -> datetime:
    """A clock."""
    return datetime.fromisoformat(f"{text}Z")


def test_a_quiet_night_with_a_broken_line_is_no_wrong_log(tmp_path: Path) -> None:
    path, other = tmp_path / "a.log", tmp_path / "b.log"
    path.write_bytes(log("09:00:00 a engaged"))
    stores.ingest(tmp_path / "store", path)
    path.write_bytes(log("09:00:00 a engaged\n| {broken"))
    stores.ingest(tmp_path / "store", path)
    assert stores.figures("completion", path) == stores.figures(
        "completion", "--store", tmp_path / "store"
    )
    other.write_bytes(b"GET / HTTP/1.1\n")
    assert (
        "no event of Dynamic Chat in 1 line"
        in stores.ingest(tmp_path / "store", other, status=3).err
    )
    assert stores.figures("completion", path) == stores.figures(
        "completion", "--store", tmp_path / "store"
    )


@pytest.mark.parametrize("options", [[], ["--again"]])
@pytest.mark.harm
def test_what_is_read_again_replaces_what_it_was(options: list[str], tmp_path: Path) -> None:
    """An array that is written anew with more in it: its first record has another place then."""
    path = tmp_path / "a.json"
    records = [
        json.loads(each)
        for each in log("09:00:00 a engaged\n09:00:05 a completed\n09:00:06 b engaged").splitlines()
    ]
    for size in (1, 2, 3, 3):
        path.write_text(json.dumps(records[:size]))
        stores.ingest(tmp_path / "store", path, "--keep-events", *options)
        for report in ("events", "check", "completion"):
            expected, found = (
                stores.text(report, *where, "-f", "json", "-q")
                for where in ([path], ["--store", tmp_path / "store"])
            )
            assert expected == found
