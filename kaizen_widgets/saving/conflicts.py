"""What a user decides about a pipeline: which side of a conflict to keep, what to do with a draft.

The decisions are carried out by a `Keeper`; nothing here changes anything by itself.
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime
from typing import Any, Protocol

from kaizen_widgets.graph import Comparison, Graph, compare, same_content
from kaizen_widgets.saving.journal import UnsavedDraft
from kaizen_widgets.stores import CanvasStore

SERVER, YOURS, DRAFT = "the server's version", "yours", "the draft"


class Keeper(Protocol):
    """Whoever carries the decisions out; `keeping.PipelineSaver` says how."""

    canvas: CanvasStore

    @property
    def server(self) -> Graph:
        """The server's version, as far as it is known."""
        ...

    def keep_mine(self) -> None:
        """Save yours over theirs."""
        ...

    def keep_theirs(self) -> None:
        """Take theirs."""
        ...

    async def keep_both(self, name: str = "") -> str:
        """Store yours as a copy, take theirs; return the copy's name."""
        ...

    def wait(self, coroutine: Coroutine[Any, Any, str]) -> str:
        """Run it to its end."""
        ...

    def take(self, draft: RecoveredDraft) -> None:
        """Put a draft on the canvas."""
        ...

    def forget(self, draft: RecoveredDraft) -> None:
        """Give a draft up."""
        ...


class Conflict:
    """Two versions of one pipeline; nothing was overwritten, and nothing is saved until one is chosen.

    Attributes:
        base: What both began with.
        theirs: What the server has.
    """

    def __init__(self, keeper: Keeper, base: Graph, theirs: Graph) -> None:
        self._keeper = keeper
        self.base = base
        self.theirs = theirs

    @property
    def mine(self) -> Graph:
        """What is on the canvas now."""
        return self._keeper.canvas.graph

    def compare(self) -> Comparison:
        """Return what differs from the server's version to yours."""
        return compare(self.theirs, self.mine, SERVER, YOURS)

    def keep_mine(self) -> None:
        """Save yours over the server's version."""
        self._keeper.keep_mine()

    def keep_theirs(self) -> None:
        """Take the server's version; undo brings yours back."""
        self._keeper.keep_theirs()

    def keep_both(self, name: str = "") -> str:
        """Store yours as a pipeline of its own and take the server's version; return the copy's name.

        Raises:
            TransportError: The copy could not be stored; the conflict stays.
        """
        return self._keeper.wait(self._keeper.keep_both(name))

    def __repr__(self) -> str:
        name = self._keeper.canvas.pipeline_name
        return f"Conflict({name!r}: keep_mine(), keep_theirs(), keep_both() or compare())"


class RecoveredDraft:
    """Unsaved edits of a kernel that ended before it could save them.

    Attributes:
        unsaved: What the journal had.
    """

    def __init__(self, keeper: Keeper, unsaved: UnsavedDraft) -> None:
        self._keeper = keeper
        self.unsaved = unsaved

    @property
    def pipeline_name(self) -> str:
        """Whose edits they are."""
        return self.unsaved.pipeline_name

    @property
    def edits(self) -> int:
        """How many edits."""
        return self.unsaved.edits

    @property
    def written_at(self) -> datetime:
        """When the last of them was made."""
        return self.unsaved.written_at

    @property
    def graph(self) -> Graph:
        """The pipeline with them."""
        return self.unsaved.graph

    @property
    def has_moved(self) -> bool:
        """Whether the server's version has changed since."""
        return self.unsaved.pipeline_id is not None and not same_content(
            self.unsaved.server, self._keeper.server
        )

    def compare(self) -> Comparison:
        """Return what differs from the server's version, if there ever was one, to the draft."""
        if self.unsaved.pipeline_id is None:
            return compare(self.unsaved.base, self.unsaved.graph, "what it began with", DRAFT)
        return compare(self._keeper.server, self.unsaved.graph, SERVER, DRAFT)

    def load(self) -> None:
        """Put it on the canvas; undo takes it away again.

        Where the server's version has changed since, the next save asks which to keep.

        Raises:
            StoreError: Another pipeline is open.
        """
        self._keeper.take(self)

    def discard(self) -> None:
        """Give it up, for good."""
        self._keeper.forget(self)

    def __repr__(self) -> str:
        edits = "1 edit" if self.edits == 1 else f"{self.edits} edits"
        moved = ", the server's version has changed since" if self.has_moved else ""
        return f"RecoveredDraft({self.pipeline_name!r}, {edits}{moved})"
