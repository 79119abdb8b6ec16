"""Inputs whose figures are not to be trusted: what is wrong, where, and what to do."""

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from dcevents.reading.account import InputCounts
from dcevents.reading.hints import find_hint
from dcevents.reading.log import Log
from dcevents.reading.sources.inputs import Input
from dcevents.show import format_count, make_visible

_MAX_WARNINGS: Final = 3
"""Inputs of one kind of warning that are named."""
_MIN_NAMED_REJECTS: Final = 10
_NAMED_REJECTS_ONE_IN: Final = 10
"""Rejected records that name an event, and their part of an input, from which on they matter."""

Warnings = tuple[str, list[str]]
"""What a kind of warning is about, in many inputs; a sentence for each input."""


def list_input_warnings(logs: Sequence[Log]) -> list[str]:
    """Return a sentence for each input of logs whose figures are not to be trusted."""
    found = list(_list_inputs(logs))
    if not any(each.counts.events for each in found):
        return []  # what is wrong with these is said elsewhere
    kinds: list[Warnings] = [
        ("without any event", _warn_of_others(found)),
        ("with many rejected records that name an event", list(_warn_of_rejects(found))),
        ("without timestamps of half of their events", list(_warn_of_untimed(found))),
    ]
    warnings: list[str] = []
    for name, sentences in kinds:
        warnings += sentences[:_MAX_WARNINGS]
        if (more := len(sentences) - _MAX_WARNINGS) > 0:
            warnings.append(f"{format_count(more, 'more input')} {name}: dcevents check")
    return warnings


class _ReadInput:
    """An input, its numbers, and its first rejected records."""

    def __init__(self, source: Input, counts: InputCounts, samples: Sequence[bytes]) -> None:
        self.counts, self.samples = counts, samples
        self.name = make_visible(source.name)
        file = "" if source.path is None else f" {make_visible(shlex.quote(source.name))}"
        self.advice = f"dcevents check{file}"


def _list_inputs(logs: Sequence[Log]) -> Iterator[_ReadInput]:
    for log in logs:
        for number, counts in log.input_counts.items():
            samples = log.account.unrecognised_inputs.get(number, [])
            yield _ReadInput(log.inputs[number].source, counts, samples)


def _warn_of_others(inputs: Sequence[_ReadInput]) -> list[str]:
    """Name inputs without any event."""
    return [
        f"{each.name}: no event in {format_count(each.counts.records, 'record')}: "
        f"{find_hint(each.samples) or each.advice}"
        for each in inputs
        if each.counts.records
        and not (each.counts.events or each.counts.ready or each.counts.is_resumed)
    ]


def _warn_of_rejects(inputs: Sequence[_ReadInput]) -> Iterator[str]:
    """Name inputs with many rejected records that name an event."""
    for each in inputs:
        rejects, records = each.counts.named_rejects, each.counts.records
        if rejects >= _MIN_NAMED_REJECTS and rejects * _NAMED_REJECTS_ONE_IN >= records:
            yield (
                f"{each.name}: {rejects:,} of {format_count(records, 'record')} are rejected, "
                f"though they name an event, first line {each.counts.first_named_reject}: "
                f"{each.advice}"
            )


def _warn_of_untimed(inputs: Sequence[_ReadInput]) -> Iterator[str]:
    """Name inputs of which half of the events are untimed."""
    for each in inputs:
        untimed, events = each.counts.untimed, each.counts.events
        if untimed and 2 * untimed >= events:
            yield (
                f"{each.name}: {untimed:,} of {format_count(events, 'event')} have no usable "
                "timestamp, so no window and no duration has them; if their time is elsewhere, "
                f"say where with --map timestamp=PATH: {each.advice}"
            )
