"""OnlineManager and FocusManager: whether there is a network, and whether the window is focused.

A client gets instances of its own, or shares those of other clients; there are no global ones. Both may be
set from any thread; listeners run on the thread that set it, one change at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from kaizen_widgets.core.callbacks import fit_callback
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.listeners import add_listener


class _Switch:
    """A boolean with listeners; true at first.

    Args:
        name: Name used in messages.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._is_on = True
        self._lock = threading.RLock()
        self._listeners: list[Callable[[bool], object]] = []

    @property
    def listener_count(self) -> int:
        """How many listeners are subscribed."""
        return len(self._listeners)

    def subscribe(
        self, listener: Callable[[bool], object] | Callable[[], object]
    ) -> Callable[[], None]:
        """Call ``listener`` with each new value; return the unsubscribe function."""
        with self._lock:
            return add_listener(self._listeners, fit_callback(listener, 1), lambda: self._lock)

    def _set(self, is_on: bool) -> None:
        if not isinstance(is_on, bool):
            raise QueryError(f"{self._name} must be True or False, not {is_on!r}.")
        with self._lock:
            if is_on == self._is_on:
                return
            self._is_on = is_on
            for listener in tuple(self._listeners):
                listener(is_on)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name}={self._is_on})"


class OnlineManager(_Switch):
    """Knows whether there is a network; assumes so until it is set."""

    def __init__(self) -> None:
        super().__init__("online")

    @property
    def is_online(self) -> bool:
        """Whether there is a network."""
        return self._is_on

    def set_online(self, online: bool) -> None:
        """Set whether there is a network; when it is back, paused fetches and mutations continue."""
        self._set(online)


class FocusManager(_Switch):
    """Knows whether the window is focused; assumes so until it is set."""

    def __init__(self) -> None:
        super().__init__("focused")

    @property
    def is_focused(self) -> bool:
        """Whether the window is focused."""
        return self._is_on

    def set_focused(self, focused: bool) -> None:
        """Set whether the window is focused; on return, stale queries may be fetched again."""
        self._set(focused)
