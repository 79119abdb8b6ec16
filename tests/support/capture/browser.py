"""Debian's Chromium, driven by ChromeDriver: W3C WebDriver is JSON over HTTP,
so nothing else is needed.
"""

import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Chromium itself is to reach for nothing but the page.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class BrowserError(Exception):
    """What ChromeDriver says went wrong."""


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Browser:
    """One browser session. What is said to it is said to the tab that is in front."""

    def __init__(self, driver: str, profile: Path) -> None:
        self._driver = driver
        options = {
            "binary": shutil.which("chromium"),
            "args": [*FLAGS, f"--user-data-dir={profile}"],
        }
        wanted = {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"script": 120_000},
        }
        started = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{started['sessionId']}"
        self.version: str = started["capabilities"]["browserVersion"]
        self.home = self.tab()

    def _call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._driver + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=180) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            with error:
                value = json.load(error)["value"]
            raise BrowserError(f"{value['error']}: {value['message']}") from None

    def quit(self) -> None:
        """End the session and its browser."""
        with contextlib.suppress(BrowserError):
            self._call("DELETE", self._session)

    # -- tabs --------------------------------------------------------------------------------------

    def tab(self) -> str:
        """The tab in front."""
        handle: str = self._call("GET", f"{self._session}/window")
        return handle

    def open(self, url: str) -> str:
        """A new tab with a page, in front."""
        handle: str = self._call("POST", f"{self._session}/window/new", {"type": "tab"})["handle"]
        self.front(handle)
        self._call("POST", f"{self._session}/url", {"url": url})
        return handle

    def front(self, handle: str) -> None:
        """Bring a tab to the front."""
        self._call("POST", f"{self._session}/window", {"handle": handle})

    def hide(self) -> None:
        """Minimise the window: its pages are hidden. (Tabs behind others are not,
        without a screen.)
        """
        self._call("POST", f"{self._session}/window/minimize", {})

    def show(self) -> None:
        """Bring the window back."""
        self._call("POST", f"{self._session}/window/rect", {"width": 800, "height": 600})

    def reload(self) -> None:
        """Load the page again."""
        self._call("POST", f"{self._session}/refresh", {})

    def close(self) -> None:
        """Close the tab, as a visitor does; the first one comes to the front."""
        self._call("DELETE", f"{self._session}/window")
        self.front(self.home)

    # -- pages -------------------------------------------------------------------------------------

    def run(self, script: str, *arguments: object) -> Any:
        """The value of a function's body in the page; of a promise what it comes to."""
        return self._call(
            "POST", f"{self._session}/execute/sync", {"script": script, "args": list(arguments)}
        )

    def devtools(self, command: str, **parameters: object) -> Any:
        """A command of the DevTools protocol."""
        body = {"cmd": command, "params": parameters}
        return self._call("POST", f"{self._session}/goog/cdp/execute", body)

    def console(self) -> list[dict[str, Any]]:
        """What the console of the tab was told since it was last asked: `level`, `source`,
        `message`.
        """
        entries: list[dict[str, Any]] = self._call(
            "POST", f"{self._session}/se/log", {"type": "browser"}
        )
        return entries


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser with a new profile."""
    driver = f"http://127.0.0.1:{(port := free_port())}"
    command = ["chromedriver", f"--port={port}", f"--log-path={folder / 'chromedriver.log'}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(driver)
            started = Browser(driver, folder / "profile")
            try:
                yield started
            finally:
                started.quit()
        finally:
            process.terminate()


def _wait_for(driver: str) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"{driver}/status", timeout=5).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return
