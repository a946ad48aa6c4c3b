"""The transactions of a document: each belongs to the task, or the thread, that opened it.

Inside a transaction its owner sees its own edits, everybody else the document without them. No lock is held
meanwhile: a transaction may wait for anything, and other edits go on. At its end its operations are
applied to the document as it is then, as one batch. Tasks and threads that are started inside a
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
    """Edits that are not part of the document yet.

    Attributes:
        epoch: The document's epoch when it began.
        graph: The graph with the edits.
        label: What the step of the history is called.
        operations: The edits.
        before: Other keys of the state that were set, with their values before.
        after: The same keys with the values they were set to.
        notifications: Calls to make at its end, unless it fails: they notify of these keys.
        calls: Calls to make at its end, in any case.
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
        """Add a batch that made ``graph`` of the graph so far."""
        self.graph = graph
        self.operations.extend(batch)

    def note(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Remember what some keys of the state were before the transaction set them."""
        self.before = before | self.before
        self.after |= after

    def absorb(self, inner: Transaction) -> None:
        """Make the edits of a transaction that ended well within this one part of it."""
        self.edit(inner.graph, tuple(inner.operations))
        self.note(inner.before, inner.after)
        self.notifications += inner.notifications
        self.calls += inner.calls
        self.undo += inner.undo


class Transactions:
    """The open transactions of one document.

    Args:
        notifier: The document's; a transaction is not current while its thread notifies of events, which
            are about the document without it.
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
        """Close a transaction; return the one around it. Harmless when it is closed."""
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
