"""A write-ahead journal of unsaved edits: edits that a kernel had not saved when it died can be recovered.

Every batch is one transaction in the user's SQLite file, written before any other listener is
notified of the batch, so that a killed kernel loses at most an edit that no other code has seen.
Saved edits are removed from the journal. The lease of an entry shows whether its kernel still runs:
entries of running kernels belong to them, all others are offered as drafts. When another document is
opened over unsaved edits, their entry stays and is offered as a draft too, unless the user discarded
them.

When the disk cannot be written the edit itself is unaffected: `Journal.problem` says so, and the next
successful write stores everything that is unsaved.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from kaizen_widgets.core.leases import Leases
from kaizen_widgets.errors import GraphError, PersistError
from kaizen_widgets.graph import Batch, Graph, apply, diff
from kaizen_widgets.stores.canvas import CanvasStore
from kaizen_widgets.stores.document import Commit, Event, Replaced
from kaizen_widgets.stores.middleware import Unsubscribe
from kaizen_widgets.stores.sqlite_storage import SqliteStorage

T = TypeVar("T")
logger = logging.getLogger(__name__)

MAX_BATCHES = 500
"""Above this number the batches of an entry are merged into one."""

_batches: TypeAdapter[Batch] = TypeAdapter(Batch)


@dataclass(frozen=True)
class UnsavedDraft:
    """Unsaved edits found in a journal.

    Attributes:
        id: Id of the journal entry.
        pipeline_id: Pipeline that was edited; None when it was never stored.
        pipeline_name: Name of that pipeline.
        base: Document when that kernel saved it last.
        server: Graph the server had at that time.
        graph: Document with the unsaved edits.
        edits: Number of unsaved edits.
        written_at: Time of the last edit.
    """

    id: str
    pipeline_id: str | None
    pipeline_name: str
    base: Graph
    server: Graph
    graph: Graph
    edits: int
    written_at: datetime


class Journal:
    """The unsaved edits of one canvas store, and those that ended kernels left behind.

    Args:
        storage: SQLite file shared by all kernels of the user.
        leases: File locks that show which kernels are running.
        scope: Server the pipelines belong to; entries of other scopes are ignored.
        now: Returns the time.
    """

    def __init__(
        self,
        storage: SqliteStorage,
        leases: Leases,
        *,
        scope: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._storage = storage
        self._leases = leases
        self._scope = scope
        self._now = now
        self._lock = threading.RLock()
        self._lease = leases.take()
        self._store: CanvasStore | None = None
        self._pipeline: tuple[str | None, str] = (None, "")
        self._id = ""
        self._base = self._server = Graph()
        self._count = 0
        self._is_complete = True
        self.problem = ""
        """Why unsaved edits would not survive a crash; empty if there is no problem."""

    def follow(self, store: CanvasStore) -> Unsubscribe:
        """Record the unsaved edits of a store; call before anything else listens to it."""
        self._store = store
        with self._lock:
            self._begin(store.epoch, store.graph)
        return store.on_event(self._on_event)

    def saved(self, epoch: str, rev: int, base: Graph, server: Graph | None = None) -> None:
        """Remove edits that are saved now.

        Args:
            epoch: Document that was saved.
            rev: Revision up to which it was saved.
            base: Document at that revision.
            server: Graph the server has now, if it differs from ``base``.
        """
        with self._lock:
            server = base if server is None else server
            if epoch != self._id:
                # Another document was opened during the save: these edits are now a draft.
                self._write(lambda db: _delete_batches(db, epoch, rev, base, server))
                return
            self._base, self._server = base, server
            if not self._has_unsaved:
                return

            def delete(db: sqlite3.Connection) -> None:
                self._count = _delete_batches(db, epoch, rev, base, server)

            if not self._write(delete):
                self._is_complete = False

    def record_unsaved(self, graph: Graph) -> None:
        """Record the whole current document as one unsaved edit, for a document that is stored nowhere."""
        with self._lock:
            self._base = self._server = Graph()
            batch = diff(self._base, graph)
            self._is_complete = self._write(lambda db: self._insert_batch(db, 0, batch))
            self._count = int(self._is_complete)

    def discard_unsaved(self) -> None:
        """Remove the unsaved edits of the current document: the user gave them up."""
        with self._lock:
            if self._has_unsaved:
                self.forget(self._id)
                self._count, self._is_complete = 0, True

    def unsaved_elsewhere(self) -> list[str]:
        """Return the names of pipelines with unsaved edits in other kernels or in drafts."""

        def work(db: sqlite3.Connection) -> list[str]:
            rows = db.execute(
                "SELECT pipeline_name FROM journals WHERE scope = ? AND id != ? ORDER BY 1",
                (self._scope, self._id),
            )
            return [row["pipeline_name"] for row in rows]

        return self._read(work, [])

    def drafts(self, pipeline_id: str | None) -> list[UnsavedDraft]:
        """Return the drafts that can be offered while a pipeline is open, newest first.

        These are unsaved edits of ended kernels to this pipeline or to pipelines that were never stored,
        and all unsaved edits of this kernel that were open when it opened another document.

        Args:
            pipeline_id: Id of the open pipeline, if it has one.
        """

        def work(db: sqlite3.Connection) -> list[tuple[sqlite3.Row, list[str]]]:
            rows = db.execute(
                "SELECT * FROM journals WHERE scope = ? AND id != ?"
                " AND (pipeline_id = ? OR pipeline_id IS NULL OR lease = ?)"
                " ORDER BY written_at DESC",
                (self._scope, self._id, pipeline_id, self._lease),
            ).fetchall()
            return [(row, _batches_of(db, row["id"])) for row in rows]

        found = []
        for row, texts in self._read(work, []):
            if row["lease"] != self._lease and self._leases.is_held(row["lease"]):
                continue
            try:
                draft = _draft(row, texts)
            except (ValueError, ValidationError, GraphError) as error:
                # It stays in the file, for a version that can read it; its content is not shown.
                logger.warning("A recovered draft cannot be read (%s).", type(error).__name__)
                continue
            if draft.edits:
                found.append(draft)
        return found

    def gone(self, ids: Iterable[str]) -> frozenset[str]:
        """Return which of these entries no longer exist because another kernel loaded or discarded them."""
        wanted = frozenset(ids)

        def work(db: sqlite3.Connection) -> frozenset[str]:
            rows = db.execute("SELECT id FROM journals WHERE scope = ?", (self._scope,))
            return wanted - {row["id"] for row in rows}

        return self._read(work, frozenset())

    def forget(self, draft_id: str) -> None:
        """Delete a draft that was loaded or discarded."""
        self._write(lambda db: db.execute("DELETE FROM journals WHERE id = ?", (draft_id,)))

    def purge(self) -> None:
        """Delete all entries of this scope, including those of other kernels.

        Raises:
            PersistError: They could not be deleted.
        """
        with self._lock:
            self._storage.write(
                lambda db: db.execute("DELETE FROM journals WHERE scope = ?", (self._scope,))
            )
            self._count = 0
            self._storage.scrub()

    def close(self) -> None:
        """Release the lease: edits that are still unsaved become a draft for the next kernel."""
        self._leases.give_back(self._lease)

    # -------------------------------------------------------------- private

    @property
    def _has_unsaved(self) -> bool:
        return self._count > 0 or not self._is_complete

    def _on_event(self, event: Event) -> None:
        # Read before taking our lock: others take it while they hold the store's.
        current = self._store.draft() if self._store is not None else None
        with self._lock:
            if current is not None and current.epoch == event.epoch:
                self._pipeline = (current.pipeline_id, current.pipeline_name)
            match event:
                case Commit():
                    self._append(event)
                case Replaced():
                    self._begin(event.epoch, event.after)

    def _begin(self, epoch: str, base: Graph) -> None:
        self._id, self._base, self._server = epoch, base, base
        self._count, self._is_complete = 0, True

    def _append(self, event: Commit) -> None:
        if event.epoch != self._id:
            return
        if self._is_complete and self._count < MAX_BATCHES:
            self._is_complete = self._write(
                lambda db: self._insert_batch(db, event.rev, event.batch)
            )
            self._count += self._is_complete
            return
        # The entry has a gap or has grown long: store everything unsaved as one batch.
        batch = diff(self._base, event.after)

        def rewrite(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM journals WHERE id = ?", (self._id,))
            if batch:
                self._insert_batch(db, event.rev, batch)

        self._is_complete = self._write(rewrite)
        self._count = int(self._is_complete and bool(batch))

    def _insert_batch(self, db: sqlite3.Connection, rev: int, batch: Batch) -> None:
        pipeline_id, pipeline_name = self._pipeline
        written_at = self._now().isoformat()
        exists = db.execute(
            "UPDATE journals SET pipeline_id = ?, pipeline_name = ?, written_at = ? WHERE id = ?",
            (pipeline_id, pipeline_name, written_at, self._id),
        ).rowcount
        if not exists:
            server = None if self._server is self._base else _json(self._server)
            db.execute(
                "INSERT INTO journals VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self._id,
                    self._scope,
                    self._lease,
                    pipeline_id,
                    pipeline_name,
                    _json(self._base),
                    server,
                    written_at,
                ),
            )
        text = _batches.dump_json(batch, by_alias=True).decode()
        db.execute("INSERT OR REPLACE INTO journal_batches VALUES (?, ?, ?)", (self._id, rev, text))

    def _write(self, work: Callable[[sqlite3.Connection], object]) -> bool:
        try:
            self._storage.write(work)
        except PersistError as error:
            cause = error.__cause__ or error
            self.problem = f"Unsaved edits would not survive a crash: {cause}"
            return False
        self.problem = ""
        return True

    def _read(self, work: Callable[[sqlite3.Connection], T], default: T) -> T:
        try:
            return self._storage.read(work)
        except PersistError as error:
            self.problem = f"Recovered drafts cannot be read: {error.__cause__ or error}"
            return default

    def __repr__(self) -> str:
        return f"Journal({self._count} unsaved)"


def _batches_of(db: sqlite3.Connection, journal_id: str) -> list[str]:
    rows = db.execute(
        "SELECT batch FROM journal_batches WHERE journal_id = ? ORDER BY rev", (journal_id,)
    )
    return [row["batch"] for row in rows]


def _delete_batches(
    db: sqlite3.Connection, journal_id: str, rev: int, base: Graph, server: Graph
) -> int:
    """Delete the batches up to a revision that is saved; return how many are left."""
    db.execute("DELETE FROM journal_batches WHERE journal_id = ? AND rev <= ?", (journal_id, rev))
    left = db.execute(
        "SELECT count(*) FROM journal_batches WHERE journal_id = ?", (journal_id,)
    ).fetchone()[0]
    if left:
        db.execute(
            "UPDATE journals SET base = ?, server = ? WHERE id = ?",
            (_json(base), None if server is base else _json(server), journal_id),
        )
    else:
        db.execute("DELETE FROM journals WHERE id = ?", (journal_id,))
    return left


def _draft(row: sqlite3.Row, texts: list[str]) -> UnsavedDraft:
    base = Graph.from_json(json.loads(row["base"]))
    server = base if row["server"] is None else Graph.from_json(json.loads(row["server"]))
    graph = base
    for text in texts:
        graph, _ = apply(graph, _batches.validate_json(text))
    return UnsavedDraft(
        id=row["id"],
        pipeline_id=row["pipeline_id"],
        pipeline_name=row["pipeline_name"],
        base=base,
        server=server,
        graph=graph,
        edits=len(texts),
        written_at=datetime.fromisoformat(row["written_at"]),
    )


def _json(graph: Graph) -> str:
    # Without other keys of the file it was read from, which pipelines do not store.
    elements = {"nodes": graph.nodes, "edges": graph.edges}
    return json.dumps(elements, ensure_ascii=False, allow_nan=False)
