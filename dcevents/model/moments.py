"""Moments of events: milliseconds since 1970 (UTC), or one of two numbers beyond them."""

UNTIMED = 1 << 60
"""In a column of timestamps: the event has none. Sorts last, as untimed events do."""


FUTURE = UNTIMED + 1
"""The same, since its timestamp lay more than a day after the clock of the run."""


DAY_MS = 86_400_000
