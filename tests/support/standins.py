"""Stand-ins for the platforms that `send` knows, on loopback.

Each holds requests to the limits that its platform documents, and keeps what it accepted. What a
request breaks stands in `faults`: Google itself would answer 204 and drop the events. `troubles`
are what a stand-in does to the next requests: answer a status, break the connection, or take what
came and lose the reply.
"""

import contextlib
import csv
import gzip
import io
import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

# ruff: noqa: D102 - methods are what their platforms do, or how tests look at that.

SECRETS = {
    "DCEVENTS_GA4_API_SECRET": "ga4-Secret_7f3a",
    "DCEVENTS_ADOBE_TOKEN": "adobe-Token_91c2",
    "DCEVENTS_ADOBE_API_KEY": "adobe-Key_55d0",
    "DCEVENTS_ADOBE_ORG_ID": "0rg_77@AdobeOrg",
}
CREDENTIALS = {
    "DCEVENTS_ADOBE_CLIENT_ID": "client-Id_20ab",
    "DCEVENTS_ADOBE_CLIENT_SECRET": "client-Secret_e1f4",
    "DCEVENTS_ADOBE_ORG_ID": "0rg_77@AdobeOrg",
}


class Standin:
    """A platform on loopback: what all have in common."""

    path = "/"

    def __init__(self, now: float | None = None) -> None:
        self.accepted: Counter[str] = Counter()
        """How often each event arrived, by what `identify` says of it."""
        self.events: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self.troubles: list[str] = []
        """For the next requests: a status, `429 0` with Retry-After, `reset`, `lost`, `slow`."""
        self.requests = 0
        self.busiest = 0
        """The most requests that were under way at a time."""
        self.headers: dict[str, str] = {}
        """What answers have more."""
        self._under_way = 0
        self._now = now
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._make_handler())
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def now(self) -> float:
        """The time by which ages go, seconds since 1970."""
        return time.time() if self._now is None else self._now

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def endpoint(self) -> str:
        return self.origin + self.path

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, Any]:
        """The status and the JSON of an answer; what is accepted is kept."""
        raise NotImplementedError

    def take(self, events: list[dict[str, Any]]) -> None:
        self.events += events
        self.accepted.update(map(self.identify, events))

    def identify(self, event: dict[str, Any]) -> str:
        return json.dumps(event, sort_keys=True)

    def expect(self, condition: object, fault: str) -> bool:
        if not condition:
            self.faults.append(fault)
        return bool(condition)

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        with self._lock:
            self.requests += 1
            trouble = self.troubles.pop(0) if self.troubles else ""
            if trouble == "reset":
                return _break(handler)
            status, retry_after = 200, None
            said: Any = None
            if trouble and trouble not in ("lost", "slow"):
                code, _, retry_after = trouble.partition(" ")
                status, said = int(code), {"error": "in trouble"}
            else:
                headers = {name.lower(): text for name, text in handler.headers.items()}
                status, said = self.answer(handler.command, handler.path, headers, body)
        if trouble == "lost":
            return _break(handler)
        if trouble == "slow":
            time.sleep(0.2)
        content = b"" if said is None else json.dumps(said).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content)))
        for name, text in self.headers.items():
            handler.send_header(name, text)
        if retry_after:
            handler.send_header("Retry-After", retry_after)
        handler.end_headers()
        handler.wfile.write(content)
        return None

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        standin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                with standin.count():
                    standin.handle(self)

            do_GET = do_POST  # noqa: N815 - http.server's name

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    @contextlib.contextmanager
    def count(self) -> Iterator[None]:
        self._under_way += 1
        self.busiest = max(self.busiest, self._under_way)
        try:
            yield
        finally:
            self._under_way -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Say nothing: runs are killed, and their connections break."""


def _break(handler: BaseHTTPRequestHandler) -> None:
    """End the connection without an answer."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.close()


