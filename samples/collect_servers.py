"""Have servers write the sample events: sample_logs/envelopes/real-*.log.

python -m samples.collect_servers [PROGRAM]...     all, or those named; as root

What is not installed is left out, and said. Debian's packages are enough: mariadb-server apache2
libapache2-mod-security2 kcat. Kafka's broker is the one within librdkafka, which kcat starts.

What is no log that can be read goes to tests/reading/unread, where hints are tested.
"""

from __future__ import annotations

import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

from samples import envelopes
from samples.collect import Collect, Events, free_port, listening, run, while_it_runs, write_samples
from samples.collect_tables import write_sql
from samples.tables import COLUMNS, list_cells

ROOT = Path(__file__).parent.parent
UNREAD = {"mariadb-dump", "mariadb-xml", "apache-combined"}
"""What is written to be seen, or wrongly: a hint says what can be done."""
APACHE = """
ServerName www.example.com
ServerRoot {folder}
DocumentRoot {folder}
Listen 127.0.0.1:{port}
PidFile {folder}/pid
User www-data
Group www-data
Mutex file:{folder}
Define modules /usr/lib/apache2/modules
LoadModule mpm_prefork_module ${{modules}}/mod_mpm_prefork.so
LoadModule authz_core_module ${{modules}}/mod_authz_core.so
LoadModule setenvif_module ${{modules}}/mod_setenvif.so
LoadModule unique_id_module ${{modules}}/mod_unique_id.so
LoadModule security2_module ${{modules}}/mod_security2.so
ErrorLog {folder}/error.txt
LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\"" combined
LogFormat "{{\\"time\\":\\"%t\\",\\"request\\":\\"%r\\",\\"status\\":%>s}}" json
SetEnvIf Request_URI "^/pixel" pixel
CustomLog {folder}/apache-combined.log combined env=pixel
CustomLog {folder}/apache-json.log json env=pixel
SecRuleEngine DetectionOnly
SecRequestBodyAccess On
SecAuditEngine On
SecAuditLogParts ABCZ
SecAuditLogType Serial
SecAuditLogFormat JSON
SecAuditLog {folder}/apache-audit.log
<Location /pixel.gif>
  SecAuditEngine Off
</Location>
"""


def with_mariadb(folder: Path, events: Events) -> None:
    """Put the events into tables of MariaDB, and have its programs print them."""
    shutil.chown(folder, "mysql")
    data, address = folder / "data", folder / "socket"
    run("mariadb-install-db", f"--datadir={data}", "--user=mysql", folder=folder)
    access = ("-S", str(address), "dc")
    objects = "SELECT JSON_OBJECT('id', id, 'at', received_at, 'message', message) FROM hits"
    hits = "SELECT * FROM hits"

    def ask(*options: str, sql: str = "") -> bytes:
        return run("mariadb", *options, *access, data=sql.encode(), folder=folder)

    def work() -> None:
        run("mariadb", "-S", str(address), "-e", "CREATE DATABASE dc CHARACTER SET utf8mb4")
        ask(sql="SET sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES';" + write_sql(events))
        printed = {
            "mariadb-batch": ask("-B", "-e", hits),
            "mariadb-raw": ask("-B", "-r", "-e", hits),
            "mariadb-columns": ask("-B", "-e", "SELECT * FROM events"),
            "mariadb-json": ask("-BNr", "-e", objects),
            "mariadb-table": ask("-t", "-e", hits),
            "mariadb-vertical": ask("-E", "-e", hits),
            "mariadb-xml": ask("-X", "-e", hits),
            "mariadb-dump": run("mariadb-dump", "--skip-extended-insert", *access, "hits"),
        }
        form = "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"'"
        ask("-e", f"{hits} INTO OUTFILE '{folder}/outfile.csv' {form}")
        printed["mariadb-outfile"] = (folder / "outfile.csv").read_bytes()
        for name, each in printed.items():
            (folder / f"{name}.log").write_bytes(each)

    alone = ("--user=mysql", "--skip-networking", "--skip-grant-tables", "--no-defaults")
    server = ["mariadbd", alone[-1], f"--datadir={data}", f"--socket={address}", *alone[:-1]]
    while_it_runs(server, address.exists, work, folder)


def with_apache(folder: Path, events: Events) -> None:
    """Send the events to Apache httpd, as bodies and as queries."""
    port = free_port()
    text = APACHE.format(folder=folder, port=port)
    (folder / "httpd.conf").write_text(text, encoding="utf-8")
    (folder / "pixel.gif").write_bytes(b"GIF89a")
    (folder / "dc-events").write_bytes(b"")
    address = f"http://127.0.0.1:{port}"

    def work() -> None:
        for event in events:
            query = {
                key: cell for key, cell in zip(COLUMNS, list_cells(event), strict=True) if cell
            }
            body = envelopes.text(event).encode()
            for path, data in ((f"pixel.gif?{urlencode(query)}", None), ("dc-events", body)):
                request = urllib.request.Request(f"{address}/{path}", data)  # noqa: S310
                urllib.request.urlopen(request).close()  # noqa: S310 - the server above

    command = ["apache2", "-X", "-f", str(folder / "httpd.conf")]
    while_it_runs(command, lambda: listening(port), work, folder)


def with_kcat(folder: Path, events: Events) -> None:
    """Produce the events to Kafka, and have kcat print them."""
    (folder / "events").write_bytes(envelopes.lines(events))
    broker = ["kcat", "-P", "-b", "x", "-t", "x", "-X", "test.mock.num.brokers=1", "-d", "mock"]
    told = (folder / "told").open("w+b")
    with subprocess.Popen(broker, stdin=subprocess.PIPE, stderr=told) as running:
        while b"bootstrap.servers=" not in (folder / "told").read_bytes():
            time.sleep(0.05)
        address = (folder / "told").read_text().split("bootstrap.servers=")[1].split()[0]
        topic = ["kcat", "-b", address, "-t", "dc", "-p", "0"]
        run(*topic, "-P", "-l", str(folder / "events"))
        consume = [*topic, "-C", "-o", "beginning", "-e", "-q"]
        (folder / "kcat.log").write_bytes(run(*consume, "-J"))
        (folder / "kcat-format.log").write_bytes(run(*consume, "-f", "%T\\t%k\\t%s\\n"))
        running.terminate()


SAMPLERS: dict[str, Collect] = {
    "mariadbd": with_mariadb,
    "apache2": with_apache,
    "kcat": with_kcat,
}


def main() -> None:
    """Write the samples."""
    write_samples(SAMPLERS, UNREAD)


if __name__ == "__main__":
    main()
