"""The tables of the summary, and the headline above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from dcevents.reports._for_people import describe_total_changes
from dcevents.reports._grouping import group_same_rows
from dcevents.show import format_count, format_duration, format_number, format_percent

if TYPE_CHECKING:
    from dcevents.analysis.view import View
    from dcevents.reports._grouping import Grouping
    from dcevents.tables import Table


def make_summary(view: View, rows: Sequence[Sequence[Grouping]]) -> list[Table]:
    """Return the tables of groupings, beside each other those of the same rows.

    The first has the headline.
    """

    def make_tables(groupings: Sequence[Grouping]) -> list[Table]:
        return group_same_rows(groupings, view, (groupings[0].default_by,))

    # First what they share, so that it is read once.
    view.fill_caches()
    with ThreadPoolExecutor(len(rows)) as pool:
        tables = [table for made in pool.map(make_tables, rows) for table in made]
    headline = build_headline(*(table.total or {} for table in tables))
    if view.settings.compared is not None:
        changes = filter(None, map(describe_total_changes, tables))
        headline.append(("Changes", "; ".join(changes)))
    tables[0].headline = headline
    return tables


def build_headline(
    completion: Mapping[str, Any], abandonment: Mapping[str, Any], chats: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """Return label and text of each line, from three totals."""
    base = format_number(completion["engaged"] - completion["open"])
    sessions = format_number(completion["sessions"])
    shown = format_count(completion["triggered"], "conversation")
    engaged = format_number(completion["engaged"])
    still_open = f" ({format_number(completion['open'])} more still open)"
    over = f"{base} engaged{still_open if completion['open'] else ''}"
    completed = format_number(completion["completed"])
    abandoned = format_number(abandonment["abandoned"])
    contact = format_number(abandonment["abandoned_with_contact"])
    lines = [
        ("Sessions", f"{sessions}, with {shown}"),
        ("Engagement", _join_rate(completion, "engagement_rate", f"{engaged} of {shown}")),
        ("Completion", _join_rate(completion, "completion_rate", f"{completed} of {over}")),
        (
            "Abandonment",
            _join_rate(
                abandonment,
                "abandonment_rate",
                f"{abandoned} of {base}; {contact} of these left an e-mail or phone number",
            ),
        ),
        (
            "Otherwise",
            (
                f"{format_number(abandonment['served'])} of {base} were served by an agent, "
                f"{format_number(abandonment['booked'])} only booked a meeting"
            ),
        ),
        (
            "Contacts",
            (
                f"{format_number(completion['emails'])} gave an e-mail, "
                f"{format_number(completion['phones'])} a phone number; "
                f"{format_count(completion['meetings'], 'meeting')} booked in all"
            ),
        ),
    ]
    if chats["requests"]:
        lines.append(("Live chat", _describe_chats(chats)))
    return lines


def _describe_chats(chats: Mapping[str, Any]) -> str:
    final = chats["requests"] - chats["waiting"]
    waiting = f" ({format_number(chats['waiting'])} more waiting)" if chats["waiting"] else ""
    accepted = f"{format_number(chats['accepted'])} of {format_count(final, 'request')}{waiting}"
    missed = format_number(chats["missed"])
    wait = format_duration(chats["median_wait_seconds"])
    return _join_rate(
        chats, "acceptance_rate", f"{accepted} accepted, {missed} missed; median wait {wait}"
    )


def _join_rate(figures: Mapping[str, Any], name: str, words: str) -> str:
    """Return `39.9 %: 134 of 336 engaged`."""
    return f"{_format_rate(figures, name)}: {words}"


def _format_rate(figures: Mapping[str, Any], name: str) -> str:
    """Return `39.9 %`, with `[34.8 %, 45.2 %]` where intervals are shown."""
    rate, low, high = (figures.get(each) for each in (name, f"{name}_low", f"{name}_high"))
    if low is None:
        return format_percent(rate)
    return f"{format_percent(rate)} [{format_percent(low)}, {format_percent(high)}]"
