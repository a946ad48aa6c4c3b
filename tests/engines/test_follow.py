# ruff: noqa: T201 - nodes print
from __future__ import annotations

import asyncio
from typing import NamedTuple

import pytest

from kaizen_widgets.engines import follow, start
from kaizen_widgets.graph import group
from kaizen_widgets.nodes import default_registry, node
from kaizen_widgets.nodes.value_count import ValueCount
from kaizen_widgets.stores.execution import ExecutionStore
from kaizen_widgets.testing import FakeClock, VirtualLoop
from tests.engines.builders import pipeline


@pytest.fixture
def world(clock: FakeClock):
    loop = VirtualLoop(clock)
    yield loop
    loop.close()


def test_the_first_node_is_shown_at_once(world, clock):
    async def forever(value):
        await asyncio.Event().wait()

    store = ExecutionStore()
    run = start(pipeline("a > end"), loop=world, clock=clock, functions={"a": forever})
    follow(run, store, clock)
    assert store.status == "running"
    assert store.node_executions["a"]["status"] == "pending"
    world.settle()
    world.advance(0.05)
    assert store.node_executions["a"]["status"] == "running"
    assert (store.status, store.current_node_id) == ("running", "a")
    run.cancel()
    world.settle()
    assert store.status == "cancelled"
    assert store.current_node_id is None


def test_the_end_is_shown_with_results(world, clock):
    async def double(n):
        print("doubling")
        return n * 2

    store = ExecutionStore()
    run = start(
        pipeline("start > a > end"), {"n": 2}, loop=world, clock=clock, functions={"a": double}
    )
    follow(run, store, clock)
    world.settle()
    assert (store.status, store.progress) == ("completed", 100)
    assert (store.result["success"], store.result["output"]) == (True, 4)
    assert store.result["node_results"]["a"] == 4
    assert store.node_executions["a"]["preview"] == "4"
    assert store.node_executions["a"]["label"] == "a"
    [line] = store.logs
    assert (line["node_id"], line["level"], line["message"]) == ("a", "info", "doubling")
    assert line["data"] == {"stream": "stdout"}


def test_a_failure_is_shown_with_its_reason(world, clock):
    async def bad(value):
        raise ValueError("no such customer")

    store = ExecutionStore()
    run = start(pipeline("start > a > end"), loop=world, clock=clock, functions={"a": bad})
    follow(run, store, clock)
    world.settle()
    assert store.status == "failed"
    assert store.message == '"a" failed: ValueError: no such customer'
    assert store.node_executions["a"]["error"] == "ValueError: no such customer"
    assert store.node_executions["end"]["message"] == 'because "a" failed'
    assert (store.result["success"], store.result["output"]) == (False, None)
    assert store.logs[-1]["level"] == "error"
    assert store.logs[-1]["message"] == store.message


def test_many_lines_are_few_changes(world, clock):
    async def chatty(value):
        for number in range(500):
            print(number)

    store = ExecutionStore()
    changes = []
    run = start(pipeline("a"), loop=world, clock=clock, functions={"a": chatty})
    follow(run, store, clock)
    store.subscribe(lambda state, previous: changes.append(len(state["logs"])))
    world.settle()
    assert len(store.logs) == 500
    assert len(changes) < 10


def test_a_store_that_took_up_another_run_is_left_alone(world, clock):
    gate = asyncio.Event()

    async def slow(value):
        await gate.wait()

    store = ExecutionStore()
    old = start(pipeline("a"), loop=world, clock=clock, functions={"a": slow})
    follow(old, store, clock)
    new = start(pipeline("start > end"), {"n": 2}, loop=world, clock=clock)
    follow(new, store, clock)
    world.settle()
    world.loop.call_soon(gate.set)
    world.settle()
    assert old.status == "completed"
    assert store.execution_id == new.id
    assert store.result["output"] == {"n": 2}


def test_an_observer_that_raises_does_not_keep_the_end_from_the_store(world, clock):
    store = ExecutionStore()
    run = start(pipeline("start > end"), {"n": 1}, loop=world, clock=clock)
    follow(run, store, clock)

    def bad(change):
        raise RuntimeError("observer")

    store.observe(bad, names="progress")
    world.settle()
    assert run.status == "completed"
    assert store.status == "completed"
    assert store.result["output"] == {"n": 1}


class Halves(NamedTuple):
    first: str
    rest: list[str]


@node
def halves(text: str) -> Halves:
    first, *rest = text.split()
    return Halves(first, rest)


def test_what_a_node_gave_is_counted_also_by_output(world, clock):
    registry = default_registry()
    registry.register(halves)
    graph = pipeline(
        "start > a > split",
        "split.first > b",
        "split.rest > c",
        kinds={"split": "halves"},
    )
    functions = {"a": lambda value: "one two three", "b": lambda value: value, "c": len}
    store = ExecutionStore()
    made = group(graph, ["b", "c"], id="g")
    run = start(made, {}, loop=world, clock=clock, functions=functions, registry=registry)
    follow(run, store, clock)
    world.settle()
    world.advance(1)
    nodes = store.node_executions
    assert (nodes["a"]["type"], nodes["a"]["count"], nodes["a"]["parts"]) == ("text", 1, None)
    assert nodes["split"]["parts"] == {
        "first": ValueCount("text", 1),
        "rest": ValueCount("list", 2),
    }
    assert run.parts_of("a") == {}
