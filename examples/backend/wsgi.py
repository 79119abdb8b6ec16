"""A collector for an existing Python backend:
a WSGI application that logs what `dcevents snippet` sends.

    application = Collector("/var/log/dc/dc.log")

The folder is the one that docs/cron.md reads and rotates; the backend has to be allowed to enter
it, and to write the log, which logrotate makes anew. Mount it under the path of `--endpoint`: in
Flask with `werkzeug.middleware.dispatcher.DispatcherMiddleware`, elsewhere by the server's own
means. It answers anyone, so put a rate limit before it. tests/snippet/test_collectors.py runs this
file.
"""

import contextlib
import json
import os
import re
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

MOST = 64 * 1024
"""Bytes of a request: browsers send no more."""
LENGTH = re.compile("[0-9]{1,9}")


class Collector:
    """Appends a line for each request to a file; processes and threads may share it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._log = -1
        self._lock = threading.Lock()
        self._open()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        start_response(self._answer(environ), [("Cache-Control", "no-store")])
        return []

    def _answer(self, environ: dict[str, Any]) -> str:
        if environ["REQUEST_METHOD"] != "POST":
            return "405 Method Not Allowed"
        length = environ.get("CONTENT_LENGTH") or ""
        if not LENGTH.fullmatch(length):
            return "413 Content Too Large" if length.isdecimal() else "411 Length Required"
        size = int(length)
        if size > MOST:
            return "413 Content Too Large"
        body = environ["wsgi.input"].read(size)
        if len(body) < size:
            return "400 Bad Request"  # the sender went away
        received = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"received": received, "body": body.decode("utf-8", "replace")})
        return "204 No Content" if self._append(line.encode()) else "503 Service Unavailable"

    def _append(self, line: bytes) -> bool:
        """Write a line as a whole; return False where the disk is full."""
        with self._lock:
            try:
                if self._is_rotated():
                    with contextlib.suppress(PermissionError):
                        # Where the folder is another's, logrotate makes the file in a moment.
                        self._open()
                if not os.fstat(self._log).st_nlink:
                    return False  # what is written to a file without a name is lost
                # What a full disk has cut off, whichever process wrote it, is ended first, so that
                # this line is not lost with it.
                data = (b"" if self._is_at_line_start() else b"\n") + line + b"\n"
                return os.write(self._log, data) == len(data)
            except OSError:
                return False

    def _is_at_line_start(self) -> bool:
        size = os.fstat(self._log).st_size
        return not size or os.pread(self._log, 1, size - 1) == b"\n"

    def _is_rotated(self) -> bool:
        """Return whether the file has another name now, or none: logrotate has moved it."""
        try:
            now = os.stat(self._path)
        except FileNotFoundError:
            return True
        ours = os.fstat(self._log)
        return (now.st_dev, now.st_ino) != (ours.st_dev, ours.st_ino)

    def _open(self) -> None:
        # Opened for appending: one write is one whole line, whoever else writes.
        log = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        if self._log >= 0:
            os.close(self._log)
        self._log = log
