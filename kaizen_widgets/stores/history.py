"""The history of a document: steps that can be undone and redone (rule S14 of sync/SPEC.md).

A step holds the batch that reverses it. Undo applies that batch and stores its inverse for redo, so no
state is lost. Selection, viewport and run results are not operations and therefore not steps.

Text that is typed into one field without a pause is one step, however many edits it arrives as. Edits from
Python without a source are one step each, however quickly they follow.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from traitlets import Bool, Tuple, Unicode

from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.graph import AddElement, Batch, SetProperty
from kaizen_widgets.graph.frozen_json import size_of
from kaizen_widgets.stores.store import Store

DEFAULT_LIMIT = 100
MAX_BYTES = 64_000_000
"""The most that all steps together may hold; the newest step is never dropped."""
TYPING_PAUSE = timedelta(seconds=1)
"""Texts set again within this time are one step."""
_OVERHEAD = 500
"""Bytes of an operation besides its value, roughly."""
_LARGE = 100_000
"""Characters from which on a value is measured exactly: a character is stored in 1 to 4 bytes."""


@dataclass(frozen=True)
class Typed:
    """An edit of one text: its author, its field, and the resulting text."""

    author: Any
    field: tuple[str, ...]
    text: str

    def continues(self, other: Typed | None) -> bool:
        """Return whether both are edits of the same text by the same author."""
        return other is not None and other.author == self.author and other.field == self.field


@dataclass(frozen=True)
class Step:
    """A step of the history.

    Attributes:
        label: The step's name, such as "move node".
        time: The time it was made; for typing, the time of the last keystroke.
        inverse: The batch that reverses it.
        typed: The text that was typed, if it was typing.
        size: How many bytes the batch holds, roughly.
    """

    label: str
    time: datetime
    inverse: Batch
    typed: Typed | None = None
    size: int = 0


class HistoryStore(Store):
    """The steps that can be undone and redone.

    Args:
        replay: Applies a batch to the document outside the history and returns its inverse.
        notifier: The lock and queue of the document's store.
        limit: The most steps to keep; the oldest are dropped first.
        max_bytes: The most bytes all steps may hold; the oldest are dropped first.
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
        max_bytes: int = MAX_BYTES,
    ) -> None:
        super().__init__(notifier=notifier)
        self._replay = replay
        self.limit = limit
        self.max_bytes = max_bytes

    def push(self, step: Step) -> None:
        """Add a new step, or continue the typing of the last one; steps to redo are dropped."""
        past = self.past
        if past and not self.future and _continues(past[-1], step):
            first, past = past[-1], past[:-1]
            step = replace(step, label=first.label, inverse=first.inverse, size=first.size)
            if _is_back(step):
                self._put_steps(past, ())
                return
        else:
            step = replace(step, size=_size_of(step.inverse))
        self._put_steps((*past, step)[-self.limit :], ())

    def undo(self, source: Any = None) -> bool:
        """Undo the newest step; False when there is none.

        Args:
            source: The request that caused it; passed on to the document.
        """
        with self._notifier:
            if not self.past:
                return False
            step = self.past[-1]
            undone = self._replayed(step, source)
            self._put_steps(self.past[:-1], (*self.future, undone))
            return True

    def redo(self, source: Any = None) -> bool:
        """Redo the step that was undone last; False when there is none."""
        with self._notifier:
            if not self.future:
                return False
            step = self.future[-1]
            redone = self._replayed(step, source)
            self._put_steps((*self.past, redone), self.future[:-1])
            return True

    def clear(self) -> None:
        """Drop all steps."""
        self._put_steps((), ())

    # ------------------------------------------------------------ internal

    def _replayed(self, step: Step, source: Any) -> Step:
        inverse = self._replay(step.inverse, source)
        return Step(step.label, step.time, inverse, size=_size_of(inverse))

    def _put_steps(self, past: tuple[Step, ...], future: tuple[Step, ...]) -> None:
        # The last step of each list is the one that is undone or redone next.
        surplus = sum(step.size for step in (*past, *future)) - self.max_bytes
        while surplus > 0 and len(past) > 1:
            surplus -= past[0].size
            past = past[1:]
        while surplus > 0 and len(future) > (0 if past else 1):
            surplus -= future[0].size
            future = future[1:]
        self.set(
            {
                "past": past,
                "future": future,
                "can_undo": bool(past),
                "can_redo": bool(future),
                "undo_label": past[-1].label if past else "",
                "redo_label": future[-1].label if future else "",
            },
            action="history",
        )

    def __repr__(self) -> str:
        return f"HistoryStore(past={len(self.past)}, future={len(self.future)})"


def typing(batch: Batch, source: Any) -> Typed | None:
    """Return the typed text if a batch sets one text in a node's or edge's data and comes from a request."""
    match batch:
        case (SetProperty(kind=kind, id=element, path=("data", *path), value=str(text)),) if source:
            # A view numbers its requests; the author is the view.
            author = getattr(source, "client", source)
            return Typed(author, (kind, element, *path), text)
        case _:
            return None


def _continues(before: Step, step: Step) -> bool:
    is_soon = step.time - before.time <= TYPING_PAUSE
    return is_soon and step.typed is not None and step.typed.continues(before.typed)


def _is_back(step: Step) -> bool:
    """Return whether typing has restored the original text."""
    match step.inverse:
        case (SetProperty(value=str(text)),):
            return step.typed is not None and text == step.typed.text
        case _:
            return False


def _size_of(batch: Batch) -> int:
    """Return how many bytes a batch holds, roughly."""
    size = 0
    for operation in batch:
        match operation:
            case AddElement(item=value) | SetProperty(value=value):
                characters = size_of(value).size
                size += characters if characters < _LARGE else _bytes_of(value)
            case _:
                pass
        size += _OVERHEAD
    return size


def _bytes_of(value: Any) -> int:
    if isinstance(value, dict):
        return sum(_bytes_of(part) for item in value.items() for part in item)
    if isinstance(value, list):
        return sum(map(_bytes_of, value))
    return sys.getsizeof(value)
