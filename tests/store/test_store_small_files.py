"""Small files are read together, and each is a log of its own: as if they were read one by one."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import harness
import pytest
import stores
from choosing import EXAMPLES
from upkeep import account, done, figures, sound

from dcevents.reading import log
from dcevents.store import ingest, ingestion, query, small_files
from dcevents.store.disk.folder import open_folder


def write_files(folder: Path, dice: random.Random) -> None:
    """Write small files: with several lines or one, ends of lines or none, twins, rubbish."""
    folder.mkdir(exist_ok=True)
    seen: list[bytes] = []
    for n in range(dice.randrange(3, 25)):
        begin = dice.randrange(200)
        data = stores.lines(begin, begin + dice.choice([1, 1, 1, 3, 30]))
        kind = dice.randrange(12)
        if kind == 0:
            data = data.rstrip(b"\n")
        elif kind == 1 and seen:
            data = dice.choice(seen)
        elif kind == 2 and seen:
            data = dice.choice(seen) + data
        elif kind == 3:
            data = dice.choice([b"", b"\n\n", b"GET / HTTP/1.1\n", b"{torn", b"\xef\xbb\xbf"])
        elif kind == 4:
            good = [json.loads(each) for each in data.splitlines() if b"broken" not in each]
            data = json.dumps(good, indent=dice.choice([None, 1])).encode()
        elif kind == 5:
            data = data[: dice.randrange(1, len(data))]
        seen.append(data)
        is_packed = dice.random() < 0.1
        path = folder / f"{n:02}-{dice.randrange(10)}.ndjson"
        path.write_bytes(gzip.compress(data) if is_packed else data)


def describe(store: Path) -> Any:
    """Return all that a store knows of its logs."""
    state = query.load_state(open_folder(store))
    logs = ingestion.read_ledger(state.folder, state.manifest).logs.values()
    known = {
        Path(each.file_name).name: (
            each.head_fingerprint,
            each.tail_fingerprint,
            each.resume,
            each.sure,
            each.rest,
            len(each.file_fingerprints),
            each.rereads,
        )
        for each in logs
    }
    return known, account(store)


@pytest.mark.harm
@pytest.mark.parametrize("seed", range(max(3, EXAMPLES)))
def test_together_is_as_one_by_one(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    keeps = dice.choice([[], ["--keep-events"]])
    found = {}
    (tmp_path / "good.log").write_bytes(stores.sids(0, 2))
    for way in ("together", "one by one"):
        if way == "one by one":
            monkeypatch.setattr(ingest, "is_small", lambda _: False)
        else:
            monkeypatch.setattr(small_files, "_MAX_FILES", dice.choice([2, 5, 2000]))
        logs, store, again = tmp_path / "logs", tmp_path / way, random.Random(seed)
        for night in range(3):
            write_files(logs, again)
            rejects: list[str | Path] = ["--rejects", tmp_path / f"{way}-{night}"]
            done("ingest", tmp_path / "good.log", logs, "--store", store, "-q", *keeps, *rejects)
            if night == 1:
                done("ingest", "--store", store, "--forget", "s3", "-q")
            raw = (tmp_path / f"{way}-{night}").read_text()
            once_more = done("ingest", logs, "--store", store).err
            found[way, night] = once_more, raw, describe(store), figures("--store", store)
        for path in logs.iterdir():
            path.unlink()
        assert sound(store)
    for night in range(3):
        for one, other in zip(found["together", night], found["one by one", night], strict=True):
            assert one == other


def test_a_file_that_goes_while_others_are_read_is_looked_for_again(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for n in range(6):
        (logs / f"{n}.ndjson").write_bytes(stores.sids(n, n + 1))
    read = log.read_growing_logs

    def rotate(*arguments: Any, **more: Any) -> Any:
        monkeypatch.setattr(small_files, "read_growing_logs", read)
        (logs / "3.ndjson").rename(logs / "9.ndjson")
        (logs / "4.ndjson").write_bytes(stores.sids(4, 5) + stores.sids(7, 8))
        return read(*arguments, **more)

    monkeypatch.setattr(small_files, "read_growing_logs", rotate)

    done("ingest", logs, "--store", store, "-q")

    sids = [row["sid"] for row in done("sessions", "--store", store, "-f", "ndjson").ndjson]
    assert sorted(sids) == [f"s{n:06d}" for n in (0, 1, 2, 3, 4, 5, 7)]
    assert account(store)["files"] == 6
    assert "0 logs of 6" in harness.run("ingest", logs, "--store", store).err
