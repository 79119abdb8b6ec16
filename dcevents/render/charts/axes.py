"""Axes of numbers: round steps, and how steps are written."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dcevents.show import format_duration, format_number

if TYPE_CHECKING:
    from dcevents.tables import Column

_MAX_AXIS_STEPS: Final = 5
_LEAST: Final = 1e-9
"""What is less is nothing: figures are counts, or of three or six decimals."""
_DECIMAL_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_CLOCK_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600)
"""Round seconds up to a quarter of a day; longer steps are whole days."""
_DAY_SECONDS: Final = 86_400


@dataclass(frozen=True)
class Axis:
    """A scale from 0 to a round number, in round steps."""

    step: float
    end: float
    write: Callable[[float], str]

    @property
    def ticks(self) -> list[float]:
        """Return the numbers that are written at it."""
        return [i * self.step for i in range(round(self.end / self.step) + 1)]

    def place(self, value: float) -> float:
        """Return where a number is, from 0 to 1."""
        return min(max(value / self.end, 0.0), 1.0)


def choose_axis(greatest: float, column: Column) -> Axis:
    """Return the axis for figures of a column, up to the greatest."""
    if column.kind == "rate":
        return _make_axis(_choose_decimal_step(greatest), greatest, _write_percent)
    if column.kind == "seconds":
        return _make_axis(_choose_clock_step(greatest), greatest, _write_duration)
    step = max(1.0, _choose_decimal_step(greatest))
    return _make_axis(step, greatest, lambda value: format_number(round(value)))


def _make_axis(step: float, greatest: float, write: Callable[[float], str]) -> Axis:
    count = max(1, math.ceil(greatest / step - 1e-9))
    return Axis(step, count * step, write)


def _write_percent(value: float) -> str:
    return f"{round(value * 100, 2):g} %"


def _write_duration(seconds: float) -> str:
    return format_duration(seconds) if seconds else "0"


def _choose_decimal_step(greatest: float) -> float:
    """Return the least round step of which a few are as long as the greatest."""
    wanted = (greatest if greatest > _LEAST else 1.0) / _MAX_AXIS_STEPS
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(each * power for each in _DECIMAL_STEPS if each * power >= wanted * (1 - 1e-9))


def _choose_clock_step(greatest: float) -> float:
    wanted = greatest / _MAX_AXIS_STEPS
    days = math.ceil(wanted / _DAY_SECONDS) * _DAY_SECONDS
    return next((each for each in _CLOCK_STEPS if each >= wanted), max(days, _DAY_SECONDS))
