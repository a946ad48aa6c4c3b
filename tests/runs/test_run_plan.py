"""What a run would do, said beforehand."""

from __future__ import annotations

import pytest

from kaizen_widgets.graph import Graph
from tests.engines.builders import pipeline

LINE = pipeline("start > a > b > c > end")


def rows(plan):
    return {row.label: (row.action, row.reason) for row in plan}


def edited(node_id, **config):
    nodes = [
        node.set_in(("data", "config"), config) if node.id == node_id else node
        for node in LINE.nodes
    ]
    return Graph(nodes, LINE.edges)


def test_a_plan_says_what_would_run_and_why(bench):
    bench.show(LINE)
    bench.register("a", "b", "c")
    run = bench.run({"text": "t"})
    bench.took()
    bench.show(edited("b", prompt="new: {{ text }}"))
    assert rows(bench.runner.plan_unchanged(run)) == {
        "start": ("cached", ""),
        "a": ("cached", ""),
        "b": ("run", "Prompt changed"),
        "c": ("run", "b changed"),
        "end": ("run", "b changed"),
    }
    assert bench.took() == []


def test_what_a_plan_says_is_what_happens(bench):
    bench.show(LINE)
    bench.register("a", "b", "c")
    run = bench.run({"text": "t"})
    bench.show(edited("a", prompt="new"))
    bench.took()
    plan = run.plan("c")
    again = bench.again(run, "c")
    assert plan.will_run == tuple(node.label for node in again.nodes.values() if not node.origin)


def test_a_plan_of_a_failed_run_goes_on_from_the_failure(bench):
    bench.show(LINE)
    bench.register("a", "c")
    bench.register("b", does=lambda value: 1 / 0)
    run = bench.run({"text": "t"})
    assert run.plan().will_run == ("b", "c", "end")


def test_pins_questions_muted_nodes_and_branches_not_taken_are_said(bench):
    routes = {"routes": [{"name": "x", "when": "'t' in text"}]}
    bench.show(
        pipeline(
            "start > route.x > a > check > end",
            "route.default > b > end",
            kinds={"check": "approval"},
            policies={"b": {"muted": True}},
            route=routes,
        )
    )
    bench.register("a")
    bench.runner.cache.policy = "session"
    run = bench.run({"text": "t"})
    run["check"].approve()
    bench.loop.settle()
    bench.runner.pin("a", "mine")
    assert rows(bench.runner.plan({"text": "t"})) == {
        "start": ("cached", ""),
        "route": ("cached", ""),
        "a": ("pinned", ""),
        "b": ("skip", "Another branch is taken"),
        "check": ("ask", ""),
        "end": ("run", ""),
    }


def test_a_plan_knows_how_long_it_took_last_time(bench):
    bench.show(LINE)
    bench.register("a", "b", "c")
    bench.run({"text": "t"})
    plan = bench.runner.plan({"text": "t"})
    assert plan.seconds == 0.0
    assert plan.cost is None
    assert list(plan.to_frame().action) == ["run"] * 5
    assert repr(plan) == "RunPlan(5 run)"
    with pytest.raises(KeyError):
        plan["nobody"]
