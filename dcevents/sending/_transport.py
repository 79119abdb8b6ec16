"""Requests over HTTP. Imports urllib3, the extra `send`."""

import email.utils
import io
import os
import re
import time
import urllib.request
from collections.abc import Mapping
from datetime import UTC
from typing import Final, NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from dcevents import __version__
from dcevents.sending._platform import Answer, Request, TransportError, is_loopback
from dcevents.sending._secrets import Secrets

_CONNECT_SECONDS: Final = 10.0
_ANSWER_SECONDS: Final = 60.0
_MAX_ANSWER_BYTES: Final = 1 << 16
_MAX_REDIRECTS: Final = 3
_WANTS_LOGIN: Final = 407
_PASSING_STATUSES: Final = (408, 425, 429)
_KEPT_REDIRECTS: Final = (307, 308)
"""Of these the same request is to be made elsewhere; others turn it into a GET."""


class Transport:
    """Connections that are kept; safe for threads."""

    def __init__(self, secrets: Secrets, connections: int) -> None:
        self.secrets = secrets
        self._connections = connections
        self._pools: dict[str, urllib3.PoolManager] = {}

    def send(self, request: Request) -> Answer:
        """Make a request. Raises TransportError."""
        query = dict(request.query)
        query.update({name: self.secrets[of] for name, of in request.secret_query.items()})
        headers = {"User-Agent": f"dcevents/{__version__}", **request.headers}
        if request.body:
            headers["Content-Length"] = str(len(request.body))
        headers.update(
            {name: self.secrets.fill(text) for name, text in request.secret_headers.items()}
        )
        url = f"{request.url}?{urlencode(query)}" if query else request.url
        for _ in range(_MAX_REDIRECTS + 1):
            answer, target = self._exchange(request, url, headers)
            if target is None:
                return answer
            url = _follow_redirect(url, target, answer.status)
        raise TransportError("it redirects again and again", is_final=True)

    def _exchange(
        self, request: Request, url: str, headers: Mapping[str, str]
    ) -> tuple[Answer, str | None]:
        """Return the answer, and where a redirect leads. Raises TransportError."""
        try:
            response = self._find_pool(urlsplit(url)).urlopen(
                request.method,
                url,
                # In pieces: the time-out is of each, where of one text it is of all.
                body=io.BytesIO(request.body) if request.body else None,
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_ANSWER_SECONDS),
            )
        except TransportError:
            raise
        except Exception as error:  # noqa: BLE001 - any text may have the URL with its secret
            failure = _describe_error(error, _find_proxy(urlsplit(url)))
        else:
            target = response.headers.get("Location") if 300 <= response.status < 400 else None
            retry_after_ms = read_retry_after(response.headers.get("Retry-After"))
            body = _read_body(response)
            if not request.is_answer_secret:
                # A server may repeat what it was sent.
                text = self.secrets.redact(body.decode(errors="surrogateescape"))
                body = text.encode(errors="surrogateescape")
            return Answer(response.status, body, retry_after_ms), target
        raise failure

    def _find_pool(self, parts: SplitResult) -> urllib3.PoolManager:
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._pools:
            proxy = _find_proxy(parts)
            self._pools[origin] = (
                urllib3.PoolManager(maxsize=self._connections, block=True)
                if proxy is None
                else _make_proxy_manager(proxy, self._connections)
            )
        return self._pools[origin]


def _read_body(response: urllib3.BaseHTTPResponse) -> bytes:
    """Return the beginning of a body, empty where it breaks off: the status has come."""
    try:
        body = response.read(_MAX_ANSWER_BYTES)
        if response.read(1):
            # A connection with a rest on it cannot be used again.
            response.close()
    except (HTTPError, OSError):
        response.close()
        return b""
    response.release_conn()
    return body


class _Proxy(NamedTuple):
    """A proxy, and what names it to people: `HTTPS_PROXY`."""

    address: str
    name: str


def _find_proxy(parts: SplitResult) -> _Proxy | None:
    """Return the proxy that the environment names for a URL (HTTPS_PROXY, ALL_PROXY, NO_PROXY)."""
    host = parts.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    for kind in (parts.scheme, "all"):
        if address := proxies.get(kind):
            return _Proxy(address, _find_variable(f"{kind}_proxy", address))
    return None


