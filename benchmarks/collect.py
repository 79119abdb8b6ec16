"""Have nginx and rsyslog write the sample events as they write them: sample_logs/envelopes/real-*.log.

python benchmarks/collect.py                  needs the commands nginx and rsyslogd (Debian's packages are enough)

The events are posted, and sent to a syslog socket, as a page listener and a server would. Times and ports are those of
the run, so the bytes differ from run to run; what the events say does not.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

import envelopes

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "sample_logs" / "envelopes"
NGINX = """
daemon off; worker_processes 1; error_log {folder}/error.log; pid {folder}/nginx.pid;
events {{ worker_connections 64; }}
http {{
  log_format dc escape=json '{{"time":"$time_iso8601","status":$status,"request_time":$request_time,'
    '"body":"$request_body"}}';
  log_format msec escape=json '{{"msec":$msec,"request":"$request","request_body":"$request_body"}}';
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; access_log off;
  server {{ listen 127.0.0.1:{port}; client_body_buffer_size 64k;
    location /dc-events {{
      access_log {folder}/dc.log dc; access_log {folder}/msec.log msec; proxy_pass http://127.0.0.1:{port}/done; }}
    location /done {{ return 204; }} }}
}}
"""
RSYSLOG = """
global(workDirectory="{folder}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{folder}/log")
action(type="omfile" file="{folder}/bsd.log" template="RSYSLOG_TraditionalFileFormat")
action(type="omfile" file="{folder}/iso.log" template="RSYSLOG_FileFormat")
action(type="omfile" file="{folder}/5424.log" template="RSYSLOG_SyslogProtocol23Format")
"""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def while_it_runs(command: Sequence[str], ready: Callable[[], bool], work: Callable[[], None]) -> None:
    """Start a program, do the work when it is ready, and stop it."""
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if ready():
                break
            time.sleep(0.05)
        work()
        time.sleep(0.5)
    finally:
        running.terminate()
        running.wait(20)


def listening(port: int) -> bool:
    """Return whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def with_nginx(folder: Path, events: Sequence[envelopes.Event]) -> None:
    """Post the events to nginx, which logs their bodies."""
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port), encoding="utf-8")

    def post() -> None:
        for event in events:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/dc-events", envelopes.text(event).encode())
            urllib.request.urlopen(request).close()  # noqa: S310

    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    while_it_runs(command, lambda: listening(port), post)


def with_rsyslog(folder: Path, events: Sequence[envelopes.Event]) -> None:
    """Send the events to rsyslog's socket, as a program does that logs to syslog."""
    (folder / "rsyslog.conf").write_text(RSYSLOG.format(folder=folder), encoding="utf-8")

    def send() -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.connect(str(folder / "log"))
            for event in events:
                log.send(
                    f"<134>{envelopes.bsd(envelopes.moment(event))} dc-events[700]: {envelopes.text(event)}".encode()
                )
                time.sleep(0.002)

    command = ["rsyslogd", "-n", "-f", str(folder / "rsyslog.conf"), "-i", str(folder / "rsyslog.pid")]
    while_it_runs(command, (folder / "log").exists, send)


def main() -> None:
    """Write the samples."""
    with open(ROOT / "sample_logs" / "site" / "dc.log", "rb") as source:
        events = envelopes.read(source)[:24]
    host = socket.gethostname()
    for program, collect, names in (
        ("nginx", with_nginx, {"dc": "real-nginx", "msec": "real-nginx-msec"}),
        ("rsyslogd", with_rsyslog, {"bsd": "real-rsyslog", "iso": "real-rsyslog-iso", "5424": "real-rsyslog-5424"}),
    ):
        if shutil.which(program) is None:
            sys.exit(f"collect.py: {program} is not installed")
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            collect(Path(folder), events)
            for name, sample in names.items():
                data = Path(folder, f"{name}.log").read_bytes().replace(f" {host} ".encode(), b" web1 ")
                (TARGET / f"{sample}.log").write_bytes(data)
                print(f"{sample}: {len(data.splitlines())} lines")


if __name__ == "__main__":
    main()
