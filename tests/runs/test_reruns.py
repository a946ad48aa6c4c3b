"""Running a pipeline again from a node, on what an earlier run gave."""

from __future__ import annotations

import pytest

from kaizen_widgets.engines import start
from kaizen_widgets.errors import NotRunnableError, RunError, UnknownNodeError
from kaizen_widgets.graph import Edge, Graph, as_subflow
from tests.engines.builders import pipeline

LINE = pipeline("start > a > b > c > end")
SIDES = pipeline("start > a > b > end", "start > x > end")


def test_a_run_goes_on_from_a_node_and_keeps_what_came_before(bench):
    bench.show(LINE)
    bench.register("a", "b", "c")
    run = bench.run({"text": "t"})
    bench.took()
    again = bench.again(run, "b")
    assert bench.took() == ["b", "c"]
    assert again.result == run.result
    assert [node.origin for node in again.nodes.values()] == ["cached", "cached", "", "", ""]
    cached = [event for event in again.events() if event.kind == "cached"]
    assert [(event.node, event.data["origin"], event.data["run_id"]) for event in cached] == [
        ("start", "cached", "run-1"),
        ("a", "cached", "run-1"),
    ]


def test_after_a_failure_the_failed_node_is_where_it_goes_on(bench):
    bench.show(SIDES)
    bench.register("a", "x")
    bench.register("b", does=lambda value: 1 / 0)
    run = bench.run({"text": "t"})
    assert run.status == "failed"
    bench.register("b")
    bench.took()
    again = bench.again(run)
    assert bench.took() == ["b"]
    assert again.result == {"b": "b(a({'text': 't'}))", "x": "x({'text': 't'})"}


def test_a_completed_run_is_run_again_as_a_whole(bench):
    bench.show(LINE)
    bench.register("a", "b", "c")
    run = bench.run({"text": "t"})
    bench.took()
    bench.again(run)
    assert bench.took() == ["a", "b", "c"]


def test_what_changed_before_the_node_runs_too(bench):
    bench.show(LINE)
    bench.register("a", "b", "c")
    run = bench.run({"text": "t"})
    bench.register("a", does=lambda value: "other")
    bench.took()
    assert bench.again(run, "c").result == "c(b(other))"
    assert bench.took() == ["a", "b", "c"]


def test_a_function_that_is_defined_anew_with_the_same_code_changes_nothing(bench):
    bench.show(LINE)
    bench.register("a", "b", "c")
    run = bench.run({"text": "t"})
    bench.register("a", "b", "c")
    bench.took()
    bench.again(run, "c")
    assert bench.took() == ["c"]


def test_a_pipeline_that_was_edited_meanwhile_is_run_as_it_is_now(bench):
    bench.show(LINE)
    bench.register("a", "b", "c")
    run = bench.run({"text": "t"})
    edited = pipeline("start > a > c > end", "start > b")
    bench.show(edited)
    bench.took()
    assert bench.again(run, "end").result == "c(a({'text': 't'}))"
    assert bench.took() == ["b", "c"]  # What reaches them is another value now.


def test_a_run_of_another_pipeline_goes_on_with_its_own_graph(bench):
    bench.show(LINE)
    bench.register("a", "b", "c")
    run = bench.run({"text": "t"})
    bench.show(pipeline("start > end"), "other")
    bench.took()
    assert bench.again(run, "c").result == run.result
    assert bench.took() == ["c"]


def test_an_output_that_was_changed_after_the_run_is_made_anew(bench):
    bench.show(LINE)
    bench.register("a", does=lambda value: ["made"])
    bench.register("b", "c")
    run = bench.run({"text": "t"})
    run["a"].output.append("changed")
    bench.took()
    assert bench.again(run, "c").result == "c(b(['made']))"
    assert bench.took() == ["a", "c"]


def test_objects_that_cannot_be_read_are_kept_as_they_are(bench):
    opened = object()
    bench.show(LINE)
    bench.register("a", does=lambda value: opened)
    bench.register("b", does=lambda value: value)
    bench.register("c")
    run = bench.run({"text": "t"})
    bench.took()
    again = bench.again(run, "c")
    assert bench.took() == ["c"]
    assert again["b"].output is opened


def test_a_node_whose_policy_is_never_runs_each_time(bench):
    bench.show(pipeline("start > a > b > c > end", policies={"a": {"cache": "never"}}))
    bench.register("a", "b", "c")
    run = bench.run({"text": "t"})
    bench.took()
    bench.again(run, "c")
    assert bench.took() == ["a", "c"]


