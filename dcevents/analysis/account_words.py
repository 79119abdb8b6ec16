"""The account of a log, in words and as JSON."""

import shlex
from collections.abc import Iterable
from typing import Any

from dcevents.model.events import ADOBE_NAMES, KINDS, normalize_name
from dcevents.reading.account import REASON_WORDS, Account
from dcevents.reading.hints import find_hint
from dcevents.reading.log import Log
from dcevents.settings import Tolerance
from dcevents.show import format_count, make_visible

_MAX_NAMES = 2
"""Unknown events, and inputs, that are named in one sentence."""
_MAX_REFUSED_REJECTS = 5
"""Rejected lines that a refusal names; `check` and `--rejects` have more."""
_MAX_UNUSABLE_NAMES = 3
_EXAMPLE_LINE = (
    '{"event":"CONVERSATION_ENGAGED","timestamp":…,"page":…,"data":{"payload":{"id":…,"sid":…}}}'
)


def build_account_json(account: Account) -> dict[str, Any]:
    """Build the `input` object of the JSON format."""
    tally = account.tally
    return {
        "files": account.files,
        "records": account.records,
        "blank": tally["blank"],
        "incomplete": tally["incomplete"],
        "rejected": account.rejected,
        "ignored": {
            "widget_ready": tally["widget_ready"],
            "unknown_event": tally["unknown_event"],
            **account.removed,
        },
        "unknown_events": account.rank_unknown_events(),
        "later": tally["later"],
        "duplicates": account.duplicates,
        "events": account.events,
        "untimed": account.untimed,
        "future": account.future,
        "ancient": account.ancient,
    }


def describe_account(account: Account) -> str:
    """Describe an account in one sentence.

    `12 records = 11 events + 1 rejected (line 3: not JSON)`
    """
    rejected = sum(account.rejected.values())
    terms = [format_count(account.events, "event")]
    terms += [format_count(account.duplicates, "duplicate")] if account.duplicates else []
    others = {
        "ignored": account.ignored,
        "later": account.tally["later"],
        "blank": account.tally["blank"],
        "incomplete": account.tally["incomplete"],
        "rejected": rejected,
    }
    details = {"ignored": _describe_unknown(account), "rejected": _describe_rejects(account)}
    terms += [f"{n:,} {name}{details.get(name, '')}" for name, n in others.items() if n]
    records = format_count(account.records, "record")
    return f"{records} = {' + '.join(terms)}{_describe_untimed(account)}"


def _describe_unknown(account: Account) -> str:
    unknown = account.tally["unknown_event"]
    return f" ({unknown:,} unknown: {_list_unknown_names(account)})" if unknown else ""


def _describe_rejects(account: Account) -> str:
    return f" ({_list_first_rejects(account, _MAX_NAMES)})"


def _describe_untimed(account: Account) -> str:
    if not account.untimed:
        return ""
    future = f", {account.future:,} of them in the future" if account.future else ""
    ancient = f", {account.ancient:,} of them before 2015" if account.ancient else ""
    untimed = format_count(account.untimed, "event")
    return f"; {untimed} without a usable timestamp{future}{ancient}"


def _list_unknown_names(account: Account) -> str:
    names = [make_visible(name) for name in account.rank_unknown_events()]
    return _join_first(names, _MAX_NAMES)


def _join_first(texts: list[str], limit: int, separator: str = ", ") -> str:
    """Join the first texts; `…` stands for the others."""
    return separator.join(texts[:limit]) + (f"{separator}…" if len(texts) > limit else "")


def _list_first_rejects(account: Account, limit: int) -> str:
    first = account.first_rejects[:limit]
    places = [
        f"{make_visible(each.file)}:{each}: {each.reason_words}"
        if account.files > 1
        else f"line {each}: {each.reason_words}"
        for each in first
    ]
    return ", ".join(places) + (", …" if sum(account.rejected.values()) > len(first) else "")


