"""Lines that a scanner has taken where arrays are open: passed over, with a cost for each run."""

import re
from typing import Final

from dcevents.reading.framing import PassedLines
from dcevents.reading.framing.sequences import OuterArrays
from dcevents.reading.scanner.block import (
    SEVERAL,
    Effect,
    LineStatus,
    Run,
    Runs,
    ScannedBlock,
    find_entries,
)
from dcevents.reading.sources.buffers import BlockBytes, cut_bytes

_OVER_LINES: Final = (LineStatus.OBJECTS_OVER_LINES, LineStatus.SEVERAL_OVER_LINES)
_OBJECTS: Final = (Effect.APART, Effect.JOINED)
_BEFORE_OBJECTS: Final = re.compile(rb"[%c%c]*+" % (Effect.NONE, Effect.CLOSES))
_NO_BRACKETS: Final = bytes({*Effect} - {Effect.OPENS, Effect.CLOSES})


def list_passed(
    data: BlockBytes, scanned: ScannedBlock, rest: Run, place: int, arrays: OuterArrays
) -> tuple[list[PassedLines], int]:
    """Return lines to be passed over, and the place of the next run whose effect is not known.

    They begin with the rest of the run at a place. `arrays` are those open before, and then behind.
    """
    runs = scanned.runs
    stop = runs.find_unpassed(place)
    middle = place + len(runs.effects[place:stop].rstrip(bytes([Effect.CLOSES])))
    found, line, begin = list[PassedLines](), rest.first_line, rest.begin
    if middle > place:
        _walk_effects(data, runs, rest, range(place, middle), arrays)
        last = runs[middle - 1]
        passed = _pass_run(last, line, begin, arrays)
        if last.effect in _OBJECTS:
            behind, records = cut_behind(data, last, begin), count_last_records(scanned, last)
            passed = passed._replace(behind=behind, records=records)
        found.append(passed)
        line, begin = last.first_line + last.lines, last.end
    if stop > middle:
        _close_arrays(data, runs, range(middle, stop), arrays)
        found.append(_pass_run(runs[stop - 1], line, begin, arrays)._replace(is_closing=True))
    return found, stop


def _pass_run(last: Run, line: int, begin: int, arrays: OuterArrays) -> PassedLines:
    """Return the lines from one on, up to the last of a run."""
    lines, size = last.first_line + last.lines - line, last.end - begin
    return PassedLines(lines, size, arrays.count, arrays.has_comma)


def _walk_effects(
    data: BlockBytes, runs: Runs, rest: Run, places: range, arrays: OuterArrays
) -> None:
    """Count the arrays that are open behind some runs, of which the first is only a rest."""
    effects, stop = runs.effects, places.stop
    match = _BEFORE_OBJECTS.match(effects, places.start, stop)
    first = match.end() if match else places.start
    _close_arrays(data, runs, range(places.start, first), arrays)
    if first == stop:
        return
    run = rest if first == places.start else runs[first]
    if not _is_joined(data, run, arrays):
        arrays.count = 0
    apart = effects.rfind(Effect.APART, first + 1, stop)
    if apart >= 0:
        arrays.count, first = 0, apart
    for effect in effects[first:stop].translate(None, _NO_BRACKETS):
        arrays.count = arrays.count + 1 if effect == Effect.OPENS else max(0, arrays.count - 1)
    last = first + len(effects[first:stop].rstrip(bytes([Effect.NONE, Effect.CLOSES])))
    run = runs[last - 1]
    begin = max(run.begin, rest.begin)
    arrays.has_comma = run.effect is Effect.TEXT or b"," in cut_behind(data, run, begin)
    arrays.has_comma |= _have_commas(data, runs, range(last, stop))


def _is_joined(data: BlockBytes, run: Run, arrays: OuterArrays) -> bool:
    """Return whether the values of a run are members of what is open before it."""
    if run.effect not in _OBJECTS or run.status in _OVER_LINES:
        return True
    if run.effect is Effect.APART and run.lines > 1:
        return False
    before = cut_bytes(data, run.begin, data.index(b"{", run.begin))
    return arrays.goes_on(before.decode())


def _close_arrays(data: BlockBytes, runs: Runs, places: range, arrays: OuterArrays) -> None:
    """Count the arrays that are open behind some runs, which are brackets or blank."""
    closed = runs.effects.count(Effect.CLOSES, places.start, places.stop)
    arrays.count = max(0, arrays.count - closed)
    arrays.has_comma |= _have_commas(data, runs, places)


def _have_commas(data: BlockBytes, runs: Runs, places: range) -> bool:
    """Return whether commas are among some runs, which are brackets or blank."""
    begin, end = (runs[places[0]].begin, runs[places[-1]].end) if places else (0, 0)
    return data.find(b",", begin, end) >= 0


def cut_behind(data: BlockBytes, run: Run, begin: int) -> bytes:
    """Return what follows the last object of a run, from a place on."""
    return cut_bytes(data, data.rindex(b"}", begin, run.end) + 1, run.end)


def count_last_records(scanned: ScannedBlock, run: Run) -> int:
    """Count the records that begin on the last line of a run."""
    if run.status not in SEVERAL:
        return int(run.status not in _OVER_LINES)
    line = run.first_line + run.lines - 1
    columns = (scanned.events.lines, scanned.others.lines)
    return sum(len(find_entries(each, range(line, line + 1))) for each in columns)
