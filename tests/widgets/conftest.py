"""A query client in virtual time, for panels over one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kaizen_widgets.query import QueryClient
from kaizen_widgets.testing import FakeClock, VirtualLoop


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop(FakeClock())
    yield loop
    loop.close()


@pytest.fixture
def client(loop: VirtualLoop) -> QueryClient:
    return QueryClient(loop=loop, clock=loop.clock)
