"""The start of `dcevents` and of `python -m dcevents`."""

import gc
import os
import signal


def main() -> None:
    """Run the command line.

    Signals that come before it can handle them end the process quietly, too.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit_on_signal)
    # Imported modules stay: to look through them for garbage takes a tenth of the start. The door
    # turns it on again.
    gc.disable()
    # Half of the time until it runs; signals may come meanwhile.
    from dcevents.cli.main import main as run  # noqa: PLC0415

    run()


def _exit_on_signal(number: int, _frame: object) -> None:
    os._exit(128 + number)


if __name__ == "__main__":
    main()
