"""Records to columns, by shapes that repeat.

The scanner will replace this room.
"""