def test_new_inputs_reach_what_depends_on_them(bench):
    bench.show(LINE)
    bench.register("a", "b", "c")
    run = bench.run({"text": "t"})
    bench.took()
    assert bench.again(run, "c", inputs={"text": "new"}).result == "c(b(a({'text': 'new'})))"
    assert bench.took() == ["a", "b", "c"]


def test_results_are_handed_on_from_rerun_to_rerun(bench):
    bench.show(LINE)
    bench.register("a", "b", "c")
    run = bench.run({"text": "t"})
    for _ in range(3):
        run = bench.again(run, "c")
    assert bench.took() == ["a", "b", "c", "c", "c", "c"]


def test_the_way_a_router_took_is_kept(bench):
    routes = {"routes": [{"name": "x", "when": "'t' in text"}]}
    bench.show(pipeline("start > route.x > a > end", "route.default > b > end", route=routes))
    bench.register("a", "b")
    run = bench.run({"text": "t"})
    bench.took()
    again = bench.again(run, "end")
    assert bench.took() == []
    assert again.state == run.state
    assert again["route"].reason == 'took "x"'
    assert again.result == run.result


def test_a_loop_runs_again_as_a_whole(bench):
    bench.show(pipeline("start > a > b > end", loops={"b > a": 3}))
    bench.register("a", "b")
    run = bench.run({"text": "t"})
    assert bench.took() == ["a", "b"] * 3
    bench.again(run, "b")
    assert bench.took() == ["a", "b"] * 3
    assert bench.again(run, "end").result == run.result
    assert bench.took() == []


def test_a_subflow_is_run_again_with_all_inside(bench):
    inner = as_subflow(pipeline("start > b > end"), id="s", label="Inner")
    outer = pipeline("start > a", "end")

    graph = Graph([*outer.nodes, inner], [*outer.edges, Edge("x", "a", "s"), Edge("y", "s", "end")])
    bench.show(graph)
    bench.register("a", "b")
    run = bench.run({"text": "t"})
    assert bench.took() == ["a", "b"]
    again = bench.again(run, "Inner")
    assert bench.took() == ["b"]
    assert again.result == run.result
    bench.again(run, "end")
    assert bench.took() == []


def test_a_run_that_has_not_ended_is_not_run_again(bench):
    bench.show(pipeline("start > check > end", kinds={"check": "approval"}))
    run = bench.run({"text": "t"})
    with pytest.raises(NotRunnableError, match="has not ended"):
        run.rerun()
    run.cancel()
    bench.loop.settle()


def test_a_node_that_is_not_there_is_refused(bench):
    bench.show(LINE)
    bench.register("a", "b", "c")
    run = bench.run({"text": "t"})
    with pytest.raises(UnknownNodeError, match="There is no node 'nobody'"):
        run.rerun("nobody")


def test_a_run_that_no_runner_started_says_so(bench):
    run = start(LINE, loop=bench.loop, functions={"a": str, "b": str, "c": str})
    bench.loop.settle()
    with pytest.raises(RunError, match="start runs with studio"):
        run.rerun()


# ------------------------------------------------- what reaches outside

WORLD = pipeline("start > send > a > end", kinds={"send": "connector"})


def test_a_node_that_reached_outside_asks_before_it_does_so_again(bench):
    bench.show(WORLD)
    bench.register("send", "a")
    run = bench.run({"text": "t"})
    bench.took()
    again = bench.again(run, "send")
    assert bench.took() == []
    assert again["send"].question.text == '"send" has reached outside before. Do it again?'
    again["send"].approve()
    bench.loop.settle()
    assert bench.took() == ["send", "a"]
    assert again.result == run.result


def test_refused_it_fails_and_does_nothing(bench):
    bench.show(WORLD)
    bench.register("send", "a")
    run = bench.run({"text": "t"})
    bench.took()
    again = bench.again(run, "send")
    again["send"].reject("it was sent")
    bench.loop.settle()
    assert bench.took() == []
    assert str(again["send"].error) == '"send" was not run again: it was sent.'


def test_it_does_not_ask_when_told_so_nor_before_the_first_time(bench):
    bench.show(WORLD)
    bench.register("send", "a")
    run = bench.run({"text": "t"})
    bench.again(run, "send", repeat=True)
    bench.again(run, "a")
    assert bench.took() == ["send", "a", "send", "a", "a"]
