"""A proxy on loopback, as companies have them: it makes tunnels (CONNECT), and notes what it sees.

Whatever host a tunnel is to, it leads to a stand-in.
"""

import base64
import contextlib
import select
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest

needs_openssl = pytest.mark.skipif(
    not shutil.which("openssl"), reason="openssl makes the certificate"
)


def make_certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """Make a key and a certificate that it signs itself; return their files."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subject = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
    # Of an elliptic curve: one of RSA takes half a second to find.
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    made = ["openssl", "req", "-x509", *curve, *subject, *files]
    subprocess.run(made, check=True, capture_output=True)
    return key, certificate


class Proxy:
    """A proxy to the port of a stand-in."""

    def __init__(self, port: int, login: str | None = None) -> None:
        self.seen = bytearray()
        """All that came in, what went through tunnels too."""
        self.heads: list[str] = []
        """Requests to the proxy itself."""
        self.status = 200
        """What it answers to those."""
        self._port = port
        self._login = login
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Make no tunnels any more."""
        # A thread that waits for a connection keeps a closed socket open.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                threading.Thread(target=self._handle, args=(client,), daemon=True).start()

    def _handle(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                if not (data := client.recv(1)):
                    return
                head += data
            self.seen += head
            self.heads.append(head.decode())
            status = self._judge(head)
            client.sendall(f"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n".encode())
            if status == 200:
                with socket.create_connection(("127.0.0.1", self._port)) as server:
                    self._pass_on(client, server)

    def _judge(self, head: bytes) -> int:
        if not head.startswith(b"CONNECT "):
            return 405
        if self._login is not None:
            login = base64.b64encode(self._login.encode())
            if b"proxy-authorization: basic " + login.lower() not in head.lower():
                return 407
        return self.status

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        while True:
            ready, _, _ = select.select([client, server], [], [])
            for source in ready:
                if not (data := source.recv(1 << 16)):
                    return
                if source is client:
                    self.seen += data
                (server if source is client else client).sendall(data)
