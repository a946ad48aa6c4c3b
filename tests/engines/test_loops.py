"""Loops: edges that lead back, at most so many times."""

from __future__ import annotations

import asyncio

import pytest

from kaizen_widgets.engines import reasons_against
from kaizen_widgets.nodes import Functions, default_registry
from tests.engines.builders import pipeline

AGAIN = {"routes": [{"name": "again", "when": "value < 5"}]}


def add_one(value):
    return value["n"] + 1 if isinstance(value, dict) else value + 1


def states(run, node_id):
    return [event.state for event in run.events() if event.node == node_id]


def reasons(graph):
    return reasons_against(graph, default_registry(), Functions(dict.fromkeys("abcdef", add_one)))


def test_a_loop_runs_its_body_until_the_router_takes_another_way(go):
    graph = pipeline("start > a > route > end", route=AGAIN, loops={"route.again > a": 100})
    run = go(graph, {"n": 0}, functions={"a": add_one})
    assert run.result == 5
    assert states(run, "a") == ["running", "iterated"] * 4 + ["running", "iterated", "completed"]
    assert states(run, "start") == ["running", "completed"]
    assert states(run, "end") == ["running", "completed"]
    iterations = [
        e.data["iteration"] for e in run.events() if e.node == "a" and e.state == "running"
    ]
    assert iterations == [1, 2, 3, 4, 5]
    assert run["a"].output == 5


def test_a_loop_ends_after_its_iterations(go):
    calls = []

    def count(value):
        calls.append(value)
        return add_one(value)

    graph = pipeline("start > a > b > end", loops={"b > a": 3})
    run = go(graph, {"n": 0}, functions={"a": count, "b": lambda value: value})
    assert calls == [{"n": 0}, 1, 2]
    assert run.result == 3


def test_one_iteration_is_no_repetition(go):
    graph = pipeline("start > a > end", loops={"a > a": 1})
    assert go(graph, {"n": 0}, functions={"a": add_one}).result == 1


def test_a_node_may_loop_on_itself(go):
    graph = pipeline("start > a > end", loops={"a > a": 7})
    assert go(graph, {"n": 0}, functions={"a": add_one}).result == 7


def test_nodes_behind_a_loop_get_the_last_iteration_only(go):
    got = []
    graph = pipeline("start > a > b > end", "a > c", loops={"b > a": 3})
    run = go(graph, {"n": 0}, functions={"a": add_one, "b": lambda v: v, "c": got.append})
    assert got == [3]
    assert run.status == "completed"


def test_a_way_out_of_the_middle_of_a_loop_is_taken_when_the_loop_is_over(go):
    """The edge back leaves a node behind the router, not the router itself."""
    graph = pipeline(
        "start > a > route",
        "route.again > b",
        "route.default > end",
        route=AGAIN,
        loops={"b > a": 100},
    )
    run = go(graph, {"n": 0}, functions={"a": add_one, "b": lambda value: value})
    assert run.result == 5
    assert run["b"].status == "skipped"
    assert run["b"].reason == '"route" took "default"'


def test_inputs_from_outside_stay_for_nodes_in_the_loop(go):
    seen = []

    def b(value):
        seen.append(value)
        return value["a"]

    graph = pipeline("start > a > b > end", "start > b", loops={"b > a": 2})
    go(graph, {"n": 0}, functions={"a": add_one, "b": b})
    assert seen == [{"a": 1, "start": {"n": 0}}, {"a": 2, "start": {"n": 0}}]


def test_an_inner_loop_begins_again_with_each_iteration_of_the_outer_one(go):
    calls = {"a": 0, "b": 0, "c": 0}

    def counting(name):
        def call(value):
            calls[name] += 1
            return add_one(value)

        return call

    graph = pipeline("start > a > b > c > end", loops={"b > b": 3, "c > a": 2})
    run = go(graph, {"n": 0}, functions={name: counting(name) for name in calls})
    assert calls == {"a": 2, "b": 6, "c": 2}
    assert run.result == 10


def test_two_ways_back_from_one_router_count_apart(go):
    routes = [{"name": "x", "when": "value % 2 == 1"}, {"name": "y", "when": "value < 8"}]
    graph = pipeline(
        "start > a > route > end",
        route={"routes": routes},
        loops={"route.x > a": 3, "route.y > a": 9},
    )
    run = go(graph, {"n": 0}, functions={"a": add_one})
    # 1 x 2 y 3 x 4 y 5: the two repetitions by x are used up.
    assert run["a"].output == 5
    assert run["end"].status == "skipped"


def test_a_failure_in_the_last_iteration_skips_what_is_behind(go):
    def fails_at_three(value):
        if add_one(value) == 3:
            raise ValueError("three")
        return add_one(value)

    graph = pipeline("start > a > b > end", loops={"b > a": 9})
    run = go(graph, {"n": 0}, functions={"a": fails_at_three, "b": lambda value: value})
    assert run.state == {"start": "completed", "a": "failed", "b": "skipped", "end": "skipped"}
    assert run["end"].reason == 'because "a" failed'
    assert run.status == "failed"


def test_a_node_of_a_loop_is_tried_again_in_each_iteration(go, virtual):
    calls = []

    def every_second(value):
        calls.append(value)
        if len(calls) % 2:
            raise ConnectionError
        return add_one(value)

    graph = pipeline("start > a > end", loops={"a > a": 3}, policies={"a": {"retries": 1}})
    run = go(graph, {"n": 0}, functions={"a": every_second})
    virtual.advance(60)
    assert run.result == 3
    assert len(calls) == 6


def test_a_muted_source_ends_its_loop(go):
    graph = pipeline("start > a > b > end", loops={"b > a": 5}, policies={"b": {"muted": True}})
    assert go(graph, {"n": 0}, functions={"a": add_one}).result == 1


def test_cancel_stops_a_loop(go, virtual):
    async def a(value):
        return value

    async def b(value):
        await asyncio.Event().wait()

    run = go(pipeline("start > a > b > end", loops={"b > a": 5}), functions={"a": a, "b": b})
    run.cancel()
    virtual.settle()
    assert run.state == {
        "start": "completed",
        "a": "cancelled",
        "b": "cancelled",
        "end": "cancelled",
    }
    assert run["end"].reason == "not started"


def test_nodes_of_a_loop_without_a_way_between_them_run_at_the_same_time(go, virtual):
    together, most = 0, 0

    async def work(value):
        nonlocal together, most
        together += 1
        most = max(most, together)
        await asyncio.sleep(0)
        together -= 1
        return 1

    graph = pipeline("a > b > d", "a > c > d", loops={"d > a": 2})
    go(graph, functions={"a": work, "b": work, "c": work, "d": work})
    assert most == 2


def test_a_thousand_iterations_are_no_deep_call(go):
    graph = pipeline("start > a > end", loops={"a > a": 1000})
    assert go(graph, {"n": 0}, functions={"a": add_one}).result == 1000


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "3", 10_001])
def test_wrong_numbers_of_iterations_are_refused_with_the_edge(count):
    [reason] = reasons(pipeline("a > b", loops={"b > a": count}))
    assert reason.startswith('The edge "b > a" from "b" to "a" has a wrong maxIterations')


def test_a_loop_that_leads_nowhere_back_is_refused():
    [reason] = reasons(pipeline("a > b", "a > c", loops={"b > c": 3}))
    assert "leads nowhere back" in reason


def test_loops_that_cross_are_refused():
    [reason] = reasons(pipeline("a > b > c > d", loops={"c > a": 2, "d > b": 2}))
    assert reason.startswith('The loops of the edges "c > a" and "d > b" cross')
