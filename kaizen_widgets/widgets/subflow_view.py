"""What is inside a subflow, in place of its config, and a button that takes it apart."""

from __future__ import annotations

import html
from collections.abc import Callable

import ipywidgets as ipw

from kaizen_widgets.displays.markup import MUTED, alert, hint
from kaizen_widgets.errors import GraphError, KaizenError
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.graph.subflows import read_content
from kaizen_widgets.nodes import Registry
from kaizen_widgets.widgets.canvas import Canvas
from kaizen_widgets.widgets.python_owned import PythonOwned

SHOWN = 50
"""Most nodes that are named."""


class SubflowView(PythonOwned, ipw.VBox):
    """The nodes inside a subflow.

    Args:
        canvas: Canvas with the subflow.
        node: The subflow.
        show_status: Called with the HTML of a status line.
    """

    def __init__(self, canvas: Canvas, node: Node, show_status: Callable[[str], None]) -> None:
        self._canvas = canvas
        self._node_id = node.id
        self._show_status = show_status
        self.contents = ipw.HTML()
        self.ungroup_button = ipw.Button(
            description="Ungroup", tooltip="Put its nodes beside the others; a run gives the same"
        )
        self.ungroup_button.on_click(lambda _button: self._ungroup())
        super().__init__([self.contents, self.ungroup_button])
        self.update(node)

    def update(self, node: Node) -> None:
        """Show the node after a change."""
        text = contents_of(node, self._canvas.registry)
        if self.contents.value != text:
            self.contents.value = text

    def close(self) -> None:
        """Close it and its parts."""
        self.contents.close()
        self.ungroup_button.close()
        super().close()

    def _ungroup(self) -> None:
        try:
            self._canvas.ungroup(self._node_id)
        except KaizenError as error:
            self._show_status(alert(str(error)))


def contents_of(node: Node, registry: Registry) -> str:
    """Return the nodes inside a subflow as HTML."""
    try:
        content = read_content(node)
        inner = Graph(content.nodes, content.edges)
    except GraphError as error:
        return alert(str(error))
    if not inner.nodes:
        return hint("It has no nodes inside: select nodes on the board and group them.")
    lines = [_line(one, registry) for one in inner.nodes[:SHOWN]]
    if inner.node_count > SHOWN:
        lines.append(f"and {inner.node_count - SHOWN:,} more")
    word = "node" if inner.node_count == 1 else "nodes"
    items = "".join(f"<li>{line}</li>" for line in lines)
    return (
        f"<b>{inner.node_count:,} {word} inside</b>"
        f'<ul style="margin: 4px 0; padding-left: 18px; line-height: 1.6">{items}</ul>'
    )


def _line(node: Node, registry: Registry) -> str:
    kind = registry.get(node.type)
    title = kind.look.title if kind is not None else node.type
    name = html.escape(node.label[:200])
    return f'{name} <span style="color: {MUTED}">{html.escape(title[:100])}</span>'
