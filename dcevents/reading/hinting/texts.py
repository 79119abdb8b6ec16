"""What texts look like that are no JSON: what languages, tools and people make of it.

Each look is a pattern and a hint; commands in hints are tested to lead to the events.
"""

import json
import re
from collections.abc import Sequence
from typing import Final

_HTML_HINT: Final = (
    "its quotes are written as in HTML (&quot;): undo that with python3 -c "
    "'import html, sys; sys.stdout.write(html.unescape(sys.stdin.read()))' < FILE | dcevents …"
)
_TYPOGRAPHIC_HINT: Final = (
    "its quotes are typographic, as word processors make them: "
    "write plain ones with sed 's/[“”„]/\"/g' FILE | dcevents …"
)
_QUOTED_LINES_HINT: Final = (
    "its records stand in single quotes: "
    "cut them off with sed \"s/^'//; s/'\\$//\" FILE | dcevents …"
)
_CONSOLE_HINT: Final = (
    "it looks like objects as a browser's console shows them, not whole: "
    "have the page write JSON.stringify(event.data)"
)
_PHP_HINT: Final = (
    "it looks like what PHP's print_r, var_dump, var_export or serialize write: "
    "log json_encode($event)"
)
_RUBY_HINT: Final = (
    "it looks like hashes as Ruby prints them: log to_json, or try "
    r"""sed -E 's/([{,] *):([A-Za-z_]+) ?=>/\1"\2":/g; s/" ?=> ?/":/g; s/":nil/":null/g' """
    "FILE | dcevents …"
)
_DICT_HINT: Final = (
    "it looks like dicts as Python prints them: write them with json.dumps, or try python3 -c "
    "'import ast, json, re, sys; [print(json.dumps(ast.literal_eval(found))) for found in "
    r're.findall(r"(?ms)(\{\x27.*?\})[^\n{},]*$", sys.stdin.read()) '
    r"""if found.count("{") == found.count("}")]' < FILE | dcevents …"""
)
_SCRIPT_HINT: Final = (
    "it looks like JavaScript's objects, as console.log prints them, or JSON5: "
    "write them with JSON.stringify, or, where no text has quotes, try "
    r"""sed -E "s/(^|[{,]) *([A-Za-z_]+) *:/\1\"\2\":/g; s/'/\"/g" FILE | dcevents …"""
)
_MAP_HINT: Final = "it looks like a map as {} prints it: write JSON, with {}"
_DOUBLED_HINT: Final = (
    "its backslashes are doubled, as PostgreSQL's COPY and mysql --batch write them: "
    r"undo that with sed 's/\\\\/\\/g' FILE | dcevents …"
)
ESCAPED_HINT: Final = (
    "its JSON has a backslash before each quote, as within another text: "
    r"""undo that with perl -pe 's/\\(["\\])/$1/g' FILE | dcevents …"""
)
_DUMP_HINT: Final = (
    "it looks like a dump of MySQL or MariaDB: export its rows with mysql --batch --raw, or try "
    r"""perl -ne 's/\\(.)/$1/g, print "$_\n" for /\x27(\{(?:[^\x27\\]|\\.)*\})\x27/g' """
    "FILE | dcevents …"
)
_TEXTS_HINT: Final = (
    "it looks like a list of texts that are JSON: "
    "take them out with jq -c '.. | strings | fromjson? | objects' FILE | dcevents …"
)
_AROUND_HINT: Final = (
    "it looks like JSON with other text around it: "
    "cut that off first, with sed 's/^[^{]*//; s/[^}]*$//' FILE | dcevents …"
)

_LOOKS: Final = (
    (r"\A\[+(?:\"[^\"]*\",\s*\[*)*\"[{\[]\\\"", _TEXTS_HINT),
    (r"^-- (?:MySQL|MariaDB) dump |^INSERT INTO .*'\{\s*\\\"", _DUMP_HINT),
    (r"[{\[]\s*&quot;", _HTML_HINT),
    (r"[{\[]\s*[“”„]", _TYPOGRAPHIC_HINT),
    (r"^'\s*[{\[].*[}\]]\s*'$", _QUOTED_LINES_HINT),
    (r"(?:Object|Array\([0-9]+\)) [{\[] ", _CONSOLE_HINT),
    (r"^(?:Array|stdClass Object)\n\s*\(|\barray ?\((?:\n|[0-9]+\) \{)", _PHP_HINT),
    (r"(?:^|[\s:])[aO]:[0-9]+:(?:\{|\"\w+\":[0-9]+:\{)s:[0-9]+:\"", _PHP_HINT),
    (r"\{\s*(?:\"[^\"]*\"|:\w+) ?=>", _RUBY_HINT),
    (r"\{\s*'[^']*'\s*:(?!.*: ?(?:null|true|false)\b)", _DICT_HINT),
    (r"\{\s*(?:[A-Za-z_$][\w$]*|'[^']*')\s*:\s*[\w'\"{\[]", _SCRIPT_HINT),
    (r"\{\w+=[^,{}]+, \w+=", _MAP_HINT.format("Java", "Jackson or Gson")),
    (r"\bmap\[\w+:", _MAP_HINT.format("Go", "json.Marshal")),
)
"""Patterns of texts without JSON, with hints; the first that fits counts."""


def describe_printed(texts: Sequence[str]) -> str | None:
    """Say what lines without JSON look like, and what to do; None for others.

    Values over lines are seen as a whole.
    """
    text = "\n".join(texts)
    found = next((hint for look, hint in _LOOKS if re.search(look, text, re.MULTILINE)), None)
    return found or next((hint for each in texts if (hint := _describe_json(each))), None)


def _describe_json(text: str) -> str | None:
    """Say what keeps JSON that a line holds from being read."""
    held = text[text.find("{") : text.rfind("}") + 1]
    if _is_json(held) and held != text:
        return _AROUND_HINT
    single = held.replace(r"\\", "\\")
    if single != held and _is_json(single):
        return _DOUBLED_HINT
    is_quoted = text.find("{") > 0 and text[text.find("{") - 1] == '"'
    is_escaped = has_escaped_quotes(held) or (is_quoted and has_escaped_quotes(_unescape(held)))
    return ESCAPED_HINT if is_escaped else None


def has_escaped_quotes(text: str) -> bool:
    """Return whether a text would be JSON, were there no backslash before each quote."""
    plain = _unescape(text)
    return plain != text and _is_json(plain)


def _unescape(text: str) -> str:
    """Return a text without the backslashes before quotes and before other backslashes."""
    return re.sub(r'\\(["\\])', r"\1", text)


def _is_json(text: str) -> bool:
    """Return whether a text is an object or array of JSON."""
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False
