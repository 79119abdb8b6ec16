"""One file, one report. A module here with a `REPORT` is a subcommand, with every format, test and docs page."""

import importlib
import pkgutil

from dcevents.reports._report import Report


def load_reports() -> dict[str, Report]:
    """All reports by name, in the order of lists of commands."""
    names = sorted(
        info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_")
    )
    found: list[Report] = [importlib.import_module(f"{__name__}.{name}").REPORT for name in names]
    return {report.name: report for report in sorted(found, key=lambda report: report.order)}
