"""Whether there is a network, and whether somebody looks: told by whoever knows, heard by clients.

Instances are handed to a client (or shared by several); there is none of the process. Both may be told
from any thread; listeners run on the thread that told, one change at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.listeners import joined


class _Switch:
    """Something that is on or off, and who wants to hear of it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._on = True
        self._lock = threading.RLock()
        self._listeners: list[Callable[[bool], object]] = []

    def subscribe(self, listener: Callable[[bool], object]) -> Callable[[], None]:
        """Call ``listener`` with each new value; return what ends that."""
        with self._lock:
            return joined(self._listeners, listener, lambda: self._lock)

    def _set(self, on: bool) -> None:
        if not isinstance(on, bool):
            raise QueryError(f"{self._name} must be True or False, not {on!r}.")
        with self._lock:
            if on == self._on:
                return
            self._on = on
            for listener in tuple(self._listeners):
                listener(on)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name}={self._on})"


class OnlineManager(_Switch):
    """Whether the network can be used; assumed until told otherwise."""

    def __init__(self) -> None:
        super().__init__("online")

    @property
    def is_online(self) -> bool:
        """Whether the network can be used."""
        return self._on

    def set_online(self, online: bool) -> None:
        """Say whether the network can be used; coming back resumes what was paused."""
        self._set(online)


class FocusManager(_Switch):
    """Whether somebody looks; assumed until told otherwise."""

    def __init__(self) -> None:
        super().__init__("focused")

    @property
    def is_focused(self) -> bool:
        """Whether somebody looks."""
        return self._on

    def set_focused(self, focused: bool) -> None:
        """Say whether somebody looks; looking again may refetch what is stale."""
        self._set(focused)
