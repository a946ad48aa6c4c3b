"""What a run gives, and which nodes it skips."""

from __future__ import annotations

import asyncio
import inspect
import threading

import pytest

from kaizen_widgets.engines import LocalEngine
from kaizen_widgets.engines.dependencies import DependencyTracker
from kaizen_widgets.errors import NodeFailedError, RunError, UnknownNodeError
from tests.engines.builders import pipeline


def boom(value):
    raise ValueError("no such customer")


def test_a_chain_passes_values_from_input_to_output(begin):
    run = begin(
        pipeline("start > shout > end"),
        {"text": "hello"},
        functions={"shout": lambda text: text.upper()},
    ).wait(30)
    assert run.result == "HELLO"
    assert run.status == "completed"
    assert run["shout"].output == "HELLO"
    assert run.results == {"start": {"text": "hello"}, "shout": "HELLO", "end": "HELLO"}
    assert repr(run) == "Run(done: 3 completed, 0 skipped, 0 failed)"


def test_async_and_plain_functions_work_alike(begin):
    async def double(n):
        return n * 2

    run = begin(
        pipeline("start > double > add > end"),
        {"n": 4},
        functions={"double": double, "add": lambda value: value + 1},
    )
    assert run.wait(30).result == 9


def test_plain_functions_run_off_the_loop(begin, loop):
    seen = []
    begin(pipeline("start > a"), functions={"a": lambda v: seen.append(loop.is_current)}).wait(30)
    assert seen == [False]


def test_a_lambda_around_a_coroutine_is_awaited(begin):
    async def later(value):
        return value["n"] + 1

    run = begin(pipeline("start > a"), {"n": 1}, functions={"a": lambda v: later(v)})
    assert run.wait(30).result == 2


def test_an_object_with_an_async_call_is_awaited(begin):
    class Agent:
        async def __call__(self, n):
            return n + 1

    assert begin(pipeline("start > a"), {"n": 1}, functions={"a": Agent()}).wait(30).result == 2


def test_a_function_is_found_by_its_agents_id(begin):
    graph = pipeline("start > a")
    graph = type(graph)(
        [graph.node("start"), graph.node("a").set_in(("data", "agentId"), "agent-7")], graph.edges
    )
    from kaizen_widgets.nodes import Functions

    functions = Functions({"Billing": lambda n: n}, names={"agent-7": "Billing"})
    assert begin(graph, {"n": 3}, functions=functions).wait(30).result == 3


def test_a_failure_skips_what_is_behind_it_and_nothing_else(begin):
    run = begin(
        pipeline("start > bad > after > end", "start > good > last"),
        {"n": 1},
        functions={"bad": boom, "after": str, "good": lambda n: n, "last": lambda n: n + 1},
    ).wait(30)
    assert run.status == "failed"
    assert run.state == {
        "start": "completed",
        "bad": "failed",
        "after": "skipped",
        "end": "skipped",
        "good": "completed",
        "last": "completed",
    }
    assert run["end"].reason == 'because "bad" failed'
    assert run["last"].output == 2
    assert repr(run) == "Run(failed: 3 completed, 2 skipped, 1 failed)"


def test_a_failed_run_raises_the_nodes_own_error_as_the_cause(begin):
    run = begin(pipeline("start > bad"), functions={"bad": boom}).wait(30)
    with pytest.raises(
        NodeFailedError, match='"bad" failed: ValueError: no such customer'
    ) as caught:
        _ = run.result
    assert isinstance(caught.value.__cause__, ValueError)
    assert caught.value.node_id == "bad"
    assert run["bad"].error is caught.value.__cause__


def test_output_of_a_skipped_node_raises_with_the_reason(begin):
    run = begin(pipeline("start > bad > end"), functions={"bad": boom}).wait(30)
    with pytest.raises(RunError, match='it was skipped: because "bad" failed'):
        _ = run["end"].output


