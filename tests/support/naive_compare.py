"""The naive model of `--compare`: interface.md, sentence by sentence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from math import sqrt
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import naive
import naive_reports
from naive import EPOCH, MILLISECOND, TIME_KEYS, WEEKDAYS, Log, Row

Z = 1.959963984540054
Span = tuple[int, int]
"""[since, until) in milliseconds."""


class Judged(NamedTuple):
    """A report as it is compared: its measures, rates with their part and base, the main rate."""

    measures: Callable[[list[Row]], Row]
    shares: dict[str, tuple[Callable[[Row], Any], Callable[[Row], Any]]]
    main: str | None
    up: bool = True


def _over(row: Row) -> Any:
    return row["engaged"] - row["open"]


def _final(row: Row) -> Any:
    return row["requests"] - row["waiting"]


def _column(name: str) -> Callable[[Row], Any]:
    return lambda row: row[name]


COMPLETION = Judged(
    naive.completion_row,
    {
        "engagement_rate": (_column("engaged"), _column("triggered")),
        "completion_rate": (_column("completed"), _over),
        "conversion_rate": (_column("emails"), _column("engaged")),
    },
    "completion_rate",
)
ABANDONMENT = Judged(
    naive.abandonment_row,
    {"abandonment_rate": (_column("abandoned"), _over)},
    "abandonment_rate",
    up=False,
)
LIVE_CHAT = Judged(
    naive.live_chat_row,
    {"acceptance_rate": (_column("accepted"), _final)},
    "acceptance_rate",
)


# --- rows of two windows --------------------------------------------------------------------------


def buckets(key: str, span: Span, zone: ZoneInfo) -> list[Any]:
    """The days, weeks or months that a window touches."""
    found: list[Any] = []
    day = (EPOCH + span[0] * MILLISECOND).astimezone(zone).date()
    last = (EPOCH + (span[1] - 1) * MILLISECOND).astimezone(zone).date()
    while day <= last:
        bucket = {
            "day": day.isoformat(),
            "week": (day - timedelta(days=day.weekday())).isoformat(),
            "month": day.isoformat()[:7],
        }[key]
        if bucket not in found:
            found.append(bucket)
        day += timedelta(days=1)
    return found


def placed(
    item: Row, by: list[str], number: int, spans: tuple[Span, Span], zone: ZoneInfo
) -> tuple[tuple[Any, ...], int]:
    """The keys of an item of the first or second window, and 0, or 1 or 2 where its bucket has
    no counterpart.
    """
    values, lone = [], 0
    for key in by:
        value = naive.group_key(key, item, zone)
        if key in ("day", "week", "month") and value is not None:
            both = [buckets(key, span, zone) for span in spans]
            place = both[number].index(value)
            if place < len(both[1 - number]):
                value = both[0][place]
            else:
                lone = number + 1
        values.append(value)
    return tuple(values), lone


def compared(
    sides: tuple[list[Row], list[Row]],
    by: list[str],
    tz: str,
    spans: tuple[Span, Span],
    measures: Callable[[list[Row]], Row],
) -> list[tuple[Row, Row | None, Row | None]]:
    """Key columns, figures, and figures before of each row, in order; None: nothing to do with
    that window.
    """
    zone = ZoneInfo(tz)
    by = [key for key in by if key != "all"]
    groups: dict[tuple[tuple[Any, ...], int], tuple[list[Row], list[Row]]] = {}
    for number, items in enumerate(sides):
        for item in items:
            where = placed(item, by, number, spans, zone)
            groups.setdefault(where, ([], []))[number].append(item)
    if groups and len(by) == 1 and by[0] in TIME_KEYS:
        for values, lone in all_places(by[0], spans, zone):
            groups.setdefault(((values,), lone), ([], []))
    found = []
    for (values, lone), (now, before) in groups.items():
        pairs = list(zip(by, values, strict=True))
        others = [value for key, value in pairs if key not in TIME_KEYS]
        figures = None if lone == 2 else measures(now)
        former = None if lone == 1 else measures(before)
        size = next(iter(figures.values())) if figures is not None else 0
        keys = naive.key_columns(by, values, now)
        names = naive.key_columns(by, values, before)
        order = (
            [naive.time_order(key, value) for key, value in pairs if key in TIME_KEYS],
            None in others,
            -size,
            [naive.nulls_last(value) for value in others],
            lone,
        )
        shown = {k: names[k] if v is None else v for k, v in keys.items()}
        found.append((order, shown, figures, former))
    return [tuple(each[1:]) for each in sorted(found, key=lambda each: each[0])]  # type: ignore[misc]


def all_places(key: str, spans: tuple[Span, Span], zone: ZoneInfo) -> list[tuple[Any, int]]:
    """All buckets by one time key alone, and which window they are of."""
    if key == "hour":
        return [(hour, 0) for hour in range(24)]
    if key == "weekday":
        return [(day, 0) for day in WEEKDAYS]
    now, before = (buckets(key, span, zone) for span in spans)
    count = min(len(now), len(before))
    return [
        *((bucket, 0) for bucket in now[:count]),
        *((bucket, 1) for bucket in now[count:]),
        *((bucket, 2) for bucket in before[count:]),
    ]


# --- changes and verdicts -------------------------------------------------------------------------


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Wilson's 95 % interval."""
    p = part / whole
    middle = (p + Z * Z / (2 * whole)) / (1 + Z * Z / whole)
    half = Z / (1 + Z * Z / whole) * sqrt(p * (1 - p) / whole + Z * Z / (4 * whole * whole))
    return max(0.0, middle - half), min(1.0, middle + half)


