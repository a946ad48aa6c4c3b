"""Faults of processes, threads and signals: kill -9 at random moments, two kernels, Ctrl-C in an edit."""

from __future__ import annotations

import gc
import itertools
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kaizen_widgets.core.background import background
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.stores import CanvasStore, Commit, SqliteStorage
from kaizen_widgets.sync.canvas import KernelEnd
from tests.faults.actors import BASE, PIPELINE, open_api, open_journal
from tests.faults.simulation import label, move

Rounds = Callable[[int, int], int]


def start(tmp_path: Path, part: str, *arguments: object, vfs: str = "") -> subprocess.Popen[str]:
    """Start a program of `actors` whose home folder is in ``tmp_path``."""
    places = {name: str(tmp_path / "user") for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "HOME")}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.actors", part, *map(str, arguments)],
        env={**os.environ, **places, "FAULT_VFS": vfs},
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    """Wait for a program to end and return its output."""
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 0, out
    return out


def test_edits_from_two_threads_are_whole_and_complete(rounds: Rounds):
    """A document edited by a view on one thread and by Python on another stays whole and in order (S9)."""
    count = rounds(1_500, 10_000)
    store = CanvasStore(Graph([Node("a", (0, 0)), Node("b", (9, 0))]))
    heard: list[Commit] = []
    store.on_event(lambda event: heard.append(event) if isinstance(event, Commit) else None)
    end = KernelEnd(store, lambda message: None)
    failures: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                failures.append(error)

        return run

    def view() -> None:
        chance = random.Random(1)
        for n in range(1, count + 1):
            batch = [operation.model_dump(mode="json", by_alias=True) for operation in move("a", n)]
            facts = {"client": "v", "epoch": store.epoch, "n": n, "baseRev": 0, "batch": batch}
            end.receive({"kind": "push", **facts})
            if chance.random() < 0.1:
                store.get()

    def python() -> None:
        chance = random.Random(2)
        for n in range(count):
            store.commit(label("b", str(n)))
            if chance.random() < 0.1:
                store.undo()

    threads = [threading.Thread(target=guarded(work)) for work in (view, python)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [commit.rev for commit in heard] == list(range(1, store.rev + 1))
    for before, after in itertools.pairwise(heard):
        assert before.after is after.before
    assert store.graph.node("a").position.x == count


def test_two_kernels_lose_no_edits_of_each_other(tmp_path: Path, rounds: Rounds):
    """Two kernels edit one pipeline: no save overwrites another, and no edit is lost."""
    count, every = rounds(40, 500), 5
    data = tmp_path / "kaizen.db"
    there, api = open_api(data)
    made = api.pipelines.create(name="shared").wait(30)
    kernels = [start(tmp_path, "share", data, made.id, name, count, every) for name in ("x", "y")]
    conflicts = [said(kernel) for kernel in kernels]
    stored = background.wait(api.pipelines.endpoints.load_graph(made.id), 30)
    background.wait(there.transport.aclose())
    there.close()
    kept = {node.id for node in stored.nodes}
    wanted = {f"{name}-{number}" for name in ("x", "y") for number in range(1, count + 1)}
    assert wanted <= kept, (sorted(wanted - kept)[:5], conflicts)


def test_kill_9_loses_at_most_the_edit_that_was_not_acknowledged(tmp_path: Path, rounds: Rounds):
    """After kill -9 at any moment the file is whole, and every edit that was acknowledged is in it."""
    chance = random.Random(14)
    path = tmp_path / "stores.db"
    for number in range(rounds(6, 200)):
        kernel = start(tmp_path, "edit", path)
        assert kernel.stdout is not None
        first = kernel.stdout.readline()
        assert first, "the kernel ended by itself"
        time.sleep(chance.random() * 0.08)
        kernel.send_signal(signal.SIGKILL)
        lines = [first, *kernel.stdout.readlines()]
        kernel.wait()
        kernel.stdout.close()
        heard = int([line for line in lines if line.endswith("\n")][-1])
        with sqlite3.connect(path) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()
        journal = open_journal(path)
        drafts = journal.drafts(PIPELINE)
        edits = drafts[0].graph.node("a").data["edits"] if drafts else 0
        # Saved up to some edit, and killed before the next: then there is nothing to recover.
        at_a_save = not drafts and heard % 7 == 6
        assert at_a_save or edits in (heard, heard + 1), f"round {number}: {edits} of {heard}"
        for draft in drafts:
            assert draft.graph == Graph([Node("a", (0, 0), data={"edits": edits})])
            journal.forget(draft.id)
        journal.close()


@pytest.mark.parametrize(("kernels", "vfs"), [(4, ""), (2, "unix-dotfile")])
def test_writers_in_several_processes_lose_nothing(
    tmp_path: Path, rounds: Rounds, kernels: int, vfs: str
):
    """Kernels that write the same file at the same time lose none of their writes, on any disk."""
    count = rounds(10 if vfs else 40, 400)
    path = tmp_path / "stores.db"
    names = [f"kernel {number}" for number in range(kernels)]
    started = [start(tmp_path, "write", path, name, count, vfs=vfs) for name in names]
    assert [said(kernel) for kernel in started] == ["done\n"] * kernels
    with sqlite3.connect(path) as db:
        # A disk that shares no memory has no write-ahead log.
        wanted = "delete" if vfs else "wal"
        assert db.execute("PRAGMA journal_mode").fetchone() == (wanted,)
    db.close()
    storage = SqliteStorage(path)
    assert storage.get("count") == str(kernels * count)
    storage.close()
    drafts = open_journal(path).drafts(PIPELINE)
    assert sorted(draft.pipeline_name for draft in drafts) == names
    assert {draft.graph.node("a").data["edits"] for draft in drafts} == {count}


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
def test_interrupt_leaves_no_partial_edit(rounds: Rounds):
    """Ctrl-C at any moment of an edit leaves the document, its history and its listeners whole."""
    chance = random.Random(27)
    first = Graph([Node("a", (0, 0))])
    told: list[Any] = []

    def fresh() -> CanvasStore:
        store = CanvasStore(first)
        told[:] = [store.graph]
        store.on_event(lambda event: told.append(event.after))
        return store

    def interrupt(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    def work(store: CanvasStore) -> None:
        for _ in range(50):  # many times longer than the timer
            node = store.add_node(type="agent")
            store.update_node_data(node.id, {"x": 1})
            store.undo()
            store.redo()
            with store.transaction("two"):
                store.add_node(type="agent")
                store.add_node(type="agent")
            store.delete_node(node.id)

    before = signal.signal(signal.SIGALRM, interrupt), signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        store = fresh()
        gc.disable()  # an interrupt in a collector's callback is Python's to lose
        for number in range(rounds(300, 1_000)):
            if store.graph.node_count > 60:
                store = fresh()
            with pytest.raises(KeyboardInterrupt):
                signal.setitimer(signal.ITIMER_REAL, 1e-5 + chance.random() * 8e-4)
                work(store)
            free = threading.Thread(target=store.get)
            free.start()
            free.join(30)
            assert not free.is_alive(), f"round {number}: the lock was left behind"
            assert told[-1] is store.graph, f"round {number}: nobody was told of the last edit"
        while store.undo():
            pass
        assert told[-1] is store.graph
    finally:
        gc.enable()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before[0])
        signal.signal(signal.SIGINT, before[1])


def test_draft_of_a_running_kernel_is_not_offered(tmp_path: Path):
    """Edits of another kernel are not offered until it ends."""
    path = tmp_path / "stores.db"
    kernel = start(tmp_path, "edit", path)
    assert kernel.stdout is not None
    kernel.stdout.readline()
    journal = open_journal(path)
    assert journal.drafts(PIPELINE) == []
    assert journal.unsaved_elsewhere() in ([], ["Support triage"])  # empty for the moment of a save
    kernel.kill()
    kernel.communicate()
    [draft] = journal.drafts(PIPELINE) or [None]
    assert draft is None or draft.base.node("a").id == BASE.node("a").id
    journal.close()
