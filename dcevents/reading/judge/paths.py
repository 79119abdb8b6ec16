"""Paths to the parts of an event, as people write them."""

from dcevents.reading.judge.nodes import Path, TextStep


def write_path(path: Path) -> str:
    """Return a path as text: `logs[].message[]|json.data.payload.sid`, `|` before a text's kind."""
    written = ""
    for step in path:
        if isinstance(step, TextStep):
            written += f"|{step}"
        elif isinstance(step, int):
            written += "[]"
        else:
            written += f".{step}" if written else step
    return written
