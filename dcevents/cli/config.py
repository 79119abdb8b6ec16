"""The user's configuration: `--map`, `--map-event`, and `[map]` and `[defaults]` in TOML.

The file is named by `--config` or DCEVENTS_CONFIG, or lies in the user's configuration folder. It
is never looked for in the working directory or beside a log, where others may write.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dcevents.analysis.patterns import suggest_names
from dcevents.errors import UsageError
from dcevents.model.events import EVENT_KINDS, KINDS, READY, READY_EVENT, match_name, normalize_name
from dcevents.settings import MAPPED_PARTS

_PARTS_BY_NAME = {part.lower(): part for part in MAPPED_PARTS}
_TABLES = ("map", "defaults")
DEFAULTS = {
    "tz": 'tz = "Europe/Berlin"',
    "format": 'format = "csv"',
    "store": 'store = "/var/lib/dcevents"',
    "idle": 'idle = "30m"',
    "service-level": 'service-level = "60s"',
}
"""What `[defaults]` may have, and how it is written."""
Pairs = tuple[tuple[str, str], ...]


class GivenMap(NamedTuple):
    """Holds what the user says of a log."""

    mapped_paths: Pairs = ()
    """Paths by part."""
    mapped_names: Pairs = ()
    """Meanings by event name."""
    demanded_parts: tuple[str, ...] = ()
    """Parts that options name: a file may be about other logs, too."""


def read_map(paths: Iterable[str], names: Iterable[str], file: str | None) -> GivenMap:
    """Return the user's map. Options replace the file's. Raises UsageError."""
    from_file, names_in_file = _read_config(file)
    from_options = dict(_parse_path_option(text) for text in paths)
    names_of = {**names_in_file, **dict(_parse_name_option(text) for text in names)}
    return GivenMap(
        tuple({**from_file, **from_options}.items()), tuple(names_of.items()), tuple(from_options)
    )


def read_defaults(file: str | None) -> dict[str, str]:
    """Return the values of `[defaults]` by the name of their parameter. Raises UsageError."""
    path = Path(file) if file else _find_user_config()
    if path is None:
        return {}
    table = _load_table(path, "defaults", is_named=bool(file))
    for key, value in table.items():
        if key not in DEFAULTS:
            hint = suggest_names(key, list(DEFAULTS))
            raise UsageError(f"{path}: [defaults]: no option '{key}'; {hint}")
        if not isinstance(value, str):
            raise UsageError(f"{path}: [defaults]: {key} is no text; write {DEFAULTS[key]}")
    return {key.replace("-", "_"): value for key, value in table.items()}


def _parse_path_option(text: str) -> tuple[str, str]:
    part, equals, path = text.partition("=")
    return _check_path(part.strip(), path.strip() if equals else "", "--map", text)


def _check_path(part: str, path: str, option: str, text: str) -> tuple[str, str]:
    known = _PARTS_BY_NAME.get(part.lower())
    if known is None or not path:
        parts = ", ".join(MAPPED_PARTS)
        raise UsageError(
            f"{option}: '{text}' is no PART=PATH; PART is {parts}, as in event=body.kind"
        )
    return known, path


def _parse_name_option(text: str) -> tuple[str, str]:
    name, _, meaning = text.rpartition("=")
    return _check_meaning(name.strip(), meaning.strip(), "--map-event", text)


def _check_meaning(name: str, meaning: str, option: str, text: str) -> tuple[str, str]:
    kind = match_name(meaning)
    if not name or kind is None:
        raise UsageError(f"{option}: '{text}' is no NAME=KIND; KIND is one of {', '.join(KINDS)}")
    key = READY_EVENT if kind == READY else EVENT_KINDS[KINDS.index(kind)].key
    return normalize_name(name), key


def _read_config(file: str | None) -> tuple[dict[str, str], dict[str, str]]:
    path = Path(file) if file else _find_user_config()
    if path is None:
        return {}, {}
    table = _load_table(path, "map", is_named=bool(file))
    given = {key: value for key, value in table.items() if key != "events"}
    paths = dict(
        _check_path(key, value if isinstance(value, str) else "", f"{path}: [map]", key)
        for key, value in given.items()
    )
    events = table.get("events", {})
    if not isinstance(events, Mapping):
        raise UsageError(f"{path}: [map.events] has names of events and their kinds")
    names = dict(
        _check_meaning(name, str(kind), f"{path}: [map.events]", f"{name}={kind}")
        for name, kind in events.items()
    )
    return paths, names


def _find_user_config() -> Path | None:
    """Return the file in the user's configuration folder, if any."""
    folder = os.environ.get("XDG_CONFIG_HOME") or ""
    home = os.environ.get("HOME") or ""
    base = Path(folder) if os.path.isabs(folder) else Path(home, ".config") if home else None
    path = base and base / "dcevents" / "config.toml"
    # Not an error where HOME is closed to us, as after su: there is then no configuration.
    return path if path and os.path.isfile(path) else None


def _load_table(path: Path, name: str, *, is_named: bool) -> dict[str, Any]:
    """Return a table of a file; none where it is not there."""
    import tomllib  # noqa: PLC0415 - few have such a file

    option = "--config: " if is_named else ""
    try:
        with open(path, "rb") as file:
            found = tomllib.load(file)
    except (OSError, ValueError, RecursionError) as error:
        reason = (
            (error.strerror or "").lower() if isinstance(error, OSError) else f"no TOML ({error})"
        )
        raise UsageError(f"{option}{path}: {reason}") from error
    for key, table in found.items():
        if key not in _TABLES or not isinstance(table, dict):
            wrong = key if key not in _TABLES else f"{key} = …"
            raise UsageError(
                f"{option}{path}: only [map] and [defaults] are known there, not {wrong}"
            )
    wanted: dict[str, Any] = found.get(name, {})
    return wanted
