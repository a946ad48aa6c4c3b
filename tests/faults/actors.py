"""Programs that fault tests start and kill: ``python -m tests.faults.actors edit <file> ...``.

Each says what it has done in one line, once it is done and not before. ``FAULT_VFS`` names another of
SQLite's file layers: ``unix-dotfile`` shares no memory, as a network disk does not.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

from kaizen_widgets.api import Api, studio_defaults
from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import random_id
from kaizen_widgets.graph import Graph, Node, diff
from kaizen_widgets.query import QueryClient
from kaizen_widgets.saving import Journal, PipelineSaver
from kaizen_widgets.stores import CanvasStore, Leases, SqliteStorage
from kaizen_widgets.studio.connection import StudioConnection, connect

SCOPE = "test"
PIPELINE = "p1"
BASE = Graph([Node("a", (0, 0), data={"edits": 0})])


def open_journal(path: Path) -> Journal:
    """Return a journal in a file and its locks."""
    return Journal(SqliteStorage(path), Leases(path.with_suffix(".locks")), scope=SCOPE)


def open_api(path: Path) -> tuple[StudioConnection, Api]:
    """Return the embedded API on a file, as a kernel has it."""
    there = connect(None, data=path, token="", loop=background, new_id=random_id)
    client = QueryClient(loop=background, clock=background, default_options=studio_defaults())
    api = Api(there.transport, client, workspace_id=there.workspace_id, session=there.auth)
    return there, api


def edit(path: Path) -> None:
    """Edit until killed; print the number of each edit after it is made."""
    journal = open_journal(path)
    store = CanvasStore(BASE)
    journal.follow(store)
    store.load_pipeline(BASE, id=PIPELINE, name="Support triage")
    number = 0
    while True:
        number += 1
        if number % 7 == 0:
            # Saved meanwhile, so that the journal starts at a later revision.
            journal.saved(store.epoch, store.rev, store.graph)
        store.update_node_data("a", {"edits": number})
        say(number)


def write(path: Path, name: str, count: int) -> None:
    """Journal ``count`` edits and increment a counter ``count`` times, while other processes do the same."""
    storage = SqliteStorage(path, busy_timeout=60)
    journal = Journal(storage, Leases(path.with_suffix(".locks")), scope=SCOPE)
    store = CanvasStore(BASE)
    journal.follow(store)
    store.load_pipeline(BASE, id=PIPELINE, name=name)
    for number in range(1, count + 1):
        store.update_node_data("a", {"edits": number})
        storage.update_text("count", lambda text: str(int(text or 0) + 1))
    say(journal.problem or storage.problem or "done")


def share(path: Path, pipeline_id: str, name: str, count: int, every: int) -> None:
    """Add ``count`` nodes to a pipeline that another kernel edits too; resolve conflicts as a user would."""
    there, api = open_api(path)
    store = CanvasStore()
    saver = PipelineSaver(
        store, api.pipelines, loop=background, leases=there.leases, scope=there.scope
    )
    load = api.pipelines.endpoints.load_graph
    saver.open(background.wait(load(pipeline_id), 30), id=pipeline_id, name="shared")
    mine: list[str] = []
    conflicts = 0
    for number in range(1, count + 1):
        node = Node(f"{name}-{number}", (number, 0), type="agent")
        store.add_node(node)
        mine.append(node.id)
        while number % every == 0 and store.is_dirty:
            conflicts += save(saver, mine)
    say(f"{conflicts} conflicts")
    saver.close()
    background.wait(there.transport.aclose(), 30)


def save(saver: PipelineSaver, mine: list[str]) -> int:
    """Save; on a conflict take theirs and apply the own edits to it. Return the number of conflicts."""
    ended = threading.Event()

    def look(_state: object, _before: object) -> None:
        if saver.autosave.status in ("saved", "conflict", "failed"):
            ended.set()

    end = saver.autosave.subscribe(look)
    saver.autosave.flush()
    if not ended.wait(60):
        raise TimeoutError(saver.autosave.status)
    end()
    if saver.autosave.status == "failed":
        raise RuntimeError(saver.autosave.message)
    if saver.conflict is None:
        return 0
    store = saver.canvas
    own = {node.id: node for node in store.graph.nodes if node.id in set(mine)}
    saver.conflict.keep_theirs()
    kept = [*(n for n in store.graph.nodes if n.id not in own), *own.values()]
    store.commit(diff(store.graph, Graph(kept, store.graph.edges)))
    return 1


def say(text: object) -> None:
    """Print a line without buffering."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def connect_by(vfs: str, connect: Any, path: str, **options: Any) -> sqlite3.Connection:
    """Connect through one of SQLite's file layers."""
    return connect(f"file:{path}?vfs={vfs}", uri=True, **options)


def main(arguments: list[str]) -> None:
    """Run one of the programs."""
    if vfs := os.environ.get("FAULT_VFS"):
        sqlite3.connect = partial(connect_by, vfs, sqlite3.connect)
    part, path, *rest = arguments
    match part:
        case "edit":
            edit(Path(path))
        case "write":
            write(Path(path), rest[0], int(rest[1]))
        case "share":
            share(Path(path), rest[0], rest[1], int(rest[2]), int(rest[3]))
        case _:
            raise SystemExit(f"there is no part {part!r}")


if __name__ == "__main__":
    main(sys.argv[1:])
