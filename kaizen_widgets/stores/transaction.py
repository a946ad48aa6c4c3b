"""The transactions of a document: each belongs to the task, or the thread, that opened it.

During a transaction its owner sees the transaction's edits; all other code sees the document without them. No
lock is held: a transaction may wait for anything, and others can edit the document. At its end its operations
are applied to the current document as one batch. Tasks and threads that are started inside a
transaction do not belong to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import get_ident
from typing import Any, TypeAlias

from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.graph import Batch, Graph, Operation

Owner: TypeAlias = tuple[object, bool]
"""An asyncio task or the number of a thread, and whether it is notifying of events."""


@dataclass(eq=False)
class Transaction:
    """Edits that are not yet part of the document.

    Attributes:
        epoch: The document's epoch when it began.
        graph: The graph with the edits.
        label: The label of the undo step.
        operations: The edits.
        before: Other keys of the state that were set, with their values before.
        after: The same keys with the values they were set to.
        notifications: Calls to make at its end, unless it fails: they notify of these keys.
        calls: Calls to make at its end, even if it fails.
        undo: Calls to make if it fails, last one first: they restore state outside the store.
    """

    epoch: str
    graph: Graph
    label: str = ""
    operations: list[Operation] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    notifications: list[Callable[[], object]] = field(default_factory=list)
    calls: list[Callable[[], object]] = field(default_factory=list)
    undo: list[Callable[[], object]] = field(default_factory=list)

    def edit(self, graph: Graph, batch: Batch) -> None:
        """Add a batch that turned the graph so far into ``graph``."""
        self.graph = graph
        self.operations.extend(batch)

    def note(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Remember the values of some keys before and after the transaction set them."""
        self.before = before | self.before
        self.after |= after

    def absorb(self, inner: Transaction) -> None:
        """Take over the edits of a nested transaction that succeeded."""
        self.edit(inner.graph, tuple(inner.operations))
        self.note(inner.before, inner.after)
        self.notifications += inner.notifications
        self.calls += inner.calls
        self.undo += inner.undo


class Transactions:
    """The open transactions of one document.

    Args:
        notifier: The document's notifier; while a thread notifies of events, its transaction is not current,
            because the events are about the document without it.
    """

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._open: dict[Owner, list[Transaction]] = {}

    def current(self) -> Transaction | None:
        """Return the innermost open transaction of the running task or thread."""
        if not self._open:  # nearly always, so this costs next to nothing
            return None
        own = self._open.get(self._owner())
        return own[-1] if own else None

    def begin(self, transaction: Transaction) -> Owner:
        """Open a transaction inside the current one; return its owner."""
        owner = self._owner()
        self._open.setdefault(owner, []).append(transaction)
        return owner

    def end(self, transaction: Transaction, owner: Owner) -> Transaction | None:
        """Close a transaction; return the outer one. Does nothing if it is already closed."""
        own = self._open.get(owner, [])
        if transaction not in own:
            return None
        position = own.index(transaction)
        del own[position:]
        if not own:
            del self._open[owner]
        return own[position - 1] if position else None

    def _owner(self) -> Owner:
        try:
            task = asyncio.current_task()
        except RuntimeError:  # no loop runs on this thread
            task = None
        return (task or get_ident(), self._notifier.is_notifying())
