"""Time that passes only while somebody waits: rates and waits without waiting."""

import threading


class VirtualTime:
    """A clock that each wait moves on; shared by threads."""

    def __init__(self, started_at: float) -> None:
        self._started_at = started_at
        self._passed = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        """Seconds since the beginning."""
        return self._passed

    def time(self) -> float:
        """Seconds since 1970."""
        return self._started_at + self._passed

    def wait(self, seconds: float) -> None:
        """Let seconds pass."""
        with self._lock:
            self._passed += max(0.0, seconds)
