"""The evaluations of a studio: starts them on its pipelines, and has the last ones."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from kaizen_widgets.api.agent_records import record_of
from kaizen_widgets.api.agents import Agents
from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.evaluation import Evaluation, evaluate
from kaizen_widgets.graph import Graph
from kaizen_widgets.nodes import Functions, Registry
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.studio.used_agents import used_agents

MAX_EVALUATIONS = 20
"""How many evaluations are remembered."""
TIMEOUT = 30.0
"""Seconds to wait for the server."""


class Evaluations:
    """Starts evaluations and remembers the last 20.

    Args:
        store: The pipeline on the canvas.
        kinds: Node kinds.
        functions: Functions and agents that nodes call.
        agents: The agents of the server.
        loop: Loop that drives the runs.
    """

    def __init__(
        self,
        store: CanvasStore,
        kinds: Registry,
        functions: Functions,
        agents: Agents,
        loop: BackgroundLoop,
    ) -> None:
        self._store = store
        self._kinds = kinds
        self._functions = functions
        self._agents = agents
        self._loop = loop
        self._made: deque[Evaluation] = deque(maxlen=MAX_EVALUATIONS)
        self._count = 0
        self._listeners: list[Callable[[], object]] = []

    @property
    def all(self) -> tuple[Evaluation, ...]:
        """The last 20 evaluations, the newest first."""
        return tuple(reversed(self._made))

    def start(
        self,
        table: Any,
        evaluators: Any,
        *,
        graph: Graph | None = None,
        name: str = "",
        expected: str | None = None,
        inputs: Sequence[str] | None = None,
        file: str | os.PathLike[str] | None = None,
        max_concurrency: int = 4,
        time_limit: float | None = None,
        cost_limit: float | None = None,
    ) -> Evaluation:
        """Start an evaluation; see `Studio.evaluate`."""
        made = self._store.graph if graph is None else graph
        for agent_id in used_agents(made, self._kinds, self._functions):
            # The list of agents does not have their tools.
            self._functions.models.update(record_of(self._agents.detail(agent_id).wait(TIMEOUT)))
        evaluation = evaluate(
            made,
            table,
            evaluators,
            loop=self._loop,
            functions=self._functions,
            registry=self._kinds,
            expected=expected,
            inputs=inputs,
            name=name or f"{self._store.pipeline_name} {self._count + 1}",
            file=file,
            max_concurrency=max_concurrency,
            time_limit=time_limit,
            cost_limit=cost_limit,
        )
        self._count += 1
        self._made.append(evaluation)
        for listener in tuple(self._listeners):
            listener()
        return evaluation

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener()`` after each start; return the unsubscribe function."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def forget(self) -> None:
        """Stop and forget all evaluations, such as when the user signs out."""
        for evaluation in self._made:
            evaluation.cancel()
        self._made.clear()
        for listener in tuple(self._listeners):
            listener()
