"""Add a listener to a list and return its unsubscribe function."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

T = TypeVar("T")


def add_listener(
    listeners: list[T],
    listener: T,
    lock: Callable[[], AbstractContextManager[Any]] = nullcontext,
    on_removed: Callable[[], object] = lambda: None,
) -> Callable[[], None]:
    """Append a listener; return a function that removes this one entry, harmless when called again.

    Args:
        listeners: List that the listener is added to.
        listener: Listener; the same one may be added twice.
        lock: Returns the lock held while the entry is removed.
        on_removed: Called under that lock after the entry was removed.
    """
    listeners.append(listener)
    is_listening = True

    def unsubscribe() -> None:
        nonlocal is_listening
        with lock():
            if is_listening:
                is_listening = False
                listeners.remove(listener)
                on_removed()

    return unsubscribe
