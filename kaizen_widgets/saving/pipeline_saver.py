"""Keeps the pipeline on a canvas: saves it, finds conflicts, brings back what a dead kernel left.

A save first asks the server what it has. Is that not what it had when this document was loaded or last
saved, then somebody else stored something: a conflict, decided by the content, for the public server has
neither ETag nor a time that moves. Nothing is sent until the user chose: keep mine, keep theirs, keep both.
Kernels of one user on one machine take turns, so that no save slips in between the question and the save.

What another of the user's notebooks saves of the open pipeline is shown here too, as a step that undo takes
back, as long as nothing is unsaved; with unsaved edits it is a conflict at the next save.

Neither side is ever overwritten unasked: a recovered draft stays in the journal until it is loaded or
discarded, and loading it and taking theirs are steps of the history like any other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from traitlets import Any as AnyTrait
from traitlets import Tuple, Unicode

from kaizen_widgets.api.pipelines import Pipelines
from kaizen_widgets.core.background import BackgroundLoop, Pending
from kaizen_widgets.core.clock import NewId, random_id
from kaizen_widgets.errors import ConnectError, SaveConflictError, StoreError, TimedOutError
from kaizen_widgets.graph import Graph, diff, renamed, same_content
from kaizen_widgets.saving.autosave import AutoSave
from kaizen_widgets.saving.conflicts import Conflict, RecoveredDraft
from kaizen_widgets.saving.journal import Journal
from kaizen_widgets.saving.remote_saves import Following
from kaizen_widgets.saving.save_lock import Turns
from kaizen_widgets.saving.save_notices import SaveNotices
from kaizen_widgets.stores import CanvasStore, Commit, Draft, Leases, Replaced, Store

T = TypeVar("T")

WAIT = 30.0
"""Seconds the verbs wait for the server."""


class PipelineSaver(Store):
    """Saves one canvas store's pipeline.

    Args:
        store: The canvas's.
        pipelines: The server's.
        loop: Where saves go on; also the clock.
        journal: Keeps unsaved edits across a crash; None where nothing outlives the kernel anyway.
        leases: Lets kernels take turns at a pipeline.
        marks: What the user's notebooks tell each other of saves; None where there is only this one.
        scope: Which server, for turns.
        new_id: Gives ids to the nodes and edges of a copy.

    Attributes:
        conflict: The `Conflict` that waits for a decision, or None.
        drafts: `RecoveredDraft`s of the open pipeline, newest first.
        notice: What was done last, in a sentence; empty most of the time.
    """

    name = "keeping"
    conflict = AnyTrait(None, allow_none=True)
    drafts = Tuple()
    notice = Unicode()

    def __init__(
        self,
        store: CanvasStore,
        pipelines: Pipelines,
        *,
        loop: BackgroundLoop,
        journal: Journal | None = None,
        leases: Leases | None = None,
        marks: SaveNotices | None = None,
        scope: str = "",
        new_id: NewId = random_id,
    ) -> None:
        super().__init__()
        self.canvas = store
        self.pipelines = pipelines
        self.journal = journal
        self._loop = loop
        self._turns = Turns(leases, scope, loop)
        self._new_id = new_id
        self._epoch = store.epoch
        self._server = store.graph
        self._sent: tuple[Graph, ...] = ()
        self._unreachable = False
        # The journal hears of an edit before anybody else does: told is kept.
        self._end_journal = journal.follow(store) if journal else lambda: None
        self._end_conflict = store.on_event(self._on_event)
        self.autosave = AutoSave(store, self._save, clock=loop, spawn=loop.start)
        self._following = marks and Following(
            store, pipelines, marks, loop=loop, moment=lambda: self._server, adopt=self._adopt
        )

    @property
    def server(self) -> Graph:
        """What the server has of the open pipeline, as far as is known here."""
        return self._server

    def open(self, graph: Graph, *, id: str | None, name: str, server: Graph | None = None) -> None:
        """Show a pipeline, and offer what a dead kernel left of it.

        Args:
            graph: What to show.
            id: The pipeline's; None for one that is not stored.
            name: Its name.
            server: What the server has, if that is not the same.
        """
        stored = graph if server is None else server
        with self.canvas.locked():
            self.canvas.load_pipeline(graph, id=id, name=name)
            # Before the event: whoever is told of the pipeline finds its drafts beside it.
            self._epoch, self._server, self._sent = self.canvas.epoch, stored, ()
            drafts = self._found() if id else ()
            self.set({"conflict": None, "drafts": drafts, "notice": ""})

    def save(self, timeout: float) -> None:
        """Save now and wait until it is done.

        Args:
            timeout: Seconds to wait.

        Raises:
            StoreError: It could not be saved; it stays unsaved and is tried again by itself.
        """
        if not self.canvas.is_dirty:
            return
        ended = threading.Event()

        def look(*_: object) -> None:
            if self.autosave.status in ("failed", "conflict") or not self.canvas.is_dirty:
                ended.set()

        end = self.autosave.subscribe(look)
        try:
            self.autosave.flush()
            if self.autosave.status == "conflict":
                ended.set()
            if not ended.wait(timeout) and self.canvas.is_dirty:
                raise StoreError(
                    f"Saving takes longer than {timeout:g} s; it goes on.", store="canvas"
                )
        finally:
            end()
        if self.canvas.is_dirty:
            raise StoreError(f"Not saved: {self.autosave.message}", store="canvas")

    def take(self, draft: RecoveredDraft) -> None:
        """Put a recovered draft on the canvas, as one step that can be undone; then it is saved.

        Raises:
            StoreError: Another pipeline is open, or unsaved edits are in the way.
        """
        unsaved = draft.unsaved
        with self.canvas.locked():
            if unsaved.pipeline_id is None:
                if self.canvas.is_dirty:
                    raise StoreError(
                        "Save the open pipeline first; the draft stays.", store="canvas"
                    )
                self.canvas.load_pipeline(unsaved.base, id=None, name=unsaved.pipeline_name)
            elif unsaved.pipeline_id != self.canvas.pipeline_id:
                raise StoreError(
                    f"The draft is of {unsaved.pipeline_name!r}: open that first.", store="canvas"
                )
            self._epoch = self.canvas.epoch
            self.set({"conflict": None})
            # If the server moved on since the draft, the save will find that out and ask.
            self._server = unsaved.server
            label = "load the recovered draft"
            self.canvas.commit(diff(self.canvas.graph, unsaved.graph), label=label)
            # Behind the edit: by then our own journal has it.
            self.canvas.post(lambda: self.forget(draft))

    def forget(self, draft: RecoveredDraft) -> None:
        """Give a recovered draft up."""
        if self.journal is not None:
            self.journal.forget(draft.unsaved.id)
        self._keep_drafts(lambda one: one.unsaved.id != draft.unsaved.id)

    def keep_mine(self) -> None:
        """Save over what somebody else stored; if they store again meanwhile, that is asked anew."""
        with self.canvas.locked():
            self._server = self._open_conflict().theirs
            self.set({"conflict": None, "notice": ""})
        self.autosave.resume()

    def keep_theirs(self) -> None:
        """Put the server's version on the canvas; undo brings yours back."""
        with self.canvas.locked():
            self._take_theirs(self._open_conflict().theirs)
        self.autosave.resume()

    async def keep_both(self, name: str = "") -> str:
        """Store yours as a pipeline of its own, then take theirs; return the copy's name."""
        self._open_conflict()
        name = name or f"{self.canvas.pipeline_name} (my copy)"
        mine = self.canvas.graph
        created = await self.pipelines.create(name=name)
        # The public server keeps a node id once in all its pipelines.
        await self.pipelines.save_graph(created.id, renamed(mine, self._new_id))
        with self.canvas.locked():
            # They may have stored again meanwhile: then that is what there is to take.
            conflict = self.conflict
            if conflict is None or self.canvas.graph is not mine:
                raise StoreError(
                    f"The pipeline changed while {name!r} was stored; please decide again.",
                    store="canvas",
                )
            self._take_theirs(conflict.theirs)
            self.set({"notice": f"Yours is kept as {name!r}; this is the server's version."})
        self.autosave.resume()
        return name

    def reachable(self) -> None:
        """Somebody heard from the server: what could not be saved for want of a line is saved now."""
        if self._unreachable:
            self._unreachable = False
            # Not here: whoever tells us may hold a lock of theirs.
            self._loop.call_later(0, self.autosave.reconnected)

    def look(self) -> None:
        """Another notebook wrote to the file all share: show what it saved, and which drafts are left."""
        if self._following:
            self._following.look()
        if self.drafts and self.journal is not None:
            gone = self.journal.gone(draft.unsaved.id for draft in self.drafts)
            self._keep_drafts(lambda draft: draft.unsaved.id not in gone)

    def purge(self) -> None:
        """Leave nothing of the user's pipelines in the file all share.

        Raises:
            PersistError: It is still there.
        """
        if self._following:
            self._following.purge()
        if self.journal is not None:
            self.journal.purge()

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run one of the coroutines above and wait for its end."""
        return self._loop.wait(coroutine, WAIT)

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Pending[T]:
        """Run one of the coroutines above."""
        return self._loop.start(coroutine)

    def close(self) -> None:
        """Stop saving; what is unsaved stays in the journal."""
        self.autosave.close()
        self._end_conflict()
        self._end_journal()
        if self.journal is not None:
            self.journal.close()

    # -------------------------------------------------------------- within

    def _on_event(self, event: Commit | Replaced) -> None:
        with self.canvas.locked():
            if isinstance(event, Replaced) and event.epoch != self._epoch:
                self._epoch, self._server, self._sent = event.epoch, event.after, ()
                self.set({"conflict": None, "drafts": (), "notice": ""})

    async def _save(self, draft: Draft) -> None:
        try:
            await self._send(draft)
        except (ConnectError, TimedOutError):
            self._unreachable = True
            raise

    async def _send(self, draft: Draft) -> None:
        with self.canvas.locked():
            if draft.epoch != self.canvas.epoch:
                return  # Another pipeline was opened, and the edits given up.
            if self._epoch != draft.epoch:
                self._epoch, self._server, self._sent = draft.epoch, Graph(), ()
            known = self._server
        pipeline_id = draft.pipeline_id
        if pipeline_id is None:
            pipeline_id, known = await self._create(draft), Graph()
        stored = await self._turns.take(
            pipeline_id, lambda: self._store_if_same(pipeline_id, draft, known)
        )
        with self.canvas.locked():
            if draft.epoch != self.canvas.epoch:
                return
            # The public server may answer a save in other words than a question.
            self._server, self._sent = stored, (draft.graph,)
            if self.journal is not None:
                self.journal.saved(draft.epoch, draft.rev, draft.graph, stored)

    async def _create(self, draft: Draft) -> str:
        created = await self.pipelines.create(name=draft.pipeline_name)
        with self.canvas.locked():
            if self.canvas.epoch == draft.epoch:
                self._server = Graph()
                self.canvas.set({"pipeline_id": created.id})
        return created.id

    async def _store_if_same(self, pipeline_id: str, draft: Draft, known: Graph) -> Graph:
        """Store a draft if the server still has what it had; return what it has then.

        Raises:
            SaveConflictError: It has something else.
        """
        theirs = await self.pipelines.endpoints.load_graph(pipeline_id)
        if same_content(theirs, draft.graph):
            self._told(pipeline_id)
            return theirs  # An answer was lost, or both did the same.
        if not any(same_content(theirs, own) for own in (known, *self._sent)):
            message = f"{draft.pipeline_name!r} was changed elsewhere since you opened it."
            with self.canvas.locked():
                if draft.epoch == self.canvas.epoch:
                    self.set({"conflict": Conflict(self, known, theirs)})
            raise SaveConflictError(message, base=known, theirs=theirs)
        # It may arrive although no answer comes back; then it is ours that the server has.
        self._sent = (*self._sent, draft.graph)
        stored = (await self.pipelines.save_graph(pipeline_id, draft.graph)).graph
        self._told(pipeline_id)
        return stored

    def _told(self, pipeline_id: str) -> None:
        if self._following:
            self._following.told(pipeline_id)

    def _found(self) -> tuple[RecoveredDraft, ...]:
        if self.journal is None:
            return ()
        found = []
        for unsaved in self.journal.drafts(self.canvas.pipeline_id):
            if unsaved.pipeline_id is not None and same_content(unsaved.graph, self._server):
                self.journal.forget(unsaved.id)  # It was saved; only the note of that was lost.
            else:
                found.append(RecoveredDraft(self, unsaved))
        return tuple(found)

    def _keep_drafts(self, wanted: Callable[[RecoveredDraft], bool]) -> None:
        self.set(lambda state: {"drafts": tuple(d for d in state["drafts"] if wanted(d))})

    def _adopt(self, theirs: Graph) -> None:
        """Show what another notebook saved, unless it is unsaved edits that would have to go."""
        ours = (self._server, *self._sent)
        if (conflict := self.conflict) is not None:
            if any(same_content(theirs, one) for one in (self.canvas.graph, *ours)):
                self.set({"conflict": None, "notice": ""})  # They came round to ours.
                self.canvas.post(self.autosave.resume)
            elif not same_content(theirs, conflict.theirs):
                self.set({"conflict": Conflict(self, conflict.base, theirs)})
        elif not (self.canvas.is_dirty or any(same_content(theirs, one) for one in ours)):
            self._take_theirs(theirs, "take what another notebook saved")

    def _open_conflict(self) -> Conflict:
        if self.conflict is None:
            raise StoreError("There is no conflict any more.", store="canvas")
        return self.conflict

    def _take_theirs(self, theirs: Graph, label: str = "take the server's version") -> None:
        self.canvas.commit(diff(self.canvas.graph, theirs), label=label)
        self._server, self._sent = theirs, ()
        self.canvas.mark_clean()
        epoch, rev = self.canvas.epoch, self.canvas.rev
        if self.journal is not None:
            journal = self.journal
            self.canvas.post(lambda: journal.saved(epoch, rev, theirs))
        # Drafts are beside another version now.
        drafts = self._found() if self.drafts else ()
        self.set({"conflict": None, "drafts": drafts, "notice": ""})

    def __repr__(self) -> str:
        return f"PipelineSaver({self.autosave.status}, drafts={len(self.drafts)})"
