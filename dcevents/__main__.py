"""The start of `dcevents` and of `python -m dcevents`."""

import gc
import os
import signal


def main() -> None:
    """Run the command line. Signals that come before it is there to handle them end the process quietly, too."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit_on_signal)
    # What is imported stays: to look through it for garbage takes a tenth of the start. `cli` turns it on again.
    gc.disable()
    from dcevents.cli.main import main as run  # noqa: PLC0415 - half of the time until it runs; signals come meanwhile

    run()


def _exit_on_signal(number: int, _frame: object) -> None:
    os._exit(128 + number)


if __name__ == "__main__":
    main()
