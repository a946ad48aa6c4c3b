from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.engines import Run, start
from kaizen_widgets.testing import FakeClock, VirtualLoop
from tests.clients import running_loop


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    with running_loop("test-loop") as made:
        yield made


@pytest.fixture
def virtual() -> Iterator[VirtualLoop]:
    """A loop without a thread, on a clock that the test moves."""
    made = VirtualLoop(FakeClock())
    yield made
    made.close()


@pytest.fixture
def go(virtual: VirtualLoop) -> Callable[..., Run]:
    """Starts runs on the virtual loop with the id run-1, and lets them go as far as they come at 0 s."""

    def call(graph: Any, inputs: Any = None, **options: Any) -> Run:
        known = {"loop": virtual, "clock": virtual.clock, "new_id": lambda: "run-1"}
        run = start(graph, inputs, **(known | options))
        virtual.settle()
        return run

    return call


@pytest.fixture
def begin(loop: BackgroundLoop) -> Callable[..., Run]:
    """Starts runs with ids run-1, run-2, ..."""
    ids = itertools.count(1)

    def call(graph: Any, inputs: Any = None, **options: Any) -> Run:
        known = {"loop": loop, "new_id": lambda: f"run-{next(ids)}"}
        return start(graph, inputs, **(known | options))

    return call
