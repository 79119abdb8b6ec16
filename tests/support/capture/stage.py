"""A browser, a server and a visitor: what is played is written down,
so that it can be compared with what arrives.
"""

import contextlib
import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from capture.browser import Browser, BrowserError
from capture.collector import Collector
from dcevents.snippet import SnippetSettings, make_script

HERE = Path(__file__).parent
READY = "adobedx.conversations.ready"
NAMES = {"dlg-101": "Pricing", "dlg-102": "Product tour", "flow-201": "Book a demo"}

Played = dict[str, Any]
"""An event as it was played: a canonical line."""


def identity(event: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """What an event is told by, but for its time, of which page and snippet have a clock each."""
    payload = event["data"]["payload"]
    return event["event"], payload["sid"], payload["id"], payload.get("agentID", "")


@dataclass
class Stage:
    """Where one scenario is played."""

    browser: Browser
    collector: Collector
    played: list[Played] = field(default_factory=list)
    since: int = 0
    tabs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.since = self.collector.log.stat().st_size
        self.browser.front(self.browser.home)

    # -- the visitor -------------------------------------------------------------------------------

    def open(self, page: str = "after.html") -> str:
        """A new tab with a page."""
        self.tabs.append(self.browser.open(f"{self.collector.url}/{page}"))
        return self.tabs[-1]

    def leave(self) -> list[str]:
        """Close all tabs that are open yet; the errors in their consoles come back."""
        errors = []
        for tab in self.tabs:
            # Some are closed, some have crashed.
            with contextlib.suppress(BrowserError):
                self.browser.front(tab)
                errors += [
                    entry["message"] for entry in self.browser.console() if entry["level"] != "INFO"
                ]
                self.browser.close()
        self.tabs.clear()
        return errors

    def play(self, sid: str, *kinds: str, id: str = "dlg-101", **more: object) -> None:  # noqa: A002 - Adobe's name
        """Events in the tab that is in front."""
        for kind in kinds:
            key, payload = f"CONVERSATION_{kind.upper()}", self._payload(sid, id, more)
            script = "return [play(arguments[0], arguments[1]), location.href]"
            moment, page = self.browser.run(script, key, payload)
            self.note(key, payload, moment, page)

    def note(self, key: str, payload: object, moment: int, page: str) -> None:
        """Write down what was played."""
        data = {"payload": payload}
        self.played.append({"event": key, "timestamp": moment, "page": page, "data": data})

    def _payload(self, sid: str, id_: str, more: Mapping[str, object]) -> dict[str, object]:
        ui = "inline" if id_.startswith("flow") else "popup"
        kind = "conversation flow" if id_.startswith("flow") else "dialogue"
        return {"name": NAMES[id_], "id": id_, "type": kind, "uiType": ui, "sid": sid, **more}

    # -- the log -----------------------------------------------------------------------------------

    def arrived(self) -> list[Played]:
        """The events of conversations that the server has logged so far."""
        return [event for event in self.collector.events(self.since) if event["event"] != READY]

    def wait_for(self, events: int, seconds: float = 60) -> None:
        """Wait until so many different events have arrived, but not longer;
        and then for what should not.
        """
        end = time.monotonic() + seconds
        while (
            len({json.dumps(event) for event in self.arrived()}) < events and time.monotonic() < end
        ):
            time.sleep(0.05)
        time.sleep(0.2)

    def lost(self) -> list[Played]:
        """What was played and has not arrived."""
        there = Counter(
            identity(json.loads(each)) for each in {json.dumps(event) for event in self.arrived()}
        )
        lost = []
        for event in self.played:
            if there[identity(event)] > 0:
                there[identity(event)] -= 1
            else:
                lost.append(event)
        return lost


def write_pages(folder: Path, *, meetings: bool = True) -> None:
    """The pages that are played on, with the snippet as it is printed."""
    pasted = make_script(SnippetSettings("/dc-events", with_meeting_info=meetings))
    widget, start = '<script src="/widget.js"></script>', "<script>startWidget()</script>"
    first = '<script>window.shown = play("CONVERSATION_TRIGGERED", visitor)</script>'
    visitor = '<script>window.visitor = {sid: "early", id: "dlg-101", name: "Pricing"}</script>'
    consent = make_script(SnippetSettings("/dc-events", consent="window.consent === true"))
    pages = {
        "after.html": [pasted, widget, start],
        "late.html": [pasted, widget],
        "before.html": [widget, start, visitor, first, pasted],
        "twice.html": [pasted, widget, start, pasted],
        "consent.html": [consent, widget, start],
        "strict/page.html": [with_nonce(each) for each in (pasted, widget, start)],
        "strict-file/page.html": [_file("/dc-events.js"), widget, _file("/start.js")],
    }
    for name, scripts in pages.items():
        write_page(folder / name, scripts)
    (folder / "widget.js").write_text((HERE / "widget.js").read_text())
    (folder / "start.js").write_text("startWidget();\n")
    (folder / "dc-events.js").write_text(make_script(SnippetSettings("/dc-events", external=True)))


def write_page(path: Path, scripts: list[str]) -> None:
    """A page with these scripts in its head."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("<!doctype html>\n<title>Played</title>\n" + "\n".join(scripts) + "\n")


def with_nonce(script: str) -> str:
    """A `<script>` element with the nonce that the server fills in."""
    return script.replace("<script", '<script nonce="CSP_NONCE"', 1)


def _file(name: str) -> str:
    # With an id, under which browsers show it in `window`.
    return f'<script id="dcevents" src="{name}"></script>'
