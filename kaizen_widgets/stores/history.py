"""One history of steps that can be taken back and done again (rule S14).

A step holds a batch and the batch that takes it back; undo applies the one and keeps what *that* returns
for redo, so that the present is never lost. Selection, viewport and run results are no steps: they are
no operations.

What somebody types into one text without a pause is one step, however many edits it came as. Edits from
Python without a source are each a step of their own, however quick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from traitlets import Bool, Tuple, Unicode

from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.graph import Batch, SetProperty
from kaizen_widgets.stores.store import Store

DEFAULT_LIMIT = 100
TYPING_PAUSE = timedelta(seconds=1)
"""Texts set again within it are still being typed."""


@dataclass(frozen=True)
class Typed:
    """An edit of one text: whose, which, and what it has become."""

    author: Any
    field: tuple[str, ...]
    text: str

    def continues(self, other: Typed | None) -> bool:
        """Whether both are of one text and by the same hand."""
        return other is not None and other.author == self.author and other.field == self.field


@dataclass(frozen=True)
class Step:
    """One thing a user did.

    Attributes:
        label: What to call it: "move node".
        time: When it was done; of typing, when it was last gone on with.
        inverse: What takes it back.
        typed: What was typed, if it was typing.
    """

    label: str
    time: datetime
    inverse: Batch
    typed: Typed | None = None


class HistoryStore(Store):
    """The steps behind the present and those taken back.

    Args:
        replay: Applies a batch to the document outside the history and returns its inverse.
        notifier: The lock and queue of the document's store.
        limit: How many steps are kept; the oldest go first.
    """

    name = "history"
    past: tuple[Step, ...] = Tuple()  # type: ignore[assignment]
    future: tuple[Step, ...] = Tuple()  # type: ignore[assignment]
    can_undo = Bool(False)
    can_redo = Bool(False)
    undo_label = Unicode()
    redo_label = Unicode()

    def __init__(
        self,
        replay: Callable[[Batch, Any], Batch],
        *,
        notifier: Notifier | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> None:
        super().__init__(notifier=notifier)
        self._replay = replay
        self.limit = limit

    def push(self, step: Step) -> None:
        """Add a step just done, or go on with the typing it continues; what was taken back is gone."""
        past = self.past
        if past and not self.future and _goes_on(past[-1], step):
            first, past = past[-1], past[:-1]
            step = replace(step, label=first.label, inverse=first.inverse)
            if _is_back(step):
                self._put(past, ())
                return
        self._put((*past, step)[-self.limit :], ())

    def undo(self, source: Any = None) -> bool:
        """Take back the newest step; False when there is none.

        Args:
            source: Whose request it was; handed on to the document.
        """
        with self._notifier.locked():
            if not self.past:
                return False
            step = self.past[-1]
            inverse = self._replay(step.inverse, source)
            self._put(self.past[:-1], (*self.future, Step(step.label, step.time, inverse)))
            return True

    def redo(self, source: Any = None) -> bool:
        """Do again what was taken back last; False when there is nothing."""
        with self._notifier.locked():
            if not self.future:
                return False
            step = self.future[-1]
            inverse = self._replay(step.inverse, source)
            self._put((*self.past, Step(step.label, step.time, inverse)), self.future[:-1])
            return True

    def clear(self) -> None:
        """Forget all steps."""
        self._put((), ())

    def _put(self, past: tuple[Step, ...], future: tuple[Step, ...]) -> None:
        self.set(
            {
                "past": past,
                "future": future,
                "can_undo": bool(past),
                "can_redo": bool(future),
                "undo_label": past[-1].label if past else "",
                "redo_label": future[-1].label if future else "",
            }
        )

    def __repr__(self) -> str:
        return f"HistoryStore(past={len(self.past)}, future={len(self.future)})"


def typing(batch: Batch, source: Any) -> Typed | None:
    """Return what a batch types, if it sets one text of a node's or edge's data and somebody asked for it."""
    match batch:
        case (SetProperty(kind=kind, id=element, path=("data", *path), value=str(text)),) if source:
            # A view numbers its requests: the hand is the view's.
            author = getattr(source, "client", source)
            return Typed(author, (kind, element, *path), text)
        case _:
            return None


def _goes_on(before: Step, step: Step) -> bool:
    is_soon = step.time - before.time <= TYPING_PAUSE
    return is_soon and step.typed is not None and step.typed.continues(before.typed)


def _is_back(step: Step) -> bool:
    """Whether typing has ended where it began."""
    match step.inverse:
        case (SetProperty(value=str(text)),):
            return step.typed is not None and text == step.typed.text
        case _:
            return False
