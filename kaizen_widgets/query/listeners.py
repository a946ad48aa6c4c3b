"""Joining those who want to hear, and leaving again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

T = TypeVar("T")


def joined(
    listeners: list[T],
    listener: T,
    lock: Callable[[], AbstractContextManager[Any]] = nullcontext,
    left: Callable[[], object] = lambda: None,
) -> Callable[[], None]:
    """Add a listener; return what takes just this one away, once however often it is called.

    Args:
        listeners: Who listens.
        listener: Who joins; the same one may join twice.
        lock: Held while it leaves.
        left: Called then.
    """
    listeners.append(listener)
    listens = True

    def leave() -> None:
        nonlocal listens
        with lock():
            if listens:
                listens = False
                listeners.remove(listener)
                left()

    return leave