def test_a_router_takes_one_branch_and_skips_the_others(begin):
    graph = pipeline(
        "start > route",
        "route.billing > a > join > end",
        "route.default > b > join",
        route={"routes": [{"name": "billing", "when": "'invoice' in text"}]},
    )
    functions = {"a": lambda text: f"a {text}", "b": lambda text: f"b {text}"}
    run = begin(graph, {"text": "my invoice"}, functions=functions).wait(30)
    assert run.result == "a my invoice"
    assert run.status == "completed"
    assert run["b"].status == "skipped"
    assert run["b"].reason == '"route" took "billing"'
    other = begin(graph, {"text": "hello"}, functions=functions).wait(30)
    assert other.result == "b hello"
    assert other["a"].reason == '"route" took "default"'


def test_nodes_behind_untaken_branches_only_are_skipped(begin):
    graph = pipeline(
        "start > route",
        "route.x > a > end",
        "route.y > b > end",
        route={"routes": [{"name": "x", "when": "false"}, {"name": "y", "when": "false"}]},
    )
    run = begin(graph, functions={"a": str, "b": str}).wait(30)
    assert run.status == "completed"
    assert run["end"].status == "skipped"
    assert run.result is None


def test_joins_behind_a_failure_are_skipped_unless_they_wait_for_any(begin):
    graph = ("start > bad > join > end", "start > good > join")
    functions = {"bad": boom, "good": lambda text: text}
    strict = begin(pipeline(*graph), {"text": "t"}, functions=functions).wait(30)
    assert strict["join"].reason == 'because "bad" failed'
    loose = begin(pipeline(*graph, join={"needs": "any"}), {"text": "t"}, functions=functions)
    assert loose.wait(30)["end"].output == "t"
    assert loose.status == "failed"


def test_joins_behind_an_earlier_failure_are_skipped(begin):
    graph = pipeline("start > bad > middle > join", "start > good > join")
    functions = {"bad": boom, "middle": str, "good": lambda text: text}
    run = begin(graph, {"text": "t"}, functions=functions).wait(30)
    assert run["join"].status == "skipped"
    assert run["join"].reason == 'because "bad" failed'


def test_inputs_come_in_the_order_of_the_edges(begin):
    graph = pipeline("start > b > join", "start > a > join", join={"separator": "+"})
    run = begin(graph, functions={"a": lambda v: "a", "b": lambda v: "b"})
    assert run.wait(30)["join"].output == "b+a"


def test_branches_run_at_the_same_time(begin):
    barrier = threading.Barrier(2)
    meet = lambda value: barrier.wait(30)  # noqa: E731
    run = begin(pipeline("start > a", "start > b"), functions={"a": meet, "b": meet}).wait(30)
    assert run.status == "completed"


def test_no_more_nodes_run_at_once_than_the_engine_allows(begin):
    lock, running, most = threading.Lock(), 0, 0

    def work(value):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        with lock:
            running -= 1

    names = [f"n{i}" for i in range(12)]
    graph = pipeline(*(f"start > {name}" for name in names))
    engine = LocalEngine(max_parallel=1)
    run = begin(graph, functions=dict.fromkeys(names, work), engine=engine).wait(30)
    assert most == 1
    assert repr(run) == "Run(done: 13 completed, 0 skipped, 0 failed)"


def test_several_outputs_give_a_dict_by_label(begin):
    graph = pipeline("start > one", "start > two", kinds={"one": "output", "two": "output"})
    assert begin(graph, {"n": 1}).wait(30).result == {"one": {"n": 1}, "two": {"n": 1}}


def test_two_runs_at_once_keep_apart(begin):
    both = threading.Barrier(2)

    def meet(n):
        both.wait(30)
        return n

    graph = pipeline("start > a > end")
    one = begin(graph, {"n": 1}, functions={"a": meet})
    two = begin(graph, {"n": 2}, functions={"a": meet})
    assert (one.wait(30).result, two.wait(30).result) == (1, 2)
    assert {event.run_id for event in one.events()} == {"run-1"}


