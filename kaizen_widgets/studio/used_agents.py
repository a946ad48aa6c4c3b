"""Find the agents that a pipeline asks, because no function answers for them."""

from __future__ import annotations

from collections.abc import Iterator

from kaizen_widgets.graph import Graph
from kaizen_widgets.nodes import Functions, Registry


def used_agents(graph: Graph, registry: Registry, functions: Functions) -> list[str]:
    """Return the ids of these agents, each once, in the order of the nodes."""
    found = (
        functions.models.find(*names)
        for names in _called(graph, registry)
        if functions.find_function(*names) is None
    )
    return list(dict.fromkeys(record.id for record in found if record is not None))


def _called(graph: Graph, registry: Registry) -> Iterator[tuple[str | None, ...]]:
    """Yield for each call of each node the names of what it calls."""
    for node in graph.nodes:
        kind = registry.get(node.type)
        config = None if kind is None else kind.read_config(node)[0]
        if kind is None or config is None:
            continue
        if kind.calls_agents:
            yield kind.call_names(node, config)
        for worker in getattr(config, "workers", ()):
            if isinstance(worker, str):
                yield (worker,)
