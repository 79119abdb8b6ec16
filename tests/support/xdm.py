"""Adobe's Experience Data Model: bodies held to its published schemas.

Those of tests/sending/xdm are from https://github.com/adobe/xdm, commit 4a4fc5f, unchanged, by
Adobe Systems Incorporated, under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "sending" / "xdm"
TYPES: Mapping[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": int | float,
}
EVENT = "https://ns.adobe.com/xdm/context/experienceevent"
WEB = "https://ns.adobe.com/xdm/context/experienceevent-web"
CONCIERGE = "https://ns.adobe.com/xdm/mixins/events/engagement-business-representative-concierge"
_CONTEXT = "https://ns.adobe.com/xdm/common/extensible#/definitions/@context"
_MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"


@cache
def load_schemas() -> dict[str, dict[str, Any]]:
    """Return the schemas by their ids."""
    found = (json.loads(path.read_text()) for path in FOLDER.glob("*.schema.json"))
    return {schema["$id"]: schema for schema in found}


def find_faults(xdm: Mapping[str, Any]) -> list[str]:
    """Return where an event, with names as the Edge Network takes them, leaves its schemas."""
    schemas = load_schemas()
    concierge = schemas[CONCIERGE]
    faults = list(_check(xdm, [schemas[EVENT], schemas[WEB], concierge], "xdm"))
    timed = schemas["https://ns.adobe.com/xdm/data/time-series"]["definitions"]["time-series"]
    kinds = {*timed["properties"]["xdm:eventType"]["meta:enum"], concierge["meta:conditionalValue"]}
    if xdm.get("eventType") not in kinds:
        faults.append(f"xdm.eventType: {xdm.get('eventType')}")
    if ("engagement" in xdm) != (xdm.get("eventType") == concierge["meta:conditionalValue"]):
        faults.append("xdm.engagement: goes with its eventType")
    return faults


def strip_names(value: Any) -> Any:
    """Return published XDM with names as the Edge Network takes them: without prefix."""
    if isinstance(value, dict):
        return {_strip(name): strip_names(each) for name, each in value.items()}
    return [strip_names(each) for each in value] if isinstance(value, list) else value


def _strip(name: str) -> str:
    return "_id" if name == "@id" else name.removeprefix("xdm:")


def _check(value: Any, schemas: Sequence[Mapping[str, Any]], place: str) -> Iterator[str]:
    parts = [part for schema in schemas for part in _resolve(schema, schema)]
    for part in parts:
        kind = part.get("type")
        is_kind = kind is None or isinstance(value, TYPES[kind])
        if not is_kind or (isinstance(value, bool) and kind in ("integer", "number")):
            yield f"{place}: no {kind}"
        if "enum" in part and value not in part["enum"]:
            yield f"{place}: {value!r} is none of {part['enum']}"
        if part.get("format") == "date-time" and not re.fullmatch(_MOMENT, str(value)):
            yield f"{place}: no time"
    if isinstance(value, dict):
        yield from _check_members(value, parts, place)
    for number, each in enumerate(value if isinstance(value, list) else []):
        items = [part["items"] for part in parts if "items" in part]
        yield from _check(each, items, f"{place}[{number}]")


def _check_members(
    value: Mapping[str, Any], parts: Sequence[Mapping[str, Any]], place: str
) -> Iterator[str]:
    fields: dict[str, list[Any]] = {}
    for part in parts:
        for name, schema in part.get("properties", {}).items():
            fields.setdefault(_strip(name), []).append(schema)
        missing = {_strip(name) for name in part.get("required", ())} - value.keys()
        yield from (f"{place}.{name}: missing" for name in sorted(missing))
    others = [part["additionalProperties"] for part in parts if "additionalProperties" in part]
    for name, each in value.items():
        if not (known := fields.get(name, others)):
            yield f"{place}.{name}: no such field"
        else:
            yield from _check(each, known, f"{place}.{name}")


def _resolve(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a schema and all that it is made of."""
    yield schema
    reference = schema.get("$ref", _CONTEXT)
    if reference.startswith("#/definitions/"):
        yield from _resolve(root["definitions"][reference.rpartition("/")[2]], root)
    elif reference in load_schemas():
        found = load_schemas()[reference]
        yield from _resolve(found, found)
    for part in schema.get("allOf", ()):
        yield from _resolve(part, root)
