"""Runs that are killed: at once, as by `kill -9`, before one of their calls that change a disk."""

import multiprocessing
import os
import signal
from pathlib import Path
from typing import NoReturn

import harness
from limited_calls import limit_calls

FORKED = multiprocessing.get_context("forkserver")
"""Processes that have read their modules when they begin: what is killed is at work,
not getting ready for it.
"""
FORKED.set_forkserver_preload(
    [
        "harness",
        "polars",
        "dcevents.store.run",
        "dcevents.cli.ingest",
        "dcevents.cli.report",
        "dcevents.cli.store",
        "dcevents.analysis.recognition",
    ]
)


def kill_at_call(number: int, *arguments: str | Path) -> bool:
    """Run a command up to such a call; return whether it was killed, and had not ended before."""
    running = FORKED.Process(target=_run_to_call, args=(number, *arguments))
    running.start()
    running.join()
    assert running.exitcode in (0, -signal.SIGKILL)
    return running.exitcode != 0


def _run_to_call(number: int, *arguments: str | Path) -> NoReturn:
    def end() -> NoReturn:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    with limit_calls(("fsync", "replace", "unlink", "mkdir", "rmdir"), number, end):
        status = harness.run(*arguments).status
    os._exit(status)