def explain_intolerable(log: Log, tolerance: Tolerance, *, only_lines: bool = False) -> str | None:
    """Explain why a log is not tolerated; None if it is.

    With `only_lines` only lines count that are faulty as such, and not what they say.
    """
    account = log.account
    rejected = account.faulty_lines if only_lines else sum(account.rejected.values())
    found = []
    if not tolerance.allows(rejected, account.records):
        places = _list_first_rejects(account, _MAX_REFUSED_REJECTS)
        records = format_count(account.records, "record")
        found.append(f"{rejected:,} of {records} rejected ({places})")
    if tolerance.is_strict:
        found += _list_strict_faults(log)
    return f"by {tolerance.option}: {'; '.join(found)}" if found else None


def _list_strict_faults(log: Log) -> list[str]:
    """List unknown events and inputs cut short.

    Only a strict tolerance refuses them.
    """
    found = []
    if unknown := log.account.tally["unknown_event"]:
        names = _list_unknown_names(log.account)
        found.append(f"{format_count(unknown, 'unknown event')} ({names})")
    unread = [
        f"{make_visible(result.name)}: {result.unread_reason}"
        for result in log.inputs
        if result.unread_reason
    ]
    if unread:
        inputs = format_count(len(unread), "input")
        found.append(f"{inputs} not read to the end ({_join_first(unread, _MAX_NAMES)})")
    return found


def describe_unrecognised(log: Log, *, named: bool) -> list[str]:
    """Describe inputs that begin with rejected lines and hold no event."""
    hints = {
        number: hint
        for number, samples in log.account.unrecognised_inputs.items()
        if (hint := find_hint(samples))
    }
    shown = [
        f"{make_visible(log.inputs[number].name)}: {hint}" if named else hint
        for number, hint in list(hints.items())[:_MAX_NAMES]
    ]
    return shown + (["… and more"] if len(hints) > len(shown) else [])


def explain_unusable(log: Log) -> str | None:
    """Explain why a log has no event of Dynamic Chat.

    None if it has one, or is empty.
    """
    account = log.account
    tally = account.tally
    lines = account.records - tally["blank"] - tally["incomplete"]
    if tally["event"] or tally["later"] or tally["widget_ready"] or account.removed:
        return None
    if not lines:
        return _explain_foreign(log)
    found = [f"{n:,} {REASON_WORDS[reason]}" for reason, n in account.rejected.items() if n]
    if names := account.rank_unknown_events():
        shown = _join_first([make_visible(name) for name in names], _MAX_UNUSABLE_NAMES)
        count = tally["unknown_event"]
        found.append(f"{count:,} of other events ({shown}): {_advise_on_names(names)}")
    found += describe_unrecognised(log, named=len(log.inputs) > 1)
    return (
        f"no event of Dynamic Chat in {format_count(lines, 'line')}: {'; '.join(found)}; "
        f"expected were lines like {_EXAMPLE_LINE}"
    )


def _advise_on_names(names: Iterable[str]) -> str:
    """Say what can be done where all events have unknown names, or known ones without a sid."""
    unknown = next((name for name in names if ADOBE_NAMES.match(name) is None), None)
    if unknown is None:
        return "such names count only beside a sid"
    return (
        "if one is Dynamic Chat's by another name, say so with "
        f"--map-event {_quote_meaning(make_visible(unknown))}"
    )


def _quote_meaning(name: str) -> str:
    """Return an unknown name and the kind that it may stand for, as a word of a shell."""
    folded = normalize_name(name)
    kinds = [kind for kind in KINDS if folded.endswith(kind)]
    kind = max(kinds, key=len, default="engaged")
    return shlex.quote(f"{name}={kind}")


def _explain_foreign(log: Log) -> str | None:
    """Explain which inputs are no text; None where all are."""
    found = [
        f"{make_visible(result.name)}: it is {result.foreign_format}"
        for result in log.inputs
        if result.foreign_format
    ]
    return _join_first(found, _MAX_NAMES, "; ") or None
