"""One member of a list alone, with what is around: what the judge is asked about lists of records.

What is around a list is shared, siblings are not. So what a member says in its list is what it
says as the only one; and of one that is no event, what it says beside an event.
"""

import base64
import copy
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from dcevents.reading.json_value import write_json
from dcevents.reading.judge.keys import OWN_KEY, is_own_key
from dcevents.reading.judge.nodes import Path, TextStep
from dcevents.reading.judge.texts import decode_text
from dcevents.reading.scanner.forms import Form, ValueNumber

_FEW_MEMBERS: Final = 8
_EVENT: Final = {"event": "CONVERSATION_CLOSED", "data": {"payload": {"sid": "beside"}}}


class NotOneMemberError(ValueError):
    """A list is not where it should be."""


def keep_members(
    value: Any,  # noqa: ANN401 - JSON
    form: Form,
    numbers: tuple[int, ...],
) -> tuple[Any, int]:
    """Return a value of which each list of records has one member, and how many findings it has.

    A text of several values has its one twice, as it would be no list else. Where the form says
    that there is an event beside, one is put behind the member. The first finding is the member's.
    Raises NotOneMemberError.
    """
    try:
        return _keep_members(value, form, numbers)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise NotOneMemberError from None


def _keep_members(
    value: Any,  # noqa: ANN401 - JSON
    form: Form,
    numbers: tuple[int, ...],
) -> tuple[Any, int]:
    for path, number in zip(form.lists, numbers, strict=False):
        value = _change(value, path, partial(_pick, number))
    findings = 1
    for path in reversed(form.lists):
        if form.is_beside_event and path is form.lists[-1]:
            value, findings = _change(value, path, lambda values: [*values, _EVENT]), 2
        elif isinstance(path[-1], TextStep):
            value, findings = _change(value, path, lambda values: values * 2), findings * 2
    return value, findings


def _pick(number: int, values: list[Any]) -> list[Any]:
    return [values[number]]


def shorten_lists(value: Any, told: set[Path], path: Path = ()) -> Any:  # noqa: ANN401 - JSON
    """Return a value with few members of each list of which nothing is told in its form.

    So the form stays, and the judge has less to do.
    """
    if isinstance(value, dict):
        return {key: shorten_lists(each, told, (*path, key)) for key, each in value.items()}
    if not isinstance(value, list) or path in told or len(value) <= _FEW_MEMBERS:
        return value
    containers = (each for each in value if isinstance(each, (dict, list)))
    return [*value[:_FEW_MEMBERS], *islice(containers, 1)]


def rename_own_keys(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a value in which keys that the record has of its own are OWN_KEY, as in its form.

    Of each object the first of them, if it leads to an object or array.
    """
    if isinstance(value, list):
        return [rename_own_keys(each) for each in value]
    if not isinstance(value, dict):
        return value
    own = next((key for key in value if is_own_key(key)), None)
    is_leading = own is not None and isinstance(value[own], (dict, list))
    return {
        OWN_KEY if is_leading and key == own else key: rename_own_keys(each)
        for key, each in value.items()
    }


_ChangeList = Callable[[list[Any]], list[Any]]


def _change(value: Any, path: Path, change: _ChangeList) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value in which the list at a path is changed; a text's values are a list."""
    if not path:
        return change(value)
    step, rest = path[0], path[1:]
    if isinstance(step, TextStep):
        return _change_text(value, path, change)
    changed = copy.copy(value)
    changed[step] = _change(value[step], rest, change)
    return changed


def _change_text(text: str, path: Path, change: _ChangeList) -> str:
    contents = decode_text(text)
    if contents is None or contents.how != path[0] or contents.is_form:
        raise NotOneMemberError
    if any(part.prefix for part in contents.parts):
        raise NotOneMemberError
    values, rest = [part.value for part in contents.parts], path[1:]
    if not rest:
        values = change(values)
    else:
        if isinstance(rest[0], ValueNumber):
            rest = rest[1:]
        (only,) = values
        values = [_change(only, rest, change)]
    written = "\n".join(map(write_json, values))
    if contents.how == "base64":
        return base64.b64encode(written.encode()).decode()
    return quote(written) if contents.how == "percent" else written
