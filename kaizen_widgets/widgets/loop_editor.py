"""Edits how often the loop of an edge runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from kaizen_widgets.core.clock import Clock
from kaizen_widgets.engines.loops import MAX_ITERATIONS
from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.graph import Edge, Graph, Operation, SetProperty, UnsetProperty
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.widgets.element_editor import ElementEditor


class LoopFields(BaseModel):
    """What the form of a loop asks for."""

    max_iterations: Annotated[
        Annotated[int, Field(ge=1, le=MAX_ITERATIONS)] | None,
        Hint(
            label="Iterations at most",
            help=f"How often the nodes of the loop run, the first time included; 1 to {MAX_ITERATIONS:,}. "
            f"Empty: the edge is no loop, and must not lead back.",
        ),
    ] = None


class LoopEditor(ElementEditor[Edge]):
    """The form of one edge's number of iterations, until something else is selected.

    Args:
        store: The canvas store that holds the edge.
        edge: The edge.
        clock: Time and timers.
        show_status: Called with the HTML of a status line.
    """

    def __init__(
        self,
        store: CanvasStore,
        edge: Edge,
        clock: Clock,
        show_status: Callable[[str], object],
    ) -> None:
        self.edge_id = edge.id
        super().__init__(store, edge, LoopFields, clock, show_status, {})

    def _find(self, graph: Graph) -> Edge | None:
        return graph.edge(self.edge_id) if graph.has_edge(self.edge_id) else None

    def _given(self, element: Edge) -> Any:
        return {"max_iterations": element.data.get("maxIterations")}

    def _operations(self, element: Edge, values: Mapping[str, Any]) -> Iterable[Operation]:
        path, count = ("data", "maxIterations"), values["max_iterations"]
        if count is None:
            return (UnsetProperty(kind="edge", id=element.id, path=path),)
        return (SetProperty(kind="edge", id=element.id, path=path, value=count),)

    def _label(self, element: Edge) -> str:
        return "set the iterations of a loop"


def leads_back(graph: Graph, edge: Edge) -> bool:
    """Return whether an edge is a loop, or closes a circle and so has to be one."""
    if edge.data.get("maxIterations") is not None:
        return True
    found, open_ = {edge.target}, [edge.target]
    after: dict[str, list[str]] = {}
    for one in graph.edges:
        if one.data.get("maxIterations") is None:
            after.setdefault(one.source, []).append(one.target)
    while open_:
        for following in after.get(open_.pop(), ()):
            if following not in found:
                found.add(following)
                open_.append(following)
    return edge.source in found
