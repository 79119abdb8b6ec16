"""Logs that cannot be read: each its sentence, whose advice leads to the right figures.

tests/reading/unread has what programs wrote; the others are what people and tools make of lines.
"""

import contextlib
import html
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import harness
import pytest
import wrappings

from samples import envelopes

UNREAD = Path(__file__).parent / "unread"
COMMAND = re.compile(r"\b((?:perl|python3|sed|iconv|jq) .*?) \| dcevents …")
EVENTS = wrappings.make_events()
LINES = [envelopes.text(event) for event in EVENTS]


def summarise(path: Path) -> Any:
    """Return the conversations of a log."""
    return harness.run("conversations", path, "-q", "-f", "json").json["rows"]


def read_hint(path: Path) -> str:
    """Return what is said of a log without events."""
    result = harness.run("conversations", path)
    assert result.status == 3, result.err
    assert result.err.count("\n") == 1
    return result.err


def follow(hint: str, path: Path) -> Path:
    """Run the command that a hint gives for a file; return the file that it makes."""
    found = COMMAND.search(hint)
    assert found, hint
    command = found[1].replace("FILE", str(path)).replace("python3", sys.executable)
    if shutil.which(command.split()[0]) is None:
        pytest.skip(f"{command.split()[0]} is not installed")
    done = subprocess.run(["bash", "-c", command], check=True, capture_output=True)
    made = path.with_name("converted.log")
    made.write_bytes(done.stdout)
    return made


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The conversations of the events that the recorded files are of."""
    path = tmp_path_factory.mktemp("sampled") / "dc.log"
    with (wrappings.SITE / "dc.log").open("rb") as site:
        path.write_bytes(envelopes.lines(envelopes.read(site)[:24]))
    return summarise(path)


@pytest.fixture(scope="module")
def twelve(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The conversations of the twelve events."""
    path = tmp_path_factory.mktemp("twelve") / "dc.log"
    path.write_text("\n".join(LINES), encoding="utf-8")
    return summarise(path)


CONVERTED = {
    "console-object": "JavaScript's objects, as console.log prints them",
    "pprint": "dicts as Python prints them",
    "python-dict": "dicts as Python prints them",
    "structlog-console": "dicts as Python prints them",
    "ruby-hash": "hashes as Ruby prints them",
    "ruby-pp": "hashes as Ruby prints them",
    "redis-json": "a list of texts that are JSON",
    "sqlite-quote": "JSON with other text around it",
    "nginx-combined": "an access log with bodies in its lines",
    "nginx-unescaped": "JSON within JSON, its quotes not escaped",
    "apache-combined": "an access log with events in the queries of its requests",
    "mariadb-dump": "a dump of MySQL or MariaDB",
}


@pytest.mark.parametrize(("name", "said"), CONVERTED.items())
def test_of_what_a_program_wrote_the_command_makes_events(
    name: str, said: str, tmp_path: Path, sampled: Any
) -> None:
    path = tmp_path / "dc.log"
    shutil.copy(UNREAD / f"{name}.log", path)

    hint = read_hint(path)

    assert f"it looks like {said}" in hint
    assert sampled == summarise(follow(hint, path))


def test_a_cut_dict_and_other_braces_harm_no_other(tmp_path: Path, twelve: Any) -> None:
    path = tmp_path / "dc.log"
    dicts = [f"INFO:root:{event!r}" for event in EVENTS]
    path.write_text("\n".join([*dicts[:6], "INFO:root:{x}", *dicts[6:], dicts[0][:-60]]))

    assert twelve == summarise(follow(read_hint(path), path))


LOGGED_ANEW = {
    "php-print-r": ("log json_encode($event)", "php-error-log"),
    "php-var-export": ("log json_encode($event)", "php-error-log"),
    "php-var-dump": ("log json_encode($event)", "php-error-log"),
    "php-serialize": ("log json_encode($event)", "php-error-log"),
    "console-object": ("write them with JSON.stringify", "winston-printf"),
    "ruby-hash": ("log to_json", "ruby-logger"),
    "python-dict": ("write them with json.dumps", "python-basic"),
    "nginx-empty": ("a location passes the request on (proxy_pass)", "nginx"),
    "nginx-unescaped": ("nginx needs log_format escape=json", "nginx-msec"),
    "nginx-combined": ("have the server log JSON (docs/capture.md)", "nginx"),
    "mariadb-dump": ("export its rows with mysql --batch --raw", "mariadb-raw"),
    "mariadb-xml": ("it looks like XML: export it as JSON instead", "mariadb-json"),
    "go-map": ("write JSON, with json.Marshal", "go-slog"),
}
"""What is advised, and the sample of a program that was used so."""


