"""Texts that spreadsheets would take for formulas, numbers or dates.

By the column: a listing may have millions of rows.
"""

from __future__ import annotations

from typing import Final

import polars as pl

_OPERATORS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20"
"""What formulas begin with; spreadsheets take the full-width forms for the same."""
_BEHIND: Final = "${1}'${2}"
_FORMULA: Final = rf'(^|[,;\t\r\n]"*)([{_OPERATORS}])'
"""A formula at the beginning of a cell, or of what another separator makes one.

A file of semicolons that is read with commas ends cells at commas and line ends within quotes, and
quotes behind a comma then stand around the rest.
"""
_BLANK: Final = r"(^|[,;\t])([\t\r\n])"
"""White space that a spreadsheet may leave out, and with it what hides a formula."""

_MONTHS: Final = (
    "jan|ene|gen|feb|fe[vb]|f[eé]v|mar|m[äa]r|mrz|mrt|apr|avr|abr|may|mai|mei|mag|maj|jun|giu|"
    "jui|jul|lug|aug|ao[uû]|ago|sep|set|oct|okt|out|ott|nov|dec|dez|d[eé]c|dic"
)
_NUMBER: Final = r"^[\p{Nd}e .,:/()%$€£¥+\-]+$"
"""Numbers, percentages, amounts, fractions, dates and times: also more than one country has."""
_DATE: Final = rf"^(\p{{Nd}}{{1,4}}[ .,/\-]*)?({_MONTHS})\p{{L}}*([ .,/\-]*\p{{Nd}}{{1,4}}){{0,2}}$"
_CLOCK_TIME: Final = r"^\p{Nd}{1,2}(:\p{Nd}{1,2}){0,2} ?[ap]\.?m?\.?$"
_CONVERTED: Final = f"(?i){_NUMBER}|{_DATE}|{_CLOCK_TIME}"
_MAX_TEXT_CHARACTERS: Final = 255
"""Characters of a text within a formula, in Excel."""


def guard_formulas(values: pl.Series) -> pl.Series:
    """Return texts with a `'` before what a spreadsheet would run as a formula."""
    is_suspect = values.str.contains(f"{_FORMULA}|{_BLANK}")
    if not is_suspect.any():
        return values
    # The second TAB of two is guarded by a second pass: matches do not overlap.
    guarded = values.str.replace_all(_FORMULA, _BEHIND)
    for _ in range(2):
        guarded = guarded.str.replace_all(_BLANK, _BEHIND)
    return guarded


def keep_as_text(values: pl.Series) -> pl.Series:
    """Return texts as `="007"` where a spreadsheet would make numbers or dates of them."""
    is_converted = values.str.contains(_CONVERTED) & values.str.contains(r"\p{Nd}")
    if not is_converted.any():
        return values
    is_short = values.str.len_chars() <= _MAX_TEXT_CHARACTERS
    as_formula = pl.format('="{}"', pl.lit(values))
    kept = pl.when(is_converted & is_short).then(as_formula)
    return pl.select(
        kept.when(is_converted).then("'" + pl.lit(values)).otherwise(pl.lit(values))
    ).to_series()
