"""The journal of unsaved edits: what a kernel that dies has not yet saved is found by the next one.

Each batch is one transaction in the user's SQLite file, written before anybody is told of the batch, so
that a kill loses at most the edit nobody heard of. What is saved leaves the journal. Which kernel an entry
belongs to is told by its lease: entries of living kernels are theirs, the others are drafts to offer.

A disk that cannot be written costs the journal, not the edit: `problem` says so, and the first write that
gets through holds everything again.
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
from kaizen_widgets.stores.equality import Unsubscribe
from kaizen_widgets.stores.sqlite_storage import SqliteStorage

T = TypeVar("T")
logger = logging.getLogger(__name__)

LONGEST = 500
"""So many batches are kept one by one; then they become one."""

_batches: TypeAdapter[Batch] = TypeAdapter(Batch)


@dataclass(frozen=True)
class UnsavedDraft:
    """Unsaved edits that a journal holds.

    Attributes:
        id: The entry's.
        pipeline_id: Whose edits; None when the pipeline was never stored.
        pipeline_name: Its name.
        base: The document when it was last saved here.
        server: What the server held then.
        graph: The document with the edits.
        edits: How many there were.
        written_at: When the last one was.
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
    """The unsaved edits of one store, and those that dead kernels left behind.

    Args:
        storage: The file all kernels of the user share.
        leases: Tells living kernels from dead ones.
        scope: Which server's pipelines: entries of other scopes are not seen.
        now: Gives the time.
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
        self._named: Callable[[], tuple[str | None, str]] = lambda: (None, "")
        self._id = ""
        self._base = self._server = Graph()
        self._count = 0
        self._whole = True
        self.problem = ""
        """Why unsaved edits would not survive a crash; empty when all is well."""

    def follow(self, store: CanvasStore) -> Unsubscribe:
        """Keep what is unsaved in a store; call before anybody else listens to it."""
        with self._lock:
            self._named = lambda: (store.pipeline_id, store.pipeline_name)
            self._begin(store.epoch, store.graph, store.graph)
        return store.on_event(self._on_event)

    def saved(self, epoch: str, rev: int, base: Graph, server: Graph | None = None) -> None:
        """Drop what is saved now.

        Args:
            epoch: Which document.
            rev: Up to which revision.
            base: The document at that revision.
            server: What the server holds now, if it is not the same.
        """
        with self._lock:
            if epoch != self._id:
                return
            self._base, self._server = base, base if server is None else server
            if not (self._count or not self._whole):
                return
            if not self._write(lambda db: self._drop(db, rev)):
                self._whole = False

    def unsaved_elsewhere(self) -> list[str]:
        """Return the names of pipelines with unsaved edits in other kernels, alive or dead."""

        def work(db: sqlite3.Connection) -> list[str]:
            rows = db.execute(
                "SELECT pipeline_name FROM journals WHERE scope = ? AND id != ? ORDER BY 1",
                (self._scope, self._id),
            )
            return [row["pipeline_name"] for row in rows]

        return self._read(work, [])

    def drafts(self, pipeline_id: str | None) -> list[UnsavedDraft]:
        """Return what dead kernels left of a pipeline, and of pipelines never stored; newest first."""

        def work(db: sqlite3.Connection) -> list[tuple[sqlite3.Row, list[str]]]:
            rows = db.execute(
                "SELECT * FROM journals WHERE scope = ? AND id != ?"
                " AND (pipeline_id = ? OR pipeline_id IS NULL) ORDER BY written_at DESC",
                (self._scope, self._id, pipeline_id),
            ).fetchall()
            return [(row, _texts(db, row["id"])) for row in rows]

        found = []
        for row, texts in self._read(work, []):
            if self._leases.is_held(row["lease"]):
                continue
            try:
                draft = _draft(row, texts)
            except (ValueError, ValidationError, GraphError) as error:
                # Kept in the file for whoever can read it; nothing of it is shown.
                logger.warning("A recovered draft cannot be read (%s).", type(error).__name__)
                continue
            if draft.edits:
                found.append(draft)
        return found

    def gone(self, ids: Iterable[str]) -> frozenset[str]:
        """Return which of these entries are not there any more: another kernel loaded or dropped them."""
        asked = frozenset(ids)

        def work(db: sqlite3.Connection) -> frozenset[str]:
            rows = db.execute("SELECT id FROM journals WHERE scope = ?", (self._scope,))
            return asked - {row["id"] for row in rows}

        return self._read(work, frozenset())

    def forget(self, draft_id: str) -> None:
        """Drop a draft: it was loaded, or the user gave it up."""
        self._write(lambda db: db.execute("DELETE FROM journals WHERE id = ?", (draft_id,)))

    def purge(self) -> None:
        """Drop every entry of this scope, whosever it is.

        Raises:
            PersistError: They are still there.
        """
        with self._lock:
            self._storage.write(
                lambda db: db.execute("DELETE FROM journals WHERE scope = ?", (self._scope,))
            )
            self._count = 0
            self._storage.scrub()

    def close(self) -> None:
        """Give the lease back: what is still unsaved is then a draft for the next kernel."""
        self._leases.give_back(self._lease)

    # -------------------------------------------------------------- within

    def _on_event(self, event: Event) -> None:
        with self._lock:
            match event:
                case Commit():
                    self._append(event)
                case Replaced():
                    if self._count or not self._whole:
                        self.forget(self._id)
                    self._begin(event.epoch, event.after, event.after)

    def _begin(self, epoch: str, base: Graph, server: Graph) -> None:
        self._id, self._base, self._server = epoch, base, server
        self._count, self._whole = 0, True

    def _append(self, event: Commit) -> None:
        if event.epoch != self._id:
            return
        if self._whole and self._count < LONGEST:
            self._whole = self._write(lambda db: self._put(db, event.rev, event.batch))
            self._count += self._whole
            return
        # What is there has a gap, or has grown long: the same in one batch.
        batch = diff(self._base, event.after)

        def anew(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM journals WHERE id = ?", (self._id,))
            if batch:
                self._put(db, event.rev, batch)

        self._whole = self._write(anew)
        self._count = int(self._whole and bool(batch))

    def _put(self, db: sqlite3.Connection, rev: int, batch: Batch) -> None:
        facts = (*self._named(), self._now().isoformat())
        known = db.execute(
            "UPDATE journals SET pipeline_id = ?, pipeline_name = ?, written_at = ? WHERE id = ?",
            (*facts, self._id),
        ).rowcount
        if not known:
            server = None if self._server is self._base else _json(self._server)
            db.execute(
                "INSERT INTO journals VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self._id,
                    self._scope,
                    self._lease,
                    *facts[:2],
                    _json(self._base),
                    server,
                    facts[2],
                ),
            )
        text = _batches.dump_json(batch, by_alias=True).decode()
        db.execute("INSERT OR REPLACE INTO journal_batches VALUES (?, ?, ?)", (self._id, rev, text))

    def _drop(self, db: sqlite3.Connection, rev: int) -> None:
        db.execute("DELETE FROM journal_batches WHERE journal_id = ? AND rev <= ?", (self._id, rev))
        left = db.execute(
            "SELECT count(*) FROM journal_batches WHERE journal_id = ?", (self._id,)
        ).fetchone()[0]
        if left:
            server = None if self._server is self._base else _json(self._server)
            db.execute(
                "UPDATE journals SET base = ?, server = ? WHERE id = ?",
                (_json(self._base), server, self._id),
            )
        else:
            db.execute("DELETE FROM journals WHERE id = ?", (self._id,))
        self._count = left

    def _write(self, work: Callable[[sqlite3.Connection], object]) -> bool:
        try:
            self._storage.write(work)
        except PersistError as error:
            cause = error.__cause__ or error
            self.problem = f"Unsaved edits would not survive a crash: {cause}"
            return False
        self.problem = ""
        return True

    def _read(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        try:
            return self._storage.read(work)
        except PersistError as error:
            self.problem = f"Recovered drafts cannot be read: {error.__cause__ or error}"
            return otherwise

    def __repr__(self) -> str:
        return f"Journal({self._count} unsaved)"


def _texts(db: sqlite3.Connection, journal_id: str) -> list[str]:
    rows = db.execute(
        "SELECT batch FROM journal_batches WHERE journal_id = ? ORDER BY rev", (journal_id,)
    )
    return [row["batch"] for row in rows]


def _draft(row: sqlite3.Row, texts: list[str]) -> UnsavedDraft:
    base = Graph.from_json(json.loads(row["base"]))
    server = base if row["server"] is None else Graph.from_json(json.loads(row["server"]))
    graph = base
    for text in texts:
        graph, _ = apply(graph, _batches.validate_json(text))
    written_at = datetime.fromisoformat(row["written_at"])
    facts = (row["id"], row["pipeline_id"], row["pipeline_name"])
    return UnsavedDraft(*facts, base, server, graph, len(texts), written_at)


def _json(graph: Graph) -> str:
    return json.dumps(graph.to_json(), ensure_ascii=False, allow_nan=False)