def newcombe(now: tuple[int, int], before: tuple[int, int]) -> tuple[float, float] | None:
    """Newcombe's method 10: the interval of a difference of two rates."""
    if not now[1] or not before[1]:
        return None
    (low1, high1), (low2, high2) = wilson(*now), wilson(*before)
    p1, p2 = now[0] / now[1], before[0] / before[1]
    return (
        p1 - p2 - sqrt((p1 - low1) ** 2 + (high2 - p2) ** 2),
        p1 - p2 + sqrt((high1 - p1) ** 2 + (p2 - low2) ** 2),
    )


def verdict(
    counts: tuple[int, int], now: tuple[int, int], before: tuple[int, int], *, up: bool
) -> str:
    """The first that fits."""
    if counts[1] == 0 and counts[0] > 0:
        return "new"
    if counts[0] == 0 and counts[1] > 0:
        return "gone"
    if now[1] < 30 or before[1] < 30:
        return "unclear"
    interval = newcombe(now, before)
    assert interval is not None
    low, high = interval
    if low > 0 or high < 0:
        return "better" if (low > 0) == up else "worse"
    return "same" if low >= -0.05 and high <= 0.05 else "unclear"


def changed(now: Row | None, before: Row | None, judged: Judged) -> Row:
    """The columns of a row, of which both sides are known or one."""
    row: Row = {}
    for name in (now if now is not None else before) or {}:
        if name.startswith("_") or name == "step":
            continue
        value = None if now is None else now[name]
        former = None if before is None else before[name]
        row[name], row[f"{name}_before"] = value, former
        if name.endswith("_at"):
            continue
        lacks_one = value is None or former is None
        row[f"{name}_change"] = None if lacks_one else value - former  # type: ignore[operator]
        if name in judged.shares:
            part, base = judged.shares[name]
            interval = None
            if now is not None and before is not None and base(now) is not None:
                interval = newcombe((part(now), base(now)), (part(before), base(before)))
            for end, bound in zip(("low", "high"), interval or (None, None), strict=True):
                row[f"{name}_change_{end}"] = bound
    if judged.main is not None:
        part, base = judged.shares[judged.main]
        row["verdict"] = None
        if now is not None and before is not None and base(now) is not None:
            first = next(name for name in now if name != "step")
            row["verdict"] = verdict(
                (now[first], before[first]),
                (part(now), base(now)),
                (part(before), base(before)),
                up=judged.up,
            )
    return row


