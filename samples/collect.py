"""Have programs write the sample events as they write them: sample_logs/envelopes/real-*.log.

python -m samples.collect [SAMPLER]...     all, or those named; as root, for Docker and Podman

What is not installed is left out, and said. Debian's packages are enough for programs: nginx
rsyslog syslog-ng-core systemd-journal-remote jq podman busybox-static docker.io docker-compose;
PyPI's for libraries and for AWS, where moto stands in for the service: awscli moto[server]
segment-analytics-python rudder-sdk-python mixpanel posthog amplitude-analytics.

The events are posted, logged or printed as a page listener and a server would. Times and ports are
those of the run, so the bytes differ from run to run; what the events say does not. Debian has
either rsyslog or syslog-ng installed.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

from samples import envelopes
from samples.envelopes._writing import dynamo

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "sample_logs" / "envelopes"
UNREAD_TARGET = ROOT / "tests" / "reading" / "unread"
NGINX = """
daemon off; worker_processes 1; error_log {folder}/error.log; pid {folder}/nginx.pid;
events {{ worker_connections 64; }}
http {{
  log_format dc escape=json '{{"time":"$time_iso8601","status":$status,'
    '"request_time":$request_time,'
    '"body":"$request_body"}}';
  log_format msec escape=json '{{"msec":$msec,"request":"$request",'
    '"request_body":"$request_body"}}';
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; access_log off;
  server {{ listen 127.0.0.1:{port}; client_body_buffer_size 64k;
    location /dc-events {{
      access_log {folder}/dc.log dc; access_log {folder}/msec.log msec;
      proxy_pass http://127.0.0.1:{port}/done; }}
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


SYSLOG_NG = """
@version: 3.38
@include "scl.conf"
source s {{ unix-dgram("{folder}/log" flags(no-parse) use-syslogng-pid(no)); }};
parser p {{ syslog-parser(default-facility(local0)); }};
destination bsd {{ file("{folder}/bsd.log"); }};
destination ietf {{ file("{folder}/ietf.log" flags(syslog-protocol)); }};
destination json {{
  file("{folder}/json.log" template("$(format-json --scope rfc5424 --key ISODATE)\\n")); }};
log {{ source(s); parser(p); destination(bsd); destination(ietf); destination(json); }};
"""
COMPOSE = """
version: "2.4"
services: {web: {image: dc, command: /bin/cat /dc.log, hostname: web1, network_mode: none}}
"""
JOURNAL = """__REALTIME_TIMESTAMP={time}
__MONOTONIC_TIMESTAMP={n}
_BOOT_ID={zero:032x}
_MACHINE_ID={zero:032x}
_HOSTNAME=web1
_PID=700
_TRANSPORT=stdout
PRIORITY=6
SYSLOG_IDENTIFIER=dc-events
MESSAGE={text}

"""

Events = Sequence[envelopes.Event]
Collect = Callable[[Path, Events], None]
"""Has a program write the events, as files `*.log` of a folder."""


def write_samples(samplers: Mapping[str, Collect], unread: Collection[str]) -> None:
    """Write what programs write, those that are named or all; some of it is what nobody reads."""
    with open(ROOT / "sample_logs" / "site" / "dc.log", "rb") as source:
        events = envelopes.read(source)[:24]
    UNREAD_TARGET.mkdir(exist_ok=True)
    for program in sys.argv[1:] or samplers:
        if shutil.which(program) is None:
            print(f"{program}: not installed")
            continue
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            folder = Path(name)
            folder.chmod(0o755)
            samplers[program](folder, events)
            for path in sorted(folder.glob("*.log")):
                data = path.read_bytes().replace(socket.gethostname().encode(), b"web1")
                data = data.replace(os.fsencode(ROOT), b"/srv")
                is_read = path.stem not in unread
                target = TARGET / f"real-{path.name}" if is_read else UNREAD_TARGET / path.name
                target.write_bytes(data.replace(os.fsencode(folder), b"/srv"))
                print(f"{target.relative_to(ROOT)}: {len(data.splitlines())} lines")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(*command: str, data: bytes = b"", folder: Path | None = None) -> bytes:
    """Return what a command prints, run in a folder, with data as its input."""
    return subprocess.run(command, input=data, cwd=folder, capture_output=True, check=True).stdout


def while_it_runs(
    command: Sequence[str], ready: Callable[[], bool], work: Callable[[], None], folder: Path
) -> None:
    """Start a program in a folder, do the work when it is ready, and stop it."""
    running = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(400):
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
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/dc-events", envelopes.text(event).encode()
            )
            urllib.request.urlopen(request).close()  # noqa: S310

    command = [
        "nginx",
        "-p",
        str(folder),
        "-c",
        str(folder / "nginx.conf"),
        "-e",
        str(folder / "error.log"),
    ]
    while_it_runs(command, lambda: listening(port), post, folder)


def sent_to_syslog(socket_path: Path, events: Sequence[envelopes.Event]) -> None:
    """Send the events to a socket, as a program does that logs to syslog."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.connect(str(socket_path))
        for event in events:
            log.send(
                f"<134>{envelopes.bsd(envelopes.moment(event))} dc-events[700]: "
                f"{envelopes.text(event)}".encode()
            )
            time.sleep(0.002)


def with_rsyslog(folder: Path, events: Sequence[envelopes.Event]) -> None:
    """Send the events to rsyslog's socket, as a program does that logs to syslog."""
    (folder / "rsyslog.conf").write_text(RSYSLOG.format(folder=folder), encoding="utf-8")

    command = [
        "rsyslogd",
        "-n",
        "-f",
        str(folder / "rsyslog.conf"),
        "-i",
        str(folder / "rsyslog.pid"),
    ]
    while_it_runs(
        command, (folder / "log").exists, lambda: sent_to_syslog(folder / "log", events), folder
    )


def with_syslog_ng(folder: Path, events: Sequence[envelopes.Event]) -> None:
    """Send the events to syslog-ng's socket."""
    (folder / "s.conf").write_text(SYSLOG_NG.format(folder=folder), encoding="utf-8")
    command = [
        "syslog-ng",
        "-F",
        "-f",
        "s.conf",
        "-p",
        "s.pid",
        "-R",
        "s.persist",
        "-c",
        "s.ctl",
        "--no-caps",
    ]
    while_it_runs(
        command, (folder / "log").exists, lambda: sent_to_syslog(folder / "log", events), folder
    )


def with_journald(folder: Path, events: Sequence[envelopes.Event]) -> None:
    """Put the events into a journal, and have journalctl print it."""
    made = [
        JOURNAL.format(
            time=envelopes.millis(envelopes.later(event)) * 1000,
            n=n,
            zero=0,
            text=envelopes.text(event),
        )
        for n, event in enumerate(events)
    ]
    (folder / "in.export").write_text("".join(made), encoding="utf-8")
    run("/lib/systemd/systemd-journal-remote", "-o", "x.journal", "in.export", folder=folder)
    for name in (
        "short",
        "short-full",
        "short-iso-precise",
        "short-unix",
        "json",
        "json-pretty",
        "json-seq",
    ):
        (folder / f"{name}.log").write_bytes(
            run("journalctl", "--file", "x.journal", "-o", name, folder=folder)
        )


def with_jq(folder: Path, events: Sequence[envelopes.Event]) -> None:
    """Have jq print the events."""
    data = envelopes.lines(events)
    for name, options in {"pretty": ["."], "seq": ["--seq", "."], "slurp": ["-s", "."]}.items():
        given = data if name != "seq" else envelopes.SHAPES["json-seq"].write(events)
        (folder / f"{name}.log").write_bytes(run("jq", *options, data=given))


def image(folder: Path, events: Sequence[envelopes.Event]) -> bytes:
    """Return a tar archive of all that a container needs to print the events."""
    (folder / "root" / "bin").mkdir(parents=True)
    (folder / "root" / "dc.log").write_bytes(envelopes.lines(events))
    shutil.copy("/bin/busybox", folder / "root" / "bin" / "cat")
    return run("tar", "-C", "root", "-c", ".", folder=folder)


def with_podman(folder: Path, events: Sequence[envelopes.Event]) -> None:
    """Have a container print the events, whose output conmon logs as CRI does."""
    podman = [
        "podman",
        "--root",
        "store",
        "--runroot",
        "run",
        "--storage-driver",
        "vfs",
        "--cgroup-manager",
        "cgroupfs",
    ]
    run(*podman, "import", "-", "dc", data=image(folder, events), folder=folder)
    limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
    alone = ["--network", "none", "--runtime", "runc", *limits]
    logged = ["--log-driver", "k8s-file", "--log-opt", f"path={folder}/cri.log"]
    run(
        *podman, "run", "--name", "web", *alone, *logged, "dc", "/bin/cat", "/dc.log", folder=folder
    )
    (folder / "logs.log").write_bytes(run(*podman, "logs", "-t", "web", folder=folder))


def with_docker(folder: Path, events: Sequence[envelopes.Event]) -> None:
    """Have containers print the events, whose output Docker logs."""
    host = ["-H", f"unix://{folder}/sock"]
    apart = [
        "--data-root",
        f"{folder}/data",
        "--exec-root",
        f"{folder}/exec",
        "--pidfile",
        f"{folder}/pid",
    ]
    quiet = ["--storage-driver", "vfs", "--iptables=false", "--bridge=none", "--ip-masq=false"]
    (folder / "compose.yml").write_text(COMPOSE, encoding="utf-8")

    def work() -> None:
        run("docker", *host, "import", "-", "dc", data=image(folder, events))
        run(
            "docker",
            *host,
            "run",
            "--name",
            "web",
            "--network",
            "none",
            "dc",
            "/bin/cat",
            "/dc.log",
        )
        kept = run("docker", *host, "inspect", "-f", "{{.LogPath}}", "web", folder=folder)
        shutil.copy(kept.decode().strip(), folder / "file.log")
        (folder / "logs.log").write_bytes(run("docker", *host, "logs", "-t", "web"))
        compose = ["docker-compose", *host, "-p", "site", "-f", "compose.yml"]
        run(*compose, "up", folder=folder)
        (folder / "compose.log").write_bytes(run(*compose, "logs", "--no-color", folder=folder))

    while_it_runs(["dockerd", *host, *apart, *quiet], (folder / "sock").exists, work, folder)


def with_aws(folder: Path, events: Sequence[envelopes.Event]) -> None:
    """Put the events into CloudWatch Logs and Firehose, for which moto stands in,
    and get them with `aws`.
    """
    port = free_port()
    aws = [
        "aws",
        "--endpoint-url",
        f"http://127.0.0.1:{port}",
        "--region",
        "us-east-1",
        "--output",
        "json",
    ]
    now = int(time.time() * 1000)
    logged = [
        {"timestamp": now + n, "message": envelopes.text(event)} for n, event in enumerate(events)
    ]
    (folder / "events.json").write_bytes(envelopes.lines([logged]))
    (folder / "records.json").write_bytes(
        envelopes.lines([[{"Data": envelopes.text(event)} for event in events]])
    )
    stream = "BucketARN=arn:aws:s3:::dc-events,RoleARN=arn:aws:iam::123456789012:role/dc"

    def call(*arguments: str) -> bytes:
        return run(*aws, *arguments, folder=folder)

    def work() -> None:
        call("logs", "create-log-group", "--log-group-name", "dc")
        stream_of = ("--log-group-name", "dc", "--log-stream-name", "web")
        call("logs", "create-log-stream", *stream_of)
        call("logs", "put-log-events", *stream_of, "--log-events", "file://events.json")
        (folder / "filter.log").write_bytes(
            call("logs", "filter-log-events", "--log-group-name", "dc")
        )
        (folder / "get.log").write_bytes(call("logs", "get-log-events", *stream_of))
        call("s3api", "create-bucket", "--bucket", "dc-events")
        name = ("--delivery-stream-name", "dc")
        call(
            "firehose",
            "create-delivery-stream",
            *name,
            "--extended-s3-destination-configuration",
            stream,
        )
        call("firehose", "put-record-batch", *name, "--records", "file://records.json")
        call("s3", "cp", "--recursive", "s3://dc-events", "got")
        found = sorted(path for path in (folder / "got").rglob("*") if path.is_file())
        (folder / "firehose.log").write_bytes(b"".join(path.read_bytes() for path in found))
        for store, printed in ask_stores(call, events).items():
            (folder / f"{store}.log").write_bytes(printed)

    keys = {
        "AWS_ACCESS_KEY_ID": "example",
        "AWS_SECRET_ACCESS_KEY": "example",
    }  # Of nobody: moto asks for some.
    os.environ.update(keys)
    while_it_runs(
        ["moto_server", "-H", "127.0.0.1", "-p", str(port)], lambda: listening(port), work, folder
    )


def ask_stores(call: Callable[..., bytes], events: Sequence[envelopes.Event]) -> dict[str, bytes]:
    """Put the events into SQS, Kinesis and DynamoDB, and return what `aws` gets of these."""
    call("sqs", "create-queue", "--queue-name", "dc")
    queue = ("--queue-url", "http://sqs.us-east-1.amazonaws.com/123456789012/dc")
    call("kinesis", "create-stream", "--stream-name", "dc", "--shard-count", "1")
    key = ("--key-schema", "AttributeName=n,KeyType=HASH", "--billing-mode", "PAY_PER_REQUEST")
    attributes = ("--attribute-definitions", "AttributeName=n,AttributeType=N")
    call("dynamodb", "create-table", "--table-name", "dc", *key, *attributes)
    texts = [envelopes.text(event) for event in events]
    messages = [{"Id": str(n), "MessageBody": text} for n, text in enumerate(texts)]
    received = []
    for begin in range(0, len(messages), 10):
        entries = ("--entries", envelopes.text(messages[begin : begin + 10]))
        call("sqs", "send-message-batch", *queue, *entries)
        received.append(call("sqs", "receive-message", *queue, "--max-number-of-messages", "10"))
    records = [{"Data": text, "PartitionKey": "dc"} for text in texts]
    call("kinesis", "put-records", "--stream-name", "dc", "--records", envelopes.text(records))
    items = [{"n": {"N": str(n)}, "dc": dynamo(event)} for n, event in enumerate(events)]
    puts = {"dc": [{"PutRequest": {"Item": item}} for item in items]}
    call("dynamodb", "batch-write-item", "--request-items", envelopes.text(puts))
    shard = ("--shard-id", "shardId-000000000000", "--shard-iterator-type", "TRIM_HORIZON")
    place = call("kinesis", "get-shard-iterator", "--stream-name", "dc", *shard)
    iterator = json.loads(place)["ShardIterator"]
    return {
        "sqs": b"".join(received),
        "kinesis": call("kinesis", "get-records", "--shard-iterator", iterator),
        "dynamodb": call("dynamodb", "scan", "--table-name", "dc"),
    }


class Taken(BaseHTTPRequestHandler):
    """Keeps what is posted, one body a line."""

    bodies: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        """Take it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        form = parse_qs(body.decode())
        self.bodies.append(form["data"][0].encode() if "data" in form else body)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status":1,"code":200}')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def with_library(name: str, folder: Path, events: Sequence[envelopes.Event]) -> None:
    """Track the events with the library of an analytics platform,
    and keep the bodies of its requests.
    """
    with ThreadingHTTPServer(("127.0.0.1", 0), Taken) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        Taken.bodies.clear()
        LIBRARIES[name](f"http://127.0.0.1:{server.server_port}", events)
        server.shutdown()
    (folder / "bodies.log").write_bytes(b"".join(body + b"\n" for body in Taken.bodies))


def tracked(library: Any, events: Sequence[envelopes.Event]) -> None:  # noqa: ANN401 - either's
    """Track with Segment's library, or RudderStack's, which is made after it."""
    for event in events:
        told = {
            "timestamp": envelopes.moment(event),
            "context": {"page": {"url": event.get("page")}},
        }
        library.track(
            anonymous_id="a1", event=event["event"], properties=envelopes.payload(event), **told
        )
    library.flush()


def by_segment(address: str, events: Sequence[envelopes.Event]) -> None:
    """Track with Segment's library for Python."""
    from segment.analytics import Client  # noqa: PLC0415

    tracked(Client("example", host=address), events)


def by_rudderstack(address: str, events: Sequence[envelopes.Event]) -> None:
    """Track with RudderStack's library for Python."""
    from rudderstack.analytics.client import Client  # noqa: PLC0415

    tracked(Client("example", host=address, gzip=False), events)


def by_mixpanel(address: str, events: Sequence[envelopes.Event]) -> None:
    """Import into Mixpanel with its library for Python."""
    import mixpanel  # noqa: PLC0415

    consumer = mixpanel.BufferedConsumer(
        import_url=f"{address}/import", events_url=f"{address}/track"
    )
    library = mixpanel.Mixpanel("example", consumer)
    for event in events:
        when = envelopes.millis(envelopes.moment(event)) / 1000
        told = {**envelopes.payload(event), "$current_url": event.get("page"), "time": when}
        library.track("device-1", event["event"], told)
    consumer.flush()


def by_posthog(address: str, events: Sequence[envelopes.Event]) -> None:
    """Capture with PostHog's library for Python."""
    import posthog  # noqa: PLC0415

    library = posthog.Posthog("example", host=address, gzip=False, disable_geoip=True)
    for event in events:
        told = {**envelopes.payload(event), "$current_url": event.get("page")}
        library.capture(
            event["event"], distinct_id="p1", properties=told, timestamp=envelopes.moment(event)
        )
    library.shutdown()


def by_amplitude(address: str, events: Sequence[envelopes.Event]) -> None:
    """Track with Amplitude's library for Python."""
    from amplitude import Amplitude, BaseEvent  # noqa: PLC0415

    library = Amplitude("example")
    library.configuration.server_url = address
    for event in events:
        told = {**envelopes.payload(event), "page": event.get("page")}
        when = envelopes.millis(envelopes.moment(event))
        library.track(
            BaseEvent(event["event"], device_id="device-1", time=when, event_properties=told)
        )
    library.shutdown()


LIBRARIES: dict[str, Callable[[str, Sequence[envelopes.Event]], None]] = {
    "segment": by_segment,
    "rudderstack": by_rudderstack,
    "mixpanel": by_mixpanel,
    "posthog": by_posthog,
    "amplitude": by_amplitude,
}
Sampler = Callable[[Path, Sequence[envelopes.Event]], None]
SAMPLERS: dict[str, tuple[Sampler, dict[str, str]]] = {
    "nginx": (with_nginx, {"dc": "nginx", "msec": "nginx-msec"}),
    "rsyslogd": (with_rsyslog, {"bsd": "rsyslog", "iso": "rsyslog-iso", "5424": "rsyslog-5424"}),
    "syslog-ng": (
        with_syslog_ng,
        {"bsd": "syslog-ng", "ietf": "syslog-ng-5424", "json": "syslog-ng-json"},
    ),
    "journalctl": (
        with_journald,
        {
            "short": "journald",
            "short-full": "journald-full",
            "short-iso-precise": "journald-iso",
            "short-unix": "journald-unix",
            "json": "journald-json",
            "json-pretty": "journald-json-pretty",
            "json-seq": "journald-json-seq",
        },
    ),
    "jq": (with_jq, {"pretty": "jq", "seq": "jq-seq", "slurp": "jq-slurp"}),
    "podman": (with_podman, {"cri": "podman-cri", "logs": "podman-logs"}),
    "dockerd": (
        with_docker,
        {"file": "docker", "logs": "docker-logs", "compose": "docker-compose"},
    ),
    "aws": (
        with_aws,
        {
            "filter": "aws-filter",
            "get": "aws-get",
            "firehose": "aws-firehose",
            "sqs": "aws-sqs",
            "kinesis": "aws-kinesis",
            "dynamodb": "aws-dynamodb",
        },
    ),
    **{name: (partial(with_library, name), {"bodies": name}) for name in LIBRARIES},
}
"""By the program or the library: what has it log the events,
and its files with the samples that they become.
"""


def main() -> None:
    """Write the samples."""
    with open(ROOT / "sample_logs" / "site" / "dc.log", "rb") as source:
        events = envelopes.read(source)[:24]
    for program in sys.argv[1:] or SAMPLERS:
        collect, names = SAMPLERS[program]
        if program not in LIBRARIES and shutil.which(program) is None:
            print(f"{program}: not installed")
            continue
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o755)
            try:
                collect(Path(folder), events)
            except ImportError as error:
                print(f"{program}: {error}")
                continue
            for name, sample in names.items():
                data = (
                    Path(folder, f"{name}.log")
                    .read_bytes()
                    .replace(socket.gethostname().encode(), b"web1")
                )
                (TARGET / f"real-{sample}.log").write_bytes(data)
                print(f"real-{sample}: {len(data.splitlines())} lines")


if __name__ == "__main__":
    main()
