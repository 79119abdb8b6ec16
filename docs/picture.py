"""The picture of the dashboard in the README: the program's page of the sample logs, as Chromium
shows its beginning.

    .venv/bin/python docs/picture.py

makes it anew. Beside it stands a digest of what it shows, by which a test knows an old picture:
browsers draw differently, the page does not change by itself.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "dashboard.png"
DIGEST = ROOT / "docs" / "dashboard.sha256"
COMMAND = "dcevents summary sample_logs/site --period 2026-W46 --compare previous -o report.html"
"""As the README has it."""
END = '<h2 id="how-conversations-end">'
"""Where the picture ends."""
WIDTH, HEIGHT = 1280, 1288


def make_page(folder: Path) -> Path:
    """Return the page, made by the command of the README in 2027."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith("DCEVENTS_")}
    variables |= {"PYTHONPATH": str(ROOT), "SOURCE_DATE_EPOCH": "1798761600"}
    (folder / "sample_logs").symlink_to(ROOT / "sample_logs")
    command = [sys.executable, "-m", *COMMAND.split(), "-q"]
    subprocess.run(command, cwd=folder, env=variables, check=True)
    return folder / "report.html"


def digest_page(page: Path) -> str:
    """Return a digest of what the picture shows; a new version alone makes no other picture."""
    shown, end, _ = page.read_text(encoding="utf-8").partition(END)
    if not end:
        raise ValueError(f"{page} has no {END}")
    shown = re.sub(r"dcevents \d[\w.]*", "dcevents", shown)
    return hashlib.sha256(shown.encode()).hexdigest()


def take_picture() -> None:
    """Write the picture and the digest. Needs Chromium."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("docs/picture.py needs Chromium")
    with tempfile.TemporaryDirectory() as name:
        page = make_page(Path(name))
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        size = f"--window-size={WIDTH},{HEIGHT}"
        shot = f"--screenshot={PICTURE}"
        subprocess.run([program, *flags, size, shot, page.as_uri()], check=True)
        DIGEST.write_text(f"{digest_page(page)}\n", encoding="utf-8")


if __name__ == "__main__":
    take_picture()
