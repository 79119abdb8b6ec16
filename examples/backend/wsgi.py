"""A collector for an existing Python backend:
a WSGI application that logs what `dcevents snippet` sends.

Mount it under the path of `--endpoint`: in Flask with
`werkzeug.middleware.dispatcher.DispatcherMiddleware`, elsewhere by the server's own means. It
answers anyone, so put a rate limit before it. tests/snippet/test_collectors.py runs this file.
"""

import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

MOST = 64 * 1024
"""Bytes of a request: browsers send no more."""


class Collector:
    """Appends a line for each request to a file; processes and threads may share it."""

    def __init__(self, path: str) -> None:
        # Opened for appending: one write is one whole line, whoever else writes.
        self._log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        start_response(self._answer(environ), [("Cache-Control", "no-store")])
        return []

    def _answer(self, environ: dict[str, Any]) -> str:
        if environ["REQUEST_METHOD"] != "POST":
            return "405 Method Not Allowed"
        size = environ.get("CONTENT_LENGTH") or "0"
        if not size.isdecimal() or int(size) > MOST:
            return "413 Content Too Large"
        body = environ["wsgi.input"].read(int(size)).decode("utf-8", "replace")
        line = json.dumps(
            {"received": datetime.now(UTC).isoformat(timespec="milliseconds"), "body": body}
        )
        os.write(self._log, line.encode() + b"\n")
        return "204 No Content"
