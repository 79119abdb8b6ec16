"""A process among others: exit statuses, signals, streams that are closed or full,
odd surroundings.
"""

import ctypes
import os
import random
import re
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import harness
import pytest
from choosing import combine
from polars.exceptions import PanicException

LOG = harness.log("09:00 a triggered name=Pricing\n09:01 a engaged name=Größe\n09:02 a completed")
NOBODY = 65534

as_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can run something as somebody else"
)


def shell(script: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run a script in which `$D` is dcevents."""
    words = " ".join(harness.command())
    more = {**os.environ, "PYTHONPATH": str(harness.ROOT), **env, "D": words}
    more.pop("PYTHONUNBUFFERED", None)
    return subprocess.run(
        ["sh", "-c", script], env=more, capture_output=True, check=False, timeout=300
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "x.log"
    path.write_bytes(LOG)
    return path


# -- exit statuses ---------------------------------------------------------------------------------

STATUSES = [
    pytest.param("$D completion LOG", 0, id="0: a report"),
    pytest.param("$D completion /dev/null", 0, id="0: nothing to report"),
    pytest.param("$D --help", 0, id="0: help"),
    pytest.param("$D --version", 0, id="0: the version"),
    pytest.param("$D completion LOG -o FOLDER/r.csv", 0, id="0: a file"),
    pytest.param("$D completion missing.log", 1, id="1: no such input"),
    pytest.param("$D completion LOG missing.log", 1, id="1: no such input after a good one"),
    pytest.param("$D completion LOG -o FOLDER", 1, id="1: an output that is a folder"),
    pytest.param("$D completion LOG -o FOLDER/new/", 1, id="1: an output that would be a folder"),
    pytest.param("$D completion LOG -o FOLDER/no/r.csv", 1, id="1: an output in no folder"),
    pytest.param("$D completion LOG > /dev/full", 1, id="1: a full disk"),
    pytest.param("$D completion LOG -o /dev/full", 1, id="1: a full disk as output"),
    pytest.param("$D --help > /dev/full", 1, id="1: no room for help"),
    pytest.param("$D --version > /dev/full", 1, id="1: no room for the version"),
    pytest.param("$D --help >&-", 1, id="1: nowhere to show help"),
    pytest.param("$D completion --help >&-", 1, id="1: nowhere to show a command's help"),
    pytest.param("$D --version >&-", 1, id="1: nowhere to show the version"),
    pytest.param("$D completion LOG >&-", 1, id="1: no standard output"),
    pytest.param("$D completion - <&-", 1, id="1: standard input asked for, and closed"),
    pytest.param("$D completion", 2, id="2: no input"),
    pytest.param("$D nope", 2, id="2: no such command"),
    pytest.param("$D", 2, id="2: no command"),
    pytest.param("$D completion LOG --tz Mars", 2, id="2: no such zone"),
    pytest.param("$D completion LOG --format xml", 2, id="2: no such format"),
    pytest.param("$D completion LOG --nope", 2, id="2: no such option"),
    pytest.param("echo x | $D completion", 3, id="3: no event"),
    pytest.param("$D events LOG | head -c 1 >/dev/null", 0, id="0: a reader that goes away"),
    pytest.param(
        "$D events LOG -o /dev/stdout | head -c 1 >/dev/null", 0, id="0: … of /dev/stdout"
    ),
]


@pytest.mark.parametrize(("script", "status"), STATUSES)
def test_every_end_has_its_status_and_at_most_one_line(script: str, status: int, log: Path) -> None:
    if "/dev/full" in script and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    (log.parent / "folder").mkdir()
    script = script.replace("LOG", str(log)).replace("FOLDER", str(log.parent / "folder"))

    done = shell(
        f"cd {log.parent}; {{ {script}; echo $? > status; }} < /dev/null"
        if "|" not in script
        else script
    )

    found = (
        int((log.parent / "status").read_text(encoding="utf-8"))
        if "|" not in script
        else done.returncode
    )
    assert (found, b"Traceback" in done.stderr) == (status, False)
    if script != "$D":  # which shows short help
        assert done.stderr.count(b"\n") <= 1
    assert done.stderr or not status
    assert not list(log.parent.glob("**/.dcevents-*"))


def test_closed_streams_are_nobodys_file(log: Path) -> None:
    """A report file must not get number 2, nor a log number 0: messages would land in it,
    or the log be read twice.
    """
    target = log.parent / "r.csv"

    done = shell(
        f"$D events {log} {log.parent}/y.log -o {target} <&- >&- 2>&-; echo $? >&2", PYTHONUTF8="1"
    )
    assert done.stderr == b"1\n"
    assert not target.exists()

    done = shell(f"$D events {log} -o {target} <&- >&- 2>&-; echo $? >&2")
    assert done.stderr == b"0\n"
    assert target.read_bytes() == harness.run("events", log, "-f", "csv").out


# -- outputs ---------------------------------------------------------------------------------------


NAMES = {
    "/dev/stdout": 1,
    "/dev/stderr": 2,
    "/dev/fd/1": 1,
    "/dev/fd/5": 5,
    "/proc/self/fd/5": 5,
    "-": 1,
    "link": 1,
    "link to a link": 1,
    "relative link": 1,
    "linked folder/fd/5": 5,
}
"""Names of descriptors, and which one they are; without a slash at the beginning,
of what stands beside the log.
"""


def named(name: str, folder: Path) -> str:
    """The name, after making what it needs."""
    (folder / "link").symlink_to("/dev/stdout")
    (folder / "link to a link").symlink_to("link")
    (folder / "relative link").symlink_to(os.path.relpath("/dev/stdout", folder.resolve()))
    (folder / "linked folder").symlink_to("/dev")
    if name.startswith("/proc") and not os.path.exists("/proc/self/fd"):
        pytest.skip("no /proc here")
    return name if name.startswith(("/", "-")) else str(folder / name)


@combine(
    ("option", "name", "kind"),
    ["--output", "--rejects"],
    [*NAMES],
    ["pipe", "file", "appended"],
    at_once=1,
)
def test_descriptors_that_are_named_are_written_to_as_they_are(
    option: str, name: str, kind: str, log: Path
) -> None:
    """A pipe has no path beside which a temporary file could stand; `>>` keeps what is there."""
    number = NAMES[name]
    file, rejects = log.parent / "out", log.parent / "rejects"
    file.write_text("kept\n", encoding="utf-8")
    log.write_bytes(LOG + b"x\n")
    more = "" if option == "--output" else "-o /dev/null"
    run = f"$D completion {log} -q -f csv {more} {option} '{named(name, log.parent)}'"
    script = {
        "pipe": f"{{ {run} {number}>&7; }} 7>&1 | cat > {file}",
        "file": f"{run} {number}>{file}",
    }

    done = shell(script.get(kind, f"{run} {number}>>{file}"))

    expected = harness.run("completion", log, "-q", "-f", "csv", "--rejects", rejects).out
    expected = expected if option == "--output" else rejects.read_bytes()
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert file.read_bytes() == (b"kept\n" if kind == "appended" else b"") + expected
    assert not list(log.parent.glob(".dcevents-*"))


@pytest.mark.parametrize("option", ["--output", "--rejects"])
def test_a_file_is_replaced_also_where_a_stream_goes_there(option: str, log: Path) -> None:
    """By its name it is a file, whole or not there;
    messages would go down with the one that it replaces.
    """
    file, more = log.parent / "out", "" if option == "--output" else "-o /dev/null"
    log.write_bytes(LOG + b"x\n")
    run = f"$D completion {log} -q -f csv {more} {option} {file}"

    replaced = shell(f"echo old > {file}; {run} >> {file}")
    assert (replaced.returncode, replaced.stderr) == (0, b"")
    assert b"old" not in file.read_bytes()
    assert file.read_bytes()

    refused = shell(f"echo old > {file}; {run} 2>> {file}")
    message = f"old\ndcevents: {option}: standard error goes to {file} too; name another file\n"
    assert (refused.returncode, file.read_text(encoding="utf-8")) == (2, message)


def test_a_report_for_standard_output_is_as_without_a_name(log: Path) -> None:
    assert harness.run("completion", log, "-o", "-") == harness.run("completion", log)
    assert [log] == list(log.parent.iterdir())


def test_a_name_may_be_as_long_as_the_system_allows(log: Path) -> None:
    target = log.parent / ("n" * 251 + ".csv")

    assert harness.run("completion", log, "-o", target, "-q").status == 0
    assert target.exists()


def test_a_loop_of_links_is_not_replaced(log: Path) -> None:
    loop = log.parent / "loop.csv"
    loop.symlink_to(loop)

    result = harness.run("completion", log, "-o", loop, "-q")

    assert (result.status, result.err) == (
        1,
        f"dcevents: {loop}: too many levels of symbolic links\n",
    )
    assert loop.is_symlink()


def test_a_file_that_grows_beyond_a_limit_leaves_the_old_one(log: Path) -> None:
    target = log.parent / "r.json"
    target.write_text("old", encoding="utf-8")
    limit: Callable[[], None] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))  # noqa: E731

    running = harness.start(
        "completion", log, "-o", target, stderr=subprocess.PIPE, preexec_fn=limit
    )
    _, err = running.communicate(timeout=300)

    assert (running.returncode, err.decode()) == (1, f"dcevents: {target}: file too large\n")
    assert target.read_text(encoding="utf-8") == "old"
    assert sorted(log.parent.iterdir()) == sorted([log, target])


SMALL = """
mount -t tmpfs -o size=64k none {folder} || exit 99
cp {old} {target} && head -c {filled} /dev/zero > {folder}/filled
$D completion {log} --by page -q -f csv {more} {option} {target}
echo $?
ls -A {folder}
cat {target}
"""
"""Fill a small disk, run, and tell what came of it; the disk goes with the shell,
which sees it alone.
"""


@as_root
@combine(
    ("option", "filled"),
    ["--output", "--rejects"],
    {"not enough": "0", "little left": "40k", "nothing left": "100k"},
    at_once=1,
)
def test_a_full_disk_leaves_the_old_one(option: str, filled: str, log: Path) -> None:
    """`/dev/full` is no disk: here temporary files are made, grow, and have to go."""
    if sys.platform != "linux":
        pytest.skip("no namespaces of mounts here")
    folder, old = log.parent / "disk", log.parent / "old"
    folder.mkdir()
    old.write_text("old\n", encoding="utf-8")
    one = harness.log("09:00 SID engaged page=SID id=SID") + b"x" * 60 + b"\n"
    log.write_bytes(b"".join(one.replace(b"SID", b"a%d" % n) for n in range(2000)))
    target, more = folder / "r", "" if option == "--output" else "-o /dev/null"
    script = SMALL.format(
        folder=folder, old=old, target=target, filled=filled, log=log, more=more, option=option
    )

    done = shell(f"exec unshare -m sh -c '{script}'")

    if done.returncode == 99 or b"unshare" in done.stderr:
        pytest.skip("nothing can be mounted here")
    full = f"dcevents: {target}: no space left on device\n"
    assert done.stderr.decode().splitlines(keepends=True)[-1] == full
    assert done.stderr.count(b"dcevents") == 1
    assert done.stdout.decode() == "1\nfilled\nr\nold\n"


@as_root
def test_owner_and_mode_of_a_report_stay(log: Path) -> None:
    target = log.parent / "r.csv"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)
    os.chown(target, NOBODY, NOBODY)

    assert harness.run("completion", log, "-o", target, "-q").status == 0

    after = target.stat()
    assert (after.st_uid, after.st_gid, stat.S_IMODE(after.st_mode)) == (NOBODY, NOBODY, 0o640)


def without_rights() -> None:
    """Be somebody to whom the modes of files apply: of root, take what overrides them."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (1, 2):  # DAC_OVERRIDE, DAC_READ_SEARCH
            if libc.prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
                raise OSError(ctypes.get_errno(), "rights cannot be given up")


def without(*arguments: str | Path) -> tuple[int, str]:
    """Status and messages of a run to which the modes of files apply."""
    if os.geteuid() == 0 and sys.platform != "linux":
        pytest.skip("root may read everything")
    try:
        running = harness.start(
            *arguments, stdin=subprocess.DEVNULL, stdout=-1, stderr=-1, preexec_fn=without_rights
        )
    except subprocess.SubprocessError:
        pytest.skip("root may read everything, and cannot give up its rights here")
    out, err = running.communicate(timeout=300)
    assert out == b""
    return running.returncode, err.decode()


@pytest.mark.parametrize("what", ["file", "folder", "inner folder", "file in a folder"])
def test_what_may_not_be_read_is_status_1_and_named(what: str, log: Path) -> None:
    locked = log.parent / "logs" / "a.log" if " " in what else log.parent / "a.log"
    locked.parent.mkdir(exist_ok=True)
    locked.mkdir() if "folder" in what and what != "file in a folder" else locked.write_bytes(LOG)
    locked.chmod(0)

    status, message = without("completion", locked.parent if " " in what else locked)

    locked.chmod(0o700)
    assert (status, message) == (1, f"dcevents: {locked}: permission denied\n")


@pytest.mark.parametrize("what", ["folder", "file"])
@pytest.mark.parametrize("option", ["--output", "--rejects"])
def test_what_may_not_be_written_is_left_alone(option: str, what: str, log: Path) -> None:
    target = log.parent / "out" / "r.csv"
    target.parent.mkdir()
    target.write_text("old", encoding="utf-8")
    target.chmod(0o444 if what == "file" else 0o644)

    target.parent.chmod(0o555 if what == "folder" else 0o755)

    assert without("completion", log, option, target) == (
        1,
        f"dcevents: {target}: permission denied\n",
    )
    assert target.read_text(encoding="utf-8") == "old"
    assert [target] == list(target.parent.iterdir())
    target.parent.chmod(0o755)


# -- surroundings ----------------------------------------------------------------------------------

SURROUNDINGS: list[dict[str, str]] = [
    {"LC_ALL": "C"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "nowhere.ISO-8859-1"},
    {"NO_COLOR": "1"},
    {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"},
    {"TERM": "dumb", "COLUMNS": "20"},
    {"COLUMNS": "-1", "LINES": "x"},
    {"PYTHONUNBUFFERED": "1"},
    {"TZ": "Nowhere/Never"},
]


@combine(
    ("env", "command"),
    {" ".join(f"{name}={value}" for name, value in env.items()): env for env in SURROUNDINGS},
    ["summary -f table", "events -f csv", "--help"],
    # Tables heed them, wherever they go.
    possible=lambda env, command: (
        "table" not in command or not re.search("FORCE_COLOR|COLUMNS=20", env)
    ),
    at_once=1,
)
def test_surroundings_change_no_byte(env: dict[str, str], command: str, log: Path) -> None:
    if command == "--help":
        assert b"\x1b" not in harness.spawn("--help", env=env).out
    else:
        expected = harness.run(*command.split(), log)
        assert harness.spawn(*command.split(), log, env=env) == expected
        assert "Größe" in expected.text


def test_a_working_directory_that_is_gone_is_needed_by_nothing(log: Path) -> None:
    (log.parent / "gone").mkdir()

    done = shell(
        f"cd {log.parent}/gone; rmdir ../gone; $D completion {log} -q -f csv;"
        f" $D completion -q x.log; $D completion {log} -q -o r.csv;"
        f" $D completion {log} -q -o r.csv --rejects r.bad"
    )

    assert done.stdout == harness.run("completion", log, "-q", "-f", "csv").out
    missing = ["x.log", "r.csv", "r.bad"]
    assert done.stderr.decode() == "".join(
        f"dcevents: {name}: no such file or directory\n" for name in missing
    )


@pytest.mark.parametrize("files", [12, 32])
def test_few_files_may_be_open(files: int, log: Path) -> None:
    for n in range(40):
        (log.parent / f"{n}.log").write_bytes(LOG)

    done = shell(f"ulimit -n {files}; exec $D completion {log.parent} -f csv --by all")

    assert (done.returncode, done.stderr) == (
        0,
        b"dcevents: 3 events of 123 records; 120 repeated\n",
    )


@pytest.mark.parametrize(
    ("error", "told"),
    [
        pytest.param(MemoryError(), True, id="no memory"),
        pytest.param(RuntimeError("can't start new thread"), True, id="none for a thread"),
        pytest.param(
            PanicException("could not spawn threads: ThreadPoolBuildError"),
            True,
            id="none for polars'",
        ),
        pytest.param(RuntimeError("a mistake of ours"), False, id="something else"),
        pytest.param(ImportError("a mistake of ours"), False, id="something else without a limit"),
    ],
)
def test_too_little_memory_is_told_in_one_line(
    error: BaseException,
    told: bool,
    log: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dcevents.reading import log as log_module  # noqa: PLC0415

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(log_module, "read_log", fail)
    result = harness.run("completion", log)

    assert (result.status, result.out) == (1, b"")
    assert (
        result.err == "dcevents: not enough memory; a limit may be in force (ulimit -v)\n"
    ) == told
    assert ("Traceback" in result.err) == (not told)


@pytest.mark.skipif(sys.platform != "linux", reason="no limits of memory here")
@pytest.mark.parametrize("megabytes", [60, 100, 150])
def test_too_little_memory_to_load_polars_is_told_in_one_line(megabytes: int, log: Path) -> None:
    """With somewhat more, polars itself ends the process, as the system would."""
    done = shell(f"ulimit -v {megabytes << 10}; exec $D completion {log}")

    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"dcevents: not enough memory; a limit may be in force (ulimit -v)\n"


# -- signals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("raised", ["Terminated(signal.SIGTERM)", "KeyboardInterrupt"])
def test_a_signal_that_nothing_could_take_comes_once_more(raised: str) -> None:
    """As in the middle of an import, where Python drops what a signal raises."""
    program = f"""if True:
        import time
        from dcevents.cli import main
        from dcevents.errors import Terminated
        import signal
        main.SignalEnd().handle_signals()

        class Dropped:
            def __del__(self):
                raise {raised}

        Dropped()
        try:
            time.sleep(30)
        except (KeyboardInterrupt, Terminated) as error:
            print(type(error).__name__, end="")
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == raised.partition("(")[0]


def test_a_signal_that_comes_again_while_it_ends_says_nothing() -> None:
    code = (
        "from dcevents.cli import main as cli\nfrom dcevents.errors import Terminated\n"
        "class Fails:\n  def __init__(self, error): self.error = error\n"
        "  def __del__(self): raise self.error\n"
        "cli.SignalEnd().handle_signals()\n"
        "for error in (KeyboardInterrupt(), Terminated(15), ValueError('x')): Fails(error)\n"
        "__import__('time').sleep(30)"
    )

    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=harness.ROOT, check=False
    )

    named = [each in told.stderr for each in ("ValueError: x", "Interrupt", "Terminated:")]
    assert (told.returncode, named) == (143, [True, False, False])


STORM = """if True:
    import os, signal, sys, time
    from dcevents.cli import main
    from dcevents.errors import Terminated
    main.SignalEnd().handle_signals()
    sent = [signal.SIGTERM, signal.SIGINT, signal.SIGTERM, signal.SIGHUP]

    class Busy:
        def __del__(self):
            storm()
            raise DROPPED

    def storm():
        for number in sent * 20:
            os.kill(os.getpid(), number)

    def put_in_order():
        storm()
        print("in order", end="", flush=True)

    try:
        FIRST
        time.sleep(30)
    finally:
        put_in_order()
        raise AFTER
"""


@pytest.mark.parametrize(
    ("dropped", "first", "after"),
    [
        pytest.param("OSError", "storm()", "KeyboardInterrupt", id="while it works"),
        pytest.param("Terminated(15)", "Busy()", "Terminated(15)", id="while one is dropped"),
        pytest.param("OSError", "storm()", "RuntimeError('lock')", id="and something breaks"),
    ],
)
def test_of_a_storm_of_signals_one_ends_the_run(dropped: str, first: str, after: str) -> None:
    """Those that follow do not disturb what puts things in order, and nothing is said."""
    program = STORM.replace("DROPPED", dropped).replace("FIRST", first).replace("AFTER", after)

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, cwd=harness.ROOT, check=False
    )

    assert (done.stdout, done.stderr) == (b"in order", b"")
    assert done.returncode in (130, 143)


def test_a_signal_long_after_another_ends_a_run_at_once() -> None:
    program = """if True:
        import os, signal
        from dcevents.cli import main
        main._ENDING_SECONDS = 0
        main.SignalEnd().handle_signals()
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            print("not reached", flush=True)
    """
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, cwd=harness.ROOT, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@pytest.mark.signals
def test_signals_at_any_moment_end_it_quietly(tmp_path: Path) -> None:
    """From the first line of dcevents on, through imports and work in threads, to the last.

    `DCEVENTS_SIGNALS=500` sends more.
    """
    log, out = tmp_path / "x.log", tmp_path / "out"
    out.mkdir()
    line = LOG.splitlines(keepends=True)[1]
    log.write_bytes(b"".join(line.replace(b'"sid":"a"', b'"sid":"s%d"' % n) for n in range(30_000)))
    before = time.monotonic()
    harness.spawn("events", log, "-o", out / "r.csv")
    took = time.monotonic() - before
    dice = random.Random(1)
    ends = {signal.SIGINT: 0, signal.SIGTERM: 0}
    code = (
        "import os; from dcevents.__main__ import main; import signal; signal.signal(2, lambda *_: "
        "os._exit(130)); "
        "signal.signal(15, lambda *_: os._exit(143)); os.write(1, b'.'); main()"
    )

    for _ in range(int(os.environ.get("DCEVENTS_SIGNALS", "16"))):
        sent = dice.choice(list(ends))
        command = [sys.executable, "-c", code, "events", str(log), "-o", str(out / "r.csv"), "-q"]
        running = subprocess.Popen(command, stdout=-1, stderr=-1, cwd=harness.ROOT)
        assert running.stdout
        running.stdout.read(1)  # Python has started
        time.sleep(took * dice.uniform(0, 1))
        running.send_signal(sent)
        rest, err = running.communicate(timeout=300)
        assert running.returncode in (0, 128 + sent)
        assert (rest, err) == (b"", b"")
        assert [out / "r.csv"] == list(out.iterdir())
        took *= 0.9 if running.returncode == 0 else 1.02
        ends[sent] += running.returncode != 0

    assert all(ends.values())
