"""The traits `nodes` and `edges` of an object that has a graph: read, assign, observe, link.

The trait holds no value: it returns the owner's graph's elements, and an assignment becomes a batch of
operations. A change event is created only when there is an observer, because listing all nodes costs O(n)
and an edit must not (rule S13).
"""

from __future__ import annotations

from typing import Any, Literal

from traitlets import All, Bunch, HasTraits, TraitError, TraitType

from kaizen_widgets.graph import Graph


class Elements(TraitType[Any, Any]):
    """The nodes or the edges of the owner's graph, as a tuple.

    The owner has the property ``graph`` and the methods ``set_nodes`` and ``set_edges``: it is a
    `DocumentStore`, or the canvas widget that shows one.
    """

    info_text = "a list of nodes or edges (React Flow JSON)"

    def __init__(self, which: Literal["nodes", "edges"]) -> None:
        super().__init__(default_value=(), help=f"The graph's {which}, in drawing order.")
        self.which = which

    def get(self, obj: Any, cls: type[Any] | None = None) -> Any:
        """Return the graph's tuple, which the graph caches."""
        return getattr(obj.graph, self.which)

    def set(self, obj: Any, value: Any) -> None:
        """Apply the difference as operations.

        Raises:
            TraitError: It is not a list.
            GraphError: The list does not form a valid graph; nothing is changed.
        """
        if not isinstance(value, list | tuple):
            raise TraitError(f"{self.which} must be {self.info_text}, not {type(value).__name__}.")
        (obj.set_nodes if self.which == "nodes" else obj.set_edges)(value)

    @staticmethod
    def announce(owner: HasTraits, old: Graph, new: Graph) -> None:
        """Notify observers of the elements that differ between two graphs."""
        if new._nodes is not old._nodes and _observed(owner, "nodes"):
            owner.notify_change(_change(owner, "nodes", old.nodes, new.nodes))
        if new._edges is not old._edges and _observed(owner, "edges"):
            owner.notify_change(_change(owner, "edges", old.edges, new.edges))


def _observed(owner: HasTraits, name: str) -> bool:
    # traitlets has no public function for this; `Store` and `Canvas` observe neither name themselves.
    notifiers: dict[Any, Any] = owner._trait_notifiers
    return any(notifiers.get(key, {}).get(kind) for key in (name, All) for kind in ("change", All))


def _change(owner: HasTraits, name: str, old: Any, new: Any) -> Bunch:
    return Bunch(name=name, old=old, new=new, owner=owner, type="change")
