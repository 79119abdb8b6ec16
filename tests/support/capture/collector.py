"""nginx with the configuration of `examples/`, on loopback, and what it has logged."""

import contextlib
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from capture.browser import free_port

EXAMPLES = Path(__file__).parents[3] / "examples" / "nginx"

MAIN = """
daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{}}
http {{
    types {{ text/html html; text/javascript js; }}
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    access_log off;
    include {folder}/dc-events.conf;
}}
"""
PAGES = """
    root {folder}/pages;
    location = /favicon.ico {{ return 204; }}
    location /strict/ {{ include {examples}/csp-nonce.conf; }}
    location /strict-file/ {{ include {examples}/csp-file.conf; }}
"""


class Collector:
    """A server of its own, with the example's configuration but for places and ports."""

    def __init__(self, folder: Path, user: str, log: Path) -> None:
        self.folder = folder
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.pages = folder / "pages"
        """What the server shows."""
        self.log = log
        """What it logs."""
        self.pages.mkdir()
        (folder / "dc-events.conf").write_text(_example(folder, log, port))
        runs_as = f"user {user};" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=runs_as))

    def start(self) -> None:
        """Start it; it is there when this returns."""
        command = [
            "nginx",
            "-p",
            str(self.folder),
            "-c",
            "nginx.conf",
            "-e",
            str(self.folder / "error.log"),
        ]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while not (self.folder / "nginx.pid").exists():
            assert self._process.poll() is None, (self.folder / "error.log").read_text()
            assert time.monotonic() < end, "nginx did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it; nobody answers at its address then."""
        self._process.terminate()
        self._process.wait(timeout=30)

    def requests(self, since: int = 0) -> list[dict[str, str]]:
        """The lines of the log from a byte on."""
        with self.log.open("rb") as file:
            file.seek(since)
            return [json.loads(line) for line in file.read().splitlines()]

    def events(self, since: int = 0) -> list[dict[str, Any]]:
        """The events in them."""
        return [
            json.loads(line)
            for request in self.requests(since)
            for line in request["body"].splitlines()
        ]


@contextlib.contextmanager
def collector(folder: Path, *, user: str = "root", log: Path | None = None) -> Iterator[Collector]:
    """A running server; where root starts it, its workers are of a user."""
    made = Collector(folder, user, log or folder / "dc-events.log")
    made.start()
    try:
        yield made
    finally:
        made.stop()


def _example(folder: Path, log: Path, port: int) -> str:
    text = (EXAMPLES / "dc-events.conf").read_text()
    changes = {
        r"listen 80;": f"listen 127.0.0.1:{port};",
        r"server_name www\.example\.com;": PAGES.format(folder=folder, examples=EXAMPLES),
        r"/var/log/dc/dc-events\.log": str(log),
        r"127\.0\.0\.1:8204": f"127.0.0.1:{free_port()}",
    }
    for place, value in changes.items():
        assert re.search(place, text), place
        text = re.sub(place, value, text)
    return text