class Ga4(Standin):
    """Google Analytics 4: developers.google.com/analytics/devguides/collection/protocol/ga4."""

    path = "/mp/collect"

    def answer(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, Any]:
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.expect(method == "POST", "only POST is supported")
        self.expect(headers["content-type"] == "application/json", "no JSON")
        self.expect(query.get("api_secret") == SECRETS["DCEVENTS_GA4_API_SECRET"], "secret")
        self.expect(re.fullmatch("G-[A-Z0-9]+", query.get("measurement_id", "")), "measurement_id")
        self.expect(len(body) < 130_000, "sending-events: the body is smaller than 130 kB")
        found = json.loads(body)
        faults = [*self._find_faults(found)]
        if parts.path.startswith("/debug/"):
            return 200, {
                "validationMessages": [
                    {"fieldPath": "events", "description": each, "validationCode": "VALUE_INVALID"}
                    for each in faults
                ]
            }
        self.faults += faults
        self.take([{"client_id": found["client_id"], **event} for event in found["events"]])
        return 204, None

    def _find_faults(self, found: dict[str, Any]) -> Iterator[str]:
        if not isinstance(found.get("client_id"), str) or not found["client_id"]:
            yield "reference: client_id is required"
        if found["consent"].keys() - {"ad_user_data", "ad_personalization"}:
            yield "reference: consent"
        if not {*found["consent"].values()} <= {"GRANTED", "DENIED"}:
            yield "reference: consent is GRANTED or DENIED"
        if not 0 < len(found["events"]) <= 25:
            yield "sending-events: at most 25 events"
        for event in found["events"]:
            yield from self._find_event_faults(event)

    def _find_event_faults(self, event: dict[str, Any]) -> Iterator[str]:
        name = "[A-Za-z][A-Za-z0-9_]{0,39}"
        if not re.fullmatch(name, event["name"]) or _is_reserved(event["name"]):
            yield "sending-events: names have 40 characters, letters, digits and _"
        if len(event["params"]) > 25:
            yield "sending-events: at most 25 parameters"
        age = self.now - event["timestamp_micros"] / 1_000_000
        if age > 72 * 3600:
            yield f"sending-events: backdated up to 72 hours, not {age / 3600:.1f}"
        for key, value in event["params"].items():
            longest = 1000 if key == "page_location" else 100
            if not re.fullmatch(name, key) or _is_reserved(key):
                yield f"sending-events: name of a parameter: {key}"
            if isinstance(value, str) and not 0 < len(value) <= longest:
                yield f"sending-events: {key} has {len(value)} characters"
        if not re.fullmatch("[0-9]{1,15}", str(event["params"].get("session_id"))):
            yield "sending-events: session_id is of digits"

    def identify(self, event: dict[str, Any]) -> str:
        params = event["params"]
        sid, dialogue = params.get("chat_sid"), params.get("chat_id")
        return f"{event['name']} {event['timestamp_micros'] // 1000} {sid} {dialogue}"


def _is_reserved(name: str) -> bool:
    return name.startswith(("ga_", "google_", "firebase_", "gtag.")) or name == "session_start"


class AdobeEdge(Standin):
    """The Edge Network: developer.adobe.com/data-collection-apis/docs/endpoints/collect."""

    path = "/ee/v2/collect"
    token = SECRETS["DCEVENTS_ADOBE_TOKEN"]

    def answer(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, Any]:
        if urlsplit(url).path == "/ims/token/v3":
            return self._give_token(body)
        if headers.get("authorization") != f"Bearer {self.token}":
            return 401, {"title": "Invalid authorization token"}
        self.expect(method == "POST", "POST")
        self.expect(headers.get("x-api-key"), "x-api-key")
        self.expect(headers.get("x-gw-ims-org-id") == SECRETS["DCEVENTS_ADOBE_ORG_ID"], "org")
        self.expect(parse_qs(urlsplit(url).query).get("datastreamId"), "datastreamId")
        self.expect(len(body) <= 64 * 1024, "guardrails: a request is at most 64 KB")
        events = json.loads(body)["events"]
        for event in events:
            if not _has_primary_identity(event["xdm"]):
                return 400, {"title": "the mandatory primary identity was not found"}
            time_pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
            self.expect(re.fullmatch(time_pattern, event["xdm"]["timestamp"]), "timestamp")
            if any("poison" in str(value) for value in event["data"].values()):
                return 400, {"title": "no such value"}
        self.take(events)
        return 202, {"requestId": "f567a988-4b3c-45a6-9ed8-f283188a445e"}

    def _give_token(self, body: bytes) -> tuple[int, Any]:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        wanted = {
            "grant_type": "client_credentials",
            "client_id": CREDENTIALS["DCEVENTS_ADOBE_CLIENT_ID"],
            "client_secret": CREDENTIALS["DCEVENTS_ADOBE_CLIENT_SECRET"],
        }
        if {name: form.get(name) for name in wanted} != wanted or "openid" not in form["scope"]:
            return 401, {"error": "invalid_client"}
        return 200, {"access_token": self.token, "token_type": "bearer", "expires_in": 86399}

    def identify(self, event: dict[str, Any]) -> str:
        return str(event["xdm"]["_id"])


