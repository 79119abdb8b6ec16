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
        ("Sessions", f"{number(completion['sessions'])} ({things(completion['triggered'], 'conversation')} shown)"),
        ("Engagement", f"{percent(completion['engagement_rate'])} ({number(completion['engaged'])} engaged)"),
        ("Completion", f"{percent(completion['completion_rate'])} ({over})"),
        ("Abandonment", f"{percent(abandonment['abandonment_rate'])} ({left})"),
        ("Otherwise", f"{rest}, {number(completion['open'])} still open"),
        ("Contacts", f"{things(completion['emails'], 'e-mail')}, {things(completion['phones'], 'phone number')}"),
        ("Meetings", number(completion["meetings"])),
    ]
    if chats["requests"]:
        accepted = f"{percent(chats['acceptance_rate'])} of {things(chats['requests'], 'request')} accepted"
        wait = f"median wait {duration(chats['median_wait_seconds'])}"
        lines.append(("Live chat", f"{accepted}, {number(chats['missed'])} missed, {wait}"))
    return lines
