"""A year of nights: logs that rotate, late and repeated events, runs missed, killed,
in each other's way.
"""

import contextlib
import gzip
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

import harness
import naive
import pytest
import stores
from compare import agree
from histories import line
from limited_calls import limit_calls

from dcevents.reading.sources import growing
from dcevents.store.disk import lock
from dcevents.store.disk.folder import open_folder

pytestmark = pytest.mark.year

SEED = int(os.environ.get("DCEVENTS_YEAR_SEED", "1"))
NIGHTS = int(os.environ.get("DCEVENTS_NIGHTS", "365"))
BEGIN = 1_762_041_600_000
"""2025-11-02T00:00Z: the first day."""
DAY, MINUTE = 86_400_000, 60_000
KEPT = 7
"""Rotated logs that are there yet."""


class Killed(BaseException):
    """The end of a run, at once: nothing that it does afterwards comes to the disk."""


@contextlib.contextmanager
def dying(after: int) -> Iterator[None]:
    """Let a run write, sync, rename and remove so many times;
    from then on it does nothing any more.
    """

    def end() -> NoReturn:
        raise Killed

    with limit_calls(("fsync", "replace", "unlink"), after, end):
        yield


class Year:
    """A small site, its log, its nightly run, and all lines that were ever written."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.dice = dice
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.store = folder / "store"
        self.log = self.logs / "dc.log"
        self.all = folder / "all.log"
        self.log.touch()
        self.all.touch()
        self.coming: list[tuple[int, bytes]] = []
        self.seen: dict[str, int] = {}

    # -- traffic -----------------------------------------------------------------------------------

    def visit(self, day: int) -> None:
        """What the visitors of a day do: its lines come in then, later, or twice."""
        for n in range(self.dice.randrange(4, 9)):
            moment = day + self.dice.choice(
                [self.dice.randrange(DAY), DAY - self.dice.randrange(20 * MINUTE)]
            )
            who = {
                "sid": f"{day // DAY}-{n}",
                "id": f"d{self.dice.randrange(4)}",
                "name": "Pricing",
                "type": "dialogue",
            }
            where = {"page": f"https://x.example/{self.dice.randrange(3)}", "uiType": "popup"}
            agent = self.dice.choice([("a1", "Ann"), ("b2", None), (None, None)])
            for kind in self._path():
                event = {
                    **who,
                    **where,
                    "kind": kind,
                    "ts": moment,
                    "agentID": agent[0],
                    "agentName": agent[1],
                }
                self._deliver(moment, line(event))
                moment += self.dice.choice([1000, 20_000, 400_000, 40 * MINUTE])

    def _path(self) -> list[str]:
        chat = [
            "live_chat_requested",
            *self.dice.choice([[], ["live_chat_initiated"], ["live_chat_request_timeout"]]),
        ]
        middle = self.dice.choice(
            [[], ["input_email"], chat, ["meeting_booked"], [*chat, "live_chat_ended"]]
        )
        return [
            "triggered",
            *self.dice.choice(
                [[], ["engaged", *middle, self.dice.choice(["completed", "closed"])]]
            ),
        ]

    def _deliver(self, moment: int, data: bytes) -> None:
        late = self.dice.random() < 0.04
        self.coming.append((moment + (self.dice.randrange(4 * DAY) if late else 0), data))
        if self.dice.random() < 0.03:
            self.coming.append((moment + self.dice.randrange(2 * DAY), data))
        if self.dice.random() < 0.02:
            other = self.dice.choice(
                [data[:40] + b"\n", b"\n", b'{"event":"acme.seen"}\n', data.replace(b"sid", b"sod")]
            )
            self.coming.append((moment, other))

    def write(self, until: int, *, cut: bool = False) -> None:
        """Bring the log up to a moment; if `cut`, but for the end of its last line,
        which is written later.
        """
        self.coming.sort(key=lambda each: each[0])
        now = [data for moment, data in self.coming if moment < until]
        self.coming = self.coming[len(now) :]
        if cut and now:
            end = self.dice.randrange(1, len(now[-1]))
            self.coming.insert(0, (0, now[-1][end:]))
            now[-1] = now[-1][:end]
        for path in (self.log, self.all):
            with path.open("ab") as file:
                file.write(b"".join(now))

    # -- rotation ----------------------------------------------------------------------------------

    def rotate(self) -> None:
        """As logrotate with delaycompress does, on some nights with copytruncate."""
        for n in range(KEPT, 1, -1):
            if (older := self.logs / f"dc.log.{n}.gz").exists():
                older.rename(self.logs / f"dc.log.{n + 1}.gz")
        (self.logs / f"dc.log.{KEPT + 1}.gz").unlink(missing_ok=True)
        first, second = self.logs / "dc.log.1", self.logs / "dc.log.2.gz"
        if first.exists():
            second.write_bytes(gzip.compress(first.read_bytes()))
            shutil.copystat(first, second)
            first.unlink()
        if self.dice.random() < 0.3:
            shutil.copy(self.log, first)
            self.log.write_bytes(b"")
        else:
            self.log.rename(first)
            self.log.touch()

    # -- runs --------------------------------------------------------------------------------------

    def run(self, clock: int, how: str) -> None:
        """One night's run: what comes of it is counted."""
        self.seen[how] = self.seen.get(how, 0) + 1
        if how == "missed":
            return
        if how == "killed":
            try:
                with dying(self.dice.randrange(30)):
                    stores.ingest(self.store, self.logs, clock=stores.moment(clock))
            except Killed:
                self.check_files()
            else:
                self.seen["killed too late"] = self.seen.get("killed too late", 0) + 1
        elif how == "kill -9":
            self.kill(clock)
        elif how == "overlapping" and self.store.exists():
            with lock.hold_for_writing(open_folder(self.store)):
                found = stores.ingest(self.store, self.logs, clock=stores.moment(clock), status=75)
            assert "another run holds the store" in found.err
        else:
            stores.ingest(self.store, self.logs, clock=stores.moment(clock))

    def kill(self, clock: int) -> None:
        """A process of its own, killed while it works, or begins to, or is over.
        Its clock is the machine's.
        """
        assert clock < time.time() * 1000
        running = harness.start("ingest", self.logs, "--store", self.store, "-q")
        time.sleep(self.dice.uniform(0.2, 0.9))
        running.send_signal(signal.SIGKILL)
        self.seen["over before"] = self.seen.get("over before", 0) + (running.wait() == 0)
        self.check_files()

    def check_files(self) -> None:
        """All files of the store are there, and as they were written; that it is none yet is fine,
        too.
        """
        if (self.store / "manifest.json").exists():
            assert stores.find_damage(self.store) == []

    def check(self, clock: int) -> None:
        """After a run the store says what one reading of all lines says."""
        for report in (
            "completion",
            "conversations",
            "chats",
            "sessions",
            "live-chat",
            "abandonment",
        ):
            expected, found = (
                stores.figures(report, *where, alike=False, clock=stores.moment(clock))
                for where in ([self.all], ["--store", self.store])
            )
            assert expected["input"] == found["input"]
            assert expected == found, report


