"""What a cell shows of a run: its state, its nodes, the user's line of an error, and when nodes worked."""

from __future__ import annotations

import asyncio

from IPython.core.formatters import format_display_data

from kaizen_widgets.engines.run_display import seconds_of, waterfall_bars
from tests.engines.builders import pipeline


def test_a_run_shows_each_node_with_its_value(go):
    run = go(pipeline("start > a > end"), {"n": 1}, functions={"a": lambda v: {"text": "<b>hi"}})
    data, _ = format_display_data(run)
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/plain"] == "Run(done: 3 completed, 0 skipped, 0 failed)"
    assert "3 done" in data["text/html"]
    assert "text: &lt;b&gt;hi" in data["text/html"]
    assert "<b>hi" not in data["text/html"]


def test_a_failed_run_shows_the_line_of_the_user(go):
    def refund(value):
        return {}["refunded_at"]

    run = go(pipeline("start > a > end"), functions={"a": refund})
    shown = run._repr_mimebundle_()["text/html"]
    assert "KeyError: &#x27;refunded_at&#x27;" in shown
    assert "test_run_display.py, line" in shown
    assert "return {}[" in shown


def test_a_secret_in_a_value_is_hidden(go):
    run = go(pipeline("start > a"), functions={"a": lambda v: {"api_key": "canary"}})
    assert "canary" not in str(run._repr_mimebundle_())


def test_bars_are_the_times_at_which_nodes_worked(go):
    run = go(pipeline("start > a > end"), functions={"a": lambda value: value})
    assert [(bar.node, bar.state) for bar in run.waterfall().bars] == [
        ("start", "completed"),
        ("a", "completed"),
        ("end", "completed"),
    ]


def test_a_node_that_waits_for_a_person_has_a_bar_of_its_own(go, virtual):
    graph = pipeline("start > check > end", kinds={"check": "approval"})
    run = go(graph, {"text": "hey"})
    virtual.advance(5)
    assert seconds_of(run) is None
    run["check"].approve()
    virtual.settle()
    bars = [(bar.state, bar.end - bar.start) for bar in waterfall_bars(run) if bar.node == "check"]
    assert bars[1] == ("waiting", 5.0)
    assert [state for state, _ in bars] == ["completed", "waiting", "completed"]
    assert seconds_of(run) == 5.0


def test_a_run_that_goes_on_can_be_shown(go, virtual):
    gate = asyncio.Event()

    async def slow(value):
        await gate.wait()

    run = go(pipeline("start > a > end"), functions={"a": slow})
    shown = run._repr_mimebundle_()["text/html"]
    assert "Running" in shown
    assert [bar.state for bar in run.waterfall().bars] == ["completed", "running"]
    run.cancel()
    virtual.settle()
    assert run.status == "cancelled"


def test_a_comparison_shows_what_changed_and_the_difference_in_time(go):
    graph = pipeline("start > a")
    before = go(graph, functions={"a": lambda value: "<one>"})
    after = go(graph, functions={"a": lambda value: "two"}, new_id=lambda: "run-2")
    data, _ = format_display_data(after.compare(before))
    assert data["text/plain"] == "RunComparison(1 of 2 nodes differ: a)"
    assert "Output changed" in data["text/html"]
    assert "&lt;one&gt;" in data["text/html"]
    assert "+0 ms" in data["text/html"]
