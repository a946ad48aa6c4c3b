"""The pipeline as a cell of the notebook, and back: edit the cell, run it, and the canvas follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from IPython.core.getipython import get_ipython

from kaizen_widgets.errors import RunError
from kaizen_widgets.graph import Graph, Node, diff
from kaizen_widgets.graph.without_secrets import with_secrets_of, without_secrets
from kaizen_widgets.stores import CanvasStore

ROW = 160
"""Flow units by which a new node is moved down when another one is at its place."""


class PythonCell:
    """Writes a canvas as a cell, and takes what a cell made.

    Args:
        store: The pipeline on the canvas.
        owner: The object on which the cell calls ``set_graph``; the cell calls it as the notebook does.
    """

    def __init__(self, store: CanvasStore, owner: object) -> None:
        self._store = store
        self._owner = owner

    def code(self, variable: str = "studio") -> str:
        """Return the code of the cell.

        Secrets are left out and named in a comment; `set_graph` keeps those on the canvas.

        Args:
            variable: The name by which the notebook knows the studio.
        """
        graph, left_out = without_secrets(self._store.graph)
        lines = [f"# Left out, as it is secret: {place!r}" for place in left_out]
        return "\n".join([*lines, f"{graph.to_python()}{variable}.set_graph(graph)"])

    def insert(self) -> None:
        """Put the cell below the one that is running.

        Raises:
            RunError: No cell of a notebook is running, such as in a script.
        """
        shell = get_ipython()
        # A terminal's shell would run the text as the next line; only a kernel's puts a cell.
        if shell is None or not hasattr(shell, "kernel"):
            raise RunError(
                "There is no notebook to put a cell into: print(studio.graph.to_python()) shows the code."
            )
        shell.set_next_input(self.code(self._variable(shell.user_ns)), replace=False)

    def set_graph(self, graph: Graph) -> None:
        """Make the pipeline on the canvas equal to a graph, as one step of the history.

        Nodes that are on the canvas keep their place, size and secrets. A new node is moved down where it
        would lie on another one.
        """
        now = self._store.graph
        taken = {(node.parent_id, node.position) for node in graph.nodes if now.has_node(node.id)}
        nodes: list[Node] = []
        for node in graph.nodes:
            old = now.find("node", node.id)
            if old is not None:
                nodes.append(_as_on_canvas(node, old))
                continue
            while (node.parent_id, node.position) in taken:
                x, y = node.position
                node = node.evolve(position={"x": x, "y": y + ROW})
            taken.add((node.parent_id, node.position))
            nodes.append(node)
        made = Graph(nodes, graph.edges, envelope=now.envelope)
        self._store.commit(diff(now, made), label="edit in Python")

    def _variable(self, names: Mapping[str, Any]) -> str:
        found = [name for name, value in names.items() if value is self._owner]
        public = [name for name in found if not name.startswith("_")]
        return public[0] if public else "studio"


def _as_on_canvas(node: Node, old: Node) -> Node:
    keys = {key: old[key] for key in ("position", "width", "height") if key in old}
    if "data" in node:
        keys["data"] = with_secrets_of(node.data, old.data)
    return node.evolve(**keys)
