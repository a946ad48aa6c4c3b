from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kaizen_widgets import patterns
from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.evaluation import Evaluation, evaluate
from kaizen_widgets.graph import Graph
from kaizen_widgets.nodes import Functions, default_registry

WAIT = 60


@pytest.fixture
def loop() -> Iterator[BackgroundLoop]:
    made = BackgroundLoop("test-loop")
    yield made
    made.close()


@pytest.fixture
def graph() -> Graph:
    return patterns.sequential(["Agent"])


@pytest.fixture
def begin(loop: BackgroundLoop, graph: Graph) -> Callable[..., Evaluation]:
    """Starts an evaluation of the agent ``Agent``, a function that upper-cases by default."""

    def call(table: Any, evaluators: Any = (), **options: Any) -> Evaluation:
        function = options.pop("agent", lambda text: text.upper())
        functions = options.pop("functions", None) or Functions({"Agent": function})
        known = {"loop": loop, "functions": functions, "registry": default_registry()}
        return evaluate(options.pop("graph", graph), table, evaluators, **(known | options))

    return call
