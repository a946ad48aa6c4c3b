"""Messages between the kernels of one user through the file they share: signed in, signed out, file changed.

Each sign-in and sign-out increments a generation, in one transaction. A kernel that sees a newer
generation follows it without writing, so that messages do not circulate. Only the generation and
whether a user is signed in are written; the session itself is in the keyring. SQLite reports whether
another kernel wrote to the file (``PRAGMA data_version``), which takes microseconds and reads nothing
from the disk.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.stores.sqlite_storage import SqliteStorage

NAME = "kaizen-session"
POLL_INTERVAL = 0.25
"""Seconds between two checks of the file."""


class OtherKernels:
    """The user's other kernels that use the same server.

    Args:
        storage: SQLite file shared by the kernels.
        account: Address of the server.
        clock: Time and timers.
        on_change: Called when another kernel wrote anything to the file.
        on_session: Called with whether a user is signed in, when another kernel changed that.
    """

    def __init__(
        self,
        storage: SqliteStorage,
        account: str,
        *,
        clock: Clock,
        on_change: Callable[[], object],
        on_session: Callable[[bool], object],
    ) -> None:
        self._storage = storage
        self._name = f"{NAME}:{account}"
        self._clock = clock
        self._on_change = on_change
        self._on_session = on_session
        self._lock = threading.RLock()
        self._revision = storage.revision()
        self._generation = self._stored()[0]
        self._timer: Timer | None = None
        self._closed = False

    @property
    def are_reachable(self) -> bool:
        """Whether the shared file can be written, so that other kernels can be notified."""
        return self._storage.is_durable

    def start(self) -> None:
        """Check the file regularly from now on."""
        with self._lock:
            if not self._closed:
                self._timer = self._clock.call_later(POLL_INTERVAL, self._tick)

    def check(self) -> bool:
        """Check the file now; return whether another kernel wrote to it."""
        with self._lock:
            before, self._revision = self._revision, self._storage.revision()
            if self._closed or before == self._revision:
                return False
            known, (generation, signed_in) = self._generation, self._stored()
            self._generation = max(known, generation)
        self._on_change()
        if generation > known:
            self._on_session(signed_in)
        return True

    def notify(self, *, signed_in: bool) -> None:
        """Notify the other kernels that a user signed in or out here."""

        def change(text: str | None) -> str:
            generation = max(_read(text)[0], self._generation) + 1
            self._generation = generation
            return json.dumps({"generation": generation, "signed_in": signed_in})

        with self._lock:
            self._storage.update_text(self._name, change)

    def close(self) -> None:
        """Stop checking."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()

    # -------------------------------------------------------------- private

    def _tick(self) -> None:
        try:
            self.check()
        finally:
            self.start()

    def _stored(self) -> tuple[int, bool]:
        return _read(self._storage.get(self._name))

    def __repr__(self) -> str:
        return f"OtherKernels(generation={self._generation})"


def _read(text: str | None) -> tuple[int, bool]:
    """Return the generation and whether a user is signed in; an unreadable text counts as ``0, False``."""
    try:
        found = json.loads(text or "{}")
        return int(found["generation"]), found["signed_in"] is True
    except (ValueError, TypeError, KeyError):
        return 0, False
