"""Check whether a saved pipeline can run: ask the engine that would run it, and find the agents it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from kaizen_widgets.api.pipeline_graph import EXTRA, from_server
from kaizen_widgets.engines import reasons_against
from kaizen_widgets.errors import DecodeError, GraphError
from kaizen_widgets.graph import Graph, Node, expand
from kaizen_widgets.nodes import Functions, default_registry
from kaizen_widgets.nodes.connectors.base_connector import BaseConnector
from kaizen_widgets.nodes.kind import agent_id_of_node

_KINDS = default_registry()
AgentRow = Mapping[str, Any]
Function = Callable[..., Any]


class AgentDirectory:
    """The agents of an organization, found by id or name.

    Args:
        rows: The agents, newest first. If several have one name, the newest that is not archived is found.
    """

    def __init__(self, rows: Iterable[AgentRow]) -> None:
        self._by_id = {row["id"]: row for row in rows}
        archived_last = sorted(self._by_id.values(), key=lambda row: row["status"] == "archived")
        self._by_name: dict[str, AgentRow] = {}
        for row in archived_last:
            self._by_name.setdefault(row["name"], row)

    def by_id(self, agent_id: str | None) -> AgentRow | None:
        """Return the agent with an id, or None."""
        return self._by_id.get(agent_id or "")

    def find(self, name: str) -> AgentRow | None:
        """Return the agent with a name or id, or None."""
        return self._by_name.get(name) or self._by_id.get(name)


def graph_of(nodes: Sequence[Mapping[str, Any]], connections: Sequence[Mapping[str, Any]]) -> Graph:
    """Return the graph of a pipeline's rows; its nodes keep the ids of their rows.

    Raises:
        DecodeError: A row cannot be read.
        GraphError: The rows make no graph.
    """
    return from_server(
        [_with_row_id(node, "config") for node in nodes],
        [_with_row_id(connection, "condition") for connection in connections],
    )


def agent_functions(
    graph: Graph, agents: AgentDirectory, ask: Callable[[AgentRow], Function]
) -> Functions:
    """Return the functions that a graph's nodes call on this server.

    Agents answer for agent nodes (by id, or by the node's label if it names none) and for the workers of
    supervisors, stages and reactors (by name or id). Connectors hand on what they get: this server has none.

    Args:
        graph: The pipeline.
        agents: The agents of its organization.
        ask: Returns the function that answers for an agent.
    """
    functions = Functions()
    for node in _all_nodes(graph):
        for name, agent in _agents_of(node, agents):
            if agent is not None:
                functions.register(name, ask(agent))
        if node.type == "connector" and (name := _config(node).get("connector") or node.label):
            functions.register(str(name), _hand_on)
        elif isinstance(_KINDS.get(node.type), BaseConnector):
            functions.register(node.id, _hand_on)
    return functions


def check_pipeline(
    nodes: Sequence[Mapping[str, Any]],
    connections: Sequence[Mapping[str, Any]],
    agents: AgentDirectory,
) -> dict[str, Any]:
    """Return the API's ``{valid, errors, warnings}`` for the rows of a pipeline."""
    try:
        graph = graph_of(nodes, connections)
    except (DecodeError, GraphError) as error:
        return {"valid": False, "errors": [str(error)], "warnings": []}
    errors, warnings = [], []
    # With a function for every name, only reasons that do not concern agents remain.
    functions = agent_functions(graph, agents, lambda agent: _hand_on)
    for node in _all_nodes(graph):
        title = f"{node.type.capitalize()} node {node.label!r}"
        if node.type == "agent" and next(_agents_of(node, agents), None) is None:
            errors.append(f"{title} has no agent assigned")
            functions.register(str(_config(node).get("calls") or node.id), _hand_on)
        for name, agent in _agents_of(node, agents):
            what = "an agent" if node.type == "agent" else f"a worker {name!r}"
            if agent is None:
                errors.append(f"{title} has {what} that does not exist")
                functions.register(name, _hand_on)
            elif agent["status"] == "archived":
                warnings.append(f"{title} has {what} that is archived")
    errors += reasons_against(graph, default_registry(), functions)
    types = {node.type for node in graph.nodes}
    warnings += [
        f"Pipeline has no {name} node" for name in ("input", "output") if name not in types
    ]
    return {"valid": not errors, "errors": errors, "warnings": warnings}


def _all_nodes(graph: Graph) -> Sequence[Node]:
    """Return the nodes of a graph, those of its subflows in their place."""
    try:
        return expand(graph).graph.nodes
    except GraphError:
        return graph.nodes  # The reasons against the run say what is wrong.


def _agents_of(node: Node, agents: AgentDirectory) -> Iterator[tuple[str, AgentRow | None]]:
    """Yield the agents a node asks: the name it asks for, and the agent (None when there is none)."""
    if node.type == "agent" and (agent_id := agent_id_of_node(node)) is not None:
        yield agent_id, agents.by_id(agent_id)
    elif node.type == "agent" and (agent := agents.find(node.label)) is not None:
        yield node.label, agent
    kind = _KINDS.get(node.type)
    config, _ = kind.read_config(node) if kind is not None else (None, [])
    for worker in kind.worker_names(config) if kind is not None and config is not None else ():
        yield worker, agents.find(worker)


def _config(node: Node) -> Mapping[str, Any]:
    config = node.data.get("config")
    return config if isinstance(config, Mapping) else {}


def _hand_on(value: Any, /) -> Any:
    return value


def _with_row_id(row: Mapping[str, Any], column: str) -> dict[str, Any]:
    """Return a row without the id that the client remembers for it."""
    stored = row.get(column)
    if not isinstance(stored, Mapping) or not isinstance(stored.get(EXTRA), Mapping):
        return dict(row)
    extra = {key: value for key, value in stored[EXTRA].items() if key != "id"}
    return {**row, column: {**stored, EXTRA: extra}}
