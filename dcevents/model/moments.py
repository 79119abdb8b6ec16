"""Moments of events: milliseconds since 1970 (UTC), UNTIMED, FUTURE or ANCIENT."""

UNTIMED = 1 << 60
"""In a column of timestamps: the event has none. Sorts last, as untimed events do."""

FUTURE = UNTIMED + 1
"""In a column of timestamps: more than a day after the clock of the run, so not believed."""

ANCIENT = UNTIMED + 2
"""In a column of timestamps: before Dynamic Chat existed, so not believed."""

DAY_MS = 86_400_000

FIRST_BELIEVED_MS = 1_420_070_400_000
"""2015-01-01T00:00:00Z: earlier timestamps are ANCIENT."""
