"""What all tests share."""

import os

import pytest
from hypothesis import settings

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
