"""The words of `check`: a headline, lines, and details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import starmap
from typing import TYPE_CHECKING

import polars as pl

from dcevents.analysis.account_words import explain_unusable
from dcevents.analysis.quality import PEAK_SECONDS
from dcevents.analysis.recognition import describe_recognition, is_all_canonical, list_envelopes
from dcevents.native import describe_scanner
from dcevents.reading.account import REASON_WORDS, Account
from dcevents.reading.hinting.finding import LATIN_HINT
from dcevents.show import (
    format_count,
    format_duration,
    format_local_time,
    format_number,
    format_percent,
    shorten_name,
)
from dcevents.tables import Column, Section, Table

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from dcevents.analysis.quality import LineOrder, Quality, Starts, TimeoutDelays
    from dcevents.analysis.view import View
    from dcevents.reading.log import Log

_NOTABLE_ONE_IN = 20
"""One in so many conversations may have lost its beginning without a finding."""
_MAX_SHOWN_DETAILS = 10
"""Lines of details of one kind."""

_TIMESTAMP_FORMS = {
    "iso_utc": "ISO 8601 with Z",
    "iso_offset": "ISO 8601 with an offset",
    "iso_local": "ISO 8601 without a zone (read as UTC)",
    "epoch_seconds": "seconds since 1970",
    "epoch_milliseconds": "milliseconds since 1970",
    "epoch_microseconds": "microseconds since 1970",
    "epoch_nanoseconds": "nanoseconds since 1970",
    "access_log": "as in access logs",
    "rfc_5322": "as in mails and HTTP headers (RFC 5322)",
    "javascript": "as JavaScript shows dates",
    "unreadable": "unreadable",
    "absent": "absent",
    "prefix": "in the text before the record",
}

_TIMEOUT_READINGS = {
    "too_few": "Too few TIMEOUTs to tell what they mean here.",
    "request": "Here TIMEOUT means that the request timed out: no agent took it in the time that "
    "Dynamic Chat allows (100 s, and as long again for each further agent). `missed` counts what "
    "it says.",
    "visitor": "Here TIMEOUT means that the visitor stopped answering or dropped: it seldom comes "
    "when Dynamic Chat gives up looking for an agent (100, 200 or 300 s). `missed` may hold "
    "visitors who left while they waited.",
    "both": "Here TIMEOUT means either: that no agent took the request (about 100, 200 or 300 s "
    "after it), or that the visitor stopped answering. dcevents tells them apart by whether an "
    "agent had accepted.",
}


def list_findings(log: Log, quality: Quality) -> dict[str, str]:
    """Return the findings in words, by name."""
    account, starts, coverage = log.account, quality.starts, quality.coverage
    rejected, unknown = sum(account.rejected.values()), account.tally["unknown_event"]
    cut_off = sum(each.unread_reason is not None for each in log.inputs)
    empty_days = sum(days for *_, days in coverage.gaps)
    unreadable = account.untimed - account.future - account.ancient
    local = quality.timestamp_forms.get("iso_local", 0)
    long_sessions = quality.sessions.over_a_day
    unstarted, implied = starts.start_not_seen, starts.engagement_implied
    found = {
        "no_event": (explain_unusable(log), "no line is an event of Dynamic Chat"),
        "cut_off": (cut_off, f"{format_count(cut_off, 'input')} not read to the end"),
        "rejected": (rejected, f"{format_count(rejected, 'line')} rejected"),
        "unknown_events": (unknown, f"{format_count(unknown, 'line')} of unknown events"),
        "untimed": (
            unreadable,
            f"{format_count(unreadable, 'event')} without a timestamp that can be read",
        ),
        "future": (account.future, f"{format_count(account.future, 'timestamp')} in the future"),
        "ancient": (account.ancient, f"{format_count(account.ancient, 'timestamp')} before 2015"),
        "no_zone": (local, f"{format_count(local, 'timestamp')} without a zone"),
        "start_not_seen": (
            unstarted * _NOTABLE_ONE_IN > starts.conversations,
            f"{format_count(unstarted, 'conversation')} without TRIGGERED",
        ),
        "engagement_implied": (
            implied * _NOTABLE_ONE_IN > starts.engaged,
            f"{format_count(implied, 'engaged conversation')} without ENGAGED",
        ),
        "sessions_over_24_hours": (
            long_sessions,
            f"{format_count(long_sessions, 'session')} longer than 24 hours",
        ),
        "days_without_events": (empty_days, f"{format_count(empty_days, 'day')} without any event"),
        "feed_stopped": (
            quality.feed.has_stopped,
            "an unusually long silence since the last event",
        ),
    }
    return {name: words for name, (stands_out, words) in found.items() if stands_out}


def build_sections(view: View, quality: Quality, found: Mapping[str, str]) -> list[Section]:
    """Return the headline and a line for everything, then details."""
    account = view.log.account
    headline = f"Worth a look: {'; '.join(found.values())}." if found else "Nothing stands out."
    read_as = describe_recognition(view.log)
    lines = [("Envelope", read_as.removeprefix("read as: "))] if read_as else []
    lines += [("Records", _describe_records(account))] if account.records else []
    lines += _describe_events(view, quality) if account.events else []
    lines += [("Read by", f"the {describe_scanner()}")] if account.records else []
    first = Section("", [headline if account.records else "The input is empty."])
    return [first, *([Section("", figures=lines)] if lines else []), *_list_details(view, quality)]


def _describe_records(account: Account) -> str:
    parts = {
        "duplicates (repeated, counted once)": account.duplicates,
        "of the widget itself": account.tally["widget_ready"],
        "of unknown events": account.tally["unknown_event"],
        "later than --as-of": account.tally["later"],
        "blank": account.tally["blank"],
        "incomplete": account.tally["incomplete"],
        "rejected": sum(account.rejected.values()),
    }
    shown = [
        format_count(account.events, "event"),
        *(f"{format_number(n)} {name}" for name, n in parts.items() if n),
    ]
    reasons = ", ".join(
        f"{format_number(n)} {REASON_WORDS[reason]}" for reason, n in account.rejected.items() if n
    )
    total = f"{format_number(account.records)} = {' + '.join(shown)}"
    return f"{total} ({reasons})" if reasons else total


def _describe_events(view: View, quality: Quality) -> list[tuple[str, str]]:
    sessions = quality.sessions
    long_sessions = _describe_share(sessions.over_a_day, sessions.sessions, "longer than 24 hours")
    return [
        *_describe_lines(view.log.account, quality),
        *_describe_starts(quality.starts),
        ("Sessions", long_sessions),
        ("Names", _describe_names(quality)),
        *_describe_times(quality, view.settings.tz),
    ]


def _describe_lines(account: Account, quality: Quality) -> list[tuple[str, str]]:
    if quality.order is None:
        unknown = "order and forms of timestamps are unknown: the store keeps no events"
        return [("Lines", unknown)]
    return [
        ("Timestamps", _describe_timestamps(account, quality)),
        ("Order", _describe_order(account, quality.order)),
    ]


def _describe_timestamps(account: Account, quality: Quality) -> str:
    shown = sorted(
        ((n, name) for name, n in quality.timestamp_forms.items() if n), key=lambda pair: -pair[0]
    )
    if len(shown) == 1:
        text = f"all {_TIMESTAMP_FORMS[shown[0][1]]}"
    else:
        text = ", ".join(f"{format_number(n)} {_TIMESTAMP_FORMS[name]}" for n, name in shown)
    if account.future:
        share = format_percent(account.future / account.events)
        future = f"{format_number(account.future)} ({share})"
        text += f"; {future} more than a day after the clock, so not believed"
    if account.ancient:
        share = format_percent(account.ancient / account.events)
        ancient = f"{format_number(account.ancient)} ({share})"
        text += f"; {ancient} before 2015, so not believed"
    return text


def _describe_order(account: Account, order: LineOrder) -> str:
    if not order.out_of_order:
        return "no event is earlier than one on a line before it"
    share = format_percent(order.out_of_order / account.events)
    back = format_duration((order.step_back_ms or 0) / 1000)
    events = f"{format_number(order.out_of_order)} ({share})"
    return f"{events} earlier than one on a line before, by {back} at most"


def _describe_starts(starts: Starts) -> list[tuple[str, str]]:
    seen = _describe_lacking(
        starts.start_not_seen, starts.conversations, "conversation", "TRIGGERED"
    )
    implied = _describe_lacking(
        starts.engagement_implied, starts.engaged, "engaged conversation", "ENGAGED"
    )
    return [
        ("Starts", seen),
        ("Engagement", implied if starts.engaged else "no conversation is engaged"),
    ]


def _describe_lacking(part: int, whole: int, name: str, event: str) -> str:
    if not part:
        return f"every {name} has {event}"
    share = format_percent(part / whole)
    found = f"{format_number(part)} of {format_count(whole, name)} ({share})"
    return f"{found} without {event}: inferred from what followed"


def _describe_share(part: int, whole: int, words: str) -> str:
    if not part:
        return f"none {words}"
    share = format_percent(part / whole)
    return f"{format_number(part)} of {format_number(whole)} ({share}) {words}"


def _describe_names(quality: Quality) -> str:
    counts = {
        "conversation id": len(quality.ids_with_several_names),
        "agent": len(quality.agents_with_several_names),
    }
    several = [format_count(count, name) for name, count in counts.items() if count]
    if not several:
        return "one for each conversation id and agent"
    return f"several for {' and '.join(several)}"


def _describe_times(quality: Quality, tz: ZoneInfo) -> list[tuple[str, str]]:
    coverage = quality.coverage
    if coverage.last_ms is None:
        return []
    empty_days = sum(days for *_, days in coverage.gaps)
    days = ("Days", _describe_share(empty_days, coverage.day_count, "without events"))
    silences = [
        f"{format_duration((end - start) / 1000)} from {_format_minute(start, tz)}"
        for start, end in coverage.silences
    ]
    longest = [("Silences", f"the longest {'; '.join(silences)}")] if silences else []
    return [days, *longest, ("Since then", _describe_feed(quality))]


def _format_minute(ms: int, tz: ZoneInfo) -> str:
    return (format_local_time(ms, tz) or "")[:16]


def _describe_feed(quality: Quality) -> str:
    usual_ms = quality.coverage.usual_silence_ms
    silent = format_duration((quality.feed.silent_ms or 0) / 1000)
    if quality.feed.has_stopped:
        longest = format_duration((usual_ms or 0) / 1000)
        return (
            f"nothing for {silent}, the longest silence of four weeks being {longest}: "
            "if the log is still written, its feed has stopped"
        )
    return f"nothing for {silent}" + ("" if usual_ms is None else ", which is not unusual")


def _list_details(view: View, quality: Quality) -> list[Section]:
    account, names = view.log.account, [each.name for each in view.log.inputs]
    unknown = account.rank_unknown_events()
    rejects = [f"{each.file}:{each}: {each.reason_words}" for each in account.first_rejects]
    if 2 * account.rejected["invalid_utf8"] > sum(account.rejected.values()):
        rejects.append(LATIN_HINT)
    untimed = [f"{names[file]}:{line}: {form}" for file, line, form in quality.untimed_lines]
    long = [
        f"{shorten_name(sid)} ({format_duration(ms / 1000)})"
        for sid, ms in quality.sessions.longest
    ]
    gaps = [
        f"{first}" if first == last else f"{first} to {last}"
        for first, last, _ in quality.coverage.gaps
    ]
    envelopes = [] if is_all_canonical(view.log) else list_envelopes(view.log)
    lists = {
        "Where records keep their events": envelopes,
        "Files passed over": [f"{each.name}: {each.reason}" for each in view.log.skipped],
        "Inputs cut off": [
            f"{each.name}: {each.unread_reason}" for each in view.log.inputs if each.unread_reason
        ],
        "First rejected lines": rejects,
        "Unknown events": [
            f"{shorten_name(name)} ({format_number(n)})" for name, n in unknown.items()
        ],
        "First events without a usable timestamp": untimed,
        "Sessions longer than 24 hours": long,
        "Ids with several names": list(starmap(_format_names, quality.ids_with_several_names)),
        "Agents with several names": list(
            starmap(_format_names, quality.agents_with_several_names)
        ),
        "Days without events": gaps,
    }
    totals = {
        "First rejected lines": sum(account.rejected.values()),
        "First events without a usable timestamp": 0,
    }
    found = [
        _make_list_section(title, lines, totals.get(title, len(lines)))
        for title, lines in lists.items()
        if lines
    ]
    return [*found, *_make_timeout_sections(quality)]


def _format_names(key: str, names: Sequence[str]) -> str:
    more = ", …" if len(names) > _MAX_SHOWN_DETAILS else ""
    return f"{shorten_name(key)}: {', '.join(map(shorten_name, names[:_MAX_SHOWN_DETAILS]))}{more}"


def _make_list_section(title: str, lines: Sequence[str], total: int) -> Section:
    more = total - min(len(lines), _MAX_SHOWN_DETAILS)
    ending = [f"… and {format_number(more)} more"] if more > 0 else []
    return Section(title, [*lines[:_MAX_SHOWN_DETAILS], *ending])


def _make_timeout_sections(quality: Quality) -> list[Section]:
    spreads = {
        "the request": quality.timeouts.after_request,
        "an agent accepted": quality.timeouts.after_accept,
    }
    if not any(spread.timeout_count for spread in spreads.values()):
        return []
    return [
        Section(
            "What TIMEOUT means here",
            [_TIMEOUT_READINGS[quality.timeouts.reading]],
            table=_make_timeout_table(spreads),
        )
    ]


def _make_timeout_table(spreads: Mapping[str, TimeoutDelays]) -> Table:
    rows = [
        {
            "since": since,
            "timeouts": spread.timeout_count,
            "median": None if (median := spread.compute_quantile(0.5)) is None else median / 1000,
            **{f"near_{peak}": spread.count_near(peak) for peak in PEAK_SECONDS},
            "elsewhere": spread.known_delays.len() - sum(map(spread.count_near, PEAK_SECONDS)),
        }
        for since, spread in spreads.items()
    ]
    columns = [
        Column("since", "text", "After"),
        Column("timeouts", "count", "TIMEOUTs"),
        Column("median", "seconds", "Median"),
        *(Column(f"near_{peak}", "count", f"{peak}\u00a0s") for peak in PEAK_SECONDS),
        Column("elsewhere", "count", "Other"),
    ]
    return Table("timeouts", columns, pl.DataFrame(rows, schema_overrides={"median": pl.Float64}))
