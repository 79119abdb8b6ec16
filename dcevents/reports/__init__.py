"""The reports: a module with a `REPORT` is a subcommand.

Every format, test and docs page follows from it. Modules with an underscore are shared by reports,
or hold the part of one that needs polars.
"""

import importlib
import pkgutil
from functools import cache

from dcevents.reports._report import Report


@cache
def load_reports() -> dict[str, Report]:
    """Return all reports by name, in their order."""
    names = sorted(
        info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_")
    )
    found: list[Report] = [importlib.import_module(f"{__name__}.{name}").REPORT for name in names]
    return {report.name: report for report in sorted(found, key=lambda report: report.order)}