NIGHT = ["kill -9"] * 1 + ["killed"] * 16 + ["overlapping"] * 6 + ["missed"] * 10 + ["good"] * 87


@pytest.mark.parametrize("nights", [9, pytest.param(NIGHTS, marks=pytest.mark.year)])
def test_after_any_nights_a_store_says_what_one_reading_of_all_lines_says(
    nights: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the disk keeps when the power goes is not seen here, and a year of waiting for it is
    # long.
    monkeypatch.setattr(os, "fsync", lambda _: None)
    dice = random.Random(SEED)
    year = Year(tmp_path, dice)
    for night in range(nights):
        day = BEGIN + night * DAY
        year.visit(day)
        if dice.random() < 0.1:
            # Somebody wants figures in the middle of the day, of a line in the middle, too.
            noon = day + DAY // 2
            year.write(noon, cut=True)
            year.run(noon, "good")
        year.write(day + DAY)
        year.rotate()
        clock = day + DAY + 5 * MINUTE
        last = night % 73 == 72 or night == nights - 1
        # A log is gone after a week, so that no more than some nights in a row may go wrong.
        year.run(clock, "good" if last or night % KEPT == 0 else dice.choice(NIGHT))
        if last:
            year.check(clock)

    print(f"\n{year.seen}")  # noqa: T201
    clock = BEGIN + (nights + 30) * DAY
    model = naive.read([("all.log", year.all.read_bytes())], now_ms=clock)
    agree(stores.view(year.store, now=clock), model, keys=[("day",), ("agent",)])


WRITES = [
    pytest.param(after, marks=[] if after in (2, 15) else pytest.mark.kills) for after in range(26)
]


@pytest.mark.parametrize("after", WRITES)
def test_a_run_may_end_at_any_write(after: int, tmp_path: Path) -> None:
    dice = random.Random(SEED)
    year = Year(tmp_path, dice)
    for night in range(3):
        year.visit(BEGIN + night * DAY)
        year.write(BEGIN + (night + 1) * DAY)
        clock = BEGIN + (night + 1) * DAY
        try:
            with dying(after):
                stores.ingest(year.store, year.logs, clock=stores.moment(clock))
        except Killed:
            year.check_files()
        stores.ingest(year.store, year.logs, clock=stores.moment(clock))
        year.check(clock)


# -- years -----------------------------------------------------------------------------------------

YEARS_NIGHTS = int(os.environ.get("DCEVENTS_YEARS_NIGHTS", "60"))
"""By hand 1,100: three years."""
KEEP_DAYS = 60


class HostileYears(Year):
    """A site of which nobody takes care: strangers post, clocks jump, visitors are forgotten."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        super().__init__(folder, dice)
        self.forgotten: set[str] = set()
        self.cut_off = 0
        self.visitors: list[str] = []
        self.sizes: list[int] = []

    def visit(self, day: int) -> None:
        """What visitors do, and what strangers post."""
        super().visit(day)
        self.visitors.append(f"{day // DAY}-0")
        if self.dice.random() < 0.15:
            ahead = day + self.dice.choice([2, 30, 400, 20_000]) * DAY
            who = {"sid": self.dice.choice([f"f{day}", f"{day // DAY}-1"]), "id": "d1"}
            forged = {"kind": self.dice.choice(["engaged", "completed"]), "ts": ahead, **who}
            self.coming.append((day + DAY // 3, line({**EMPTY, **forged})))
        if self.dice.random() < 0.1:
            flood = (
                b'{"event":"u%d-%d","sid":"1"}\n[1]\n{"torn\n"text"\n' % (day // DAY, n)
                for n in range(self.dice.choice([3, 60]))
            )
            self.coming.append((day + DAY // 2, b"".join(flood)))

    def rotate_while_read(self) -> contextlib.AbstractContextManager[Any]:
        """Empty the log behind a copy, once its first bytes have been read."""
        read, waiting = growing.read_identity, [True]

        def read_and_rotate(file: Any) -> Any:
            found = read(file)
            if waiting and file.source.path == self.log:
                waiting.clear()
                shutil.copy(self.log, self.logs / "dc.log.1")
                self.log.write_bytes(b"")
            return found

        return mock.patch.object(growing, "read_identity", read_and_rotate)

    def spend_night(self, clock: int) -> None:
        """Take in what is new, perhaps while something goes wrong, and remove something."""
        rotates = self.dice.random() < 0.2 and not (self.logs / "dc.log.1").exists()
        with self.rotate_while_read() if rotates else contextlib.nullcontext():
            self.run(clock, "good")
        if self.dice.random() < 0.06:
            jump = clock + self.dice.choice([3, 100, 3000]) * DAY
            stores.ingest(self.store, self.logs, clock=stores.moment(jump))
            stores.ingest(self.store, self.logs, clock=stores.moment(clock + MINUTE))
        if self.dice.random() < 0.06:
            jump = clock + self.dice.choice([100, 3000]) * DAY
            keep = ["--keep", f"{KEEP_DAYS}d"]
            moment = stores.moment(jump)
            told = stores.ingest(self.store, self.logs, *keep, clock=moment, status=1)
            assert "nothing was removed" in told.err
        if self.dice.random() < 0.05:
            self.forgotten.add(sid := self.dice.choice(self.visitors[-30:]))
            moment = stores.moment(clock)
            forgot = harness.run("ingest", "--store", self.store, "--forget", sid, clock=moment)
            assert forgot.status == 0
        if self.dice.random() < 0.2:
            moment = stores.moment(clock + MINUTE)
            keep = ["--keep", f"{KEEP_DAYS}d", "--yes"]
            assert harness.run("ingest", "--store", self.store, *keep, clock=moment).status == 0
            self.cut_off = (clock + MINUTE) // DAY * DAY - KEEP_DAYS * DAY
        if self.dice.random() < 0.01:
            assert harness.run("store", "compact", self.store).status == 0
        files = (path for path in self.store.rglob("*") if path.is_file())
        self.sizes.append(sum(path.stat().st_size for path in files))

    def check_rows(self, clock: int) -> None:
        """Hold the store to one reading of all lines, without what was removed."""
        for report in ("conversations", "chats"):
            expected, found = (
                [
                    row
                    for row in stores.figures(report, *where, clock=stores.moment(clock))["rows"]
                    if row["sid"] not in self.forgotten and self.is_kept(row)
                ]
                for where in ([self.all], ["--store", self.store])
            )
            assert expected == found, report
        verified = harness.run("store", "verify", self.store, clock=stores.moment(clock))
        assert verified.err == ""

    def is_kept(self, row: dict[str, Any]) -> bool:
        """Return whether a conversation or attempt is surely not older than the cut-off.

        Those that ended within a day after it may have had their end before it.
        """
        moment = row.get("started_at") or row.get("requested_at") or row.get("accepted_at")
        if moment is None:
            return False
        return datetime.fromisoformat(moment).timestamp() * 1000 > self.cut_off + DAY


EMPTY: dict[str, Any] = dict.fromkeys(("page", "name", "type", "uiType", "agentID", "agentName"))


@pytest.mark.year
def test_after_years_of_harm_a_store_says_what_one_reading_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    years = HostileYears(tmp_path, random.Random(SEED))
    for night in range(YEARS_NIGHTS):
        day = BEGIN + night * DAY
        years.visit(day)
        years.write(day + DAY)
        if night % 3:
            years.rotate()
        clock = day + DAY + 5 * MINUTE
        years.spend_night(clock)
        if night % 30 == 29 or night == YEARS_NIGHTS - 1:
            years.check_rows(clock + MINUTE)
    print(f"\n{years.sizes[:: max(1, YEARS_NIGHTS // 12)]}")  # noqa: T201
