"""`dcevents store`: info, verify, repair, compact, cut-off."""

import click

from dcevents.cli.options import CONTEXT_SETTINGS, LOCK_WAIT_OPTION, STORE_ARGUMENT
from dcevents.cli.values import parse_duration


@click.group(
    "store",
    context_settings=CONTEXT_SETTINGS,
    short_help="Look into a store, check that it is sound, make it smaller.",
)
def _store_group() -> None:
    """Look into a store, check that it is sound, make it smaller.

    \b
    Example: dcevents store info /var/lib/dcevents
    """


@_store_group.command(
    "info",
    context_settings=CONTEXT_SETTINGS,
    help="Print what a store holds, and how it is kept.",
)
@STORE_ARGUMENT
def _print_info(directory: str) -> int:
    from dcevents.cli import store  # noqa: PLC0415 - polars

    return store.print_info(directory)


@_store_group.command(
    "verify",
    context_settings=CONTEXT_SETTINGS,
    help="Check that a store is whole, and its rows fit its events.",
)
@STORE_ARGUMENT
def _verify_store(directory: str) -> int:
    from dcevents.cli import store  # noqa: PLC0415 - polars

    return store.verify_store(directory)


@_store_group.command(
    "repair",
    context_settings=CONTEXT_SETTINGS,
    help="Make anew what follows from a store's events; say which logs to read again.",
)
@STORE_ARGUMENT
@click.option("--drop-damaged", is_flag=True, help="Leave out what is lost; read its logs again.")
@LOCK_WAIT_OPTION
def _repair_store(directory: str, *, drop_damaged: bool, lock_wait: str) -> int:
    lock_wait_ms = parse_duration(lock_wait, "--lock-wait")
    from dcevents.cli import store  # noqa: PLC0415 - polars

    return store.repair_store(directory, lock_wait_ms, drops_damaged=drop_damaged)


@_store_group.command(
    "compact",
    context_settings=CONTEXT_SETTINGS,
    help="Make a store's files fewer and smaller; reports stay the same.",
)
@STORE_ARGUMENT
@LOCK_WAIT_OPTION
def _compact_store(directory: str, lock_wait: str) -> int:
    lock_wait_ms = parse_duration(lock_wait, "--lock-wait")
    from dcevents.cli import store  # noqa: PLC0415 - polars

    return store.compact_store(directory, lock_wait_ms)


@_store_group.command(
    "cut-off",
    context_settings=CONTEXT_SETTINGS,
    help="Print the time before which nothing is kept, as ingest --keep has set it.",
)
@STORE_ARGUMENT
@click.option("--reset", is_flag=True, help="Let what is older be taken in again.")
@LOCK_WAIT_OPTION
def _show_cut_off(directory: str, *, reset: bool, lock_wait: str) -> int:
    lock_wait_ms = parse_duration(lock_wait, "--lock-wait")
    from dcevents.cli import store  # noqa: PLC0415 - polars

    return store.reset_cut_off(directory, lock_wait_ms) if reset else store.print_cut_off(directory)


COMMAND = _store_group
