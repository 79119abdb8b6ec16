"""How much is tried: a few cases in the README's run, all of them, and more,
in the steps of `.ci/run`.

`DCEVENTS_EXAMPLES=200 pytest -m examples` tries as many examples of each property, and
`DCEVENTS_EVERY=1 pytest -m pairwise` every combination of commands, formats and inputs.
"""

import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("DCEVENTS_EXAMPLES", "0"))
EVERY = bool(os.environ.get("DCEVENTS_EVERY"))

Row = tuple[Any, ...]
LOOKED_AT = ("html", "svg", "png", "xlsx", "parquet")
"""Formats that take longest to make and to read."""


def try_examples(few: int) -> Callable[[Any], Any]:
    """Return a mark that has hypothesis try a few examples, or as many as are asked for."""
    tried = settings(
        max_examples=max(few, EXAMPLES), deadline=None, suppress_health_check=list(HealthCheck)
    )
    return lambda test: pytest.mark.examples(tried(test))


_CASE = pytest.param()
"""What parameters that have a name of their own are."""


def choose_some(values: Iterable[Any], each: int, mark: str) -> list[Any]:
    """Return parameters of which one in `each` is tried always, the others where a mark is."""
    search = getattr(pytest.mark, mark)
    cases = [value if isinstance(value, type(_CASE)) else pytest.param(value) for value in values]
    return [
        case
        if place % each == 0
        else pytest.param(*case.values, marks=[*case.marks, search], id=case.id)
        for place, case in enumerate(cases)
    ]


def combine(
    names: Sequence[str],
    *factors: Iterable[Any],
    possible: Callable[..., bool] | None = None,
    at_once: int = 2,
) -> Callable[[Any], Any]:
    """Return a mark that runs a test on rows of values, one of each factor.

    Each possible pair of two values is in some row, or each value if only one counts `at_once`.
    Of a factor that is a mapping, the test gets the values; `possible` is asked with the keys.
    """
    named = [each if isinstance(each, Mapping) else {key: key for key in each} for each in factors]
    rows = [row for row in itertools.product(*named) if possible is None or possible(*row)]
    chosen = choose_rows(rows, at_once)
    if EVERY:
        # Formats to look at take longest, and differ least from case to case.
        few = set(chosen)
        chosen = [row for row in rows if row in few or not marks_of(*row)]
    cases = [
        pytest.param(
            *(values[key] for values, key in zip(named, row, strict=True)),
            id=name(row),
            marks=marks_of(*row),
        )
        for row in chosen
    ]

    def mark(test: Any) -> Any:
        return pytest.mark.pairwise(pytest.mark.parametrize(names, cases)(test))

    return mark


def marks_of(*values: Any) -> list[Any]:
    """Return the marks of a case: `looks` where one of its values is a format to look at."""
    return [pytest.mark.looks] if any(value in LOOKED_AT for value in values) else []


def name(row: Row) -> str:
    """Return the name of a case."""
    return "-".join(map(str, row))


def choose_rows(rows: Sequence[Row], at_once: int) -> list[Row]:
    """Return a few of the rows in which all combinations occur of so many values in any row."""
    has = {row: set(itertools.combinations(enumerate(row), at_once)) for row in rows}
    having: dict[Any, list[Row]] = {}
    for row, combinations in has.items():
        for each in sorted(combinations, key=str):
            having.setdefault(each, []).append(row)
    missing = dict.fromkeys(having)
    chosen = set()
    used: Counter[Any] = Counter()

    def gain(row: Row) -> tuple[int, int]:
        return len(has[row] & missing.keys()), -sum(used[each] for each in enumerate(row))

    while missing:
        best = max(having[next(iter(missing))], key=gain)
        chosen.add(best)
        used.update(enumerate(best))
        for each in has[best]:
            missing.pop(each, None)
    return [row for row in rows if row in chosen]
