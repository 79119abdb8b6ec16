"""The account of the input, in words for standard error and as the JSON output has it."""

from typing import Any

from dcevents import show
from dcevents.reading.hints import hint
from dcevents.reading.log import Account, Log
from dcevents.settings import Tolerance
from dcevents.show import visible

_NAMES = 2
"""Unknown events, and inputs that are cut short, that are named in words."""
_PLACES = 5
"""Rejected lines that a refusal names; `check` and `--rejects` have more."""


def as_json(account: Account) -> dict[str, Any]:
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
        "unknown_events": account.unknown_names(),
        "later": tally["later"],
        "duplicates": account.duplicates,
        "events": account.events,
        "untimed": account.untimed,
        "future": account.future,
    }


def in_words(account: Account) -> str:
    """`1,204 records = 1,190 events + 9 duplicates + 3 ignored + 2 rejected (line 17: invalid_json, …)`."""
    rejected = sum(account.rejected.values())
    shown = [show.things(account.events, "event")]
    shown += [show.things(account.duplicates, "duplicate")] if account.duplicates else []
    others = {
        "ignored": account.ignored,
        "later": account.tally["later"],
        "blank": account.tally["blank"],
    }
    others |= {"incomplete": account.tally["incomplete"], "rejected": rejected}
    shown += [
        f"{n:,} {name}{_unknown(account) if name == 'ignored' else ''}"
        for name, n in others.items()
        if n
    ]
    if rejected:
        shown[-1] += f" ({_first_rejects(account, 2)})"
    records = show.things(account.records, "record")
    notes = (
        [f"{show.things(account.untimed, 'event')} without a usable timestamp"]
        if account.untimed
        else []
    )
    notes += [f"{account.future:,} of them in the future"] if account.future else []
    return f"{records} = {' + '.join(shown)}" + (f"; {', '.join(notes)}" if notes else "")


def _unknown(account: Account) -> str:
    unknown = account.tally["unknown_event"]
    return f" ({unknown:,} unknown: {_names(account)})" if unknown else ""


def _names(account: Account) -> str:
    names = [visible(name) for name in account.unknown_names()]
    return ", ".join(names[:_NAMES]) + (", …" if len(names) > _NAMES else "")


def _first_rejects(account: Account, most: int) -> str:
    first = account.rejects[:most]
    places = [
        f"{visible(each.file)}:{each}: {each.reason}"
        if account.files > 1
        else f"line {each}: {each.reason}"
        for each in first
    ]
    return ", ".join(places) + (", …" if sum(account.rejected.values()) > len(first) else "")


def intolerable(log: Log, tolerance: Tolerance) -> str | None:
    """What is wrong with a log beyond what is tolerated, and where it was first met; None if nothing is."""
    account = log.account
    rejected, unknown = sum(account.rejected.values()), account.tally["unknown_event"]
    found = []
    if not tolerance.allows(rejected, account.records):
        places = _first_rejects(account, _PLACES)
        found.append(
            f"{rejected:,} of {show.things(account.records, 'record')} rejected ({places})"
        )
    if tolerance.strict:
        found += [f"{show.things(unknown, 'unknown event')} ({_names(account)})"] if unknown else []
        cut = [f"{visible(source.name)}: {source.lacks}" for source in log.inputs if source.lacks]
        more = ", …" if len(cut) > _NAMES else ""
        found += (
            [f"{show.things(len(cut), 'input')} cut short ({', '.join(cut[:_NAMES])}{more})"]
            if cut
            else []
        )
    return f"by {tolerance.option}: {'; '.join(found)}" if found else None


def strangers(log: Log, *, named: bool) -> list[str]:
    """What inputs look like that begin with rejected lines and hold no event."""
    looks = {
        file: looks for file, samples in log.account.strangers.items() if (looks := hint(samples))
    }
    shown = [f"{visible(log.inputs[file].name)}: {looks}" if named else looks
             for file, looks in list(looks.items())[:_NAMES]]  # fmt: skip
    more = len(looks) - len(shown)
    return shown + (["… and more"] if more else [])


def beside(log: Log) -> list[str]:
    """The same of a log that holds events: of its other inputs."""
    return strangers(log, named=True) if len(log.inputs) > 1 else []


def _no_text(log: Log) -> str | None:
    """Why nothing was read; None where there was nothing."""
    found = [
        f"{visible(source.name)}: it is {source.foreign}" for source in log.inputs if source.foreign
    ]
    return "; ".join(found[:_NAMES]) + ("; …" if len(found) > _NAMES else "") if found else None


def unusable(log: Log) -> str | None:
    """Why a log is no log of Dynamic Chat, and what was found instead; None if it is one, or empty."""
    account = log.account
    tally = account.tally
    lines = account.records - tally["blank"] - tally["incomplete"]
    if tally["event"] or tally["later"] or tally["widget_ready"] or account.removed:
        return None
    if not lines:
        return _no_text(log)
    words = {
        "too_long": "longer than 1 MiB",
        "invalid_json": "not JSON",
        "not_an_object": "JSON, but no object",
        "no_event": "JSON without `event`",
        "no_sid": "without a session (`data.payload.sid`)",
    }
    found = [f"{n:,} {words[reason]}" for reason, n in account.rejected.items() if n]
    names = [visible(name) for name in list(account.unknown_names())[:3]]
    if names:
        more = ", …" if len(account.unknown) > len(names) else ""
        found.append(f"{tally['unknown_event']:,} of other events ({', '.join(names)}{more})")
    found += strangers(log, named=len(log.inputs) > 1)
    return (
        f"no event of Dynamic Chat in {show.things(lines, 'line')}: {'; '.join(found)}; expected were lines like "
        '{"event":"CONVERSATION_ENGAGED","timestamp":…,"page":…,"data":{"payload":{"id":…,"sid":…}}}'
    )
