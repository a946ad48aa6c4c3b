"""Run steps that may have to await something: synchronously if possible, otherwise as a coroutine.

The steps are a generator that yields each value it needs. A value that is not awaitable is sent back
immediately. From the first awaitable on, the rest of the generator runs as a coroutine.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, TypeAlias, TypeVar

from kaizen_widgets.errors import StoreError

T = TypeVar("T")
Steps: TypeAlias = Generator[Any, Any, None]
Spawn: TypeAlias = Callable[[Coroutine[Any, Any, None]], object]
"""Runs a coroutine."""


def run_maybe_async(steps: Steps, spawn: Spawn) -> None:
    """Run the steps; from the first awaitable on, pass the rest to ``spawn``.

    Raises:
        Exception: What the steps raised before the first awaitable.
    """
    value: Any = None
    while True:
        try:
            value = steps.send(value)
        except StopIteration:
            return
        if inspect.isawaitable(value):
            spawn(_run_async(steps, value))
            return


def run_sync(steps: Generator[Any, Any, T]) -> T:
    """Run the steps and return what they return.

    Raises:
        StoreError: They yield an awaitable.
    """
    value: Any = None
    while True:
        try:
            value = steps.send(value)
        except StopIteration as done:
            return done.value
        if inspect.isawaitable(value):
            steps.close()
            if inspect.iscoroutine(value):
                value.close()
            raise StoreError(
                "This has to run synchronously, but a part of it returned an awaitable."
            )


async def _run_async(steps: Steps, value: Awaitable[Any]) -> None:
    current: Any = value
    while True:
        try:
            if inspect.isawaitable(current):
                try:
                    current = await current
                except Exception as error:
                    current = steps.throw(error)
                    continue
            current = steps.send(current)
        except StopIteration:
            return
