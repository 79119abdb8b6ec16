"""The account of the input, in words for standard error and as the JSON output has it."""

from typing import Any

from dcevents import show
from dcevents.reading.hints import find_hint
from dcevents.reading.log import Account, Log
from dcevents.settings import Tolerance
from dcevents.show import make_visible

_MAX_NAMES = 2
"""Unknown events, and inputs that are cut short, that are named in words."""
_MAX_REFUSED_REJECTS = 5
"""Rejected lines that a refusal names; `check` and `--rejects` have more."""


def build_account_json(account: Account) -> dict[str, Any]:
    """The `input` object of the JSON format."""
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
    }


def describe_account(account: Account) -> str:
    """`1,204 records = 1,190 events + 9 duplicates + 3 ignored + 2 rejected (line 17: invalid_json, …)`."""
    rejected = sum(account.rejected.values())
    shown = [show.format_count(account.events, "event")]
    shown += [show.format_count(account.duplicates, "duplicate")] if account.duplicates else []
    others = {
        "ignored": account.ignored,
        "later": account.tally["later"],
        "blank": account.tally["blank"],
    }
    others |= {"incomplete": account.tally["incomplete"], "rejected": rejected}
    shown += [
        f"{n:,} {name}{_describe_unknown(account) if name == 'ignored' else ''}"
        for name, n in others.items()
        if n
    ]
    if rejected:
        shown[-1] += f" ({_list_first_rejects(account, 2)})"
    records = show.format_count(account.records, "record")
    notes = (
        [f"{show.format_count(account.untimed, 'event')} without a usable timestamp"]
        if account.untimed
        else []
    )
    notes += [f"{account.future:,} of them in the future"] if account.future else []
    return f"{records} = {' + '.join(shown)}" + (f"; {', '.join(notes)}" if notes else "")


def _describe_unknown(account: Account) -> str:
    unknown = account.tally["unknown_event"]
    return f" ({unknown:,} unknown: {_list_unknown_names(account)})" if unknown else ""


def _list_unknown_names(account: Account) -> str:
    names = [make_visible(name) for name in account.rank_unknown_events()]
    return ", ".join(names[:_MAX_NAMES]) + (", …" if len(names) > _MAX_NAMES else "")


def _list_first_rejects(account: Account, limit: int) -> str:
    first = account.first_rejects[:limit]
    places = [
        f"{make_visible(each.file)}:{each}: {each.reason}"
        if account.files > 1
        else f"line {each}: {each.reason}"
        for each in first
    ]
    return ", ".join(places) + (", …" if sum(account.rejected.values()) > len(first) else "")


def explain_intolerable(log: Log, tolerance: Tolerance) -> str | None:
    """What is wrong with a log beyond what is tolerated, and where it was first met; None if nothing is."""
    account = log.account
    rejected, unknown = sum(account.rejected.values()), account.tally["unknown_event"]
    found = []
    if not tolerance.allows(rejected, account.records):
        places = _list_first_rejects(account, _MAX_REFUSED_REJECTS)
        found.append(
            f"{rejected:,} of {show.format_count(account.records, 'record')} rejected ({places})"
        )
    if tolerance.is_strict:
        found += (
            [f"{show.format_count(unknown, 'unknown event')} ({_list_unknown_names(account)})"]
            if unknown
            else []
        )
        cut = [
            f"{make_visible(source.name)}: {source.unread_reason}"
            for source in log.inputs
            if source.unread_reason
        ]
        more = ", …" if len(cut) > _MAX_NAMES else ""
        found += (
            [
                f"{show.format_count(len(cut), 'input')} cut short ({', '.join(cut[:_MAX_NAMES])}{more})"
            ]
            if cut
            else []
        )
    return f"by {tolerance.option}: {'; '.join(found)}" if found else None


def describe_unrecognised(log: Log, *, named: bool) -> list[str]:
    """What inputs look like that begin with rejected lines and hold no event."""
    looks = {
        file: looks
        for file, samples in log.account.unrecognised_inputs.items()
        if (looks := find_hint(samples))
    }
    shown = [f"{make_visible(log.inputs[file].name)}: {looks}" if named else looks
             for file, looks in list(looks.items())[:_MAX_NAMES]]  # fmt: skip
    more = len(looks) - len(shown)
    return shown + (["… and more"] if more else [])


def describe_other_unrecognised(log: Log) -> list[str]:
    """The same of a log that holds events: of its other inputs."""
    return describe_unrecognised(log, named=True) if len(log.inputs) > 1 else []


def _explain_foreign(log: Log) -> str | None:
    """Why nothing was read; None where there was nothing."""
    found = [
        f"{make_visible(source.name)}: it is {source.foreign_format}"
        for source in log.inputs
        if source.foreign_format
    ]
    return (
        "; ".join(found[:_MAX_NAMES]) + ("; …" if len(found) > _MAX_NAMES else "")
        if found
        else None
    )


def explain_unusable(log: Log) -> str | None:
    """Why a log is no log of Dynamic Chat, and what was found instead; None if it is one, or empty."""
    account = log.account
    tally = account.tally
    lines = account.records - tally["blank"] - tally["incomplete"]
    if tally["event"] or tally["later"] or tally["widget_ready"] or account.removed:
        return None
    if not lines:
        return _explain_foreign(log)
    words = {
        "too_long": "longer than 1 MiB",
        "invalid_json": "not JSON",
        "not_an_object": "JSON, but no object",
        "no_event": "JSON without `event`",
        "no_sid": "without a session (`data.payload.sid`)",
    }
    found = [f"{n:,} {words[reason]}" for reason, n in account.rejected.items() if n]
    names = [make_visible(name) for name in list(account.rank_unknown_events())[:3]]
    if names:
        more = ", …" if len(account.unknown_events) > len(names) else ""
        found.append(f"{tally['unknown_event']:,} of other events ({', '.join(names)}{more})")
    found += describe_unrecognised(log, named=len(log.inputs) > 1)
    return (
        f"no event of Dynamic Chat in {show.format_count(lines, 'line')}: {'; '.join(found)}; expected were lines like "
        '{"event":"CONVERSATION_ENGAGED","timestamp":…,"page":…,"data":{"payload":{"id":…,"sid":…}}}'
    )
