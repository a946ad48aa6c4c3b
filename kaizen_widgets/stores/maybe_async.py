"""One road for what is there at once and what must be awaited.

Work is a generator that yields each value it wants in hand. As long as none of them is awaitable it is
done before `run_maybe_async` returns; from the first that is, the rest goes on as a coroutine.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, TypeAlias, TypeVar

from kaizen_widgets.errors import StoreError

T = TypeVar("T")
Steps: TypeAlias = Generator[Any, Any, None]
Spawn: TypeAlias = Callable[[Coroutine[Any, Any, None]], object]


def run_maybe_async(steps: Steps, spawn: Spawn) -> None:
    """Run ``steps``; hand what must wait to ``spawn``.

    Raises:
        Exception: What the steps raised before the first wait.
    """
    value: Any = None
    while True:
        try:
            value = steps.send(value)
        except StopIteration:
            return
        if inspect.isawaitable(value):
            spawn(_go_on(steps, value))
            return


def run_sync(steps: Generator[Any, Any, T]) -> T:
    """Run ``steps`` to their end and return what they return.

    Raises:
        StoreError: They would have to wait.
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
            raise StoreError("This must be done at once, but part of it answers with awaitables.")


async def _go_on(steps: Steps, value: Awaitable[Any]) -> None:
    wanted: Any = value
    while True:
        try:
            if inspect.isawaitable(wanted):
                try:
                    wanted = await wanted
                except Exception as error:
                    wanted = steps.throw(error)
                    continue
            wanted = steps.send(wanted)
        except StopIteration:
            return
