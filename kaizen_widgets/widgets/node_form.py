"""The config of the selected node, as a form beside its canvas.

    NodeForm(canvas).beside()

An edit is committed when its field is left, on Enter, or after a pause: as one batch that sets the
properties that changed, which is one step of the one history. What somebody else changes, or undo takes
back, shows in the form at once, but never over what is being typed.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as ipw
from pydantic.alias_generators import to_camel

from kaizen_widgets.clock import Clock, Timer
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.forms import Change, Form
from kaizen_widgets.graph import Node, SetProperty
from kaizen_widgets.nodes import Kind, Registry
from kaizen_widgets.stores import CanvasStore, Commit, Replaced
from kaizen_widgets.sync.form_nodes import tree_of_model
from kaizen_widgets.widgets.canvas import Canvas
from kaizen_widgets.widgets.field_area import FieldArea
from kaizen_widgets.widgets.markup import MUTED, alert, hint, note
from kaizen_widgets.widgets.panel import Panel

PAUSE = 0.8
"""Seconds without an edit after which what is valid is committed."""
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
        self._hides = hides
        self.editing: NodeEditing | None = None
        self.heading = ipw.HTML()
        self.status = ipw.HTML()
        self.body = ipw.VBox()
        super().__init__(
            [self.heading, self.body, self.status],
            layout=ipw.Layout(
                flex=f"1 0 {width}",
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
        self.canvas.layout.flex = "1 1 380px"
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
        if editing is None:
            return
        if isinstance(event, Replaced) or not event.after.has_node(editing.node_id):
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
            self.editing = NodeEditing(self.store, node, kind, self._clock, self._say)
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

    def _say(self, text: str) -> None:
        if self.status.value != text:
            self.status.value = text

    def __repr__(self) -> str:
        return f"NodeForm({self.editing.node_id!r})" if self.editing else "NodeForm()"


class NodeEditing:
    """One node's config in a form, until another node is selected.

    Args:
        store: Where the node is.
        node: The node.
        kind: What it is.
        clock: Time and timers.
        say: Shows how it stands.
    """

    options: Mapping[str, Any] = {}
    hidden: tuple[str, ...] = ()
    notes: Mapping[str, str] = {}

    def __init__(
        self,
        store: CanvasStore,
        node: Node,
        kind: Kind,
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        self.node_id = node.id
        self.kind = kind
        self._store = store
        self._clock = clock
        self._say = say
        self._timer: Timer | None = None
        known = set(kind.Config.model_fields)
        self.form = Form(
            kind.Config,
            default_values={n: v for n, v in _config(node, kind).items() if n in known},
            mode="all",
            cross_field=True,
        )
        root, definitions = tree_of_model(self.form.tree.tree)
        self.area = FieldArea(
            self.form,
            surroundings=self,
            desk=self,
            root=root,
            definitions=definitions,
            clock=clock,
            on_failure=lambda error: say(alert(str(error))),
        )
        self._end = self.form.subscribe(self._on_form)

    def take(self, node: Node) -> None:
        """Show the node as somebody else left it; what is being typed stays."""
        known = set(self.kind.Config.model_fields)
        config = {n: v for n, v in _config(node, self.kind).items() if n in known}
        self.form.reset(config, keep_dirty_values=True, keep_touched=True)

    def commit(self) -> bool:
        """Put what was changed into the document, as one step, if all of it is valid."""
        self._wait_no_more()
        value = self.form.value
        if value is None or not self.form.is_dirty:
            return False
        if not self._store.graph.has_node(self.node_id):
            return False
        names = {name.partition(".")[0] for name in self.form.dirty_fields}
        dumped = value.model_dump(mode="json", include=names)
        node = self._store.graph.node(self.node_id)
        batch = _batch(node, dumped)
        self.form.reset(keep_values=True, values=self.form.values, keep_touched=True)
        try:
            self._store.commit(batch, label=f"configure {node.label}", source=self)
        except KaizenError as error:
            self._say(alert(str(error)))
            return False
        return True

    # What the field area asks of a desk.

    def submit(self, client: str) -> None:
        """Commit now; called for Enter."""
        self.form.submit(lambda _value: self.commit(), lambda _e: self.area.end.focus(None, client))

    def left(self, _key: str) -> None:
        """Commit now; called when a field loses the focus."""
        self.commit()

    def reset(self) -> None:
        """Go back to what the document holds."""
        self.form.reset()

    def store_file(self, _name: str, _content: bytes) -> Any:
        """Refuse: a pipeline holds no files."""
        raise KaizenError("A node's config holds no files.")

    def close(self) -> None:
        """Commit what is valid, and stop."""
        self.area.end.flush()
        self.commit()
        self._end()
        self.area.close()

    # ------------------------------------------------------------- within

    def _on_form(self, change: Change) -> None:
        if change.values and not change.is_reset:
            self._wait_no_more()
            if self.form.is_dirty:
                self._timer = self._clock.call_later(PAUSE, self.commit)
        if "is_dirty" in change.flags or change.errors:
            wrong = bool(self.form.errors) and self.form.is_dirty
            self._say(note("Not applied until it is mended.") if wrong else "")

    def _wait_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _config(node: Node, kind: Kind) -> dict[str, Any]:
    """Return a node's config by the names of its model's fields."""
    given = node.data.get("config")
    config: dict[str, Any] = dict(given) if isinstance(given, Mapping) else {}
    by_alias = {to_camel(name): name for name in kind.Config.model_fields}
    return {by_alias.get(key, key): value for key, value in config.items()}


def _batch(node: Node, values: Mapping[str, Any]) -> tuple[SetProperty, ...]:
    """Return the operations that set these properties and no others, under the keys they have there."""
    given = node.data.get("config")
    if not isinstance(given, Mapping):
        return (SetProperty(kind="node", id=node.id, path=("data", "config"), value=dict(values)),)
    return tuple(
        SetProperty(
            kind="node",
            id=node.id,
            path=("data", "config", to_camel(name) if to_camel(name) in given else name),
            value=value,
        )
        for name, value in values.items()
    )


def _heading(node: Node, kind: Kind) -> str:
    return (
        f'<div style="padding: 0 2px"><b style="font-size: 14px">{html.escape(node.label)}</b>'
        f'<br><span style="color: {MUTED}">{html.escape(kind.look.title)}</span></div>'
    )


def _sentence(text: str) -> ipw.HTML:
    return ipw.HTML(hint(text))
