"""The selected node as a form beside its canvas: its name, what it calls, its config and its policy.

    NodeForm(canvas).beside()

An edit is committed when its field is left, on Enter, or after a pause: as one step in the history that sets
only the changed properties. An invalid field keeps its input, even while another node is selected, and does
not prevent other fields from being committed; a failing rule of the whole config prevents all of them.
Changes by others, and undo, are shown immediately, but never replace what the user is typing.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.displays.markup import MUTED, hint
from kaizen_widgets.forms import Form
from kaizen_widgets.graph import Node
from kaizen_widgets.nodes import Kind, Registry
from kaizen_widgets.nodes.subflow import SubflowKind
from kaizen_widgets.stores import CanvasStore, Commit, Replaced
from kaizen_widgets.widgets.agent_form import AgentForm
from kaizen_widgets.widgets.canvas import Canvas
from kaizen_widgets.widgets.dialog import DialogHost
from kaizen_widgets.widgets.form_dialog import form_dialog
from kaizen_widgets.widgets.node_basics_editor import NodeBasicsEditor
from kaizen_widgets.widgets.node_calls import NodeCalls
from kaizen_widgets.widgets.node_config_editor import NodeConfigEditor
from kaizen_widgets.widgets.node_policy_editor import NodePolicyEditor
from kaizen_widgets.widgets.panel import Panel
from kaizen_widgets.widgets.subflow_view import SubflowView

EMPTY = hint("Select a node to configure it.")


class NodeForm(Panel):
    """The form of the selected node.

    Args:
        canvas: The canvas whose selection it follows.
        calls: What the nodes call, to choose in the form; None to leave that out.
        dialogs: Where the form of a new agent appears; by default in this form.
        hides: Whether it disappears while no node is selected.
        width: Its width beside the canvas; a CSS length.

    Raises:
        TypeError: ``canvas`` is not a `Canvas`.
    """

    # A class attribute, because ipywidgets also closes widgets whose `__init__` raised.
    _unsubscribes: tuple[Callable[[], None], ...] = ()

    def __init__(
        self,
        canvas: Canvas,
        *,
        calls: NodeCalls | None = None,
        dialogs: DialogHost | None = None,
        hides: bool = False,
        width: str = "300px",
    ) -> None:
        if not isinstance(canvas, Canvas):
            raise TypeError(
                f"NodeForm needs a Canvas, not {type(canvas).__name__}; for a studio, pass `studio.canvas`."
            )
        self.canvas = canvas
        self.store: CanvasStore = canvas.store
        self.registry: Registry = canvas.registry
        self._clock: Clock = canvas._clock
        self._calls = calls
        self.dialogs = DialogHost() if dialogs is None else dialogs
        self._owns_dialogs = dialogs is None
        self._hides, self._width = hides, width
        self.basics: NodeBasicsEditor | None = None
        self.subflow: SubflowView | None = None
        """What is inside the selected subflow; None of other nodes."""
        self.editor: NodeConfigEditor | None = None
        self.policy: NodePolicyEditor | None = None
        """How a run treats the selected node; None of subflows, whose nodes have one each."""
        self._uncommitted: dict[tuple[str, str], dict[str, Any]] = {}
        """Edits that could not be committed: by node and part of its data, then by field."""
        self.heading = ipw.HTML()
        self.status = ipw.HTML()
        self.policy_status = ipw.HTML()
        self.body = ipw.VBox()
        super().__init__(
            [self.heading, self.body, self.status, *([self.dialogs] * self._owns_dialogs)],
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
        canvas.observe(self._on_select_several, names="selected")
        self._unsubscribes = (
            lambda: self.store.unobserve(self._on_select, names="selected_node_id"),
            lambda: canvas.unobserve(self._on_select_several, names="selected"),
            self.store.on_event(self._on_event),
        )
        self._show(self.store.selected_node_id)

    def beside(self) -> ipw.HBox:
        """Return the canvas with this form beside it, or below it if there is not enough room."""
        # The canvas takes all the remaining width; the form only grows when it is wrapped below.
        self.canvas.layout.flex = "1000 1 420px"
        self.layout.flex = f"1 0 {self._width}"
        return ipw.HBox([self.canvas, self], layout=ipw.Layout(flex_flow="row wrap"))

    @property
    def form(self) -> Form | None:
        """The form of the selected node's config, or None."""
        return self.editor.form if self.editor else None

    def commit(self) -> bool:
        """Commit the valid edits; return whether there were any."""
        done = [editor.commit() for editor in self._editors if editor is not None]
        return any(done)

    def close(self) -> None:
        """Commit the valid edits, close the form, and stop following the canvas."""
        unsubscribes, self._unsubscribes = self._unsubscribes, ()
        for unsubscribe in unsubscribes:
            unsubscribe()
        if unsubscribes:
            self._leave()
            if self._owns_dialogs:
                self.dialogs.close()
        super().close()

    # ------------------------------------------------------------ internal

    @property
    def _editors(self) -> tuple[NodeBasicsEditor | NodeConfigEditor | NodePolicyEditor | None, ...]:
        return self.basics, self.editor, self.policy

    def _on_select(self, change: Any) -> None:
        if self.editor is None or change.new != self.editor.node_id:
            self._show(change.new)

    def _on_select_several(self, _change: Any) -> None:
        if self.editor is not None and self.store.graph.has_node(self.editor.node_id):
            self._show_heading(self.store.graph.node(self.editor.node_id), self.editor.kind)

    def _show_heading(self, node: Node, kind: Kind) -> None:
        count = sum(map(self.store.graph.has_node, self.canvas.selected))
        title = (
            f"{kind.look.title}: one of {count} selected nodes" if count > 1 else kind.look.title
        )
        text = _heading(node.label, title)
        if self.heading.value != text:
            self.heading.value = text

    def _on_event(self, event: Commit | Replaced) -> None:
        editor = self.editor
        if isinstance(event, Replaced):
            self._show(None)
            self._uncommitted.clear()
            return
        if editor is None:
            return
        if not event.after.has_node(editor.node_id):
            self._show(None)
            return
        before, after = event.before, event.after
        if before.has_node(editor.node_id) and before.node(editor.node_id) is after.node(
            editor.node_id
        ):
            return
        node = after.node(editor.node_id)
        self._show_heading(node, editor.kind)
        if event.source is not editor:
            editor.update(node)
        if self.policy is not None and event.source is not self.policy:
            self.policy.update(node)
        if self.subflow is not None:
            self.subflow.update(node)
        if self.basics is not None and event.source is not self.basics:
            self.basics.update(node)

    def _show(self, node_id: str | None) -> None:
        self._leave()
        graph = self.store.graph
        node = graph.node(node_id) if node_id and graph.has_node(node_id) else None
        kind = self.registry.get(node.type or "") if node is not None else None
        if node is not None and kind is not None:
            drafts = self._uncommitted.pop((node.id, "config"), {})
            hidden = frozenset({kind.call_field} if self._calls and kind.call_field else ())
            if isinstance(kind, SubflowKind):
                hidden |= kind.Config.model_fields.keys()
            self.editor = NodeConfigEditor(
                self.store, node, kind, self._clock, self._show_status, drafts, hidden=hidden
            )
            has_agents = self._calls is not None and self._calls.agents is not None
            new_agent = self._open_agent_form if has_agents else None
            self.basics = NodeBasicsEditor(
                self.store, node, self._calls, self._clock, self._show_status, new_agent
            )
            self._show_heading(node, kind)
            has_settings = kind.Config.model_fields.keys() - hidden
            settings = self.editor.area if has_settings else ipw.HTML(hint("No other settings."))
            if isinstance(kind, SubflowKind):
                settings = self.subflow = SubflowView(self.canvas, node, self._show_status)
            else:
                drafts = self._uncommitted.pop((node.id, "policy"), {})
                self.policy = NodePolicyEditor(
                    self.store, node, self._clock, self._show_policy_status, drafts
                )
            policy = [] if self.policy is None else [self.policy.area, self.policy_status]
            self.body.children = [self.basics.area, settings, *policy]
        else:
            self.heading.value = ""
            text = EMPTY if node is None else hint(f"The kind {node.type!r} has no form.")
            self.body.children = [ipw.HTML(text)]
        self.layout.display = "none" if self._hides and node is None else ""

    def _open_agent_form(self, use: Callable[[str], object]) -> None:
        """Show the form of a new agent, and call ``use`` with its id once it is created."""

        def created(agent: Any) -> None:
            # In a thread, because the loop, which calls this, never waits for the lock of the pipeline.
            background.start(asyncio.to_thread(use, agent.id))

        form = AgentForm(agents=self._calls and self._calls.agents, title="", on_success=created)
        self.dialogs.show(form_dialog("New agent", form, answer="Create agent"))

    def _leave(self) -> None:
        editor, self.editor = self.editor, None
        basics, self.basics = self.basics, None
        policy, self.policy = self.policy, None
        subflow, self.subflow = self.subflow, None
        if subflow is not None:
            subflow.close()
        self._show_status("")
        self._show_policy_status("")
        if basics is not None:
            basics.close()
        for key, part in (("config", editor), ("policy", policy)):
            if part is not None:
                part.close()
                if part.uncommitted and self.store.graph.has_node(part.node_id):
                    self._uncommitted[part.node_id, key] = part.uncommitted

    def _show_policy_status(self, text: str) -> None:
        if self.policy_status.value != text:
            self.policy_status.value = text

    def _show_status(self, text: str) -> None:
        if self.status.value != text:
            self.status.value = text

    def __repr__(self) -> str:
        return f"NodeForm({self.editor.node_id!r})" if self.editor else "NodeForm()"


def _heading(label: str, title: str) -> str:
    name = f'<b style="font-size: 14px">{html.escape(label)}</b>'
    below = f'<span style="color: {MUTED}">{html.escape(title)}</span>'
    return f'<div style="padding: 6px 2px; line-height: 1.4">{name}<br>{below}</div>'
