"""What all tests share."""

import os
from typing import Any

import pytest
from hypothesis import settings

from dcevents import native
from dcevents.errors import DcError

# No test is about how long something takes.
settings.register_profile("without deadlines", deadline=None)
settings.load_profile("without deadlines")

# Processes that may not keep what they compiled compile all of dcevents, each of them again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see the options that they give, not those of whoever runs them.

    But for the scanner: what reads lines changes no figure, and tests run on each.
    """
    for name in [name for name in os.environ if name.startswith("DCEVENTS_")]:
        if name != "DCEVENTS_SCANNER":
            monkeypatch.delenv(name)


@pytest.fixture(params=["c", "python"])
def scanner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a test with the library, and without one."""
    monkeypatch.setenv(native.VARIABLE, request.param)
    try:
        native.load_library()
    except DcError:
        pytest.skip("the library was not built")
    return request.param
