"""Patterns of filters: the values that they fit, and values that are near."""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase

_MAX_NEAR = 3
"""Near values that a message names."""
_MAX_COMPARED = 10_000
"""Values that are compared with a pattern: comparing takes long."""


def fold_case(text: str) -> str:
    """Return a text as it is compared without case, in NFC."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def match_glob(pattern: str, values: Collection[str]) -> set[str]:
    """Return the values that equal a pattern, or else match it as a glob."""
    return {pattern} if pattern in values else {v for v in values if fnmatchcase(v, pattern)}


def match_pattern(pattern: str, values: Collection[str]) -> set[str]:
    """Return the values that equal a pattern.

    Where none does, those that it matches as a glob; else those that are equal without case.
    """
    if found := match_glob(pattern, values):
        return found
    folded = fold_case(pattern)
    return {value for value in values if fold_case(value) == folded}


def match_patterns(patterns: Iterable[str], values: Collection[str]) -> list[str]:
    """Return the values that any of the patterns fits, in order."""
    return sorted({value for pattern in patterns for value in match_pattern(pattern, values)})


def match_pages(pattern: str, pages: Iterable[str]) -> set[str]:
    """Return the pages that a pattern fits, as they are or by their path."""
    pages_of: dict[str, set[str]] = {}
    for page in pages:
        for spelling in {page, strip_origin(page), strip_query(strip_origin(page))}:
            pages_of.setdefault(spelling, set()).add(page)
    spellings = match_pattern(pattern, pages_of)
    return {page for spelling in spellings for page in pages_of[spelling]}


def strip_origin(page: str) -> str:
    """Return a page without scheme and host: `/pricing`."""
    scheme, separator, rest = page.partition("://")
    if not separator or not scheme.isalpha():
        return page
    host, slash, path = rest.partition("/")
    return f"/{path}" if slash or host else page


def strip_query(page: str) -> str:
    """Return a page without query and fragment."""
    return page.partition("#")[0].partition("?")[0]


def find_near(pattern: str, values: Sequence[str]) -> list[str]:
    """Return the values that are nearest to a pattern, the nearest first."""
    from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

    spelled: dict[str, str] = {}
    for value in values:
        spelled.setdefault(fold_case(value), value)
    compared = list(spelled)[:_MAX_COMPARED]
    near = get_close_matches(fold_case(pattern), compared, _MAX_NEAR)
    return [spelled[each] for each in near]


def suggest_names(word: str, names: Sequence[str]) -> str:
    """Return a hint for a word that is none of some names: what is near, or else all."""
    near = find_near(word, names) or _find_beginnings(word, names)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"there are {', '.join(names)}"


def _find_beginnings(word: str, names: Sequence[str]) -> list[str]:
    """Return the names that begin with a word: `conv`."""
    beginning = fold_case(word)
    found = [name for name in names if beginning and fold_case(name).startswith(beginning)]
    return found[:_MAX_NEAR]
