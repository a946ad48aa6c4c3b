from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.engines import Run, start


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    made = BackgroundLoop("test-loop")
    yield made
    made.close()


@pytest.fixture
def begin(loop: BackgroundLoop) -> Callable[..., Run]:
    """Starts runs with ids run-1, run-2, ..."""
    ids = itertools.count(1)

    def call(graph: Any, inputs: Any = None, **options: Any) -> Run:
        known = {"loop": loop, "new_id": lambda: f"run-{next(ids)}"}
        return start(graph, inputs, **(known | options))

    return call
