from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kaizen_widgets.engines import Run, start
from kaizen_widgets.graph import Graph
from kaizen_widgets.testing import FakeClock, VirtualLoop


class Crew:
    """Agents that take seconds of a fake clock; it notes who works on what, and when."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.functions: dict[str, Callable[..., Any]] = {}
        self.calls: list[tuple[float, str, Any]] = []
        """Second, name and value of each call, in the order they began."""
        self.working = 0
        self.most = 0
        """The most agents that worked at the same time."""

    def add(self, name: str, answer: Callable[[Any], Any], seconds: float = 1) -> None:
        async def work(value: Any, /) -> Any:
            self.calls.append((self._loop.clock.monotonic(), name, value))
            self.working += 1
            self.most = max(self.most, self.working)
            done = asyncio.get_running_loop().create_future()
            took = seconds(value) if callable(seconds) else seconds
            self._loop.clock.call_later(took, lambda: done.done() or done.set_result(None))
            try:
                await done
            finally:
                self.working -= 1
            return answer(value)

        self.functions[name] = work

    def run(self, graph: Graph, inputs: dict[str, Any], **options: Any) -> Run:
        """Run a pipeline to its end."""
        run = start(
            graph,
            inputs,
            loop=self._loop,
            clock=self._loop.clock,
            functions=self.functions,
            new_id=lambda: "run-1",
            **options,
        )
        self._loop.advance(1000)
        assert run.status != "running"
        return run


@pytest.fixture
def crew() -> Iterator[Crew]:
    loop = VirtualLoop(FakeClock())
    yield Crew(loop)
    loop.close()