@pytest.mark.anyio
async def test_a_run_can_be_awaited(begin):
    run = await begin(pipeline("start > end"), {"n": 1})
    assert run.result == {"n": 1}


@pytest.mark.anyio
async def test_cancelling_an_await_does_not_cancel_the_run(begin):
    release = threading.Event()
    run = begin(pipeline("start > a"), functions={"a": lambda v: release.wait(30)})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(run, 0.001)
    release.set()
    assert (await run).result is True


def test_wait_times_out_and_the_run_continues(begin):
    release = threading.Event()
    run = begin(pipeline("start > a"), functions={"a": lambda v: release.wait(30)})
    with pytest.raises(TimeoutError, match="not ended after 0 s"):
        run.wait(0)
    with pytest.raises(RunError, match="has not ended"):
        _ = run.result
    release.set()
    assert run.wait(30).result is True


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), StopIteration()])
def test_exit_in_a_node_fails_only_that_node(begin, error):
    def leave(value):
        raise error

    async def leave_async(value):
        raise error

    graph = pipeline("start > a", "start > b")
    run = begin(graph, functions={"a": leave, "b": leave_async}).wait(30)
    assert run.state == {"start": "completed", "a": "failed", "b": "failed"}
    assert begin(pipeline("start > end"), {"n": 1}).wait(30).status == "completed"


def test_a_function_that_cancels_itself_fails_its_node(begin):
    async def odd(value):
        raise asyncio.CancelledError

    run = begin(pipeline("start > a"), functions={"a": odd}).wait(30)
    assert run.status == "failed"


def test_unknown_nodes_raise_with_the_known_ones(begin):
    run = begin(pipeline("start > end")).wait(30)
    with pytest.raises(UnknownNodeError, match="It has: start, end"):
        run["middle"]


def test_a_label_that_is_not_unique_asks_for_an_id(begin):
    graph = pipeline("start > one", "start > two", kinds={"one": "output", "two": "output"})
    same = [node.set_in(("data", "label"), "Twin") for node in graph.nodes[1:]]
    run = begin(type(graph)([graph.nodes[0], *same], graph.edges), {"n": 1}).wait(30)
    with pytest.raises(UnknownNodeError, match="'one', 'two'"):
        run["Twin"]
    assert run.result == {"one": {"n": 1}, "two": {"n": 1}}


def test_a_wide_and_deep_pipeline_ends(begin):
    chain = " > ".join(f"n{i}" for i in range(400))
    graph = pipeline(f"start > {chain}", kinds={f"n{i}": "synthesizer" for i in range(400)})
    assert begin(graph, {"text": "x"}).wait(30).result == "x"


def test_a_run_whose_scheduler_fails_at_the_end_of_a_node_ends_and_says_so(
    begin, monkeypatch, caplog
):
    completed = DependencyTracker.completed

    def breaks(tracker, node_id, outputs, route=""):
        if node_id == "a":
            raise ZeroDivisionError("a bug")
        return completed(tracker, node_id, outputs, route)

    monkeypatch.setattr(DependencyTracker, "completed", breaks)
    functions = {"a": lambda n: n, "b": lambda n: n}
    run = begin(pipeline("start > a > b > end"), {"n": 1}, functions=functions).wait(30)
    assert run.status == "failed"
    assert (run["a"].status, run["b"].status) == ("failed", "failed")
    assert "a bug" in run["b"].message
    assert "was interrupted" in caplog.text


def test_nodes_of_a_long_chain_run_on_no_deeper_stack_than_those_of_a_short_one(begin):
    depths = []

    async def step(n):
        depths.append(len(inspect.stack(0)))
        return n

    names = [f"n{index}" for index in range(200)]
    graph = pipeline(" > ".join(("start", *names)))
    begin(graph, {"n": 1}, functions=dict.fromkeys(names, step), engine=LocalEngine()).wait(60)
    assert len(depths) == 200
    assert len(set(depths)) == 1
