from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kaizen_widgets.engines import Run
from kaizen_widgets.graph import Graph
from kaizen_widgets.nodes import Functions, default_registry
from kaizen_widgets.runs import Runner
from kaizen_widgets.testing import FakeClock, VirtualLoop


class Bench:
    """A runner on a virtual loop, with functions that count their calls."""

    def __init__(self, loop: VirtualLoop) -> None:
        ids = itertools.count(1)
        self.loop = loop
        self.calls: list[str] = []
        self.functions = Functions()
        self.runner = Runner(
            self.functions,
            default_registry(),
            loop=loop,
            clock=loop.clock,
            new_id=lambda: f"run-{next(ids)}",
        )

    def show(self, graph: Graph, pipeline_id: str = "p") -> None:
        self.runner.graph = lambda: (graph, pipeline_id)

    def register(self, *names: str, does: Callable[[Any], Any] | None = None) -> None:
        for name in names:
            self.functions.register(name, self._counted(name, does))

    def _counted(self, name: str, does: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
        calls = self.calls

        def call(value: Any, /) -> Any:
            calls.append(name)
            return f"{name}({value})" if does is None else does(value)

        return call

    def took(self) -> list[str]:
        """The functions that were called since the last time."""
        made = list(self.calls)
        self.calls.clear()
        return made

    def run(self, inputs: Any = None, **options: Any) -> Run:
        run = self.runner.run(inputs, **options)
        self.loop.settle()
        return run

    def again(self, run: Run, *args: Any, **options: Any) -> Run:
        made = run.rerun(*args, **options)
        self.loop.settle()
        return made


@pytest.fixture
def bench() -> Iterator[Bench]:
    loop = VirtualLoop(FakeClock())
    yield Bench(loop)
    loop.close()
