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
    found = [_load_report(name) for name in _list_modules()]
    return {report.name: report for report in sorted(found, key=lambda report: report.order)}


def find_report(name: str) -> Report | None:
    """Return the report of a name, None for no report.

    A module that is called like its report is loaded without the others.
    """
    module = name.replace("-", "_")
    if module in _list_modules():
        report = _load_report(module)
        if report.name == name:
            return report
    return load_reports().get(name)


@cache
def _list_modules() -> list[str]:
    """Return the names of the modules that have a report, sorted."""
    return sorted(
        info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_")
    )


def _load_report(module: str) -> Report:
    report: Report = importlib.import_module(f"{__name__}.{module}").REPORT
    return report
