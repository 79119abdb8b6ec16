"""What an input looks like that is no log of Dynamic Chat, told from some of its rejected records. Pure."""

import json
import re
from collections.abc import Sequence

from dcevents.show import visible

_ACCESS = re.compile(rb'^\S+ \S+ \S+ \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[^\]]+\] "[A-Z]+ ')
_REQUEST = {"request", "request_uri", "status", "remote_addr", "http_user_agent", "method", "uri", "path"}
_BODIES = {"body", "request_body", "requestBody"}
_KEYS = 12
_LONGEST = 40


def hint(samples: Sequence[bytes]) -> str | None:
    """What rejected records look like, and what to do; None where nothing is known."""
    if not samples:
        return None
    for look in (_archive, _access_log, _csv, _keys):
        if found := look(samples):
            return found
    return None


def _archive(samples: Sequence[bytes]) -> str | None:
    if not any(b"ustar" in sample for sample in samples):
        return "it looks like a zip archive: unpack it first" if samples[0].startswith(b"PK\x03\x04") else None
    if any(b"\x1f\x8b\x08" in sample for sample in samples):
        return "it looks like a gzip inside a tar: unpack it first, as with tar -xf"
    return "it looks like a tar: unpack it first, as with tar -xf"


def _access_log(samples: Sequence[bytes]) -> str | None:
    if _ACCESS.match(samples[0]):
        return (
            "it looks like an access log without bodies: have the server log the body of requests (docs/envelopes.md)"
        )
    return None


def _csv(samples: Sequence[bytes]) -> str | None:
    for mark in (b",", b";", b"\t"):
        counts = {sample.count(mark) for sample in samples[:5]}
        if (
            len(samples) > 1
            and min(counts) >= 2
            and len(counts) == 1
            and not samples[0].lstrip().startswith((b"{", b"["))
        ):
            return "it looks like a CSV: export it as JSON instead"
    return None


def _keys(samples: Sequence[bytes]) -> str | None:
    objects = [found for sample in samples if isinstance(found := _decoded(sample), dict)]
    if not objects:
        return None
    keys = list(dict.fromkeys(key for each in objects for key in _paths(each)))
    if set(keys) & _REQUEST and not any(set(each) & _BODIES for each in objects) and _requests(objects):
        return (
            "it looks like an access log without bodies: have the server log the body of requests (docs/envelopes.md)"
        )
    shown = ", ".join(visible(key[:_LONGEST]) for key in keys[:_KEYS]) + (", …" if len(keys) > _KEYS else "")
    return (
        f"it is JSON, but no event of Dynamic Chat: its keys are {shown}; say where the event is with --map event=KEY"
    )


def _requests(objects: Sequence[dict[str, object]]) -> bool:
    return all(len(set(each) & _REQUEST) >= 2 for each in objects)


def _paths(value: dict[str, object], before: str = "") -> list[str]:
    found = []
    for key, inner in value.items():
        found += (
            _paths(inner, f"{before}{key}.") if isinstance(inner, dict) and inner and not before else [before + key]
        )
    return found


def _decoded(sample: bytes) -> object:
    try:
        return json.loads(sample)
    except (ValueError, RecursionError):
        return None
