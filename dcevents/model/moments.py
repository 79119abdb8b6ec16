"""Moments of events: milliseconds since 1970 (UTC), UNTIMED or FUTURE."""

UNTIMED = 1 << 60
"""In a column of timestamps: the event has none. Sorts last, as untimed events do."""

FUTURE = UNTIMED + 1
"""In a column of timestamps: more than a day after the clock of the run, so not believed."""

DAY_MS = 86_400_000
