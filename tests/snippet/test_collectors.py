"""The collectors of `examples/` beside nginx, which test_capture.py runs:
dcevents reads what is posted to them.
"""

import base64
import importlib.util
import io
import json
import os
import sys
import threading
import types
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import harness
import pytest

EXAMPLES = harness.ROOT / "examples"
BODY = harness.log("09:00 a triggered\n09:01 a engaged\n09:02 a completed").rstrip(b"\n")


def example(path: str) -> Any:
    """An example as a module."""
    spec = importlib.util.spec_from_file_location("example", EXAMPLES / path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def completed(logs: Path) -> Any:
    """How many conversations of a log are complete, and its account."""
    report = harness.run("completion", "--by", "all", "-f", "json", "--strict", logs).json
    return report["total"]["completed"], report["input"]["events"], report["input"]["records"]


class Quiet(WSGIRequestHandler):
    """Tells nobody."""

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[str]:
    """The address of a server with the application."""
    app = example("backend/wsgi.py").Collector(str(tmp_path / "dc.log"))
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def status(address: str, body: bytes | None, method: str = "POST") -> int:
    """The status of an answer."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(address, body, method=method), timeout=10
        ) as answer:
            code: int = answer.status
            return code
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_backend_logs_what_is_sent(backend: str, tmp_path: Path) -> None:
    assert [204, 204] == [status(backend, BODY), status(backend, BODY)]
    assert (1, 3, 6) == completed(tmp_path / "dc.log")


def test_a_backend_takes_nothing_else(backend: str, tmp_path: Path) -> None:
    assert 405 == status(backend, None, "GET")
    assert 413 == status(backend, b"x" * 65_537)
    assert 204 == status(backend, b'\xff"\n{"received":')

    (line,) = (tmp_path / "dc.log").read_bytes().splitlines()
    assert '\ufffd"\n{"received":' == json.loads(line)["body"]


def post(app: Any, body: bytes, length: str | None = None) -> str:
    """Return the status of a request as a server hands it on."""
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_LENGTH": str(len(body)) if length is None else length,
        "wsgi.input": io.BytesIO(body),
    }
    found: list[str] = []
    app(environ, lambda status, _headers: found.append(status))
    return found[0].partition(" ")[0]


@pytest.mark.parametrize(
    ("length", "answer"),
    [
        *(("9" * 5000, "413"), ("65537", "413"), ("100000", "413"), ("\u0663", "413")),
        *(("", "411"), ("-1", "411"), ("1e3", "411"), ("100", "400")),
    ],
)
def test_a_backend_bears_any_length(length: str, answer: str, tmp_path: Path) -> None:
    app = example("backend/wsgi.py").Collector(str(tmp_path / "dc.log"))

    assert answer == post(app, BODY[:50], length)
    assert "204" == post(app, BODY)
    assert (1, 3, 3) == completed(tmp_path / "dc.log")


def test_a_backend_follows_a_rotation(tmp_path: Path) -> None:
    log = tmp_path / "dc.log"
    app = example("backend/wsgi.py").Collector(str(log))
    assert "204" == post(app, BODY)
    log.rename(tmp_path / "dc.log.1")
    assert "204" == post(app, BODY)
    log.unlink()
    assert "204" == post(app, BODY)

    assert [1, 1] == [each.read_bytes().count(b"\n") for each in (log, tmp_path / "dc.log.1")]


def test_a_backend_that_may_not_make_a_log_waits_for_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """logrotate makes it. Until then lines go into the rotated one, if that has a name yet."""
    log = tmp_path / "dc.log"
    app = example("backend/wsgi.py").Collector(str(log))
    opened = os.open

    def open_there(path: Any, flags: int, mode: int = 0o777) -> int:
        if not os.path.exists(path):
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, mode)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", open_there)
        log.rename(tmp_path / "dc.log.1")
        assert "204" == post(app, BODY)
        (tmp_path / "dc.log.1").unlink()
        assert "503" == post(app, BODY)
        os.close(opened(log, os.O_CREAT | os.O_WRONLY))
        assert "204" == post(app, BODY)
    assert (1, 3, 3) == completed(log)


@pytest.mark.parametrize("next_one", ["the same process", "another process", "a new process"])
def test_a_full_disk_costs_a_backend_no_line_but_those_that_it_refused(
    next_one: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "dc.log"
    collector = example("backend/wsgi.py").Collector
    app, other = collector(str(log)), collector(str(log))
    write = os.write

    def write_some(fd: int, data: bytes) -> int:
        if room := left.pop(0):
            return write(fd, data[:room])
        raise OSError(28, "No space left on device")

    left = [20, 0, 0]
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write_some)
        assert ["503", "503", "503"] == [post(app, BODY) for _ in range(3)]
    following = {"the same process": app, "another process": other}
    assert "204" == post(following.get(next_one) or collector(str(log)), BODY)

    cut, whole = log.read_bytes().splitlines()
    assert (20, BODY.decode()) == (len(cut), json.loads(whole)["body"])


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The cloud function, with a folder for a bucket."""

    def put_object(*, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803 - Amazon's names
        path = tmp_path / Bucket / Key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(Body)

    boto3: Any = types.ModuleType("boto3")
    boto3.client = lambda _service: types.SimpleNamespace(put_object=put_object)
    monkeypatch.setitem(sys.modules, "boto3", boto3)
    monkeypatch.setenv("BUCKET", "logs")
    return example("cloud-function/lambda_function.py").lambda_handler


def asked(body: str | None, method: str = "POST", *, encoded: bool = False) -> dict[str, Any]:
    """A request as a function URL hands it on (payload format 2.0)."""
    event = {
        "version": "2.0",
        "requestContext": {"http": {"method": method}},
        "isBase64Encoded": encoded,
    }
    return event if body is None else {**event, "body": body}


def test_a_cloud_function_logs_what_is_sent(function: Any, tmp_path: Path) -> None:
    first, *rest = BODY.decode().splitlines()

    assert {"statusCode": 204} == function(asked(first), None)
    assert {"statusCode": 204} == function(
        asked(base64.b64encode("\n".join(rest).encode()).decode(), encoded=True), None
    )
    assert (1, 3, 3) == completed(tmp_path / "logs")


def test_a_cloud_function_takes_nothing_else(function: Any, tmp_path: Path) -> None:
    assert {"statusCode": 405} == function(asked(None, "GET"), None)
    assert {"statusCode": 413} == function(asked("ä" * 40_000), None)
    assert not (tmp_path / "logs").exists()
