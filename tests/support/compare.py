"""The program and the naive model over the same log, side by side."""

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import naive

from dcevents import reports
from dcevents.analysis.view import View
from dcevents.model.conversations import FactFold
from dcevents.model.vocabulary import Vocabulary
from dcevents.reading import log as log_module
from dcevents.reading.log import Log
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.scanning import Scanning
from dcevents.reading.sources import operands
from dcevents.settings import Settings, Window

NOW = int(time.time() * 1000)

Inputs = Sequence[tuple[str, bytes]]


def analyse(
    inputs: Inputs,
    folder: Path,
    *,
    as_of: int | None = None,
    window: Window | None = None,
    tz: str = "UTC",
    by: tuple[str, ...] = (),
    compared: Window | None = None,
    **more: Any,
) -> View:
    """What the program makes of a log."""
    for name, data in inputs:
        (folder / name).write_bytes(data)
    found = operands.find_inputs([str(folder / name) for name, _ in inputs])
    reading = ReadSettings(NOW, as_of, in_full=True)
    read = log_module.read_log(Scanning(found.inputs, reading, lambda _: None), Vocabulary())
    read.count_events()
    settings = Settings(
        clock_ms=NOW,
        tz=ZoneInfo(tz),
        by=by,
        window=window or Window(),
        compared=compared,
        as_of_ms=as_of,
        shows_intervals=compared is not None,
        **more,
    )
    return View(read, FactFold(read.facts, read.facts.choose_as_of(as_of, NOW)), settings)


def buckets(read: Log) -> dict[str, Any]:
    """The program's account, by the model's names."""
    account = read.account
    return {
        "records": account.records,
        "blank": account.tally["blank"],
        "incomplete": account.tally["incomplete"],
        "later": account.tally["later"],
        "duplicates": account.duplicates,
        "events": account.events,
        "untimed": account.untimed,
        "future": account.future,
        "ancient": account.ancient,
        "rejected": {reason: n for reason, n in account.rejected.items() if n},
        "widget_ready": account.tally["widget_ready"],
        "unknown_events": dict(account.unknown_events),
    }


def model_buckets(read: naive.Log) -> dict[str, Any]:
    """The model's account."""
    names = (
        "records",
        "blank",
        "incomplete",
        "later",
        "duplicates",
        "untimed",
        "future",
        "ancient",
        "widget_ready",
    )
    found = {name: getattr(read, name) for name in names}
    rejected = {reason: n for reason, n in read.rejected.items() if n}
    return found | {
        "events": len(read.events),
        "rejected": rejected,
        "unknown_events": dict(read.unknown_events),
    }


def rows(view: View, report: str, by: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The program's rows of a report, before they are rounded and written."""
    table = reports.load_reports()[report].make_tables(view, by)[0]
    return table.rows.to_dicts()


def total(view: View, report: str, by: Sequence[str] = ()) -> Mapping[str, Any]:
    """The program's total of a report."""
    return reports.load_reports()[report].make_tables(view, by)[0].total or {}


def same(expected: Any, actual: Any) -> bool:
    """Equality, of floats to the ninth digit."""
    if isinstance(expected, float) or isinstance(actual, float):
        return (
            expected is not None
            and actual is not None
            and math.isclose(expected, actual, rel_tol=1e-9, abs_tol=1e-9)
        )
    return bool(expected == actual)


def differences(
    expected: Sequence[Mapping[str, Any]], actual: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Where two lists of rows differ; columns that only the model has (`_…`) aside."""
    if len(expected) != len(actual):
        return [f"{len(expected)} rows expected, {len(actual)} found: {expected} {actual}"]
    return [
        f"row {n}, {name}: {want[name]!r} expected, {got[name]!r} found; {dict(want)}"
        for n, (want, got) in enumerate(zip(expected, actual, strict=True))
        for name in want
        if not name.startswith("_") and not same(want[name], got[name])
    ]


def agree(view: View, model: naive.Log, *, keys: Sequence[tuple[str, ...]]) -> None:
    """Account, listings, totals of program and model, and their reports by these keys, compared."""
    naive.check_buckets(model)
    assert buckets(view.log) == model_buckets(model)
    assert view.fold.as_of == model.as_of_ms
    window, tz = view.settings.window, view.settings.tz.key
    limits: dict[str, Any] = {"since_ms": window.since, "until_ms": window.until}
    assert differences(naive.conversations(model, **limits), rows(view, "conversations")) == []
    assert differences(naive.attempts(model, **limits), rows(view, "chats")) == []
    assert differences(naive.sessions(model, **limits), rows(view, "sessions")) == []
    for by in map(list, keys):
        if "agent" not in by and "last-step" not in by:
            assert (
                differences(naive.completion(model, by, tz, **limits), rows(view, "completion", by))
                == []
            ), by
        if "agent" not in by:
            assert (
                differences(
                    naive.abandonment(model, by, tz, **limits), rows(view, "abandonment", by)
                )
                == []
            ), by
        if "last-step" not in by:
            assert (
                differences(naive.live_chat(model, by, tz, **limits), rows(view, "live-chat", by))
                == []
            ), by
    for report, figures in (
        ("completion", naive.completion_total(model, **limits)),
        ("abandonment", naive.abandonment_total(model, **limits)),
        ("live-chat", naive.live_chat_total(model, **limits)),
    ):
        assert {
            k: v for k, v in figures.items() if not same(v, total(view, report, ["day"])[k])
        } == {}
