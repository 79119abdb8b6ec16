"""The scanner where there is no library in C: it takes nothing, all is read record by record."""

from dcevents.reading.scanner.block import LineStatus, Run, Runs, ScannedBlock
from dcevents.reading.sources.buffers import BlockBytes


class PureScanner:
    """Sets all lines aside."""

    def scan(self, data: BlockBytes) -> ScannedBlock:
        """Return one run of all lines of a block."""
        lines = data.count(b"\n") + (not data.endswith(b"\n") if data else 0)
        runs = [Run(LineStatus.ASIDE, 0, lines, 0, len(data), 0)] if data else []
        return ScannedBlock(Runs.pack(runs), lines)
