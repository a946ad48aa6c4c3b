"""Saves the pipeline on a canvas, detects conflicts and recovers unsaved edits of ended kernels.

How a save avoids overwriting another user's work depends on the server. If it gave an ETag, the save
carries it as ``If-Match``, and the pipeline is read only when the server answers 412. A server
without ETags (the public one) is asked for the pipeline before each save. Either way the graphs
decide: if the server's graph differs from the one loaded or last saved here, someone else changed it,
and that is a conflict. Nothing is sent until the user decides: keep mine, keep theirs, keep both. The
kernels of one user on one machine save a pipeline one after another (`SaveLock`).

If another of the user's notebooks saves the open pipeline, its version is shown here as one undo step,
unless there are unsaved edits; then the next save finds the conflict.

A document that was put on the canvas by other means than `PipelineSaver.open` counts as unsaved, and
the unsaved edits it replaced become a draft. A draft stays in the journal until it is loaded or
discarded.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from traitlets import Any as AnyTrait
from traitlets import Tuple, Unicode

from kaizen_widgets.api.models import validate
from kaizen_widgets.api.pipelines import PipelineCreate, Pipelines, PipelineUpdate
from kaizen_widgets.core.background import BackgroundLoop, Pending
from kaizen_widgets.core.clock import NewId, random_id
from kaizen_widgets.core.leases import Leases
from kaizen_widgets.errors import (
    ConflictError,
    ConnectError,
    SaveConflictError,
    StoreError,
    TimedOutError,
)
from kaizen_widgets.graph import Graph, diff, renamed, same_content
from kaizen_widgets.saving.autosave import AutoSave
from kaizen_widgets.saving.conflicts import Conflict, RecoveredDraft, ServerVersion
from kaizen_widgets.saving.journal import Journal, UnsavedDraft
from kaizen_widgets.saving.locking import run_locked
from kaizen_widgets.saving.remote_saves import RemoteSaves
from kaizen_widgets.saving.save_lock import SaveLock
from kaizen_widgets.saving.save_notices import SaveNotices
from kaizen_widgets.stores import CanvasStore, Commit, Draft, Replaced, Store

T = TypeVar("T")

TIMEOUT = 30.0
"""Seconds that `PipelineSaver.wait` waits for the server."""
MAX_ATTEMPTS = 5
"""Number of times one save is sent while the server keeps answering 412 without a conflict."""
PRECONDITION_FAILED = 412


class PipelineSaver(Store):
    """Save the pipeline of one canvas store.

    Args:
        canvas: Canvas store whose pipeline is saved.
        pipelines: Pipelines of the server.
        loop: Background loop on which saves run; also the clock.
        journal: Journal that preserves unsaved edits across a crash; None for a studio in memory.
        leases: File locks shared by the user's kernels.
        notices: Notices of saves, shared by the user's notebooks; None for a studio in memory.
        scope: Server the pipelines belong to, for the save lock.
        new_id: Generates ids for the nodes and edges of a copy.

    Attributes:
        conflict: The open `Conflict`, or None.
        drafts: `RecoveredDraft` objects that can be loaded, newest first.
        notice: Sentence about the last decision that was carried out; usually empty.
        before_save: Called and awaited before a stored pipeline is saved, with its id and its graph on the
            server; None for nothing.
    """

    name = "saver"
    conflict = AnyTrait(None, allow_none=True)
    drafts = Tuple()
    notice = Unicode()

    def __init__(
        self,
        canvas: CanvasStore,
        pipelines: Pipelines,
        *,
        loop: BackgroundLoop,
        journal: Journal | None = None,
        leases: Leases | None = None,
        notices: SaveNotices | None = None,
        scope: str = "",
        new_id: NewId = random_id,
    ) -> None:
        super().__init__()
        self.canvas = canvas
        self.pipelines = pipelines
        self.journal = journal
        self._loop = loop
        self._save_lock = SaveLock(leases, scope, loop)
        self._new_id = new_id
        self._epoch = canvas.epoch
        self._pipeline: tuple[str | None, str] = (canvas.pipeline_id, canvas.pipeline_name)
        self._saved_name = canvas.pipeline_name
        self._version = ServerVersion(canvas.graph)
        self._sent: tuple[Graph, ...] = ()
        self._edits = 0
        self._unjournaled: tuple[UnsavedDraft, ...] = ()
        self._failed_to_connect = False
        # The journal subscribes first, so that an edit is stored before other listeners see it.
        self._unfollow = journal.follow(canvas) if journal else lambda: None
        self._unsubscribe = canvas.on_event(self._on_event)
        canvas.observe(self._on_rename, ["pipeline_name", "is_dirty"])
        self.autosave = AutoSave(canvas, self._save, clock=loop, spawn=loop.start)
        self.before_save: Callable[[str, Graph], Awaitable[None]] | None = None
        self._remote_saves = notices and RemoteSaves(
            canvas,
            pipelines,
            notices,
            loop=loop,
            version=lambda: self._version,
            adopt=self._adopt,
        )

    @property
    def server(self) -> Graph:
        """The open pipeline's graph on the server, as far as it is known here."""
        return self._version.graph

    def open(
        self,
        graph: Graph,
        *,
        id: str | None,
        name: str,
        server: ServerVersion | None = None,
    ) -> None:
        """Show a pipeline and offer its drafts; unsaved edits of the open pipeline are discarded.

        Args:
            graph: Graph to show.
            id: Id of the pipeline; None for one that is not stored.
            name: Name of the pipeline.
            server: The server's version, if it has an ETag or a different graph.
        """
        with self.canvas.locked():
            if self.journal is not None:
                self.journal.discard_unsaved()
            self.canvas.load_pipeline(graph, id=id, name=name)
            # Before the event, so that its listeners find the drafts of the pipeline.
            self._start(server or ServerVersion(graph))
            self.set({"conflict": None, "drafts": self._find_drafts() if id else (), "notice": ""})

    def save(self, timeout: float) -> None:
        """Save now and wait until it is done.

        Args:
            timeout: Seconds to wait.

        Raises:
            StoreError: It could not be saved. The edits stay unsaved and are retried automatically.
        """
        if not self.canvas.is_dirty:
            return
        ended = threading.Event()

        def check(*_: object) -> None:
            if self.autosave.status in ("failed", "conflict") or not self.canvas.is_dirty:
                ended.set()

        unsubscribe = self.autosave.subscribe(check)
        try:
            self.autosave.flush()
            if self.autosave.status == "conflict":
                ended.set()
            if not ended.wait(timeout) and self.canvas.is_dirty:
                raise StoreError(
                    f"Saving takes longer than {timeout:g} s; it continues in the background.",
                    store="canvas",
                )
        finally:
            unsubscribe()
        if self.canvas.is_dirty:
            raise StoreError(f"Not saved: {self.autosave.message}", store="canvas")

    def load_draft(self, draft: RecoveredDraft) -> None:
        """Put a draft on the canvas as one step that can be undone; then it is saved like any edit.

        Raises:
            StoreError: Another pipeline with unsaved edits is open.
        """
        unsaved = draft.unsaved
        with self.canvas.locked():
            if not draft.is_open:
                if self.canvas.is_dirty:
                    raise StoreError(
                        "The open pipeline has unsaved edits: save them first. The draft is kept.",
                        store="canvas",
                    )
                self.canvas.load_pipeline(
                    unsaved.base, id=unsaved.pipeline_id, name=unsaved.pipeline_name
                )
                self._start(ServerVersion(unsaved.server))
            elif draft.has_moved:
                # So that the save compares with the draft's base and detects the conflict.
                self._version = ServerVersion(unsaved.server)
            self.set({"conflict": None})
            batch = diff(self.canvas.graph, unsaved.graph)
            self.canvas.commit(batch, label="load the recovered draft")
            # After the edit, which is then in this kernel's own journal.
            self.canvas.post(lambda: self.discard_draft(draft))

    def discard_draft(self, draft: RecoveredDraft) -> None:
        """Delete a draft."""
        if self.journal is not None:
            self.journal.forget(draft.unsaved.id)
        self._unjournaled = tuple(each for each in self._unjournaled if each.id != draft.unsaved.id)
        self._filter_drafts(lambda each: each.unsaved.id != draft.unsaved.id)

    def keep_mine(self) -> None:
        """Save over the server's version; if that changes in the meantime, there is a new conflict."""
        with self.canvas.locked():
            self._version = self._open_conflict().server
            self.set({"conflict": None, "notice": ""})
        self.autosave.resume()

    def keep_theirs(self) -> None:
        """Replace the canvas by the server's version; undo restores yours."""
        with self.canvas.locked():
            self._take(self._open_conflict().server)
        self.autosave.resume()

    async def keep_both(self, name: str = "") -> str:
        """Store your version as a new pipeline, then show the server's; return the new pipeline's name."""
        self._open_conflict()
        name = name or f"{self.canvas.pipeline_name} (my copy)"
        mine = self.canvas.graph
        created = await self.pipelines.create(name=name)
        # The public server allows a node id only once across all pipelines.
        await self.pipelines.save_graph(created.id, renamed(mine, self._new_id))

        def take_theirs() -> None:
            # The server's version may have changed in the meantime: take the newest.
            conflict = self.conflict
            if conflict is None or self.canvas.graph is not mine:
                raise StoreError(
                    f"The pipeline changed while {name!r} was stored: please decide again.",
                    store="canvas",
                )
            self._take(conflict.server)
            self.set(
                {"notice": f"Your version was saved as {name!r}. This is the server's version."}
            )

        await run_locked(self.canvas, take_theirs)
        self.autosave.resume()
        return name

    def server_reachable(self) -> None:
        """Retry a save that failed for lack of a connection, because the server has answered a request."""
        if self._failed_to_connect:
            self._failed_to_connect = False
            # On the loop's thread, because this thread may hold one of the caller's locks.
            self._loop.call_later(0, self.autosave.reconnected)

    def check_shared_file(self) -> None:
        """Show what other notebooks saved, and drop drafts that they loaded or discarded.

        Called when another kernel wrote to the file all kernels of the user share.
        """
        if self._remote_saves:
            self._remote_saves.check()
        if self.drafts and self.journal is not None:
            gone = self.journal.gone(draft.unsaved.id for draft in self.drafts)
            self._filter_drafts(lambda draft: draft.unsaved.id not in gone)

    def purge(self) -> None:
        """Delete everything about the user's pipelines from the shared file.

        Raises:
            PersistError: It could not be deleted.
        """
        self._unjournaled = ()
        if self._remote_saves:
            self._remote_saves.purge()
        if self.journal is not None:
            self.journal.purge()

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of this class on the background loop and wait for its result."""
        return self._loop.wait(coroutine, TIMEOUT)

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Pending[T]:
        """Run a coroutine of this class on the background loop without waiting."""
        return self._loop.start(coroutine)

    def close(self) -> None:
        """Stop saving; unsaved edits stay in the journal."""
        self.autosave.close()
        self.canvas.unobserve(self._on_rename, ["pipeline_name", "is_dirty"])
        self._unsubscribe()
        self._unfollow()
        if self.journal is not None:
            self.journal.close()

    # -------------------------------------------------------------- events

    def _on_event(self, event: Commit | Replaced) -> None:
        # Not with `locked`: the background loop's thread must not wait for the canvas's lock.
        self.canvas.when_free(lambda: self._handle(event))

    def _handle(self, event: Commit | Replaced) -> None:
        if event.epoch != self.canvas.epoch:
            return
        if isinstance(event, Replaced):
            if event.epoch != self._epoch:
                self._replaced(event)
        elif event.epoch == self._epoch:
            self._pipeline = (self.canvas.pipeline_id, self.canvas.pipeline_name)
            self._edits += 1

    def _on_rename(self, _change: Any) -> None:
        # Also when the document becomes clean: the save that ended may have sent the old name.
        self.canvas.when_free(self._check_name)

    def _check_name(self) -> None:
        """Treat a name the server does not have as an unsaved edit."""
        canvas = self.canvas
        is_open = canvas.pipeline_id is not None and canvas.epoch == self._epoch
        if is_open and not canvas.is_dirty and canvas.pipeline_name != self._saved_name:
            canvas.set({"is_dirty": True})
            canvas.post(self.autosave.check)

    def _start(self, version: ServerVersion) -> None:
        """Start over with the document that was just put on the canvas."""
        self._epoch, self._version, self._sent = self.canvas.epoch, version, ()
        self._pipeline = (self.canvas.pipeline_id, self.canvas.pipeline_name)
        self._saved_name = self.canvas.pipeline_name
        self._edits = 0

    def _replaced(self, event: Replaced) -> None:
        """Treat a document that was put on the canvas by other means than `open` as unsaved."""
        if self.journal is None and self._edits and not same_content(event.before, self.server):
            self._unjournaled = (self._left_behind(event.before), *self._unjournaled)
        self._start(ServerVersion(event.after))
        if self.canvas.pipeline_id is None:
            self._version = ServerVersion(Graph())
            if self.journal is not None and event.after.node_count:
                self.journal.record_unsaved(event.after)
        if self.canvas.pipeline_id is not None or event.after.node_count:
            self.canvas.set({"is_dirty": True})
            self.canvas.post(self.autosave.check)
        self.set({"conflict": None, "drafts": self._find_drafts(), "notice": ""})

    def _left_behind(self, graph: Graph) -> UnsavedDraft:
        """Return the unsaved edits of the replaced document, if no journal has them."""
        pipeline_id, name = self._pipeline
        return UnsavedDraft(
            id=self._epoch,
            pipeline_id=pipeline_id,
            pipeline_name=name,
            base=self.server,
            server=self.server,
            graph=graph,
            edits=self._edits,
            written_at=self._loop.now(),
        )

    # -------------------------------------------------------------- saving

    async def _save(self, draft: Draft) -> None:
        try:
            await self._send(draft)
        except (ConnectError, TimedOutError):
            self._failed_to_connect = True
            raise

    async def _send(self, draft: Draft) -> None:
        known = await run_locked(self.canvas, lambda: self._known(draft))
        if known is None:
            return  # Another document was opened; the edits are a draft now, or discarded.
        pipeline_id = draft.pipeline_id
        if pipeline_id is None:
            pipeline_id, known = await self._create(draft), ServerVersion(Graph())
        elif self.before_save is not None:
            await self.before_save(pipeline_id, known.graph)
        stored = await self._save_lock.run(
            pipeline_id, lambda: self._store_draft(pipeline_id, draft, known)
        )
        if draft.pipeline_name != self._saved_name:
            await self._rename(pipeline_id, draft)
        if self.journal is not None:
            self.journal.saved(draft.epoch, draft.rev, draft.graph, stored.graph)
        await run_locked(self.canvas, lambda: self._saved(draft, stored))

    def _known(self, draft: Draft) -> ServerVersion | None:
        """Return the known version of a draft's pipeline; None if another document is open."""
        if draft.epoch != self.canvas.epoch:
            return None
        return self._version if self._epoch == draft.epoch else ServerVersion(draft.graph)

    def _saved(self, draft: Draft, stored: ServerVersion) -> None:
        if draft.epoch == self.canvas.epoch:
            # The public server may return a saved graph in another form than a loaded one.
            self._version, self._sent, self._edits = stored, (draft.graph,), 0
        else:
            self._drop_saved_drafts(draft)

    async def _rename(self, pipeline_id: str, draft: Draft) -> None:
        change = validate(PipelineUpdate, {"name": draft.pipeline_name})
        await self.pipelines.endpoints.update(pipeline_id, change)
        self.pipelines.changed_elsewhere(pipeline_id)

        def note_name() -> None:
            if self.canvas.epoch == draft.epoch:
                self._saved_name = draft.pipeline_name

        await run_locked(self.canvas, note_name)

    async def _create(self, draft: Draft) -> str:
        created = await self.pipelines.endpoints.create(
            validate(PipelineCreate, {"name": draft.pipeline_name})
        )

        def note_id() -> None:
            if self.canvas.epoch == draft.epoch:
                self._version = ServerVersion(Graph())
                self.canvas.set({"pipeline_id": created.id})
                self._pipeline = (created.id, draft.pipeline_name)
                self._saved_name = draft.pipeline_name

        await run_locked(self.canvas, note_id)
        return created.id

    async def _store_draft(
        self, pipeline_id: str, draft: Draft, known: ServerVersion
    ) -> ServerVersion:
        """Store a draft if the server still has the known version; return the server's new version.

        Raises:
            SaveConflictError: The server has another version.
        """
        base = known.graph
        for _ in range(MAX_ATTEMPTS):
            if known.etag and (stored := await self._put(pipeline_id, draft, known.etag)):
                return stored
            detail = await self.pipelines.endpoints.get(pipeline_id)
            known = ServerVersion(detail.graph, detail.etag)
            if same_content(known.graph, draft.graph):
                # The response to a save was lost, or someone else made the same edits.
                self._publish(pipeline_id)
                return known
            if not any(same_content(known.graph, own) for own in (base, *self._sent)):
                raise await self._open_new_conflict(draft, base, known)
            if not known.etag and (stored := await self._put(pipeline_id, draft, "")):
                return stored
        raise StoreError("The pipeline keeps changing on the server.", store="canvas")

    async def _put(self, pipeline_id: str, draft: Draft, etag: str) -> ServerVersion | None:
        """Send a draft; None if the server's pipeline no longer has the ETag."""
        if not any(draft.graph is sent for sent in self._sent):
            # If the response is lost, the server may have this graph nevertheless.
            self._sent = (*self._sent, draft.graph)
        try:
            detail = await self.pipelines.endpoints.save_graph(pipeline_id, draft.graph, etag=etag)
        except ConflictError as error:
            if error.status == PRECONDITION_FAILED:
                return None
            raise
        except BaseException:
            self.pipelines.changed_elsewhere(pipeline_id)
            raise
        self.pipelines.cache_saved(detail, draft.graph)
        self._publish(pipeline_id)
        return ServerVersion(detail.graph, detail.etag)

    async def _open_new_conflict(
        self, draft: Draft, base: Graph, theirs: ServerVersion
    ) -> SaveConflictError:
        def open_conflict() -> None:
            if draft.epoch == self.canvas.epoch:
                self.set({"conflict": Conflict(self, base, theirs)})

        await run_locked(self.canvas, open_conflict)
        return SaveConflictError(
            f"{draft.pipeline_name!r} was changed elsewhere since you opened it.",
            base=base,
            theirs=theirs.graph,
        )

    def _publish(self, pipeline_id: str) -> None:
        if self._remote_saves:
            self._remote_saves.publish(pipeline_id)

    # ------------------------------------------------- drafts and conflicts

    def _find_drafts(self) -> tuple[RecoveredDraft, ...]:
        found = [RecoveredDraft(self, unsaved) for unsaved in self._unjournaled]
        if self.journal is not None:
            for unsaved in self.journal.drafts(self.canvas.pipeline_id):
                draft = RecoveredDraft(self, unsaved)
                if draft.is_open and same_content(unsaved.graph, self.server):
                    self.journal.forget(unsaved.id)  # It was saved just before the kernel ended.
                else:
                    found.append(draft)
        return tuple(found)

    def _filter_drafts(self, wanted: Callable[[RecoveredDraft], bool]) -> None:
        self.set(lambda state: {"drafts": tuple(d for d in state["drafts"] if wanted(d))})

    def _drop_saved_drafts(self, saved: Draft) -> None:
        """Stop offering edits whose save succeeded after another document had been opened."""
        self._unjournaled = tuple(
            each
            for each in self._unjournaled
            if each.id != saved.epoch or not same_content(each.graph, saved.graph)
        )
        if self.drafts:
            self.set({"drafts": self._find_drafts()})

    def _adopt(self, version: ServerVersion) -> None:
        """Show what another notebook saved, unless there are unsaved edits or an open conflict."""
        theirs = version.graph
        is_own = any(same_content(theirs, own) for own in (self.server, *self._sent))
        if is_own:
            self._version = version
        if (conflict := self.conflict) is not None:
            if is_own or same_content(theirs, self.canvas.graph):
                self._version = version
                self.set({"conflict": None, "notice": ""})  # Both sides are now the same.
                self.canvas.post(self.autosave.resume)
            elif not same_content(theirs, conflict.theirs):
                self.set({"conflict": Conflict(self, conflict.base, version)})
        elif not (is_own or self.canvas.is_dirty):
            self._take(version, "take what another notebook saved")

    def _open_conflict(self) -> Conflict:
        if self.conflict is None:
            raise StoreError("The conflict no longer exists.", store="canvas")
        return self.conflict

    def _take(self, version: ServerVersion, label: str = "take the server's version") -> None:
        self.canvas.commit(diff(self.canvas.graph, version.graph), label=label)
        self._version, self._sent = version, ()
        self.canvas.mark_clean()
        epoch, rev = self.canvas.epoch, self.canvas.rev
        if self.journal is not None:
            journal = self.journal
            self.canvas.post(lambda: journal.saved(epoch, rev, version.graph))
        # The drafts are now compared with a different version.
        drafts = self._find_drafts() if self.drafts else ()
        self.set({"conflict": None, "drafts": drafts, "notice": ""})

    def __repr__(self) -> str:
        return f"PipelineSaver({self.autosave.status}, drafts={len(self.drafts)})"
