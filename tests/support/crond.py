"""Debian's cron, in a view of the file system of its own:
no crontab of the machine is seen or changed.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import harness

_SENDMAIL = '#!/bin/sh\ncat > "$(mktemp {folder}/mails/XXXXXXXX)"\n'
_START = """
set -e
cd {folder}
mount --bind sbin /usr/sbin
mount --bind crontabs /var/spool/cron/crontabs
mount --bind nothing /etc/cron.d
mount --bind /dev/null /etc/crontab
mount --bind run /run
crontab crontab
exec ./cron -f
"""


def why_not() -> str | None:
    """Why cron cannot be run here; None if it can."""
    missing = [each for each in ("cron", "crontab", "unshare") if not _found(each)]
    if missing:
        return f"not installed: {', '.join(missing)}; on Debian: apt-get install cron"
    if os.geteuid() != 0:
        return "cron is root's"
    private = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return "no mount namespaces, to hide the machine's crontabs" if private.returncode else None


def _found(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


def minute(crontab: str, folder: Path) -> list[EmailMessage]:
    """What cron mails while it runs each line of a crontab, whose times are all `*`, once.

    `folder` is made, for all that cron needs.
    """
    folder.mkdir()
    begun = folder / "begun"
    (folder / "crontab").write_text(f"{crontab}* * * * * touch {begun}\n", encoding="utf-8")
    with _daemon(folder) as pid:
        harness.until(begun.exists, seconds=130)
        harness.until(lambda: not _has_children(pid), seconds=120)
    mails = (folder / "mails").iterdir()
    return [message_from_bytes(each.read_bytes(), policy=policy.default) for each in mails]


@contextlib.contextmanager
def _daemon(folder: Path) -> Iterator[int]:
    """A running cron with `folder/crontab` as root's only one.
    What it mails is put into `folder/mails`.
    """
    for name in ("sbin", "crontabs", "nothing", "run", "mails"):
        (folder / name).mkdir()
    (folder / "sbin" / "sendmail").write_text(_SENDMAIL.format(folder=folder))
    (folder / "sbin" / "sendmail").chmod(0o755)
    shutil.copy(_found("cron") or "", folder / "cron")
    process = subprocess.Popen(["unshare", "--mount", "sh", "-c", _START.format(folder=folder)])
    try:
        harness.until(lambda: (folder / "run" / "crond.pid").exists() or process.poll() is not None)
        assert process.poll() is None, "cron did not start"
        yield process.pid
    finally:
        process.kill()
        process.wait(timeout=30)


def _has_children(pid: int) -> bool:
    """Whether a process has started others that have not ended yet."""
    return any(_parent(path) == pid for path in Path("/proc").glob("[0-9]*/stat"))


def _parent(stat: Path) -> int | None:
    """The parent of a process that runs."""
    try:
        state, parent = stat.read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else int(parent)
