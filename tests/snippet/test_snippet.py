"""The snippet as it is printed: made of the table of events, small,
and nothing that is given breaks out of it.
"""

import gzip
import json
import re
from typing import Any

import harness
import pytest
from capture import scenarios

from dcevents.model.events import (
    EVENT_KINDS,
    MEETING_INFO_KEY,
    PAYLOAD_KEYS,
    READY_EVENT,
    name_forwarded_event,
)
from dcevents.reading.judge import Context, Event, judge_value
from dcevents.snippet import FORWARDS, SnippetSettings, make_script

CONSENT = "window.OnetrustActiveGroups && OnetrustActiveGroups.includes(',C0002,')"
EVERYTHING = SnippetSettings(
    "https://logs.example.com/dc-events",
    keep_query=True,
    with_meeting_info=True,
    consent=CONSENT,
    forward=tuple(FORWARDS),
)


def value(script: str, name: str) -> Any:
    """What a constant of the script is set to."""
    (found,) = re.findall(rf"const {name} = (.+?);\n", script, re.DOTALL)
    return json.loads(re.sub(r",(\s*[\]}])", r"\1", found))


def test_it_listens_to_what_the_parser_knows() -> None:
    script = make_script(SnippetSettings("/dc-events"))

    assert [event.key for event in EVENT_KINDS] == value(script, "keys")
    assert READY_EVENT == value(script, "ready")
    assert list(PAYLOAD_KEYS) == value(script, "attributes")
    assert [*PAYLOAD_KEYS, MEETING_INFO_KEY] == value(make_script(EVERYTHING), "attributes")


def test_attributes_are_what_is_read_of_a_payload() -> None:
    payload = {name: name for name in (*PAYLOAD_KEYS, MEETING_INFO_KEY)}
    record = {"event": EVENT_KINDS[0].key, "data": {"payload": payload}}

    (found,) = judge_value(record, Context(clock_ms=0))

    assert isinstance(found.outcome, Event)
    texts = {part for part, _ in found.outcome.structure.fields}
    assert texts == set(payload)
    assert found.outcome.meeting_info == f'"{MEETING_INFO_KEY}"'


@pytest.mark.parametrize(
    "wanted", [EVERYTHING, EVERYTHING._replace(external=True)], ids=["pasted", "external"]
)
def test_it_is_small_as_printed(wanted: SnippetSettings) -> None:
    assert len(gzip.compress(make_script(wanted).encode())) <= 2500


@pytest.mark.parametrize(
    "wanted", [SnippetSettings("/dc-events"), EVERYTHING], ids=["plain", "everything"]
)
def test_no_place_is_left_open(wanted: SnippetSettings) -> None:
    assert not re.search(r"\{\{|\}\}\"|undefined", make_script(wanted))
    assert max(map(len, make_script(wanted).splitlines())) <= 120


def test_names_of_platforms_are_short_and_distinct() -> None:
    names = [name_forwarded_event(event.kind) for event in EVENT_KINDS]

    assert "chat_live_timeout" in names
    assert len(set(names)) == len(EVENT_KINDS)
    assert all(re.fullmatch("chat_[a-z_]{1,35}", name) for name in names)


def test_with_and_without_an_element() -> None:
    pasted = harness.run("snippet", "--endpoint", "/dc-events")
    external = harness.run("snippet", "--endpoint", "/dc-events", "--external")

    assert (0, "", 0, "") == (pasted.status, pasted.err, external.status, external.err)
    assert f"<script>\n{external.text}</script>\n" == pasted.text


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ([], "location.href.split(/[?#]/)[0]"),
        (["--keep-query"], "const page = location.href;"),
        (["--with-meeting-info"], '"agentID", "meetingInfo"]'),
        (["--consent", "window.ok"], "!!(window.ok)"),
        (["--forward", "ga4"], "[ga4]"),
        (["--forward", "web-sdk", "--forward", "ga4", "--forward", "ga4"], "[ga4, webSdk]"),
    ],
)
def test_what_an_option_does(options: list[str], shown: str) -> None:
    result = harness.run("snippet", "--endpoint", "/dc-events", *options)

    assert (0, "") == (result.status, result.err)
    assert shown in result.text


@pytest.mark.parametrize(
    "endpoint", ["/x</script><script>alert(1)//", '/"+alert(1)+"', "/\\", "/\u200b", "/größe"]
)
def test_an_endpoint_is_text(endpoint: str) -> None:
    script = harness.run("snippet", "--endpoint", endpoint).text

    assert endpoint == value(script, "endpoint")
    assert script.isascii()
    assert (1, 1) == (script.count("<script"), script.count("</script"))


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        " ",
        "javascript:alert(1)",
        "data:,x",
        "ftp://example.com/",
        "/with space",
        "https://",
        "/line\n",
    ],
)
def test_what_is_no_endpoint(endpoint: str) -> None:
    result = harness.run("snippet", "--endpoint", endpoint)

    assert (2, b"") == (result.status, result.out)
    assert result.err.startswith("dcevents: --endpoint: ")
    assert 1 == result.err.count("\n")


@pytest.mark.parametrize(
    "consent",
    [
        "window.consent === true",
        CONSENT,
        "(() => [1, 2].includes(window.level))()",
        "consent['a)b']",
        'JSON.parse(localStorage.getItem("c;onsent") || "{}").analytics',
        "`a(b` in window",
    ],
)
def test_a_consent_is_an_expression(consent: str) -> None:
    assert f"!!({consent})" in make_script(SnippetSettings("/dc-events", consent=consent))


@pytest.mark.parametrize(
    "consent",
    [
        "",
        " ",
        "a)",
        "(a",
        "a; b",
        "a // b",
        "a /* b",
        "a\nb",
        "'</script>'",
        "'<!-- '",
        "'a",
        'a"',
        "`${a}`",
        "[a)",
        "}",
    ],
)
def test_what_is_no_consent(consent: str) -> None:
    result = harness.run("snippet", "--endpoint", "/dc-events", "--consent", consent)

    assert (2, b"") == (result.status, result.out)
    assert result.err.startswith("dcevents: --consent: ")
    assert 1 == result.err.count("\n")


@pytest.mark.parametrize(
    "arguments", [[], ["--endpoint"], ["--endpoint", "/x", "--forward", "matomo"], ["x"]]
)
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    result = harness.run("snippet", *arguments)

    assert (2, b"") == (result.status, result.out)
    assert re.fullmatch("dcevents: .+; (see dcevents (snippet )?--help|there are .+)\n", result.err)


def test_what_was_captured_is_what_was_played() -> None:
    """The recorded log against the table of scenarios in docs/capture.md."""
    played = scenarios.EVERY
    captured = harness.ROOT / "sample_logs" / "captured"

    report = harness.run("completion", captured, "--by", "all", "--strict", "-f", "json").json

    assert sum(each.played - each.lost for each in played) == report["input"]["events"]
    assert sum(each.conversations for each in played) == report["total"]["triggered"]
    assert report["input"]["duplicates"] > 0