@pytest.mark.parametrize("name", LOGGED_ANEW)
def test_what_is_logged_as_advised_is_read(name: str, sampled: Any) -> None:
    advice, sample = LOGGED_ANEW[name]

    assert advice in read_hint(UNREAD / f"{name}.log")
    path = harness.ROOT / "sample_logs" / "envelopes" / f"real-{sample}.log"
    assert sampled == summarise(path)


def test_each_recorded_file_has_its_hint() -> None:
    assert {path.stem for path in UNREAD.iterdir()} == {*CONVERTED, *LOGGED_ANEW}


def write_logfmt(event: dict[str, Any]) -> str:
    """Return an event as logfmt."""
    flat = {key: event[key] for key in ("event", "timestamp", "page")}
    pairs = {**flat, **envelopes.payload(event)}
    return "level=info " + " ".join(f'{key}="{value}"' for key, value in pairs.items())


def write_pixel(event: dict[str, Any]) -> str:
    """Return an event in the query of a request, as an access log has it."""
    query = urlencode({"event": event["event"], "page": event["page"], **envelopes.payload(event)})
    when = f"{envelopes.moment(event):%d/%b/%Y:%H:%M:%S +0000}"
    return f'192.0.2.1 - - [{when}] "GET /dc.gif?{query} HTTP/1.1" 200 43 "-" "Mozilla/5.0"'


def write_sql(event: dict[str, Any]) -> str:
    """Return an event in a statement of SQL."""
    return f"INSERT INTO dc (id, body) VALUES (1, '{envelopes.text(event)}');"


def write_error(event: dict[str, Any]) -> str:
    """Return an event in nginx's error log, with the request behind it."""
    when = f"{envelopes.moment(event):%Y/%m/%d %H:%M:%S}"
    request = 'client: 192.0.2.1, server: x, request: "POST /dc HTTP/1.1", host: "x.example"'
    return f"{when} [info] 7#7: *1 js: {envelopes.text(event)}, {request}"


def write_copy(event: dict[str, Any]) -> str:
    """Return an event that holds a JSON text, as PostgreSQL's COPY writes it."""
    inner = envelopes.text({**event, "data": envelopes.text(event["data"])})
    return f"1\t2025-11-03\t{inner}".replace("\\", "\\\\")


def write_hash(event: dict[str, Any]) -> str:
    """Return an event as a hash of Ruby with symbols as keys."""
    return re.sub(r'"(\w+)":', r":\1=>", envelopes.text(event))


def write_script(event: dict[str, Any]) -> str:
    """Return an event as an object of JavaScript."""
    return re.sub(r'"(\w+)":', r"\1: ", envelopes.text(event)).replace('"', "'")


WRITTEN: dict[str, Callable[[dict[str, Any]], str]] = {
    "it looks like logfmt (key=value)": write_logfmt,
    "it looks like an access log with events in the queries of its requests": write_pixel,
    "it looks like JSON with other text around it": write_sql,
    "it looks like JSON with other text around it: cut that off": write_error,
    "its backslashes are doubled": write_copy,
    "it looks like hashes as Ruby prints them": write_hash,
    "it looks like JavaScript's objects": write_script,
    "it looks like dicts as Python prints them": repr,
    "its quotes are written as in HTML": lambda event: html.escape(envelopes.text(event)),
    "it is coloured as for a terminal": lambda event: re.sub(
        r'("\w+"):', "\x1b[34;1m\\1\x1b[0m:", envelopes.text(event)
    ),
    "its quotes are typographic": lambda event: re.sub(
        r'"([^"]*)"', "“\\1”", envelopes.text(event)
    ),
    "its records stand in single quotes": lambda event: f"'{envelopes.text(event)}'",
}


def escape(text: str) -> str:
    """Return a text as it stands within another, without that one's quotes."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


ESCAPED: dict[str, Callable[[str], str]] = {
    "alone": escape,
    "behind a prefix": lambda text: f"INFO dc: {escape(text)}",
    "in a body": lambda text: json.dumps({"n": 1, "body": escape(text)}),
    "doubled in quotes": lambda text: f'level=info msg="{escape(escape(text))}"',
}


@pytest.mark.parametrize("where", ESCAPED)
def test_of_quotes_behind_backslashes_the_command_makes_events(
    where: str, tmp_path: Path, twelve: Any
) -> None:
    path = tmp_path / "dc.log"
    path.write_text("".join(f"{ESCAPED[where](line)}\n" for line in LINES), encoding="utf-8")

    hint = read_hint(path)

    assert "its JSON has a backslash before each quote" in hint
    assert twelve == summarise(follow(hint, path))


@pytest.mark.parametrize("said", WRITTEN)
def test_of_what_people_and_tools_make_the_command_makes_events(
    said: str, tmp_path: Path, twelve: Any
) -> None:
    path = tmp_path / "dc.log"
    path.write_text("".join(f"{WRITTEN[said](event)}\n" for event in EVENTS), encoding="utf-8")

    hint = read_hint(path)

    assert said in hint
    assert twelve == summarise(follow(hint, path))


def draw_table(rows: list[list[str]]) -> str:
    """Return rows as mysql -t draws them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    drawn = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    return "\n".join([rule, drawn[0], rule, *drawn[1:], rule]) + "\n"


