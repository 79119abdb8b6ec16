"""Expected failures, one line each, with an exit status (interface: Exit status)."""


class DcError(Exception):
    """Base of all expected failures.

    The text is one line: what happened, where, what to do.
    """

    status = 1


class UsageError(DcError):
    """Wrong options or operands."""

    status = 2


class InputError(DcError):
    """An input that cannot be opened or read."""


class MissingInputError(InputError):
    """An input that is not there."""


class NoSuchSessionError(DcError):
    """A session to be explained that is not in the log."""


class OutputError(DcError):
    """A report that cannot be written."""


class UnusableInputError(DcError):
    """Lines without any event of Dynamic Chat; or too many rejects."""

    status = 3


class StoreError(DcError):
    """A store that is missing, damaged, or cannot do its part."""


class BusyError(DcError):
    """Another run holds the store."""

    status = 75


class Terminated(BaseException):
    """A signal to end the run.

    It unwinds the stack, so that temporary files go. Not an Exception: nothing may swallow it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        self.status = 128 + number
