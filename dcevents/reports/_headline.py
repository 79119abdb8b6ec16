"""The figures above the tables of the summary, as sentences of a few words."""

from collections.abc import Mapping
from typing import Any

from dcevents.show import duration, number, percent, things


def headline(
    completion: Mapping[str, Any], abandonment: Mapping[str, Any], chats: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """Label and text of each line, from the totals of the three reports."""
    base = completion["engaged"] - completion["open"]
    over = f"{number(completion['completed'])} of {number(base)} engaged and over"
    contact = number(abandonment["abandoned_with_contact"])
    left = f"{number(abandonment['abandoned'])} of {number(base)}; {contact} of them left a contact"
    rest = f"{number(abandonment['served'])} served by an agent, {number(abandonment['booked'])} booked a meeting"
    lines = [
        (
            "Sessions",
            f"{number(completion['sessions'])} ({things(completion['triggered'], 'conversation')} shown)",
        ),
        (
            "Engagement",
            f"{_rate(completion, 'engagement_rate')} ({number(completion['engaged'])} engaged)",
        ),
        ("Completion", f"{_rate(completion, 'completion_rate')} ({over})"),
        ("Abandonment", f"{_rate(abandonment, 'abandonment_rate')} ({left})"),
        ("Otherwise", f"{rest}, {number(completion['open'])} still open"),
        (
            "Contacts",
            f"{things(completion['emails'], 'e-mail')}, {things(completion['phones'], 'phone number')}",
        ),
        ("Meetings", number(completion["meetings"])),
    ]
    if chats["requests"]:
        accepted = (
            f"{_rate(chats, 'acceptance_rate')} of {things(chats['requests'], 'request')} accepted"
        )
        wait = f"median wait {duration(chats['median_wait_seconds'])}"
        lines.append(("Live chat", f"{accepted}, {number(chats['missed'])} missed, {wait}"))
    return lines


def _rate(figures: Mapping[str, Any], name: str) -> str:
    """`39.9 %`, with its bounds where they were asked for: `39.9 % [34.8 %, 45.2 %]`."""
    rate, low, high = (figures.get(each) for each in (name, f"{name}_low", f"{name}_high"))
    return percent(rate) if low is None else f"{percent(rate)} [{percent(low)}, {percent(high)}]"
