"""Stand-ins for the platforms that `send` knows, on loopback.

Each holds requests to the limits that its platform documents, and keeps what it accepted. What a
request breaks stands in `faults`, with the page that says so: Google itself would answer 204 and
drop the events. Who comes too often is answered 429, and counted in `too_often`. `troubles` are
what a stand-in does to the next requests: answer a status as the platform does, or with what a
proxy would say (`400 page`), break the connection, or take what came and lose the reply.
"""

import contextlib
import csv
import gzip
import io
import json
import re
import socket
import ssl
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import xdm

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


PAGE = b"<!DOCTYPE html><title>Blocked</title><p>Your administrator has blocked this page."
_CLOCK_ERROR = 1e-6
"""Seconds that are summed up in two ways."""


class Standin:
    """A platform on loopback: what all have in common."""

    path = "/"
    units_per_second: int | None = None
    """What may come within a second, counted by `count_units`."""
    monotonic: Callable[[], float] = staticmethod(time.monotonic)
    """The time by which rates go."""
    rest: Callable[[float], None] = staticmethod(lambda _: None)
    """Lets seconds pass, where time is virtual."""

    def __init__(self, now: float | None = None) -> None:
        self.accepted: Counter[str] = Counter()
        """How often each event arrived, by what `identify` says of it."""
        self.events: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self.troubles: list[str] = []
        """For the next requests: a status, `429 0` with Retry-After, `400 page`, `reset`, `lost`,
        `slow`.
        """
        self.requests = 0
        self.connections = 0
        self.busiest = 0
        """The most requests that were under way at a time."""
        self.too_often = 0
        self.headers: dict[str, str] = {}
        """What answers have more."""
        self._arrivals: deque[tuple[float, int]] = deque()
        self._created_at = self.monotonic()
        self._under_way = 0
        self._now = now
        self._host: str | None = None
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._make_handler())
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def now(self) -> float:
        """The time by which ages go, seconds since 1970."""
        if self._now is None:
            return time.time()
        return self._now + self.monotonic() - self._created_at

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def origin(self) -> str:
        scheme, host = ("http", "127.0.0.1") if self._host is None else ("https", self._host)
        return f"{scheme}://{host}:{self.port}"

    def encrypt(self, key: Path, certificate: Path, host: str) -> None:
        """Speak TLS from now on, as a host of that name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._host = host

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

    def complain(self, status: int, reason: str) -> dict[str, Any] | None:  # noqa: ARG002
        """The JSON with which the platform refuses."""
        return {"error": reason}

    def count_units(self, body: bytes) -> int:  # noqa: ARG002
        return 1

    def _has_room(self, body: bytes) -> bool:
        """Whether a request is within what may come in a second."""
        if self.units_per_second is None:
            return True
        now, units = self.monotonic(), self.count_units(body)
        while self._arrivals and self._arrivals[0][0] <= now - 1 + _CLOCK_ERROR:
            self._arrivals.popleft()
        if units + sum(each for _, each in self._arrivals) > self.units_per_second:
            return False
        self._arrivals.append((now, units))
        return True

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
            status, retry_after = 200, ""
            said: Any = None
            if trouble and trouble not in ("lost", "slow"):
                code, _, retry_after = trouble.partition(" ")
                status, said = int(code), self.complain(int(code), "in trouble")
            elif not self._has_room(body):
                self.too_often += 1
                status, said = 429, self.complain(429, "too many requests")
            else:
                headers = {name.lower(): text for name, text in handler.headers.items()}
                status, said = self.answer(handler.command, handler.path, headers, body)
        if trouble == "lost":
            return _break(handler)
        if trouble == "slow":
            time.sleep(0.2)
        content = b"" if said is None else json.dumps(said).encode()
        if retry_after == "page":
            content, retry_after = PAGE, ""
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

            def setup(self) -> None:
                standin.connections += 1
                super().setup()

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
    """Google Analytics 4: developers.google.com/analytics/devguides/collection/protocol/ga4.

    Pages: `sending-events` (Limitations), `reference`, `validating-events`.
    """

    path = "/mp/collect"

    def complain(self, status: int, reason: str) -> dict[str, Any] | None:  # noqa: ARG002
        """Nothing: Google has no error codes (validating-events), what is before it may."""
        return None

    def answer(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, Any]:
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.expect(method == "POST", "sending-events: only POST is supported")
        self.expect(headers["content-type"] == "application/json", "sending-events: JSON")
        secret = SECRETS["DCEVENTS_GA4_API_SECRET"]
        self.expect(query.get("api_secret") == secret, "sending-events: api_secret")
        measurement = query.get("measurement_id", "")
        self.expect(re.fullmatch("G-[A-Z0-9]+", measurement), "sending-events: measurement_id")
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
        known = {"client_id", "consent", "events", "validation_behavior"}
        if found.keys() - known:
            yield f"reference: no such member: {found.keys() - known}"
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
        if event.keys() - {"name", "params", "timestamp_micros"}:
            yield f"reference: no such member of an event: {[*event]}"
        if not re.fullmatch(name, event["name"]) or _is_reserved(event["name"]):
            yield "sending-events: names have 40 characters, letters, digits and _"
        if len(event["params"]) > 25:
            yield "sending-events: at most 25 parameters"
        age = self.now - event["timestamp_micros"] / 1_000_000
        if age > 72 * 3600:
            yield f"sending-events: backdated up to 72 hours, not {age / 3600:.1f}"
        for key, value in event["params"].items():
            # support.google.com/analytics/answer/9267744: of page_location 1,000.
            longest = 1000 if key == "page_location" else 100
            if not re.fullmatch(name, key) or _is_reserved(key):
                yield f"sending-events: name of a parameter: {key}"
            if not isinstance(value, str | int | float | bool):
                yield f"reference: {key} is no text, number or boolean"
            if isinstance(value, str) and not 0 < len(value) <= longest:
                yield f"sending-events: {key} has {len(value)} characters"
        # Both are needed for activity to be shown.
        if not re.fullmatch("[0-9]{1,15}", str(event["params"].get("session_id"))):
            yield "sending-events: session_id is of digits"
        if not isinstance(event["params"].get("engagement_time_msec"), int):
            yield "sending-events: engagement_time_msec"

    def identify(self, event: dict[str, Any]) -> str:
        params = event["params"]
        sid, dialogue = params.get("chat_sid"), params.get("chat_id")
        return f"{event['name']} {event['timestamp_micros'] // 1000} {sid} {dialogue}"


def _is_reserved(name: str) -> bool:
    """Whether Google keeps a name to itself: reference, Reserved names."""
    is_prefixed = name.startswith(("_", "ga_", "google_", "firebase_", "gtag."))
    return is_prefixed or name in _RESERVED_NAMES


_RESERVED_NAMES = {
    *("ad_activeview", "ad_click", "ad_exposure", "ad_query", "ad_reward", "adunit_exposure"),
    *("app_background", "app_clear_data", "app_exception", "app_remove", "app_store_refund"),
    *("app_update", "app_upgrade", "dynamic_link_app_open", "dynamic_link_first_open", "error"),
    *("first_open", "first_visit", "in_app_purchase", "notification_dismiss", "notification_open"),
    *("notification_receive", "os_update", "screen_view", "session_start", "user_engagement"),
}


class AdobeEdge(Standin):
    """The Edge Network: developer.adobe.com/data-collection-apis/docs/endpoints/collect.

    Pages: also `getting-started/guardrails`, `/authentication`, `/troubleshooting`.
    """

    path = "/ee/v2/collect"
    units_per_second = 6000  # guardrails: request units a second of /v2/collect
    upstreams = 3
    """Services behind the datastream: each takes a unit of its own (guardrails)."""
    token = SECRETS["DCEVENTS_ADOBE_TOKEN"]

    def complain(self, status: int, reason: str) -> dict[str, Any] | None:
        """Problem details (troubleshooting, Fatal errors)."""
        kind = f"https://ns.adobe.com/aep/errors/EXEG-0003-{status}"
        return {"type": kind, "status": status, "title": reason, "report": {"requestId": "f567"}}

    def count_units(self, body: bytes) -> int:
        """A unit for each 8 KB, and each service (guardrails)."""
        return max(1, -(-len(body) // 8192)) * self.upstreams

    def answer(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, Any]:
        if urlsplit(url).path == "/ims/token/v3":
            return self._give_token(body)
        if headers.get("authorization") != f"Bearer {self.token}":
            return 401, self.complain(401, "Invalid authorization token")
        self.expect(method == "POST", "collect: POST")
        self.expect(headers["content-type"] == "application/json", "collect: JSON")
        self.expect(headers.get("x-api-key"), "authentication: x-api-key")
        org = SECRETS["DCEVENTS_ADOBE_ORG_ID"]
        self.expect(headers.get("x-gw-ims-org-id") == org, "authentication: x-gw-ims-org-id")
        self.expect(parse_qs(urlsplit(url).query).get("datastreamId"), "collect: datastreamId")
        if not self.expect(len(body) <= 64 * 1024, "guardrails: a request is at most 64 KB"):
            return 413, self.complain(413, "Payload too large")
        found = json.loads(body)
        events = found["events"]
        self.expect(found.keys() == {"events"}, "collect: only events")
        for event in events:
            self.expect(event.keys() == {"xdm", "data"}, "collect: xdm and data")
            if not _has_primary_identity(event["xdm"]):
                return 400, self.complain(400, "No primary identity set in request (event)")
            self.faults += xdm.find_faults(event["xdm"])
            if any("poison" in str(value) for value in event["data"].values()):
                return 400, self.complain(400, "no such value")
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


_MAX_BYTES = {"prop": 100, "eVar": 255}
"""What Adobe Analytics keeps of a value: components/dimensions/prop and /evar."""
_SUPPORTED_COLUMN = re.compile(
    "reportSuiteID|timestamp|visitorID|marketingCloudVisitorID|userAgent|pageURL|pageName|events"
    r"|linkType|linkName|linkURL|contextData\.\w+|eVar[0-9]+|prop[0-9]+|list[1-3]|hier[1-5]"
    "|channel|server|campaign"
)
"""Of those that `column-reference` names; others are ignored."""


class AdobeAnalytics(Standin):
    """Adobe's Bulk Data Insertion: developer.adobe.com/analytics-collection-apis.

    Pages of methods/bulk-data-insertion: `endpoints`, `file-format`, `column-reference`,
    `visitor-groups`, `troubleshooting`.
    """

    path = "/aa/collect/v1/events"
    units_per_second = 1  # endpoints: a cap of one request per second

    def __init__(self, now: float | None = None) -> None:
        super().__init__(now)
        self.keys: Counter[str] = Counter()
        self._last: dict[tuple[str, str], int] = {}

    def answer(
        self, method: str, url: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, Any]:
        if headers.get("authorization") != f"Bearer {SECRETS['DCEVENTS_ADOBE_TOKEN']}":
            return 401, {"error": "Token validation failed"}
        key = SECRETS["DCEVENTS_ADOBE_API_KEY"]
        self.expect(headers.get("x-api-key") == key, "endpoints: x-api-key is required")
        if method == "GET":
            return self._look_up(url.rpartition("/key/")[2])
        group = headers.get("x-adobe-vgid", "")
        if not self.expect(group, "endpoints: x-adobe-vgid is required"):
            return 400, {"error": "Request is missing required header 'x-adobe-vgid'"}
        text, faults = self._read_file(headers, body)
        rows = list(csv.DictReader(io.StringIO(text)))
        faults += self._find_row_faults(rows, group)
        if urlsplit(url).path.endswith("/validate"):
            return (400, {"error": faults[0]}) if faults else (200, {"success": "File is valid"})
        self.faults += faults
        key = headers["x-adobe-idempotency-key"]
        self.expect(not self.keys[key], "endpoints: the key of a file is unique")
        self.keys[key] += 1
        for row in rows:
            self._last[group, row["visitorID"]] = int(row["timestamp"])
        self.take(rows)
        return 200, {
            "file_id": "5c04f400-fca5-420c-9c36-b94aaec55e69",
            "visitor_group_id": group,
            "size": len(body),
            "rows": len(rows),
            "invalid_rows": 0,
            "status_code": "UPLOADED",
            "processing_log": f"Processing complete: {len(rows)} rows will be submitted.",
            "idempotency_key": key,
        }

    def _look_up(self, key: str) -> tuple[int, Any]:
        if not self.keys[key]:
            return 404, {"error": "File not found"}
        return 200, {"file_id": "22eea6b6", "rows": 1, "idempotency_key": key}

    def _read_file(self, headers: dict[str, str], body: bytes) -> tuple[str, list[str]]:
        """The text of a file, and what of `file-format` it breaks."""
        boundary = headers["content-type"].partition("boundary=")[2].encode()
        _, part, end = body.split(b"--" + boundary)
        head, _, content = part.partition(b"\r\n\r\n")
        self.expect(end == b"--\r\n" and b'name="file"' in head, "endpoints: the field `file`")
        text = gzip.decompress(content[:-2]).decode()
        header, *lines = text.splitlines()
        names = [name.lower() for name in header.split(",")]
        widths = {len(cells) for cells in csv.reader(io.StringIO(text), strict=True)}
        limits = {
            "100 MB compressed": len(content) <= 100_000_000,
            "1 GB uncompressed": len(text.encode()) <= 1_000_000_000,
            "each column header is unique": len(set(names)) == len(names),
            "only supported columns": all(map(_SUPPORTED_COLUMN.fullmatch, header.split(","))),
            "no trailing commas": not any(line.endswith(",") for line in [header, *lines]),
            "as many columns as the header": widths == {len(names)},
        }
        return text, [f"file-format: {name}" for name, is_kept in limits.items() if not is_kept]

    def _find_row_faults(self, rows: list[dict[str, Any]], group: str) -> list[str]:
        faults = []
        last = dict(self._last)
        for row in rows:
            needed = ("reportSuiteID", "timestamp", "userAgent", "linkName")
            missing = [name for name in needed if not row.get(name)]
            faults += [f"file-format: {name} is required" for name in missing]
            if not row.get("visitorID") and not row.get("marketingCloudVisitorID"):
                faults.append("file-format: a visitor's id is required")
            if row["linkType"] not in ("d", "e", "o"):
                faults.append("column-reference: linkType is d, e or o")
            if not re.fullmatch("[0-9]{10}", row["timestamp"]):
                faults.append("column-reference: milliseconds are not allowed")
            if not re.fullmatch("[A-Za-z0-9]{0,100}", row.get("visitorID", "")):
                faults.append("vars/config-vars/visitorid: 100 letters and digits")
            for name, value in row.items():
                if len(value.encode()) > _MAX_BYTES.get(name.rstrip("0123456789"), 10**9):
                    faults.append(f"components/dimensions: {name} has {len(value.encode())} bytes")
            moment, place = int(row["timestamp"]), (group, row["visitorID"])
            if last.get(place, 0) > moment:
                faults.append("file-format, visitor-groups: in order of time")
            last[place] = moment
        return faults

    def identify(self, event: dict[str, Any]) -> str:
        sid, dialogue = event["contextData.chat_sid"], event["contextData.chat_id"]
        return f"{event['linkName']} {event['timestamp']} {sid} {dialogue}"
