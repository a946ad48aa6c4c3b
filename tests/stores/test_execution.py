from __future__ import annotations

import pytest

from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores.execution import MAX_LINES, ExecutionStore


def test_a_run_begins_with_all_nodes_pending():
    store = ExecutionStore()
    store.start_execution("run-1", {"a": "Billing"})
    assert (store.status, store.progress) == ("running", 0.0)
    assert store.node_executions["a"]["label"] == "Billing"
    assert store.node_executions["a"]["status"] == "pending"


def test_progress_counts_ended_nodes_and_parts_of_running_ones():
    store = ExecutionStore()
    store.start_execution("run-1", ["a", "b"])
    store.update_node_status("a", "completed")
    store.update_node_status("b", "running", progress=0.5)
    assert store.progress == 0.75
    assert store.current_node_ids == ("b",)


def test_a_new_run_forgets_the_one_before():
    store = ExecutionStore()
    store.start_execution("run-1", ["a"])
    store.add_log("line", node="a")
    store.complete_execution("failed", message="a failed")
    store.start_execution("run-2", ["b"])
    assert list(store.node_executions) == ["b"]
    assert (store.logs, store.message, store.result) == ((), "", None)


def test_reset_goes_back_to_idle():
    store = ExecutionStore()
    store.start_execution("run-1", ["a"])
    store.complete_execution(result=3)
    assert (store.status, store.result, store.progress) == ("completed", 3, 1.0)
    store.reset()
    assert store.get() == ExecutionStore().get()
    assert store.status == "idle"


def test_an_unknown_node_is_refused_and_nothing_changes():
    store = ExecutionStore()
    store.start_execution("run-1", ["a"])
    with pytest.raises(StoreError, match="no node 'b'"):
        store.update_nodes({"a": {"status": "running"}, "b": {"status": "running"}})
    assert store.node_executions["a"]["status"] == "pending"


def test_the_oldest_lines_go_first():
    store = ExecutionStore()
    for number in range(MAX_LINES + 1):
        store.add_log(str(number))
    assert len(store.logs) == MAX_LINES
    assert store.logs[0]["text"] == "1"


def test_states_given_out_do_not_change_later():
    store = ExecutionStore()
    store.start_execution("run-1", ["a"])
    before = store.get()
    store.update_node_status("a", "running")
    assert before["node_executions"]["a"]["status"] == "pending"


def test_one_update_is_one_change():
    store, heard = ExecutionStore(), []
    store.start_execution("run-1", ["a", "b"])
    store.subscribe(lambda state, previous: heard.append(state))
    store.update_nodes({"a": {"status": "running"}, "b": {"status": "running"}}, [{"text": "x"}])
    assert len(heard) == 1
