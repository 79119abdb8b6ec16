"""Attributes in columns, read and written one by one."""

from typing import Any

from dcevents.model.attributes import AttributeColumns, Attributes
from dcevents.model.numbers.packed_texts import PackedTexts, Value, unpack_value


def read_row(columns: AttributeColumns, number: int) -> Attributes:
    """Return the attributes of a row."""
    kind, *texts = columns.rows[number * 5 : (number + 1) * 5]
    values: Any = [read_text(*pair) for pair in zip(columns.texts, texts, strict=True)]
    dialogue, page, agent, meeting = values
    return Attributes._make([kind, *dialogue, page, *agent, meeting])


def read_text(texts: PackedTexts, number: int) -> Value:
    """Return a value by its number."""
    for piece in texts.pieces:
        if number < len(piece):
            begin, end = memoryview(piece.offsets).cast("I")[number : number + 2]
            first = memoryview(piece.offsets).cast("I")[0]
            return unpack_value(piece.texts[begin - first : end - first], texts.width)
        number -= len(piece)
    raise IndexError(number)


def find_text(texts: PackedTexts, value: Value) -> int:
    """Return the number of a value, which is added where it has none."""
    known = [read_text(texts, number) for number in range(len(texts))]
    if value not in known:
        texts.append(value)
        known.append(value)
    return known.index(value)
