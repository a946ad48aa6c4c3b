"""Edits a part of one node or edge in a form: commits edits to the pipeline and shows changes by others."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.displays.markup import alert, note
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.forms import Change, Form
from kaizen_widgets.graph import Edge, Graph, Node, Operation, SetProperty
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.sync.form.field_rules import FieldRules
from kaizen_widgets.widgets.field_area import FieldArea

log = logging.getLogger(__name__)

PAUSE = 0.8
"""Seconds without an edit after which valid edits are committed."""


Element = TypeVar("Element", Node, Edge)


class ElementEditor(ABC, Generic[Element]):
    """The form of a part of one element, until another one is selected.

    Args:
        store: The canvas store that holds the element.
        element: The element.
        model: The fields of the form, which may have camelCase aliases.
        clock: Time and timers.
        show_status: Called with the HTML of a status line.
        drafts: Earlier edits of this element that could not be committed, by field.
        hints: Hints of fields.
    """

    def __init__(
        self,
        store: CanvasStore,
        element: Element,
        model: type[BaseModel],
        clock: Clock,
        show_status: Callable[[str], object],
        drafts: Mapping[str, Any],
        *,
        hints: Mapping[str, Any] | None = None,
    ) -> None:
        self._id = element.id
        self._model = model
        self._store = store
        self._clock = clock
        self._show_status = show_status
        self._timer: Timer | None = None
        self.form = Form(
            model,
            default_values=self._known_values(element),
            mode="all",
            cross_field=True,
            hints=dict(hints or {}),
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

    @abstractmethod
    def _find(self, graph: Graph) -> Element | None:
        """Return the element as it is in a graph, or None if it is not there."""

    @abstractmethod
    def _given(self, element: Element) -> Any:
        """Return the values that the element has, by field or its alias; anything else counts as none."""

    @abstractmethod
    def _operations(self, element: Element, values: Mapping[str, Any]) -> Iterable[Operation]:
        """Return the operations that give the element these values, by field."""

    @abstractmethod
    def _label(self, element: Element) -> str:
        """Return what a step in the history is called."""

    def update(self, element: Element) -> None:
        """Show the element after a change by someone else, without replacing uncommitted edits."""
        edits = self.uncommitted
        with self.form.batch():
            self.form.reset(self._known_values(element), keep_dirty_values=True, keep_touched=True)
            self.form.set_values(
                {name: edits[name] for name in edits if name not in self.uncommitted}
            )
            if self.form.dirty_fields:
                self.form.trigger(sorted(self.form.dirty_fields))

    def commit(self) -> bool:
        """Commit the valid edits as one step; return whether there were any."""
        self._stop_timer()
        if not self.form.edited_fields or self._find(self._store.graph) is None:
            return False
        drafts = self.form.values
        value, names = self.form.valid_subset()
        if not names:
            return False
        element = self._find(self._store.graph)
        if element is None:
            return False
        batch = tuple(self._operations(element, value.model_dump(mode="json", include=set(names))))
        try:
            self._store.commit(batch, label=self._label(element), source=self)
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
        """Discard the edits and show the values in the pipeline."""
        self.form.reset()

    def store_file(self, _name: str, _content: bytes) -> Any:
        """Raise, because a pipeline cannot hold files."""
        raise KaizenError("The settings of a node or an edge cannot hold files.")

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
            log.exception("A listener raised after settings were committed")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _known_values(self, element: Element) -> dict[str, Any]:
        """Return the part of an element's values that the model has fields for, by field name."""
        given = self._given(element)
        values: dict[str, Any] = dict(given) if isinstance(given, Mapping) else {}
        fields = self._model.model_fields
        by_alias = {to_camel(name): name for name in fields}
        named = {by_alias.get(key, key): value for key, value in values.items()}
        return {name: value for name, value in named.items() if name in fields}


def set_in_data(node: Node, key: str, values: Mapping[str, Any]) -> tuple[SetProperty, ...]:
    """Return the operations that set values of ``node.data[key]``, under the keys it uses already."""
    given = node.data.get(key)
    if not isinstance(given, Mapping):
        return (SetProperty(kind="node", id=node.id, path=("data", key), value=dict(values)),)
    return tuple(
        SetProperty(
            kind="node",
            id=node.id,
            path=("data", key, to_camel(name) if to_camel(name) in given else name),
            value=value,
        )
        for name, value in values.items()
    )
