"""One history of steps that can be taken back and done again (rule S14).

A step holds a batch and the batch that takes it back; undo applies the one and keeps what *that* returns
for redo, so that the present is never lost. Selection, viewport and run results are no steps: they are
no operations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from traitlets import Bool, Tuple, Unicode

from kaizen_widgets.delivery import Delivery
from kaizen_widgets.graph import Batch
from kaizen_widgets.stores.store import Store

DEFAULT_LIMIT = 100


@dataclass(frozen=True)
class Step:
    """One thing a user did."""

    label: str
    time: datetime
    inverse: Batch


class HistoryStore(Store):
    """The steps behind the present and those taken back.

    Args:
        replay: Applies a batch to the document outside the history and returns its inverse.
        delivery: The lock and queue of the document's store.
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
        delivery: Delivery | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> None:
        super().__init__(delivery=delivery)
        self._replay = replay
        self.limit = limit

    def push(self, step: Step) -> None:
        """Add a step just done; what was taken back before is gone."""
        self._put((*self.past, step)[-self.limit :], ())

    def undo(self, source: Any = None) -> bool:
        """Take back the newest step; False when there is none.

        Args:
            source: Whose request it was; handed on to the document.
        """
        with self._delivery.locked():
            if not self.past:
                return False
            step = self.past[-1]
            inverse = self._replay(step.inverse, source)
            self._put(self.past[:-1], (*self.future, Step(step.label, step.time, inverse)))
            return True

    def redo(self, source: Any = None) -> bool:
        """Do again what was taken back last; False when there is nothing."""
        with self._delivery.locked():
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
