"""Sizes in which inputs are read, in bytes.

They are used as attributes of this module, so that one place decides.
"""

from dcevents.reading.parsing.record import MAX_LINE

BLOCK_BYTES = 16 << 20
"""Size of a block: large enough to make calls cheap."""
FIRST_BLOCK_BYTES = 1 << 20
"""Size of an input's first block, which is parsed alone."""
DENSE_BLOCK_BYTES = 1 << 18
"""Size of a block of lines that are too short for events: each costs as much as a long one."""
TAIL_BYTES = 1 << 16
"""Bytes of a beginning or an end that are looked at, or that identify a growing input."""
UNPACK_STEP_BYTES = 1 << 16
"""Bytes that are unpacked at once: a small file can hold very much."""
KEPT_LINE_BYTES = MAX_LINE + 2
"""Bytes kept of a line that is too long: enough to see that it is."""
