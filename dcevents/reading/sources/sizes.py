"""Sizes in which inputs are read, in bytes.

They are used as attributes of this module, so that one place decides.
"""

BLOCK_BYTES = 2 << 20
"""Size of a block: large enough to make calls cheap."""
FIRST_BLOCK_BYTES = 1 << 20
"""Size of an input's first block."""
LONG_FILE_BYTES = 1 << 17
"""Size of a file that is read by ranges, in threads, as those of two first blocks are."""
TAIL_BYTES = 1 << 16
"""Bytes of a beginning or an end that are looked at, or that identify a growing input."""
