"""The documents say what the program does: their examples run, their output is real,
and nothing is left out.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import examples
import harness
import picture
import pytest

from dcevents import render, reports
from dcevents.cli.main import cli
from dcevents.model.events import ATTEMPT_OUTCOMES, EVENT_KINDS, OUTCOMES, REJECT_REASONS
from dcevents.reports._metrics import KEY_COLUMNS

ROOT = examples.ROOT
DOCS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "sample_logs" / "README.md",
]
RUNNABLE = re.compile("sample_logs|dcevents snippet")
"""Commands that can be run anywhere."""
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REFERENCE = (ROOT / "docs" / "commands.md").read_text() + (
    ROOT / "docs" / "definitions.md"
).read_text()


SHOWN = re.compile(r"^<!-- \[\[\[cog.*?\[\[\[end\]\]\] -->$", re.MULTILINE | re.DOTALL)
"""What cog puts there, after running it."""
ALONE = re.compile(r"dcevents [^|&;<>*?$`~]+")
"""Commands that need no shell."""


def commands() -> Iterator[Any]:
    """The lines of `sh` and `console` blocks that run dcevents on the sample logs,
    or on nothing.
    """
    for path in DOCS:
        for language, text in BLOCK.findall(SHOWN.sub("", path.read_text())):
            if language not in ("sh", "console"):
                continue
            for line in text.splitlines():
                command = line.removeprefix("$ ")
                shown = language == "sh" or line.startswith("$ ")
                if shown and RUNNABLE.search(line) and re.search(r"(^|\| )dcevents ", command):
                    yield pytest.param(command, id=f"{path.relative_to(ROOT)}: {command}")


@pytest.mark.parametrize("command", list(commands()))
def test_examples_run(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sample_logs").symlink_to(ROOT / "sample_logs")
    if ALONE.fullmatch(command):
        monkeypatch.chdir(tmp_path)
        result = harness.run(*shlex.split(command)[1:])
        status, out, err = result.status, result.text, result.err
    else:
        done = examples.run(command, folder=tmp_path)
        status, out, err = done.returncode, done.stdout, done.stderr
    assert status in examples.statuses(command), err
    assert "Traceback" not in err
    assert out or ">" in command or " -o " in command or "dcevents ingest " in command


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in DOCS]
)
def test_shown_output_is_real(path: Path) -> None:
    cog = [
        sys.executable,
        "-m",
        "cogapp",
        "--check",
        "--diff",
        "-I",
        str(ROOT / "docs"),
        "-I",
        str(ROOT),
        str(path),
    ]
    done = subprocess.run(cog, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (
        f"{done.stdout}{done.stderr}\nrun: cog -r -I docs {path.relative_to(ROOT)}"
    )


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in DOCS]
)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        name, _, anchor = target.partition("#")
        if re.match(r"\w+:", target):
            continue
        page = path.parent / name if name else path
        assert page.exists(), target
        assert not anchor or anchor in anchors(page), target


def anchors(page: Path) -> list[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_every_command_is_named() -> None:
    readme = DOCS[0].read_text()
    for name in examples.commands():
        assert f"`{name}`" in readme
        assert f"\n| `{name}` |" in REFERENCE


@pytest.mark.parametrize("name", examples.commands())
def test_every_option_is_described(name: str) -> None:
    command: Any = cli.get_command(click.Context(cli), name)
    prose = re.sub(r"```text\n.*?```", "", REFERENCE, flags=re.DOTALL)
    for option in command.params:
        for opt in option.opts:
            assert not opt.startswith("--") or f"`{opt}" in prose or f"--{opt} " in prose, opt


def test_every_format_is_described() -> None:
    for each in render.load_formats().values():
        assert f"| `{each.name}` |" in REFERENCE
        for suffix in each.suffixes:
            assert f"`{suffix}`" in REFERENCE


@pytest.mark.parametrize("name", list(reports.load_reports()))
def test_every_column_and_key_is_described(name: str) -> None:
    log = ROOT / "sample_logs" / "site" / "dc.log"
    more = ["--intervals"] if reports.load_reports()[name].has_rates else []
    for key in keys(harness.run(*harness.words(name), log, "-f", "json", "-q", *more).json):
        assert f"`{key}`" in REFERENCE, key


def keys(report: dict[str, Any]) -> set[str]:
    """All keys of a JSON report but those that stand in the log."""
    found = set(report)
    for part in report.get("reports", [report]):
        logged = part["input"].pop("unknown_events")
        assert isinstance(logged, dict)
        found |= {
            *part,
            *part["window"],
            *part["input"],
            *part["input"]["rejected"],
            *part["input"]["ignored"],
        }
        found |= {key for row in [*part.get("rows", []), part.get("total") or {}] for key in row}
        found |= nested(
            [
                value
                for name, value in part.items()
                if name not in ("window", "input", "rows", "total")
            ]
        )
    return found


def nested(value: Any) -> set[str]:
    """The keys of all objects in a JSON value."""
    if isinstance(value, dict):
        return {*value, *nested(list(value.values()))}
    return {key for each in value for key in nested(each)} if isinstance(value, list) else set()


def test_the_vocabulary_is_described() -> None:
    words = [*OUTCOMES, *ATTEMPT_OUTCOMES, *REJECT_REASONS, *KEY_COLUMNS]
    words += [word for event in EVENT_KINDS for word in (event.key, event.kind)]
    assert [word for word in words if f"`{word}`" not in REFERENCE] == []


def test_the_sample_logs_hold_what_their_readme_counts() -> None:
    text = (ROOT / "sample_logs" / "README.md").read_text()
    report = harness.run(
        "completion", ROOT / "sample_logs" / "site", "--by", "all", "-f", "json", "-q"
    ).json
    account, total = report["input"], report["total"]
    buckets = {**account, **account["rejected"], **account["ignored"]}
    for count, shown in re.findall(r"^\| (\d+) \| .* \| `(\w+)` \|$", text, re.MULTILINE):
        assert buckets[shown] == int(count), shown
    lines, events = f"{account['records']:,} lines", f"{account['events']:,} events"
    what = f"{lines}: {events} of {total['sessions']:,} sessions"
    assert f"{what} and {total['triggered']:,} conversations" in text


def test_the_readme_has_its_two_commands_each_on_one_line() -> None:
    readme = DOCS[0].read_text()
    for name in ("first command", "test command"):
        (command,) = re.findall(rf"^<!-- {name} -->\n```sh\n(.+)\n```$", readme, re.MULTILINE)
        assert command.startswith("python3 -m venv .venv && ")


def test_the_picture_shows_the_dashboard_as_it_is(tmp_path: Path) -> None:
    digest = picture.digest_page(picture.make_page(tmp_path))

    assert picture.PICTURE.read_bytes().startswith(b"\x89PNG")
    assert picture.COMMAND in DOCS[0].read_text()
    assert digest == picture.DIGEST.read_text().strip(), (
        "the dashboard has changed; run: .venv/bin/python docs/picture.py"
    )