HEADINGS = ["event", "timestamp", "sid", "id", "name", "type", "uiType", "page", "agentID"]
FLAT = [{**event, **envelopes.payload(event)} for event in EVENTS]
ROWS = [HEADINGS, *([flat.get(key, "NULL") for key in HEADINGS] for flat in FLAT)]
REQUEST = '{"time":"x","request":"POST /dc HTTP/1.1","status":204,"request_body":%s}\n'
WORDS = {
    "a table that is drawn for people: write CSV instead, with psql --csv, mysql --batch": (
        draw_table(ROWS),
        "".join("\t".join(row) + "\n" for row in ROWS),
    ),
    "YAML: export it as JSON instead": (
        "".join(f"---\nevent: {row[0]}\nsid: {row[2]}\n" for row in ROWS[1:]),
        "\n".join(LINES),
    ),
    "an access log without bodies: have the server log the body of requests": (
        '192.0.2.1 - - [02/Nov/2026:09:15:04 +0000] "POST /dc HTTP/1.1" 204 0 "-" "Mozilla"\n' * 12,
        envelopes.SHAPES["nginx"].write(EVENTS).decode(),
    ),
    "cut off after 60 characters: raise the limit of what writes or passes on": (
        "".join(REQUEST % json.dumps(line[:60]) for line in LINES),
        "".join(REQUEST % json.dumps(line) for line in LINES),
    ),
    "data.payload.sid is empty; log the payload as it comes": (
        "\n".join(re.sub('"sid":"[^"]*"', '"sid":""', line) for line in LINES),
        "\n".join(LINES),
    ),
}
"""What is advised in words, with what is not read and what is written as advised."""


@pytest.mark.parametrize("said", WORDS)
def test_what_is_written_as_advised_is_read(said: str, tmp_path: Path, twelve: Any) -> None:
    bad, good = tmp_path / "bad.log", tmp_path / "good.log"
    bad.write_text(WORDS[said][0], encoding="utf-8")
    good.write_text(WORDS[said][1], encoding="utf-8")

    assert said in read_hint(bad)
    assert twelve == summarise(good)


def test_of_a_database_of_sqlite_the_export_is_read(tmp_path: Path, twelve: Any) -> None:
    path, exported = tmp_path / "dc.log", tmp_path / "exported.log"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE dc (body TEXT)")
        database.executemany("INSERT INTO dc VALUES (?)", [(line,) for line in LINES])
        database.commit()
        rows = database.execute("SELECT json_object('body', body) FROM dc").fetchall()
    exported.write_text("".join(f"{row[0]}\n" for row in rows), encoding="utf-8")

    assert "an SQLite database, which is to be exported as JSON lines first" in read_hint(path)
    assert twelve == summarise(exported)


def test_latin_1_is_converted(tmp_path: Path) -> None:
    path, good = tmp_path / "dc.log", tmp_path / "good.log"
    good.write_text("\n".join(LINES).replace('"name":"', '"name":"é'), encoding="utf-8")
    path.write_bytes(good.read_text(encoding="utf-8").encode("latin-1"))

    hint = read_hint(path)

    assert "it is not UTF-8, perhaps Latin-1" in hint
    assert summarise(good) == summarise(follow(hint, path))


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (
            "a map as Java prints it",
            "{event=CONVERSATION_ENGAGED, data={payload={sid=s1, id=d}}}\n",
        ),
        (
            "a map as Go prints it",
            "map[data:map[payload:map[sid:s1]] event:CONVERSATION_ENGAGED]\n",
        ),
    ],
)
def test_of_what_nothing_can_be_made_it_is_said_what_to_log(
    said: str, text: str, tmp_path: Path
) -> None:
    path = tmp_path / "dc.log"
    path.write_text(text * 3)

    hint = read_hint(path)

    assert f"it looks like {said}: write JSON, with " in hint


def test_a_har_file_without_events_is_told_so_and_one_with_events_is_read(
    tmp_path: Path, twelve: Any
) -> None:
    full, empty = tmp_path / "full.har", tmp_path / "empty.har"
    har = json.loads(envelopes.SHAPES["har"].write(EVENTS))
    full.write_text(json.dumps(har, indent=2))
    for entry in har["log"]["entries"]:
        del entry["request"]["postData"]
    empty.write_text(json.dumps(har))

    assert "it looks like a HAR file in which no request has an event" in read_hint(empty)
    assert twelve == summarise(full)
