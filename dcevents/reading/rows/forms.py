"""How the rows of a CSV are written: delimiter and names."""

import csv
import io
from dataclasses import dataclass
from functools import cached_property
from json.encoder import encode_basestring
from typing import Any

Cells = list[str]


@dataclass(frozen=True)
class RowForm:
    """How the rows of an input are written."""

    delimiter: str
    names: tuple[str, ...]
    """The header's cells."""

    @cached_property
    def template(self) -> str:
        """The object that a row is, as a line of JSON to be filled with cells."""
        keys = [encode_basestring(name).replace("%", "%%") for name in self.names]
        return "{" + ",".join(f"{key}:%s" for key in keys) + "}\n"

    def make_object(self, cells: Cells) -> dict[str, Any]:
        """Return a row as an object of texts; of equal names the first counts."""
        found: dict[str, Any] = {}
        for name, cell in zip(self.names, cells, strict=True):
            found.setdefault(name, cell)
        return found

    def write_header(self) -> bytes:
        """Return the header as a line, without its end."""
        written = io.StringIO()
        csv.writer(written, delimiter=self.delimiter, lineterminator="").writerow(self.names)
        return written.getvalue().encode()
