"""A client in virtual time, and query functions that take a given time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kaizen_widgets.core.clock import sleep
from kaizen_widgets.query import DefaultOptions, QueryClient
from kaizen_widgets.testing.fake_clock import FakeClock, VirtualLoop


class Source:
    """A query function: each call takes ``after`` seconds and returns, or raises, the next outcome."""

    def __init__(self, loop: VirtualLoop, *outcomes: Any, after: float = 1.0) -> None:
        self.loop, self.outcomes, self.after = loop, outcomes, after
        self.calls = self.finished = 0

    async def __call__(self) -> Any:
        self.calls += 1
        outcome = self.outcomes[min(self.calls, len(self.outcomes)) - 1]
        await sleep(self.loop.clock, self.after)
        self.finished += 1
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop(FakeClock())
    yield loop
    loop.close()


@pytest.fixture
def source(loop):
    return lambda *outcomes, **options: Source(loop, *outcomes, **options)


@pytest.fixture
def make_client(loop):
    def make(**defaults: Any) -> QueryClient:
        return QueryClient(loop=loop, clock=loop.clock, default_options=DefaultOptions(**defaults))

    return make


@pytest.fixture
def client(make_client) -> QueryClient:
    return make_client()


@pytest.fixture
def seen():
    """A listener that records each state different from the one before."""

    class Seen(list):
        def __call__(self, result):
            state = f"{result.status}/{result.fetch_status}"
            if not self or self[-1] != state:
                self.append(state)

    return Seen
