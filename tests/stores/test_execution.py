"""ExecutionStore: a run makes progress and ends once."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores.equality import same_content
from kaizen_widgets.stores.execution import MAX_LINES, ExecutionStore
from kaizen_widgets.testing import FakeClock

ENDED = ("completed", "failed", "cancelled")


def begun(*nodes: str) -> ExecutionStore:
    store = ExecutionStore()
    store.start_execution("run-1", nodes)
    return store


def test_start_execution_sets_all_nodes_pending():
    store = ExecutionStore()
    store.start_execution("run-1", {"a": "Billing"})
    assert (store.status, store.progress, store.end_time) == ("preparing", 0.0, None)
    assert store.node_executions["a"]["label"] == "Billing"
    assert store.node_executions["a"]["status"] == "pending"


def test_first_report_sets_the_run_running():
    store = begun("a")
    store.update_node_status("a", "running")
    assert (store.status, store.current_node_id) == ("running", "a")
    other = begun()
    other.set_progress(10, "x")
    assert (other.status, other.progress, other.current_node_id) == ("running", 10, "x")


def test_progress_counts_ended_nodes_and_parts_of_running_ones():
    store = begun("a", "b")
    store.update_node_status("a", "completed")
    store.update_node_status("b", "running", progress=0.5)
    assert store.progress == 75
    assert store.current_node_id == "b"


def test_current_node_is_the_running_one_that_started_last():
    store = begun("a", "b")
    store.update_node_status("a", "running")
    store.update_node_status("b", "running")
    assert store.current_node_id == "b"
    store.update_node_status("b", "completed")
    assert store.current_node_id == "a"
    store.update_node_status("a", "completed")
    assert store.current_node_id is None


def test_result_has_the_duration_and_the_output_of_each_node(clock: FakeClock):
    store = ExecutionStore(now=clock.now)
    store.start_execution("run-1", ["a"])
    clock.advance(2.5)
    store.set_result(42, node_results={"a": 41})
    assert (store.status, store.progress) == ("completed", 100)
    assert store.result == {
        "success": True,
        "duration": 2.5,
        "output": 42,
        "node_results": {"a": 41},
    }
    assert store.end_time == clock.now().isoformat()


def test_result_without_success_is_a_failure():
    store = begun()
    store.set_result(success=False, message="no credit")
    assert (store.status, store.message, store.result["success"]) == ("failed", "no credit", False)


def test_failure_is_the_message_and_the_last_line_of_the_log():
    store = begun("a")
    store.add_log("working", node_id="a")
    store.set_failed(ValueError("no customer"), node_id="a")
    assert (store.status, store.message) == ("failed", "no customer")
    assert [(line["level"], line["message"]) for line in store.logs] == [
        ("info", "working"),
        ("error", "no customer"),
    ]
    store.add_log("late")  # where the design this comes from raised
    assert store.logs[-1]["message"] == "late"


def test_late_reports_do_not_change_an_ended_run():
    store = begun("a", "b")
    store.update_node_status("a", "completed")
    store.cancel()
    before = store.get()
    store.set_progress(90)
    store.set_result(3)
    store.set_failed("late")
    store.cancel()
    store.set_running("again")
    store.update_nodes({"b": {"status": "completed"}})
    assert store.get() == before


def test_ended_node_stays_ended_and_none_goes_back_to_pending():
    store = begun("a", "b")
    store.update_node_status("a", "completed", preview="4")
    store.update_node_status("a", "running", progress=0.1)
    store.update_node_status("b", "running", progress=0.5)
    store.update_node_status("b", "pending", progress=0.2)
    nodes = store.node_executions
    assert (nodes["a"]["status"], nodes["a"]["preview"]) == ("completed", "4")
    assert (nodes["b"]["status"], nodes["b"]["progress"]) == ("running", 0.5)


def test_reports_of_another_run_are_ignored():
    store = begun("a")
    before = store.get()
    store.update_nodes({"x": {"status": "running"}}, [{"message": "m"}], execution_id="run-0")
    store.set_progress(50, execution_id="run-0")
    store.set_failed("no", execution_id="run-0")
    assert store.get() == before


def test_late_log_line_is_kept_with_its_timestamp():
    store = begun("a")
    store.cancel()
    store.update_nodes({}, [{"message": "late", "timestamp": "2026-01-01T00:00:00+00:00"}])
    assert (store.status, store.logs[-1]["timestamp"][:4]) == ("cancelled", "2026")


def test_start_execution_drops_the_run_before():
    store = begun("a")
    store.add_log("line", node_id="a")
    store.set_failed("a failed")
    store.start_execution("run-2", ["b"])
    assert list(store.node_executions) == ["b"]
    assert (store.logs, store.message, store.result, store.end_time) == ((), "", None, None)


def test_reset_goes_back_to_idle():
    store = begun("a")
    store.set_result(3)
    store.reset()
    assert store.get() == ExecutionStore().get()
    assert store.status == "idle"


@pytest.mark.parametrize(
    "act",
    [
        lambda store: store.set_progress(5),
        lambda store: store.set_result(5),
        lambda store: store.set_failed("no"),
        lambda store: store.cancel(),
        lambda store: store.update_node_status("a", "running"),
    ],
)
def test_reports_without_a_run_are_refused(act):
    with pytest.raises(StoreError, match="start_execution"):
        act(ExecutionStore())


@pytest.mark.parametrize("progress", [-1, 101, float("nan"), float("inf"), True, "5", None])
def test_set_progress_refuses_what_is_no_percentage(progress):
    store = begun()
    with pytest.raises(StoreError, match="from 0 to 100"):
        store.set_progress(progress)
    assert (store.status, store.progress) == ("preparing", 0)


def test_update_nodes_refuses_an_unknown_node_or_status():
    store = begun("a")
    with pytest.raises(StoreError, match="no node 'b'"):
        store.update_nodes({"a": {"status": "running"}, "b": {"status": "running"}})
    with pytest.raises(StoreError, match="not 'done'"):
        store.update_node_status("a", "done")
    assert store.node_executions["a"]["status"] == "pending"


def test_add_log_refuses_an_unknown_level():
    store = begun()
    with pytest.raises(StoreError, match="not 'loud'"):
        store.add_log("x", level="loud")  # type: ignore[arg-type]
    assert store.logs == ()


def test_log_drops_the_oldest_lines():
    store = ExecutionStore()
    for number in range(MAX_LINES + 1):
        store.add_log(str(number))
    assert len(store.logs) == MAX_LINES
    assert store.logs[0]["message"] == "1"
    assert len({line["id"] for line in store.logs}) == MAX_LINES


def test_returned_state_does_not_change_later():
    store = begun("a")
    before = store.get()
    store.update_node_status("a", "running")
    assert before["node_executions"]["a"]["status"] == "pending"


def test_update_of_several_nodes_is_one_change():
    store, heard = begun("a", "b"), []
    store.subscribe(lambda state, previous: heard.append(state))
    news = {"status": "running"}
    store.update_nodes({"a": news, "b": news}, [{"message": "x"}])
    assert len(heard) == 1


def test_state_is_json_except_the_result():
    store = begun("a")
    store.add_log("x", node_id="a", data={"n": 1})
    store.set_result(object())
    state = {key: value for key, value in store.get().items() if key != "result"}
    assert same_content(json.loads(json.dumps(state)), {**state, "logs": list(state["logs"])})


NEWS = st.one_of(
    st.tuples(st.just("set_progress"), st.integers(0, 100)),
    st.tuples(st.just("set_result"), st.none()),
    st.tuples(st.just("set_failed"), st.just("no")),
    st.tuples(st.just("cancel")),
    st.tuples(st.just("set_running"), st.just("")),
    st.tuples(
        st.just("update_node_status"),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["pending", "running", "completed", "failed", "skipped", "cancelled"]),
    ),
    st.tuples(st.just("add_log"), st.just("line")),
)


@given(st.lists(NEWS, max_size=30))
def test_progress_grows_and_an_end_is_final_for_reports_in_any_order(news):
    store = begun("a", "b")
    seen: list[dict[str, Any]] = []
    store.subscribe(lambda state, _previous: seen.append(dict(state)))
    for verb, *facts in news:
        getattr(store, verb)(*facts)
    for before, after in pairwise(seen):
        assert after["progress"] >= before["progress"]
        if before["status"] in ENDED:  # but for the log
            assert {**after, "logs": ()} == {**before, "logs": ()}
    assert (store.end_time is not None) == (store.status in ENDED) == (store.result is not None)
