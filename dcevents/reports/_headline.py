"""The figures above the tables of the summary, as sentences of a few words."""

from collections.abc import Mapping
from typing import Any

from dcevents.show import duration, number, percent


def headline(
    completion: Mapping[str, Any], abandonment: Mapping[str, Any], chats: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """Label and text of each line, from the totals of the three reports."""
    base = completion["engaged"] - completion["open"]
    contacts = f"{number(completion['emails'])} e-mails, {number(completion['phones'])} phone numbers"
    lines = [
        ("Sessions", f"{number(completion['sessions'])} in {number(completion['triggered'])} conversations shown"),
        ("Engagement", f"{percent(completion['engagement_rate'])} ({number(completion['engaged'])} engaged)"),
        (
            "Completion",
            f"{percent(completion['completion_rate'])} ({number(completion['completed'])} of {number(base)} that are over)",
        ),
        (
            "Abandonment",
            f"{percent(abandonment['abandonment_rate'])} ({number(abandonment['abandoned'])}, "
            f"{number(abandonment['abandoned_with_contact'])} of them left a contact)",
        ),
        ("Contacts", contacts),
        ("Meetings", number(completion["meetings"])),
    ]
    if chats["requests"]:
        lines.append(
            (
                "Live chat",
                f"{percent(chats['acceptance_rate'])} of {number(chats['requests'])} requests accepted, "
                f"{number(chats['missed'])} missed, median wait {duration(chats['median_wait_seconds'])}",
            )
        )
    return lines