def division(
    sides: tuple[list[Row], list[Row]], judged: Judged
) -> tuple[float | None, float | None]:
    """mix_change and within_change over conversation ids."""
    assert judged.main is not None
    part, base = judged.shares[judged.main]
    ids = {item["conversation_id"] for items in sides for item in items}
    counts = []
    for items in sides:
        rows = {
            each: judged.measures([item for item in items if item["conversation_id"] == each])
            for each in ids
        }
        counts.append({each: (part(row), base(row)) for each, row in rows.items()})
    now, before = counts
    whole_now, whole_before = (sum(base_ for _, base_ in each.values()) for each in counts)
    if not whole_now or not whole_before:
        return None, None
    mix = within = Fraction(0)
    for each in ids:
        (part1, base1), (part0, base0) = now[each], before[each]
        if base1 or base0:
            r1 = Fraction(part1, base1) if base1 else Fraction(part0, base0)
            r0 = Fraction(part0, base0) if base0 else Fraction(part1, base1)
            w1, w0 = Fraction(base1, whole_now), Fraction(base0, whole_before)
            mix += (w1 - w0) * (r0 + r1) / 2
            within += (r1 - r0) * (w0 + w1) / 2
    return float(mix), float(within)


# --- reports --------------------------------------------------------------------------------------


def items_of(log: Log, report: str, span: Span, by: list[str]) -> list[Row]:
    """The conversations or attempts of a window that a report groups."""
    window = {"since_ms": span[0], "until_ms": span[1]}
    if report == "live-chat":
        return naive.attempts(log, **window)
    convs = naive.conversations(log, **window)
    if report == "meetings":
        return naive_reports.meetings_items(convs, by)[0]
    if "last-step" in by:
        return [row for row in convs if row["_abandoned"]]
    return convs


def rows(log: Log, report: str, by: list[str], tz: str, spans: tuple[Span, Span]) -> list[Row]:
    """The rows of a report under `--compare` and `--intervals`, without the bounds of rates."""
    sides = items_of(log, report, spans[0], by), items_of(log, report, spans[1], by)
    if report == "funnel":
        return funnel_rows(sides, by, tz, spans)
    judged = {"completion": COMPLETION, "abandonment": ABANDONMENT, "live-chat": LIVE_CHAT}.get(
        report, meetings_judged(by)
    )
    return [
        {**keys, **changed(now, before, judged)}
        for keys, now, before in compared(sides, by, tz, spans, judged.measures)
    ]


def meetings_judged(by: list[str]) -> Judged:
    """`meetings` by its keys: by agent there is no rate in rows."""
    _, measures = naive_reports.meetings_items([], by)
    if "agent" in by:
        return Judged(measures, {}, None)

    def with_base(items: list[Row]) -> Row:
        return {**measures(items), "_engaged": sum(row["engaged"] for row in items)}

    shares = {"booking_rate": (_column("conversations"), _column("_engaged"))}
    return Judged(with_base, shares, "booking_rate")


def funnel_rows(
    sides: tuple[list[Row], list[Row]], by: list[str], tz: str, spans: tuple[Span, Span]
) -> list[Row]:
    """The rows of `funnel`."""
    judged = Judged(
        naive_reports.funnel_group,
        {
            "of_first": (_column("conversations"), _column("_first")),
            "of_previous": (_column("conversations"), _column("_previous")),
        },
        "of_previous",
    )
    found = []
    for keys, now, before in compared(sides, by, tz, spans, judged.measures):
        for place, step in enumerate(naive_reports.STEPS):
            current, former = (
                None if each is None else each["_steps"][place] for each in (now, before)
            )
            found.append({**keys, **changed(current, former, judged), "step": step})
    return found


def total(log: Log, report: str, spans: tuple[Span, Span], by: list[str]) -> Row:
    """The total of a report under `--compare`."""
    by = [key for key in by if key == "last-step"]
    sides = items_of(log, report, spans[0], by), items_of(log, report, spans[1], by)
    judged = {"completion": COMPLETION, "abandonment": ABANDONMENT, "live-chat": LIVE_CHAT}.get(
        report, meetings_judged([])
    )
    row = changed(judged.measures(sides[0]), judged.measures(sides[1]), judged)
    if report != "meetings":
        row["mix_change"], row["within_change"] = division(sides, judged)
    return row
