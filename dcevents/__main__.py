"""The start of `dcevents` and of `python -m dcevents`."""

import os
import signal


def main() -> None:
    """Run the command line. Signals that come before it is there to handle them end the process quietly, too."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    from dcevents.cli import main as run  # noqa: PLC0415 - half of the time until it runs; signals come meanwhile

    run()


def _stop(number: int, _frame: object) -> None:
    os._exit(128 + number)


if __name__ == "__main__":
    main()
