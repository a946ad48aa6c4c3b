"""Tell whether a connection fits the types of the two ports it connects."""

from __future__ import annotations

from collections.abc import Callable

from kaizen_widgets.graph import Graph
from kaizen_widgets.graph.connections import Connection
from kaizen_widgets.nodes.look import Look, Port
from kaizen_widgets.nodes.port_types import PortType, type_problem

LookOf = Callable[[str], Look | None]
"""Returns the look of a kind by its name, or None for an unknown one."""


def output_type(look: Look | None, port: str) -> PortType:
    """Return the type of an output; ``any`` for a port or kind that is not known.

    Args:
        look: Look of the node's kind.
        port: Id of the port; empty for the first one.
    """
    if look is None or look.outputs_from:
        return "any"
    return _type_of(look.outputs, port)


def input_type(look: Look | None, port: str) -> PortType:
    """Return the type of an input, as `output_type` does."""
    if look is None or look.inputs_from:
        return "any"
    return _type_of(look.inputs, port)


def _type_of(ports: tuple[Port, ...], port_id: str) -> PortType:
    for port in ports:
        if port.id == port_id or not port_id:
            return port.type
    return "any"


def connection_problem(graph: Graph, connection: Connection, look_of: LookOf) -> str | None:
    """Return why the types of a connection's ports do not fit, as a sentence, or None."""
    looks = [
        look_of(graph.node(node_id).type) if graph.has_node(node_id) else None
        for node_id in (connection["source"], connection["target"])
    ]
    return type_problem(
        output_type(looks[0], connection.get("sourceHandle") or ""),
        input_type(looks[1], connection.get("targetHandle") or ""),
    )
