"""The config of the selected node, as a form beside its canvas.

    NodeForm(canvas).beside()

An edit is committed when its field is left, on Enter, or after a pause: as one batch that sets the
properties that changed, which is one step of the one history. A field that is wrong keeps what was typed,
also while another node is selected, and holds back no other; only what the config as a whole refuses holds
back all. What somebody else changes, or undo takes back, shows in the form at once, but never over what is
being typed.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.core.clock import Clock
from kaizen_widgets.forms import Form
from kaizen_widgets.graph import Node
from kaizen_widgets.nodes import Kind, Registry
from kaizen_widgets.stores import CanvasStore, Commit, Replaced
from kaizen_widgets.widgets.canvas import Canvas
from kaizen_widgets.widgets.markup import MUTED, hint
from kaizen_widgets.widgets.node_config_editor import NodeConfigEditor
from kaizen_widgets.widgets.panel import Panel

EMPTY = hint("Select a node to configure it.")


class NodeForm(Panel):
    """Configure the selected node.

    Args:
        canvas: Whose selection it follows.
        hides: Take no room while no node is selected.
        width: Beside the canvas; a CSS length.
    """

    _ends: tuple[Callable[[], None], ...] = ()  # ipywidgets closes also what was refused when made

    def __init__(self, canvas: Canvas, *, hides: bool = False, width: str = "300px") -> None:
        self.canvas = canvas
        self.store: CanvasStore = canvas.store
        self.registry: Registry = canvas.registry
        self._clock: Clock = canvas._clock
        self._hides, self._width = hides, width
        self.editing: NodeConfigEditor | None = None
        self._unsound: dict[str, dict[str, Any]] = {}
        self.heading = ipw.HTML()
        self.status = ipw.HTML()
        self.body = ipw.VBox()
        super().__init__(
            [self.heading, self.body, self.status],
            layout=ipw.Layout(
                flex=f"0 1 {width}",
                max_width="720px",
                max_height=f"{canvas.height + 40}px",
                overflow="auto",
                padding="0 8px",
            ),
        )
        self.add_class("kaizen-form-panel")
        self.store.observe(self._on_select, names="selected_node_id")
        self._ends = (
            lambda: self.store.unobserve(self._on_select, names="selected_node_id"),
            self.store.on_event(self._on_event),
        )
        self._show(self.store.selected_node_id)

    def beside(self) -> ipw.HBox:
        """Return the canvas with this form at its side, or under it where it is narrow."""
        # All the room but the form's is the canvas's; only where it wraps does the form grow.
        self.canvas.layout.flex = "1000 1 420px"
        self.layout.flex = f"1 0 {self._width}"
        return ipw.HBox([self.canvas, self], layout=ipw.Layout(flex_flow="row wrap"))

    @property
    def form(self) -> Form | None:
        """The form of the selected node's config, or None."""
        return self.editing.form if self.editing else None

    def commit(self) -> bool:
        """Put what was changed into the document now; False if there is nothing, or it is not valid."""
        return self.editing is not None and self.editing.commit()

    def close(self) -> None:
        """Close the form and stop following the canvas; what is valid is committed first."""
        ends, self._ends = self._ends, ()
        for end in ends:
            end()
        if ends:
            self._leave()
        super().close()

    # ------------------------------------------------------------- within

    def _on_select(self, change: Any) -> None:
        if self.editing is None or change.new != self.editing.node_id:
            self._show(change.new)

    def _on_event(self, event: Commit | Replaced) -> None:
        editing = self.editing
        if isinstance(event, Replaced):
            self._show(None)
            self._unsound.clear()
            return
        if editing is None:
            return
        if not event.after.has_node(editing.node_id):
            self._show(None)
            return
        before, after = event.before, event.after
        if before.has_node(editing.node_id) and before.node(editing.node_id) is after.node(
            editing.node_id
        ):
            return
        node = after.node(editing.node_id)
        self.heading.value = _heading(node, editing.kind)
        if getattr(event, "source", None) is not editing:
            editing.take(node)

    def _show(self, node_id: str | None) -> None:
        self._leave()
        graph = self.store.graph
        node = graph.node(node_id) if node_id and graph.has_node(node_id) else None
        kind = self.registry.get(node.type or "") if node is not None else None
        if node is not None and kind is not None:
            unsound = self._unsound.pop(node.id, {})
            self.editing = NodeConfigEditor(self.store, node, kind, self._clock, self._say, unsound)
            self.heading.value = _heading(node, kind)
            self.body.children = (
                [self.editing.area] if kind.Config.model_fields else [_sentence("Nothing to set.")]
            )
        else:
            self.heading.value = ""
            known = EMPTY if node is None else hint(f"The kind {node.type!r} has no form.")
            self.body.children = [ipw.HTML(known)]
        self.layout.display = "none" if self._hides and node is None else ""

    def _leave(self) -> None:
        editing, self.editing = self.editing, None
        self._say("")
        if editing is not None:
            editing.close()
            if editing.unsound and self.store.graph.has_node(editing.node_id):
                self._unsound[editing.node_id] = editing.unsound

    def _say(self, text: str) -> None:
        if self.status.value != text:
            self.status.value = text

    def __repr__(self) -> str:
        return f"NodeForm({self.editing.node_id!r})" if self.editing else "NodeForm()"


def _heading(node: Node, kind: Kind) -> str:
    name = f'<b style="font-size: 14px">{html.escape(node.label)}</b>'
    title = f'<span style="color: {MUTED}">{html.escape(kind.look.title)}</span>'
    return f'<div style="padding: 6px 2px; line-height: 1.4">{name}<br>{title}</div>'


def _sentence(text: str) -> ipw.HTML:
    return ipw.HTML(hint(text))
