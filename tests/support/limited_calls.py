"""Calls that change a disk: only so many of them."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn
from unittest import mock


@contextlib.contextmanager
def limit_calls(names: Sequence[str], count: int, end: Callable[[], NoReturn]) -> Iterator[None]:
    """Let functions of `os` be called so many times in all; from then on `end` instead."""
    left = count

    def limit(call: Callable[..., Any]) -> Callable[..., Any]:
        def limited_call(*arguments: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                end()
            return call(*arguments, **more)

        return limited_call

    with contextlib.ExitStack() as stack:
        for name in names:
            stack.enter_context(mock.patch.object(os, name, limit(getattr(os, name))))
        yield