def _has_primary_identity(xdm: dict[str, Any]) -> bool:
    identities = [each for row in xdm.get("identityMap", {}).values() for each in row]
    return any(each.get("primary") and each.get("id") for each in identities)


class AdobeAnalytics(Standin):
    """Bulk Data Insertion: developer.adobe.com/analytics-collection-apis, its file format."""

    path = "/aa/collect/v1/events"

    def __init__(self, now: float | None = None) -> None:
        super().__init__(now)
        self.keys: Counter[str] = Counter()
        self._last: dict[tuple[str, str], int] = {}

    def answer(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, Any]:
        if headers.get("authorization") != f"Bearer {SECRETS['DCEVENTS_ADOBE_TOKEN']}":
            return 401, {"error": "Invalid token (1)"}
        self.expect(headers.get("x-api-key") == SECRETS["DCEVENTS_ADOBE_API_KEY"], "x-api-key")
        if method == "GET":
            key = url.rpartition("/key/")[2]
            return (200, {"rows": 1}) if self.keys[key] else (404, {"error": "File not found"})
        group = headers.get("x-adobe-vgid", "")
        self.expect(group, "endpoints: x-adobe-vgid is required")
        rows = list(csv.DictReader(io.StringIO(self._read_file(headers, body))))
        if urlsplit(url).path.endswith("/validate"):
            return 200, {"success": "File is valid"}
        self.keys[headers["x-adobe-idempotency-key"]] += 1
        self._check_rows(rows, group)
        self.take(rows)
        answer = {"status_code": "UPLOADED", "rows": len(rows), "invalid_rows": 0}
        return 200, {"file_id": "9c99f999", **answer}

    def _read_file(self, headers: dict[str, str], body: bytes) -> str:
        boundary = headers["content-type"].partition("boundary=")[2].encode()
        _, part, end = body.split(b"--" + boundary)
        self.expect(end == b"--\r\n", "multipart")
        head, _, content = part.partition(b"\r\n\r\n")
        self.expect(b'name="file"' in head, "endpoints: the file is named file")
        self.expect(len(content) <= 100_000_000, "file-format: 100 MB compressed")
        text = gzip.decompress(content[:-2]).decode()
        header, *lines = text.splitlines()
        names = [name.lower() for name in header.split(",")]
        self.expect(len(set(names)) == len(names), "file-format: headers are unique")
        self.expect(not header.endswith(","), "file-format: no trailing comma")
        self.expect(not any(line.endswith(",") for line in lines), "file-format: trailing comma")
        return text

    def _check_rows(self, rows: list[dict[str, Any]], group: str) -> None:
        for row in rows:
            for name in ("reportSuiteID", "timestamp", "userAgent", "visitorID", "linkName"):
                self.expect(row.get(name), f"file-format: {name} is required")
            self.expect(row["linkType"] == "o", "column-reference: linkType")
            self.expect(re.fullmatch("[0-9]{10}", row["timestamp"]), "milliseconds not allowed")
            moment, place = int(row["timestamp"]), (group, row["visitorID"])
            self.expect(self._last.get(place, 0) <= moment, "file-format: in order of time")
            self._last[place] = moment

    def identify(self, event: dict[str, Any]) -> str:
        sid, dialogue = event["contextData.chat_sid"], event["contextData.chat_id"]
        return f"{event['linkName']} {event['timestamp']} {sid} {dialogue}"
