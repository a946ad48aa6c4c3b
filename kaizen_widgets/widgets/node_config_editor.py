"""One node's config in a form: edits go into the document as steps, what others change comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.forms import Change, Form
from kaizen_widgets.graph import Node, SetProperty
from kaizen_widgets.nodes import Kind
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.sync.form.field_nodes import tree_of_model
from kaizen_widgets.widgets.field_area import FieldArea
from kaizen_widgets.widgets.markup import alert, note

PAUSE = 0.8
"""Seconds without an edit after which what is valid is committed."""


class NodeConfigEditor:
    """One node's config in a form, until another node is selected.

    Args:
        store: Where the node is.
        node: The node.
        kind: What it is.
        clock: Time and timers.
        say: Shows how it stands.
        unsound: What was typed here before and could not be applied, by field.
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
        unsound: Mapping[str, Any],
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
        if unsound:
            self.form.set_values(
                unsound, should_validate=True, should_dirty=True, should_touch=True
            )

    def take(self, node: Node) -> None:
        """Show the node as somebody else left it; what is being typed stays, with what is wrong with it."""
        known = set(self.kind.Config.model_fields)
        config = {n: v for n, v in _config(node, self.kind).items() if n in known}
        with self.form.batch():
            self.form.reset(config, keep_dirty_values=True, keep_touched=True)
            if self.form.dirty_fields:
                self.form.trigger(sorted(self.form.dirty_fields))

    def commit(self) -> bool:
        """Put what was changed and is valid into the document, as one step; the rest waits to be mended."""
        self._wait_no_more()
        if not self.form.is_dirty or not self._store.graph.has_node(self.node_id):
            return False
        drafts = self.form.values
        value, sound = self.form.valid_subset()
        if not sound:
            return False
        node = self._store.graph.node(self.node_id)
        batch = _batch(node, value.model_dump(mode="json", include=set(sound)))
        try:
            self._store.commit(batch, label=f"configure {node.label}", source=self)
        except KaizenError as error:
            self._say(alert(str(error)))
            return False
        # Not the values: somebody may have typed on meanwhile.
        self.form.reset_default_values({name: drafts[name] for name in sound})
        return True

    @property
    def unsound(self) -> dict[str, Any]:
        """What was typed and is not in the document, by field."""
        names = {name.partition(".")[0] for name in self.form.dirty_fields}
        return {name: self.form.get_value(name) for name in names}

    # What the field area asks of a desk.

    def submit(self, client: str) -> None:
        """Commit now; called for Enter."""
        self.commit()
        if not self.form.trigger().wait():
            self.area.end.focus(None, client)

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
            self._say(note("What is marked is not applied until it is mended.") if wrong else "")

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