def _find_variable(name: str, value: str) -> str:
    """Return how a variable is spelled in the environment: `https_proxy` goes first."""
    spelled = [each for each in os.environ if each.lower() == name and os.environ[each] == value]
    return max(spelled, default="the system's settings")


def _make_proxy_manager(proxy: _Proxy, connections: int) -> urllib3.ProxyManager:
    """Return connections through a proxy: tunnels, in which all is encrypted.

    Raises TransportError for what is no address of a proxy.
    """
    try:
        address = proxy.address
        parts = urlsplit(address if "://" in address else f"http://{address}")
        is_usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        # Its text may have a password.
        raise TransportError(
            f"{proxy.name} names no proxy that can be used (write http://HOST:PORT)", is_final=True
        )
    headers = None
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers = urllib3.make_headers(proxy_basic_auth=user)
    place = parts.netloc.rpartition("@")[2]
    return urllib3.ProxyManager(
        f"{parts.scheme}://{place}", proxy_headers=headers, maxsize=connections, block=True
    )


def _follow_redirect(url: str, target: str, status: int) -> str:
    """Return where the same request is to be made; raises TransportError where it is not."""
    try:
        old, new = urlsplit(url), urlsplit(urljoin(url, target))
    except ValueError:
        raise TransportError("it redirects to what is no address", is_final=True) from None
    if (old.scheme, old.netloc) != (new.scheme, new.netloc):
        host = quote(new.hostname or "nowhere", safe=":.")
        raise TransportError(f"it redirects to {host}, which is not followed", is_final=True)
    if status not in _KEPT_REDIRECTS:
        raise TransportError(f"it answers {status}: the address is another one", is_final=True)
    return urlunsplit(new._replace(query=old.query))


def _describe_error(error: Exception, proxy: _Proxy | None) -> TransportError:
    """Return what went wrong, without the error's own text."""
    named = "the proxy" if proxy is None else f"the proxy of {proxy.name}"
    # http.client tells the proxy's answer in its text alone.
    if refusal := re.search("Tunnel connection failed: ([0-9]{3})", str(error)):
        return _describe_proxy_answer(int(refusal[1]), named)
    if isinstance(error, ProxyError):
        return TransportError(f"{named} cannot be reached")
    if isinstance(error, SSLError):
        return TransportError("its certificate cannot be verified, or TLS fails", is_final=True)
    reasons = {
        NameResolutionError: "its address is not found (no network, or a slip in --endpoint)",
        ConnectTimeoutError: f"no connection within {_CONNECT_SECONDS:.0f} s",
        NewConnectionError: "no connection to it",
        ReadTimeoutError: f"no answer within {_ANSWER_SECONDS:.0f} s",
        ProtocolError: "the connection broke",
        OSError: "the connection broke",
    }
    found = next((text for kind, text in reasons.items() if isinstance(error, kind)), None)
    is_expected = isinstance(error, HTTPError | OSError | ValueError)
    reason = found or f"the request failed ({type(error).__name__})"
    return TransportError(reason, is_final=not is_expected)


def _describe_proxy_answer(status: int, named: str) -> TransportError:
    """Return why the proxy that the environment names makes no connection."""
    if status == _WANTS_LOGIN:
        return TransportError(f"{named} wants another user or password (407)", is_final=True)
    # What a proxy forbids it will go on forbidding; it may lack a connection for a while.
    is_final = 400 <= status < 500 and status not in _PASSING_STATUSES
    return TransportError(f"{named} lets nothing through (it answers {status})", is_final=is_final)


def read_retry_after(text: str | None) -> int | None:
    """Return how long to wait by `Retry-After`: seconds, or a date."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return min(int(text.strip()[:9]), 10**6) * 1000
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # `-0000`, or no zone at all: dates of HTTP are of UTC
        moment = moment.replace(tzinfo=UTC)
    return max(0, int((moment.timestamp() - time.time()) * 1000))
