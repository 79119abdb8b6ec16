"""Secrets: from the environment or a file for its owner alone, and never in a message."""

import os
import re
import shlex
import stat
from collections.abc import Mapping, Sequence
from typing import Final

from dcevents.errors import UsageError

TOKEN: Final = "DCEVENTS_ADOBE_TOKEN"  # noqa: S105 - its name
CLIENT_ID: Final = "DCEVENTS_ADOBE_CLIENT_ID"
CLIENT_SECRET: Final = "DCEVENTS_ADOBE_CLIENT_SECRET"  # noqa: S105 - its name
ORG_ID: Final = "DCEVENTS_ADOBE_ORG_ID"
API_KEY: Final = "DCEVENTS_ADOBE_API_KEY"
TOKEN_ENDPOINT: Final = "https://ims-na1.adobelogin.com/ims/token/v3"  # noqa: S105 - an address
NAMES: Final = ("DCEVENTS_GA4_API_SECRET", TOKEN, CLIENT_ID, CLIENT_SECRET, ORG_ID, API_KEY)
"""All that a file may hold."""
_OTHERS_MAY_READ: Final = 0o077
_MAX_FILE_BYTES: Final = 1 << 16
_PLACEHOLDER: Final = "(secret)"


class Secrets:
    """Secrets by name, which no text of this object shows."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        longest_first = sorted(values.values(), key=len, reverse=True)
        self._patterns = [re.compile("".join(map(_match_escaped, each))) for each in longest_first]

    def __repr__(self) -> str:
        return f"Secrets({', '.join(self._values)})"

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def add(self, name: str, value: str) -> "Secrets":
        """Return these and one more."""
        return Secrets({**self._values, name: value})

    def fill(self, text: str) -> str:
        """Return a text with secrets in place of `{NAME}`."""
        for name, value in self._values.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def redact(self, text: str) -> str:
        """Return a text without secrets: a server may repeat what it was sent."""
        for pattern in self._patterns:
            text = pattern.sub(_PLACEHOLDER, text)
        return text


def _match_escaped(character: str) -> str:
    """Return a pattern of a character as it is, and as URLs and JSON may write it."""
    if character.isalnum():  # no encoder writes these in other ways
        return character
    code = f"{ord(character):02x}"
    return rf"(?:\\?{re.escape(character)}|(?i:%{code}|\\u00{code}))"


def read_secrets(rows: Sequence[Sequence[str]], file: str | None) -> Secrets:
    """Return the secrets that a platform needs: those of one of the rows.

    The file goes before the environment. Raises UsageError, which names secrets and tells none.
    """
    found = {name: os.environ[name] for name in NAMES if os.environ.get(name)}
    if file is not None:
        found.update(_read_file(file))
    row = next((each for each in rows if all(name in found for name in each)), None)
    if row is None:
        needed = ", or ".join(" and ".join(each) for each in rows)
        raise UsageError(
            f"no secret: set {needed} in the environment, or in a file of mode 0600: --secret-file"
        )
    chosen = {name: found[name] for name in row}
    # With client credentials the key of the API is the client's id.
    key = found.get(API_KEY) or found.get(CLIENT_ID)
    if key is not None:
        chosen[API_KEY] = key
    for name, value in chosen.items():
        if not value.isascii() or not value.isprintable() or " " in value:
            raise UsageError(
                f"{name}: it has spaces, line ends or other characters that no secret has"
            )
    return Secrets(chosen)


def _read_file(name: str) -> dict[str, str]:
    import tomllib  # noqa: PLC0415 - few have such a file

    try:
        with open(name, "rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode) and status.st_mode & _OTHERS_MAY_READ:
                raise UsageError(
                    f"--secret-file: {name}: others may read it; "
                    f"write: chmod 600 {shlex.quote(name)}"
                )
            table = tomllib.loads(file.read(_MAX_FILE_BYTES).decode())
    except OSError as error:
        raise UsageError(
            f"--secret-file: {name}: {(error.strerror or str(error)).lower()}"
        ) from error
    except (ValueError, RecursionError):
        # What is wrong there may be a secret, so it is not repeated.
        raise UsageError(
            f'--secret-file: {name}: no TOML; write lines as {NAMES[0]} = "…"'
        ) from None
    for key, value in table.items():
        if key not in NAMES:
            raise UsageError(f"--secret-file: {name}: no secret '{key}'; {', '.join(NAMES)} are")
        if not isinstance(value, str) or not value:
            raise UsageError(f"--secret-file: {name}: {key} is to be a text in quotes")
    return table
