"""What `check` says to people: what stands out, a line for everything, and details where there are some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import starmap
from typing import TYPE_CHECKING

from dcevents.show import duration, local_time, number, percent, shortened, things
from dcevents.tables import Column, Section, Table

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from dcevents.analysis.quality import Order, Quality, Spread, Starts
    from dcevents.analysis.view import View
    from dcevents.reading.log import Account, Log

_NOTABLE = 20
"""One in so many conversations may have lost its beginning without a word."""
_SHOWN = 10
"""The most details of one kind."""

_FORMS = {
    "iso_utc": "ISO 8601 with Z",
    "iso_offset": "ISO 8601 with an offset",
    "iso_local": "ISO 8601 without a zone (read as UTC)",
    "epoch_seconds": "seconds since 1970",
    "epoch_milliseconds": "milliseconds since 1970",
    "epoch_microseconds": "microseconds since 1970",
    "epoch_nanoseconds": "nanoseconds since 1970",
    "unreadable": "unreadable",
    "absent": "absent",
}

_READINGS = {
    "too_few": "Too few TIMEOUTs to tell what they mean here.",
    "request": "Here TIMEOUT means that the request timed out: no agent took it in the time that Dynamic Chat allows "
    "(100 s, and as long again for each further agent). `missed` counts what it says.",
    "visitor": "Here TIMEOUT means that the visitor stopped answering or dropped: it seldom comes when Dynamic Chat "
    "gives up looking for an agent (100, 200 or 300 s). `missed` may hold visitors who left while they waited.",
    "both": "Here TIMEOUT means either: that no agent took the request (about 100, 200 or 300 s after it), or that "
    "the visitor stopped answering. dcevents tells them apart by whether an agent had accepted.",
}


def findings(log: Log, quality: Quality) -> dict[str, str]:
    """What stands out, in words, by name."""
    from dcevents.reading.account import unusable  # noqa: PLC0415 - polars

    account, starts, coverage = log.account, quality.starts, quality.coverage
    rejected, unknown = sum(account.rejected.values()), account.tally["unknown_event"]
    cut_off = sum(each.lacks is not None for each in log.inputs)
    empty_days = sum(days for *_, days in coverage.gaps)
    unreadable, local = account.untimed - account.future, quality.forms.get("iso_local", 0)
    found = {
        "no_event": (unusable(log), "no line is an event of Dynamic Chat"),
        "cut_off": (cut_off, f"{things(cut_off, 'input')} cut off"),
        "rejected": (rejected, f"{things(rejected, 'line')} rejected"),
        "unknown_events": (unknown, f"{things(unknown, 'line')} of unknown events"),
        "untimed": (
            unreadable,
            f"{things(unreadable, 'event')} without a timestamp that can be read",
        ),
        "future": (account.future, f"{things(account.future, 'timestamp')} in the future"),
        "no_zone": (local, f"{things(local, 'timestamp')} without a zone"),
        "start_not_seen": (
            starts.start_not_seen * _NOTABLE > starts.conversations,
            f"{things(starts.start_not_seen, 'conversation')} without TRIGGERED",
        ),
        "engagement_implied": (
            starts.engagement_implied * _NOTABLE > starts.engaged,
            f"{things(starts.engagement_implied, 'engaged conversation')} without ENGAGED",
        ),
        "sessions_over_24_hours": (
            quality.sessions.over_a_day,
            f"{things(quality.sessions.over_a_day, 'session')} longer than 24 hours",
        ),
        "days_without_events": (empty_days, f"{things(empty_days, 'day')} without any event"),
        "feed_stopped": (quality.feed.stopped, "an unusually long silence since the last event"),
    }
    return {name: words for name, (stands_out, words) in found.items() if stands_out}


def sections(view: View, quality: Quality, found: Mapping[str, str]) -> list[Section]:
    """The document: headline and a line for everything; then details."""
    from dcevents.reading.recognised import in_words  # noqa: PLC0415 - polars

    account = view.log.account
    headline = f"Worth a look: {'; '.join(found.values())}." if found else "Nothing stands out."
    read_as = in_words(view.log)
    lines = [("Envelope", read_as.removeprefix("read as: "))] if read_as else []
    lines += [("Records", _records(account))] if account.records else []
    lines += _lines_of_events(view, quality) if account.events else []
    first = Section("", [headline if account.records else "The input is empty."])
    return [first, *([Section("", figures=lines)] if lines else []), *_details(view, quality)]


def _records(account: Account) -> str:
    parts = {
        "duplicates (said again, counted once)": account.duplicates,
        "of the widget itself": account.tally["widget_ready"],
        "of unknown events": account.tally["unknown_event"],
        "later than --as-of": account.tally["later"],
        "blank": account.tally["blank"],
        "incomplete": account.tally["incomplete"],
        "rejected": sum(account.rejected.values()),
    }
    shown = [
        things(account.events, "event"),
        *(f"{number(n)} {name}" for name, n in parts.items() if n),
    ]
    reasons = ", ".join(f"{number(n)} {reason}" for reason, n in account.rejected.items() if n)
    return f"{number(account.records)} = {' + '.join(shown)}" + (f" ({reasons})" if reasons else "")


def _lines_of_events(view: View, quality: Quality) -> list[tuple[str, str]]:
    sessions = quality.sessions
    return [
        *_of_lines(view.log.account, quality),
        *_starts(quality.starts),
        ("Sessions", _of(sessions.over_a_day, sessions.sessions, "longer than 24 hours")),
        ("Names", _names(quality)),
        *_times(quality, view.settings.tz),
    ]


def _of_lines(account: Account, quality: Quality) -> list[tuple[str, str]]:
    if quality.order is None:
        return [
            (
                "Lines",
                "their order, and how their timestamps are written, are not known of a store without events",
            )
        ]
    return [
        ("Timestamps", _timestamps(account, quality)),
        ("Order", _order(account, quality.order)),
    ]


def _timestamps(account: Account, quality: Quality) -> str:
    shown = sorted(((n, name) for name, n in quality.forms.items() if n), key=lambda pair: -pair[0])
    if len(shown) == 1:
        text = f"all {_FORMS[shown[0][1]]}"
    else:
        text = ", ".join(f"{number(n)} {_FORMS[name]}" for n, name in shown)
    if account.future:
        share = percent(account.future / account.events)
        text += (
            f"; {number(account.future)} ({share}) more than a day after the clock, so not believed"
        )
    return text


def _order(account: Account, order: Order) -> str:
    if not order.events:
        return "no event is earlier than one on a line before it"
    share = percent(order.events / account.events)
    back = duration((order.step_back or 0) / 1000)
    return f"{number(order.events)} ({share}) earlier than one on a line before, by {back} at most"


def _starts(starts: Starts) -> list[tuple[str, str]]:
    seen = _lacking(starts.start_not_seen, starts.conversations, "conversation", "TRIGGERED")
    implied = _lacking(starts.engagement_implied, starts.engaged, "engaged conversation", "ENGAGED")
    return [
        ("Starts", seen),
        ("Engagement", implied if starts.engaged else "no conversation is engaged"),
    ]


def _lacking(part: int, whole: int, name: str, event: str) -> str:
    if not part:
        return f"every {name} has {event}"
    return f"{number(part)} of {things(whole, name)} ({percent(part / whole)}) without {event}: told from what followed"


def _of(part: int, whole: int, words: str) -> str:
    return (
        f"{number(part)} of {number(whole)} ({percent(part / whole)}) {words}"
        if part
        else f"none {words}"
    )


def _names(quality: Quality) -> str:
    if not quality.ids and not quality.agents:
        return "one for each conversation id and agent"
    ids, agents = things(len(quality.ids), "conversation id"), things(len(quality.agents), "agent")
    return f"several for {' and '.join(t for t, n in ((ids, quality.ids), (agents, quality.agents)) if n)}"


def _times(quality: Quality, tz: ZoneInfo) -> list[tuple[str, str]]:
    coverage = quality.coverage
    if coverage.last is None:
        return []
    days = ("Days", _of(sum(days for *_, days in coverage.gaps), coverage.days, "without events"))
    silences = [
        f"{duration((end - start) / 1000)} from {_minute(start, tz)}"
        for start, end in coverage.silences
    ]
    longest = [("Silences", f"the longest {'; '.join(silences)}")] if silences else []
    return [days, *longest, ("Since then", _feed(quality))]


def _minute(ms: int, tz: ZoneInfo) -> str:
    return (local_time(ms, tz) or "")[:16]


def _feed(quality: Quality) -> str:
    silent, usual = duration((quality.feed.silent or 0) / 1000), quality.coverage.usual
    if quality.feed.stopped:
        return (
            f"nothing for {silent}, the longest silence of four weeks being {duration((usual or 0) / 1000)}: if the "
            "log is still written, its feed has stopped"
        )
    return f"nothing for {silent}" + ("" if usual is None else ", which is not unusual")


def _details(view: View, quality: Quality) -> list[Section]:
    account, names = view.log.account, [each.name for each in view.log.inputs]
    unknown = account.unknown_names()
    rejects = [f"{each.file}:{each}: {each.reason}" for each in account.rejects]
    untimed = [f"{names[file]}:{line}: {form}" for file, line, form in quality.untimed]
    long = [f"{shortened(sid)} ({duration(ms / 1000)})" for sid, ms in quality.sessions.longest]
    gaps = [
        f"{first}" if first == last else f"{first} to {last}"
        for first, last, _ in quality.coverage.gaps
    ]
    lists = {
        "Inputs cut off": [f"{each.name}: {each.lacks}" for each in view.log.inputs if each.lacks],
        "First rejected lines": rejects,
        "Unknown events": [f"{shortened(name)} ({number(n)})" for name, n in unknown.items()],
        "First events without a usable timestamp": untimed,
        "Sessions longer than 24 hours": long,
        "Ids with several names": list(starmap(_named, quality.ids)),
        "Agents with several names": list(starmap(_named, quality.agents)),
        "Days without events": gaps,
    }
    totals = {
        "First rejected lines": sum(account.rejected.values()),
        "First events without a usable timestamp": 0,
    }
    found = [
        _list(title, lines, totals.get(title, len(lines)))
        for title, lines in lists.items()
        if lines
    ]
    return [*found, *_timeouts(quality)]


def _named(key: str, names: Sequence[str]) -> str:
    more = ", …" if len(names) > _SHOWN else ""
    return f"{shortened(key)}: {', '.join(map(shortened, names[:_SHOWN]))}{more}"


def _list(title: str, lines: Sequence[str], total: int) -> Section:
    more = total - min(len(lines), _SHOWN)
    return Section(title, [*lines[:_SHOWN], *([f"… and {number(more)} more"] if more > 0 else [])])


def _timeouts(quality: Quality) -> list[Section]:
    spreads = {
        "the request": quality.timeouts.requested,
        "an agent accepted": quality.timeouts.initiated,
    }
    if not any(spread.timeouts for spread in spreads.values()):
        return []
    return [
        Section(
            "What TIMEOUT means here", [_READINGS[quality.timeouts.reading]], table=_table(spreads)
        )
    ]


def _table(spreads: Mapping[str, Spread]) -> Table:
    import polars as pl  # noqa: PLC0415 - not before a report is made

    from dcevents.analysis.quality import PEAKS  # noqa: PLC0415

    rows = [
        {
            "since": since,
            "timeouts": spread.timeouts,
            "median": None if (median := spread.quantile(0.5)) is None else median / 1000,
            **{f"near_{peak}": spread.near(peak) for peak in PEAKS},
            "elsewhere": spread.known.len() - sum(map(spread.near, PEAKS)),
        }
        for since, spread in spreads.items()
    ]
    columns = [
        Column("since", "text", "After"),
        Column("timeouts", "count", "TIMEOUTs"),
        Column("median", "seconds", "Median"),
        *(Column(f"near_{peak}", "count", f"{peak}\u00a0s") for peak in PEAKS),
        Column("elsewhere", "count", "Other"),
    ]
    return Table("timeouts", columns, pl.DataFrame(rows, schema_overrides={"median": pl.Float64}))
