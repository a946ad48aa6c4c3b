"""Edits one node's config in a form: commits edits to the pipeline and shows changes by others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.displays.markup import alert, note
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.forms import Change, Form
from kaizen_widgets.graph import Node, SetProperty
from kaizen_widgets.nodes import Kind
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.sync.form.field_rules import FieldRules
from kaizen_widgets.widgets.field_area import FieldArea

log = logging.getLogger(__name__)

PAUSE = 0.8
"""Seconds without an edit after which valid edits are committed."""


class NodeConfigEditor:
    """The form of one node's config, until another node is selected.

    Args:
        store: The canvas store that holds the node.
        node: The node.
        kind: The kind of the node, which has the model of its config.
        clock: Time and timers.
        show_status: Called with the HTML of a status line.
        drafts: Earlier edits of this node that could not be committed, by field.
        hidden: Fields that are edited elsewhere.
    """

    def __init__(
        self,
        store: CanvasStore,
        node: Node,
        kind: Kind,
        clock: Clock,
        show_status: Callable[[str], None],
        drafts: Mapping[str, Any],
        *,
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        self.node_id = node.id
        self.kind = kind
        self._store = store
        self._clock = clock
        self._show_status = show_status
        self._timer: Timer | None = None
        self.form = Form(
            kind.Config,
            default_values=self._known_config(node),
            mode="all",
            cross_field=True,
            hints={name: {"hidden": True} for name in hidden},
        )
        self.area = FieldArea(
            self.form,
            rules=FieldRules(self.form),
            actions=self,
            description=self.form.tree.description(),
            clock=clock,
            on_failure=lambda error: show_status(alert(str(error))),
        )
        self._unsubscribe = self.form.subscribe(self._on_change)
        if drafts:
            self.form.set_values(drafts, should_validate=True, should_dirty=True, should_touch=True)

    def update(self, node: Node) -> None:
        """Show the node after a change by someone else, without replacing uncommitted edits."""
        edits = self.uncommitted
        with self.form.batch():
            self.form.reset(self._known_config(node), keep_dirty_values=True, keep_touched=True)
            self.form.set_values(
                {name: edits[name] for name in edits if name not in self.uncommitted}
            )
            if self.form.dirty_fields:
                self.form.trigger(sorted(self.form.dirty_fields))

    def commit(self) -> bool:
        """Commit the valid edits as one step; return whether there were any."""
        self._stop_timer()
        if not self.form.edited_fields or not self._store.graph.has_node(self.node_id):
            return False
        drafts = self.form.values
        value, names = self.form.valid_subset()
        if not names:
            return False
        node = self._store.graph.node(self.node_id)
        batch = _operations(node, value.model_dump(mode="json", include=set(names)))
        try:
            self._store.commit(batch, label=f"configure {node.label}", source=self)
        except KaizenError as error:
            self._show_status(alert(str(error)))
            return False
        # Only the defaults: the user may have typed more in the meantime.
        self.form.reset_default_values({name: drafts[name] for name in names})
        return True

    @property
    def uncommitted(self) -> dict[str, Any]:
        """Edits that are not in the pipeline, by field."""
        return {name: self.form.get_value(name) for name in self.form.edited_fields}

    # -------------------------------------- the `FormActions` of the field area

    def submit(self, client: str) -> None:
        """Commit, when Enter is pressed."""
        self.commit()
        if not self.form.trigger().wait():
            self.area.end.focus(None, client)

    def on_blur(self, _key: str) -> None:
        """Commit, when a field loses the focus."""
        self.commit()

    def reset(self) -> None:
        """Discard the edits and show the node's values in the pipeline."""
        self.form.reset()

    def store_file(self, _name: str, _content: bytes) -> Any:
        """Raise, because a pipeline cannot hold files."""
        raise KaizenError("A node's config cannot hold files.")

    def close(self) -> None:
        """Commit the valid edits, then close the form."""
        self.area.end.flush()
        self.commit()
        self._unsubscribe()
        self.area.close()

    # ------------------------------------------------------------ internal

    def _on_change(self, change: Change) -> None:
        if change.values and not change.is_reset:
            self._stop_timer()
            if self.form.edited_fields:
                self._timer = self._clock.call_later(PAUSE, self._commit_after_pause)
        if "is_dirty" in change.flags or change.errors:
            is_wrong = bool(self.form.errors and self.form.edited_fields)
            self._show_status(
                note("Marked fields are not applied until corrected.") if is_wrong else ""
            )

    def _commit_after_pause(self) -> None:
        """Commit, but not on the background loop, which must not wait for the form's or store's lock."""
        if background.is_current:
            background.start(asyncio.to_thread(self._commit_logged))
        else:
            self.commit()

    def _commit_logged(self) -> None:
        try:
            self.commit()
        except Exception:  # raised by a listener; no caller would see it
            log.exception("A listener raised after a node's config was committed")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _known_config(self, node: Node) -> dict[str, Any]:
        """Return the part of a node's config that the kind's model has fields for, by field name."""
        given = node.data.get("config")
        config: dict[str, Any] = dict(given) if isinstance(given, Mapping) else {}
        fields = self.kind.Config.model_fields
        by_alias = {to_camel(name): name for name in fields}
        named = {by_alias.get(key, key): value for key, value in config.items()}
        return {name: value for name, value in named.items() if name in fields}


def _operations(node: Node, values: Mapping[str, Any]) -> tuple[SetProperty, ...]:
    """Return the operations that set these values, under the keys the node's config uses already."""
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
