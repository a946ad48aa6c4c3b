"""What the kernels of one user tell each other through the file they share: signed in, signed out, look.

Each sign-in and sign-out counts a generation up, in one transaction. Who sees a newer one follows it, and
never writes for it, so that nothing goes round. Nothing personal is written: a number, and yes or no; the
session itself is in the keyring. Whether anything was written at all is asked of SQLite
(``PRAGMA data_version``), which costs microseconds and no disk.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.stores.sqlite_storage import SqliteStorage

NAME = "kaizen-session"
EVERY = 0.25
"""Seconds between two looks."""


class OtherKernels:
    """The other kernels at one server.

    Args:
        storage: The shared file.
        account: The server's address.
        clock: Time and timers.
        on_change: Called when another kernel wrote anything.
        on_session: Called with whether somebody is signed in, when another kernel changed that.
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
        """Whether what is told here can reach anybody."""
        return self._storage.is_durable

    def start(self) -> None:
        """Look from now on."""
        with self._lock:
            if not self._closed:
                self._timer = self._clock.call_later(EVERY, self._tick)

    def look(self) -> bool:
        """Look now; return whether another kernel wrote."""
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

    def tell(self, *, signed_in: bool) -> None:
        """Let the other kernels follow."""

        def change(text: str | None) -> str:
            generation = max(_read(text)[0], self._generation) + 1
            self._generation = generation
            return json.dumps({"generation": generation, "signed_in": signed_in})

        with self._lock:
            self._storage.update_text(self._name, change)

    def close(self) -> None:
        """Look no more."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()

    # -------------------------------------------------------------- within

    def _tick(self) -> None:
        try:
            self.look()
        finally:
            self.start()

    def _stored(self) -> tuple[int, bool]:
        return _read(self._storage.get(self._name))

    def __repr__(self) -> str:
        return f"OtherKernels(generation={self._generation})"


def _read(text: str | None) -> tuple[int, bool]:
    """Return generation and whether somebody is signed in; what cannot be read counts as nothing."""
    try:
        found = json.loads(text or "{}")
        return int(found["generation"]), found["signed_in"] is True
    except (ValueError, TypeError, KeyError):
        return 0, False
