"""Pinned outputs, and results that are accepted as up to date."""

from __future__ import annotations

import pytest

from kaizen_widgets.errors import RunError
from tests.engines.builders import pipeline

LINE = pipeline("start > a > b > end")


def test_a_pinned_node_gives_what_a_person_said(bench):
    bench.show(LINE)
    bench.register("a", "b")
    bench.runner.pin("a", "mine")
    run = bench.run({"text": "t"})
    assert bench.took() == ["b"]
    assert (run.result, run["a"].origin) == ("b(mine)", "pinned")
    assert bench.runner.pins == {"a": "mine"}
    bench.runner.unpin("a")
    assert bench.run({"text": "t"}).result == "b(a({'text': 't'}))"


def test_without_a_value_it_gives_what_it_gave_last(bench):
    bench.show(LINE)
    bench.register("a", "b")
    with pytest.raises(RunError, match='"a" has given nothing yet'):
        bench.runner.pin("a")
    bench.run({"text": "t"})
    bench.runner.pin("a")
    bench.took()
    assert bench.run({"text": "other"}).result == "b(a({'text': 't'}))"
    assert bench.took() == ["b"]


def test_a_pinned_router_takes_the_way_it_took(bench):
    routes = {"routes": [{"name": "x", "when": "'t' in text"}]}
    bench.show(pipeline("start > route.x > a > end", "route.default > b > end", route=routes))
    bench.register("a", "b")
    with pytest.raises(RunError, match="chooses where its value goes"):
        bench.runner.pin("route", {"text": "t"})
    bench.run({"text": "t"})
    bench.runner.pin("route")
    bench.took()
    assert bench.run({"text": "other"})["b"].status == "skipped"
    assert bench.took() == ["a"]


def test_pins_belong_to_one_pipeline(bench):
    bench.show(LINE)
    bench.register("a", "b")
    bench.runner.pin("a", "mine")
    bench.show(LINE, "another")
    assert bench.runner.pins == {}
    assert bench.run({"text": "t"}).result == "b(a({'text': 't'}))"


def test_an_approval_cannot_be_pinned(bench):
    bench.show(pipeline("start > check > end", kinds={"check": "approval"}))
    with pytest.raises(RunError, match="asks a person, so it cannot be pinned"):
        bench.runner.pin("check", "yes")


def test_a_changed_node_that_is_accepted_keeps_its_result(bench):
    bench.show(LINE)
    bench.register("a", "b")
    run = bench.run({"text": "t"})
    bench.register("a", does=lambda value: "other")
    assert run.plan("end")["a"].reason == "Function changed"
    bench.runner.accept("a")
    assert run.plan("end")["a"].action == "cached"
    bench.took()
    assert bench.again(run, "end").result == run.result
    assert bench.took() == []
    bench.register("a", does=lambda value: "yet another")
    assert bench.again(run, "end").result == "b(yet another)"


def test_a_result_can_be_accepted_only_if_there_is_one(bench):
    bench.show(LINE)
    bench.register("a", "b")
    with pytest.raises(RunError, match='"a" has no result to accept'):
        bench.runner.accept("a")
