"""Pages in Chromium: nothing is loaded, nothing goes wrong, nothing is too wide,
and axe finds no barrier.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import harness
import pytest
from capture.browser import Browser, browser
from hostile_texts import HOSTILE, hostile_log

from dcevents import reports

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not shutil.which("chromium") or not shutil.which("chromedriver"), reason="needs Chromium"
    ),
]
SITE = harness.ROOT / "sample_logs" / "site"
OPTIONS = ["--period", "2026-W46", "--compare", "previous"]
WIDTHS = (1280, 768, 360)
RUN_AXE = "return axe.run({resultTypes: ['violations']}).then(found => found.violations)"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for all pages."""
    with browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script that looks for barriers, from npm."""
    folder = tmp_path_factory.mktemp("axe")
    command = ["npm", "install", "--no-save", "--ignore-scripts", "--silent", "axe-core@4"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"axe-core cannot be had: {error}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def save_page(folder: Path, *arguments: Any, **more: Any) -> str:
    """Return the address of a report's page."""
    target = folder / "page.html"
    result = harness.run(*arguments, "-o", target, "-q", **more)
    assert (result.status, result.err) == (0, "")
    return target.as_uri()


def set_screen(chromium: Browser, width: int, *, is_dark: bool = False) -> None:
    """Give the browser a screen of a width."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    chromium.devtools("Emulation.setDeviceMetricsOverride", **size)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
    chromium.devtools("Emulation.setEmulatedMedia", media="screen", features=[scheme])


def list_requests(chromium: Browser) -> list[str]:
    """The addresses that the page has asked for."""
    found: list[str] = chromium.run(
        "return performance.getEntriesByType('resource').map(e => e.name)"
    )
    return found


@pytest.mark.parametrize("report", list(reports.load_reports()))
def test_hostile_names_do_nothing(report: str, chromium: Browser, tmp_path: Path) -> None:
    log = hostile_log([*HOSTILE, "A" * 100_000])
    address = save_page(tmp_path, *harness.words(report), stdin=log)

    chromium.open(address)

    # A dialog would keep any script from running.
    elements = chromium.run(
        "return [...document.querySelectorAll('script, img, iframe, object, embed, link, form, "
        '[onmouseover], [onerror], [onload], [style], a[href]:not([href^="#"])\')].length'
    )
    assert elements == 0
    assert list_requests(chromium) == []
    assert chromium.console() == []
    chromium.close()


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["summary", SITE, *OPTIONS], id="the dashboard"),
        pytest.param(
            ["live-chat", SITE, "--by", "weekday", "--by", "hour", "--grid", "requests"],
            id="a grid",
        ),
        pytest.param(["conversations", SITE, "--top", "20"], id="a listing"),
        pytest.param(["check", SITE], id="a document"),
        pytest.param(["summary"], id="nothing"),
    ],
)
def test_no_barrier_on_any_screen(
    arguments: list[str], chromium: Browser, axe: str, tmp_path: Path
) -> None:
    chromium.open(save_page(tmp_path, *arguments, stdin=b""))

    for width in WIDTHS:
        set_screen(chromium, width)
        wide = chromium.run("return document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"the page is wider than {width}"
    chromium.run(axe)
    for width, is_dark in ((WIDTHS[0], False), (WIDTHS[-1], True)):
        set_screen(chromium, width, is_dark=is_dark)
        assert [describe_barrier(each) for each in chromium.run(RUN_AXE)] == []
    assert chromium.console() == []
    chromium.close()


def describe_barrier(found: dict[str, Any]) -> str:
    """What axe has found, and where."""
    return f"{found['id']}: {json.dumps([each['html'][:200] for each in found['nodes'][:3]])}"


def test_the_dashboard_prints_on_paper(chromium: Browser, tmp_path: Path) -> None:
    chromium.open(save_page(tmp_path, "summary", SITE, *OPTIONS))
    set_screen(chromium, 1280)

    made = chromium.devtools("Page.printToPDF", preferCSSPageSize=True)["data"]
    chromium.devtools("Emulation.setEmulatedMedia", media="print")

    hidden = chromium.run(
        "return ['nav', 'summary', '.command'].map("
        "s => getComputedStyle(document.querySelector(s)).display)"
    )
    assert hidden == ["none", "none", "none"]
    assert len(made) > 50_000
    chromium.close()
