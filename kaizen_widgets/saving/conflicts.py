"""Decisions a user makes about a pipeline: which side of a conflict to keep, what to do with a draft.

The classes here describe what has to be decided; `PipelineSaver` carries the decisions out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from kaizen_widgets.graph import Comparison, Graph, compare, same_content
from kaizen_widgets.saving.journal import UnsavedDraft

if TYPE_CHECKING:
    from kaizen_widgets.saving.pipeline_saver import PipelineSaver

SERVER, YOURS, DRAFT = "the server's version", "yours", "the draft"


@dataclass(frozen=True)
class ServerVersion:
    """A pipeline as the server has it.

    Attributes:
        graph: Its graph.
        etag: Its ETag; empty when it is not known or the server has none.
    """

    graph: Graph
    etag: str = ""


class Conflict:
    """Two versions of one pipeline. Nothing was overwritten, and nothing is saved until one is chosen.

    Attributes:
        base: Graph that both versions started from.
        server: The version on the server.
    """

    def __init__(self, saver: PipelineSaver, base: Graph, server: ServerVersion) -> None:
        self._saver = saver
        self.base = base
        self.server = server

    @property
    def theirs(self) -> Graph:
        """The graph on the server."""
        return self.server.graph

    @property
    def mine(self) -> Graph:
        """The graph on the canvas."""
        return self._saver.canvas.graph

    def compare(self) -> Comparison:
        """Return the differences from the server's version to yours."""
        return compare(self.theirs, self.mine, SERVER, YOURS)

    def keep_mine(self) -> None:
        """Save your version over the server's."""
        self._saver.keep_mine()

    def keep_theirs(self) -> None:
        """Replace the canvas by the server's version; undo restores yours."""
        self._saver.keep_theirs()

    def keep_both(self, name: str = "") -> str:
        """Store your version as a new pipeline and show the server's; return the new pipeline's name.

        Args:
            name: Name of the new pipeline; by default the old one with "(my copy)" added.

        Raises:
            TransportError: The copy could not be stored; the conflict stays open.
        """
        return self._saver.wait(self._saver.keep_both(name))

    def __repr__(self) -> str:
        name = self._saver.canvas.pipeline_name
        return f"Conflict({name!r}: keep_mine(), keep_theirs(), keep_both() or compare())"


class RecoveredDraft:
    """Unsaved edits that were left behind: by a kernel that ended, or when another pipeline was opened.

    Attributes:
        unsaved: The edits as the journal has them.
    """

    def __init__(self, saver: PipelineSaver, unsaved: UnsavedDraft) -> None:
        self._saver = saver
        self.unsaved = unsaved

    @property
    def pipeline_name(self) -> str:
        """Name of the pipeline that was edited."""
        return self.unsaved.pipeline_name

    @property
    def edits(self) -> int:
        """Number of unsaved edits."""
        return self.unsaved.edits

    @property
    def written_at(self) -> datetime:
        """Time of the last of these edits."""
        return self.unsaved.written_at

    @property
    def graph(self) -> Graph:
        """The pipeline's graph with the edits."""
        return self.unsaved.graph

    @property
    def is_open(self) -> bool:
        """Whether the pipeline on the canvas is the one that was edited."""
        pipeline_id = self.unsaved.pipeline_id
        return pipeline_id is not None and pipeline_id == self._saver.canvas.pipeline_id

    @property
    def has_moved(self) -> bool:
        """Whether the server's version has changed since these edits."""
        return self.is_open and not same_content(self.unsaved.server, self._saver.server)

    def compare(self) -> Comparison:
        """Return the differences from the server's version to the draft.

        For a pipeline that is not open the server's version is the one at the time of the edits.
        """
        if self.unsaved.pipeline_id is None:
            return compare(self.unsaved.base, self.unsaved.graph, "the first version", DRAFT)
        server = self._saver.server if self.is_open else self.unsaved.server
        return compare(server, self.unsaved.graph, SERVER, DRAFT)

    def load(self) -> None:
        """Put the edits on the canvas as one step that can be undone; they are saved like any edit.

        If their pipeline is not open, it is opened first. If the server's version has changed since,
        the next save asks which version to keep.

        Raises:
            StoreError: Another pipeline with unsaved edits is open.
        """
        self._saver.load_draft(self)

    def discard(self) -> None:
        """Delete the edits; this cannot be undone."""
        self._saver.discard_draft(self)

    def __repr__(self) -> str:
        edits = "1 edit" if self.edits == 1 else f"{self.edits} edits"
        moved = ", the server's version has changed since" if self.has_moved else ""
        return f"RecoveredDraft({self.pipeline_name!r}, {edits}{moved})"
