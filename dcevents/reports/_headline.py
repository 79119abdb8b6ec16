"""The figures above the tables of the summary, as sentences of a few words."""

from collections.abc import Mapping
from typing import Any

from dcevents.show import format_count, format_duration, format_number, format_percent


def build_headline(
    completion: Mapping[str, Any], abandonment: Mapping[str, Any], chats: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """Label and text of each line, from the totals of the three reports."""
    base = completion["engaged"] - completion["open"]
    over = f"{format_number(completion['completed'])} of {format_number(base)} engaged and over"
    contact = format_number(abandonment["abandoned_with_contact"])
    left = f"{format_number(abandonment['abandoned'])} of {format_number(base)}; {contact} of them left a contact"
    rest = f"{format_number(abandonment['served'])} served by an agent, {format_number(abandonment['booked'])} booked a meeting"
    lines = [
        (
            "Sessions",
            f"{format_number(completion['sessions'])} ({format_count(completion['triggered'], 'conversation')} shown)",
        ),
        (
            "Engagement",
            f"{_format_rate(completion, 'engagement_rate')} ({format_number(completion['engaged'])} engaged)",
        ),
        ("Completion", f"{_format_rate(completion, 'completion_rate')} ({over})"),
        ("Abandonment", f"{_format_rate(abandonment, 'abandonment_rate')} ({left})"),
        ("Otherwise", f"{rest}, {format_number(completion['open'])} still open"),
        (
            "Contacts",
            f"{format_count(completion['emails'], 'e-mail')}, {format_count(completion['phones'], 'phone number')}",
        ),
        ("Meetings", format_number(completion["meetings"])),
    ]
    if chats["requests"]:
        accepted = f"{_format_rate(chats, 'acceptance_rate')} of {format_count(chats['requests'], 'request')} accepted"
        wait = f"median wait {format_duration(chats['median_wait_seconds'])}"
        lines.append(("Live chat", f"{accepted}, {format_number(chats['missed'])} missed, {wait}"))
    return lines


def _format_rate(figures: Mapping[str, Any], name: str) -> str:
    """`39.9 %`, with its bounds where they were asked for: `39.9 % [34.8 %, 45.2 %]`."""
    rate, low, high = (figures.get(each) for each in (name, f"{name}_low", f"{name}_high"))
    return (
        format_percent(rate)
        if low is None
        else f"{format_percent(rate)} [{format_percent(low)}, {format_percent(high)}]"
    )
