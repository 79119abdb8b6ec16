"""The tables of the summary, and the headline above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from dcevents.reports._for_people import describe_total_changes
from dcevents.show import format_count, format_duration, format_number, format_percent

if TYPE_CHECKING:
    from dcevents.analysis.view import View
    from dcevents.reports._report import Report
    from dcevents.tables import Table


def make_summary(view: View, parts: Sequence[Report]) -> list[Table]:
    """Return the tables of the parts, the first with the headline."""

    def make_part(part: Report) -> list[Table]:
        return part.make_tables(view, (part.default_by or "all",))

    # First the frames that the parts share, so that each is made once; then no part keeps all
    # processors busy by itself.
    view.fill_caches()
    with ThreadPoolExecutor(len(parts)) as pool:
        tables = [table for made in pool.map(make_part, parts) for table in made]
    headline = build_headline(*(table.total or {} for table in tables))
    if view.settings.compared is not None:
        headline += dict(line for table in tables for line in describe_total_changes(table)).items()
    tables[0].headline = headline
    return tables


def build_headline(
    completion: Mapping[str, Any], abandonment: Mapping[str, Any], chats: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """Return label and text of each line, from three totals."""
    base = completion["engaged"] - completion["open"]
    sessions = format_number(completion["sessions"])
    shown = format_count(completion["triggered"], "conversation")
    engaged = format_number(completion["engaged"])
    over = f"{format_number(completion['completed'])} of {format_number(base)} engaged and over"
    contact = format_number(abandonment["abandoned_with_contact"])
    left = f"{format_number(abandonment['abandoned'])} of {format_number(base)}"
    served = f"{format_number(abandonment['served'])} served by an agent"
    booked = f"{format_number(abandonment['booked'])} booked a meeting"
    emails = format_count(completion["emails"], "e-mail")
    phones = format_count(completion["phones"], "phone number")
    abandoned = _format_rate(abandonment, "abandonment_rate")
    lines = [
        ("Sessions", f"{sessions} ({shown} shown)"),
        ("Engagement", f"{_format_rate(completion, 'engagement_rate')} ({engaged} engaged)"),
        ("Completion", f"{_format_rate(completion, 'completion_rate')} ({over})"),
        ("Abandonment", f"{abandoned} ({left}; {contact} of them left a contact)"),
        ("Otherwise", f"{served}, {booked}, {format_number(completion['open'])} still open"),
        ("Contacts", f"{emails}, {phones}"),
        ("Meetings", format_number(completion["meetings"])),
    ]
    if chats["requests"]:
        lines.append(("Live chat", _describe_chats(chats)))
    return lines


def _describe_chats(chats: Mapping[str, Any]) -> str:
    requests = format_count(chats["requests"], "request")
    wait = format_duration(chats["median_wait_seconds"])
    missed = format_number(chats["missed"])
    rate = _format_rate(chats, "acceptance_rate")
    return f"{rate} of {requests} accepted, {missed} missed, median wait {wait}"


def _format_rate(figures: Mapping[str, Any], name: str) -> str:
    """Return `39.9 %`, with `[34.8 %, 45.2 %]` where intervals are shown."""
    rate, low, high = (figures.get(each) for each in (name, f"{name}_low", f"{name}_high"))
    if low is None:
        return format_percent(rate)
    return f"{format_percent(rate)} [{format_percent(low)}, {format_percent(high)}]"
