"""Running up to a node, or a node alone."""

from __future__ import annotations

import pytest

from kaizen_widgets.errors import NotRunnableError
from tests.engines.builders import pipeline

LINE = pipeline("start > a > b > c > end", "start > x > end")


def test_up_to_a_node_only_what_leads_there_runs(bench):
    bench.show(LINE)
    bench.register("a", "b", "c", "x")
    run = bench.run({"text": "t"}, to="b")
    assert bench.took() == ["a", "b"]
    assert run.result == "b(a({'text': 't'}))"
    assert list(run.nodes) == ["start", "a", "b"]


def test_a_node_alone_runs_on_what_reached_it(bench):
    bench.show(LINE)
    bench.register("a", "b", "c", "x")
    bench.run({"text": "t"})
    bench.took()
    run = bench.run(only="b")
    assert bench.took() == ["b"]
    assert run["b"].inputs == {"a": "a({'text': 't'})"}
    assert (run.result, run["a"].origin) == ("b(a({'text': 't'}))", "cached")


def test_from_a_node_in_the_studio_is_from_the_last_run(bench):
    bench.show(LINE)
    bench.register("a", "b", "c", "x")
    bench.run({"text": "t"})
    bench.run(only="b")
    bench.took()
    run = bench.run(from_="c")
    assert bench.took() == ["c"]
    assert run.inputs == {"text": "t"}


def test_from_and_up_to_bound_a_part(bench):
    bench.show(LINE)
    bench.register("a", "b", "c", "x")
    bench.run({"text": "t"})
    bench.took()
    assert bench.run(from_="b", to="b").result == "b(a({'text': 't'}))"
    assert bench.took() == ["b"]


def test_several_nodes_may_be_named(bench):
    bench.show(LINE)
    bench.register("a", "b", "c", "x")
    bench.run({"text": "t"}, to=["a", "x"])
    assert bench.took() == ["a", "x"]
    bench.run({"text": "t"})
    bench.took()
    bench.run(only=["b", "c"])
    assert bench.took() == ["b", "c"]


def test_a_join_alone_does_without_the_branch_that_was_not_taken(bench):
    routes = {"routes": [{"name": "x", "when": "true"}]}
    graph = pipeline("start > route.x > a > join > end", "route.default > b > join", route=routes)
    bench.show(graph)
    bench.register("a", "b")
    bench.run({"text": "t"})
    bench.took()
    assert bench.run(only="join").result == "a({'text': 't'})"
    assert bench.took() == []


@pytest.mark.parametrize("options", [{"from_": "b"}, {"only": "b"}])
def test_without_a_run_before_there_is_nothing_to_go_on_from(bench, options):
    bench.show(LINE)
    bench.register("a", "b", "c", "x")
    with pytest.raises(NotRunnableError, match="has not been run yet"):
        bench.run(**options)


def test_a_node_whose_inputs_are_missing_is_refused(bench):
    bench.show(LINE)
    bench.register("b", "c", "x")
    bench.register("a", does=lambda value: 1 / 0)
    bench.run({"text": "t"})
    with pytest.raises(NotRunnableError, match='"b" needs the output of "a", which has none'):
        bench.run(only="b")


def test_inputs_that_were_changed_since_are_refused(bench):
    bench.show(LINE)
    bench.register("a", does=lambda value: ["made"])
    bench.register("b", "c", "x")
    run = bench.run({"text": "t"})
    run["a"].output.append("changed")
    again = bench.run(only="b")
    assert again.status == "failed"
    assert (
        str(again["a"].error)
        == 'The output of "a" was changed after the run that gave it: run it again.'
    )


def test_ways_to_choose_a_part_exclude_each_other(bench):
    bench.show(LINE)
    bench.register("a", "b", "c", "x")
    bench.run({"text": "t"})
    with pytest.raises(NotRunnableError, match="exclude each other"):
        bench.run(only="b", to="c")
    with pytest.raises(NotRunnableError, match="at least one node"):
        bench.run(to=[])


def test_runs_of_another_pipeline_are_not_gone_on_from(bench):
    bench.show(LINE)
    bench.register("a", "b", "c", "x")
    bench.run({"text": "t"})
    bench.show(LINE, "another")
    with pytest.raises(NotRunnableError, match="has not been run yet"):
        bench.run(from_="b")
