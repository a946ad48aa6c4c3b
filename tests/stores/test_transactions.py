"""Transactions: which edits belong to one, what a failed one restores, and that nothing waits for it."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from kaizen_widgets.core.background import background
from kaizen_widgets.errors import GraphError, UnknownNodeError
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.stores import CanvasStore


@pytest.fixture
def store() -> CanvasStore:
    return CanvasStore(Graph([Node("a"), Node("b")]))


def ids(store: CanvasStore) -> list[str]:
    return [node.id for node in store.nodes]


def run(thread_work: Any) -> None:
    thread = threading.Thread(target=thread_work)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


class StopError(Exception):
    """Makes a transaction fail."""


def failing(store: CanvasStore, *work: Any) -> None:
    with pytest.raises(StopError), store.transaction():
        for each in work:
            each()
        raise StopError


# ------------------------------------------------------------ who owns it


def test_an_edit_of_another_task_is_not_rolled_back(store: CanvasStore):
    async def main() -> None:
        is_open, is_edited = asyncio.Event(), asyncio.Event()

        async def first() -> None:
            with pytest.raises(StopError), store.transaction():
                store.add_node(id="draft")
                is_open.set()
                await is_edited.wait()
                raise StopError

        async def second() -> None:
            await is_open.wait()
            assert ids(store) == ["a", "b"]
            store.add_node(id="mine")
            is_edited.set()

        await asyncio.gather(first(), second())

    asyncio.run(main())
    assert ids(store) == ["a", "b", "mine"]


def test_two_open_transactions_are_two_steps_of_the_history(store: CanvasStore):
    async def main() -> None:
        barrier = asyncio.Barrier(2)

        async def add(node_id: str) -> None:
            with store.transaction(f"add {node_id}"):
                store.add_node(id=node_id)
                await barrier.wait()

        await asyncio.gather(add("x"), add("y"))

    asyncio.run(main())
    assert [step.label for step in store.history.past] == ["add y", "add x"]
    store.undo()
    assert ids(store) == ["a", "b", "y"]


def test_a_task_started_inside_a_transaction_does_not_belong_to_it(store: CanvasStore):
    async def main() -> None:
        async def other() -> None:
            store.add_node(id="mine")

        with pytest.raises(StopError), store.transaction():
            store.add_node(id="draft")
            await asyncio.create_task(other())
            raise StopError

    asyncio.run(main())
    assert ids(store) == ["a", "b", "mine"]


def test_an_edit_of_another_thread_is_neither_delayed_nor_rolled_back(store: CanvasStore):
    failing(
        store,
        lambda: store.add_node(id="draft"),
        lambda: run(lambda: store.add_node(id="mine")),
    )
    assert ids(store) == ["a", "b", "mine"]


def test_only_the_owner_sees_the_edits_before_the_end(store: CanvasStore):
    seen: list[Any] = []
    with store.transaction():
        store.add_node(id="c")
        assert ids(store) == ["a", "b", "c"]
        assert store.graph.has_node("c")
        assert "c" in {node.id for node in store.get()["nodes"]}
        run(lambda: seen.append(ids(store)))
        seen.append([node.id for node in store.committed_graph.nodes])
        seen.append((store.rev, store.is_dirty, store.draft().graph.has_node("c")))
    assert seen == [["a", "b"], ["a", "b"], (0, False, False)]
    assert ids(store) == ["a", "b", "c"]


def test_a_transaction_of_a_listener_is_its_own(store: CanvasStore):
    def add_two(event: Any) -> None:
        if event.rev == 1:
            with store.transaction("by listener"):
                store.add_node(id="y")
                store.add_node(id="z")

    store.subscribe(lambda *_states: None)
    store.on_event(add_two)
    with store.transaction("outer"):
        run(lambda: store.add_node(id="x"))
        store.add_node(id="c")
    assert [step.label for step in store.history.past] == ["add node", "by listener", "outer"]


# ------------------------------------------------------- what it takes back


def test_a_failed_transaction_takes_the_selection_and_the_name_back(store: CanvasStore):
    store.set_selection("a")
    heard: list[Any] = []
    store.subscribe(lambda *states: heard.append(states))
    store.observe(heard.append, ["selected_node_id", "pipeline_name"])
    before = store.get()

    def work() -> None:
        store.add_node(id="c")
        store.set_selection("c")
        store.pipeline_name = "Other"
        store.set({"pipeline_name": "Another"})

    failing(store, work)
    assert store.get() == before
    assert heard == []


def test_other_keys_change_immediately_and_their_listeners_are_called_at_the_end(
    store: CanvasStore,
):
    heard: list[Any] = []
    store.subscribe(lambda state: state["selected_node_id"], lambda *slices: heard.append(slices))
    with store.transaction():
        store.set_selection("a")
        store.set_selection("b")
        assert (store.selected_node_id, heard) == ("b", [])
    assert heard == [("a", None), ("b", "a")]


def test_a_key_that_another_thread_has_set_since_is_not_set_back(store: CanvasStore):
    failing(
        store,
        lambda: store.set({"pipeline_name": "Draft"}),
        lambda: run(lambda: store.set({"pipeline_name": "Theirs"})),
    )
    assert store.pipeline_name == "Theirs"


def test_undo_calls_of_a_failed_transaction_are_made_last_one_first(store: CanvasStore):
    made: list[str] = []
    with store.transaction():
        store.on_rollback(lambda: made.append("not called"))
    store.on_rollback(lambda: made.append("no transaction"))
    failing(
        store,
        lambda: store.on_rollback(lambda: made.append("first")),
        lambda: store.on_rollback(lambda: made.append("second")),
    )
    assert made == ["second", "first"]


def test_an_inner_transaction_fails_alone(store: CanvasStore):
    with store.transaction("outer"):
        store.add_node(id="c")
        failing(store, lambda: store.add_node(id="d"), lambda: store.set_selection("d"))
        with store.transaction("inner"):
            store.add_node(id="e")
        assert ids(store) == ["a", "b", "c", "e"]
    assert ids(store) == ["a", "b", "c", "e"]
    assert store.selected_node_id is None
    assert [step.label for step in store.history.past] == ["outer"]


def test_edits_that_no_longer_fit_are_refused_as_a_whole(store: CanvasStore):
    with pytest.raises(UnknownNodeError), store.transaction():
        store.add_node(id="c")
        store.update_node_data("b", {"label": "B"})
        run(lambda: store.delete_node("b"))
    assert ids(store) == ["a"]


def test_edits_of_different_nodes_are_both_made(store: CanvasStore):
    with store.transaction():
        store.update_node_data("a", {"label": "A"})
        run(lambda: store.update_node_data("b", {"label": "B"}))
    assert [node.label for node in store.nodes] == ["A", "B"]


def test_a_transaction_does_not_end_in_another_document(store: CanvasStore):
    with pytest.raises(GraphError, match="Another pipeline was opened"), store.transaction():
        store.add_node(id="c")
        run(lambda: store.load_pipeline(Graph([Node("z")]), id="p2"))
    assert (ids(store), store.pipeline_id, store.is_dirty) == (["z"], "p2", False)


def test_an_error_of_a_listener_does_not_undo_the_transaction(store: CanvasStore):
    store.observe(lambda _change: 1 / 0, "nodes")
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.set_selection("a")
        store.add_node(id="c")
    assert (ids(store), store.selected_node_id) == (["a", "b", "c"], "a")


# ---------------------------------------------------------- nobody waits


def test_the_background_loop_can_be_waited_for_inside_a_transaction(store: CanvasStore):
    async def work() -> int:
        store.mark_clean()
        store.set({"pipeline_name": "From the loop"})
        return store.draft().rev

    with store.transaction():
        store.add_node(id="c")
        assert background.wait(work(), 30) == 0
    assert store.pipeline_name == "From the loop"


def test_the_background_loop_does_not_wait_for_a_lock_that_is_held(store: CanvasStore):
    async def work() -> tuple[int, int]:
        store.mark_clean()
        store.set({"pipeline_name": "From the loop"})
        store.selected_node_id = "a"
        return store.draft().rev, store.get()["pipeline_name"]

    store.add_node(id="c")
    with store.locked():
        assert background.wait(work(), 30) == (1, "Untitled Pipeline")
        assert store.is_dirty
    assert (store.is_dirty, store.pipeline_name) == (False, "From the loop")
    assert store.selected_node_id == "a"
