"""Retries, time limits, muted nodes and joins that need any: what a run does whatever a node's kind is."""

from __future__ import annotations

import asyncio

import pytest

from kaizen_widgets.engines import LocalEngine, reasons_against
from kaizen_widgets.errors import NodeFailedError, NotRunnableError, RunError
from kaizen_widgets.nodes import Functions, default_registry
from tests.engines.builders import pipeline


class Flaky:
    """Fails some times, then gives what arrived."""

    def __init__(self, times: int, error: type[Exception] = ConnectionError) -> None:
        self.left = times
        self.calls = 0
        self.error = error

    async def __call__(self, value):
        self.calls += 1
        if self.calls <= self.left:
            raise self.error(f"attempt {self.calls}")
        return value


async def forever(value):
    await asyncio.Event().wait()


def states(run, node_id):
    return [event.state for event in run.events() if event.node == node_id]


# ---------------------------------------------------------------- retries


def test_a_node_that_fails_is_tried_again_after_a_pause(go, virtual):
    flaky = Flaky(2)
    graph = pipeline("start > a > end", policies={"a": {"retries": 3, "retryDelay": 4}})
    run = go(graph, {"n": 1}, functions={"a": flaky})
    assert (flaky.calls, run["a"].status, run.status) == (1, "running", "running")
    virtual.advance(1.9)
    assert flaky.calls == 1
    virtual.advance(2.2)  # Between half of the delay and all of it.
    assert flaky.calls == 2
    virtual.advance(8.1)  # The second pause is twice as long.
    assert run.result == {"n": 1}
    assert states(run, "a") == ["running", "retrying"] * 2 + ["running", "completed"]
    ends = [event for event in run.events() if event.node == "a"]
    assert [event.attempt for event in ends] == [1, 1, 2, 2, 3, 3]
    assert ends[1].data["error"] == "ConnectionError: attempt 1"


def test_pauses_are_the_same_for_a_run_with_the_same_id(go, virtual):
    graph = pipeline(
        *(f"start > {name}" for name in "abc"),
        policies={name: {"retries": 2, "retry_delay": 10} for name in "abc"},
    )

    def delays():
        run = go(graph, functions={name: Flaky(9) for name in "abc"})
        virtual.advance(100)
        assert run.status == "failed"
        retrying = [event for event in run.events() if event.state == "retrying"]
        return {(event.node, event.attempt): event.data["delay"] for event in retrying}

    first = delays()
    assert first == delays()
    assert len(set(first.values())) == 6
    for (_, attempt), delay in first.items():
        assert 5 * 2 ** (attempt - 1) <= delay <= 10 * 2 ** (attempt - 1)


def test_retries_that_are_used_up_fail_with_the_last_error(go, virtual):
    graph = pipeline("start > a > end", policies={"a": {"retries": 1}})
    run = go(graph, functions={"a": Flaky(5)})
    virtual.advance(60)
    with pytest.raises(NodeFailedError, match="attempt 2"):
        _ = run.result
    assert run["end"].reason == 'because "a" failed'


def test_a_mistake_that_a_repetition_cannot_help_is_not_repeated(go, virtual):
    async def needs_two(first, second):
        """What arrives has no such fields."""

    graph = pipeline("start > a", policies={"a": {"retries": 5}})
    run = go(graph, {"n": 1}, functions={"a": needs_two})
    assert states(run, "a") == ["running", "failed"]
    assert isinstance(run["a"].error, RunError)


def test_an_error_may_ask_for_a_longer_pause(go, virtual):
    class BusyError(RunError):
        is_retryable = True
        retry_after = 30.0

    flaky = Flaky(1, BusyError)
    run = go(pipeline("a", policies={"a": {"retries": 1}}), functions={"a": flaky})
    virtual.advance(29.9)
    assert flaky.calls == 1
    virtual.advance(0.2)
    assert run.status == "completed"


def test_other_nodes_run_while_one_pauses(go, virtual):
    graph = pipeline("a", "b", policies={"a": {"retries": 1, "retry_delay": 10}})
    run = go(graph, functions={"a": Flaky(1), "b": Flaky(0)}, engine=LocalEngine(1, loops=None))
    assert (run["a"].status, run["b"].status) == ("running", "completed")
    virtual.advance(10)
    assert run.status == "completed"


def test_cancel_ends_a_pause(go, virtual):
    flaky = Flaky(1)
    run = go(pipeline("a > b", policies={"a": {"retries": 1}}), functions={"a": flaky, "b": str})
    run.cancel()
    virtual.settle()
    assert run.state == {"a": "cancelled", "b": "cancelled"}
    assert (run["a"].reason, run["b"].reason) == ("stopped", "not started")
    virtual.advance(60)
    assert flaky.calls == 1


def test_the_time_of_a_node_is_that_of_its_attempts_without_the_pauses(go, virtual):
    async def slow(value):
        await asyncio.Event().wait()

    policy = {"retries": 2, "retry_delay": 100, "timeout": 3}
    run = go(pipeline("a", policies={"a": policy}), functions={"a": slow})
    virtual.advance(1000)
    assert run["a"].seconds == 9
    assert "took longer than 3 s" in run["a"].message


# ------------------------------------------------------------- time limits


def test_a_policys_time_limit_counts_before_the_configs(go, virtual):
    graph = pipeline("a", policies={"a": {"timeout": 2}}, a={"timeout": 50})
    run = go(graph, functions={"a": forever})
    virtual.advance(2)
    assert run["a"].message == 'TimeoutError: "a" took longer than 2 s.'


def test_a_run_that_takes_too_long_is_stopped_and_says_so(go, virtual):
    graph = pipeline("start > a > end", "start > b")
    run = go(graph, {"n": 1}, functions={"a": forever, "b": Flaky(0)}, time_limit=5)
    virtual.advance(4.9)
    assert run.status == "running"
    virtual.advance(0.1)
    assert run.state == {"start": "completed", "a": "failed", "end": "skipped", "b": "completed"}
    assert run["end"].reason == "because the run took longer than 5 s"
    assert run["a"].message == 'RunError: "a" was stopped, because the run took longer than 5 s.'
    assert run.events()[-1].data == {"reason": "the run took longer than 5 s"}
    with pytest.raises(RunError, match="stopped: the run took longer than 5 s"):
        _ = run.result
    assert run["b"].output == {"n": 1}


def test_a_run_that_takes_too_long_ends_its_pauses(go, virtual):
    policy = {"retries": 5, "retry_delay": 100}
    run = go(
        pipeline("a > b", policies={"a": policy}), functions={"a": Flaky(9), "b": str}, time_limit=5
    )
    virtual.advance(5)
    assert run.status == "failed"
    assert run.state == {"a": "skipped", "b": "skipped"}


def test_a_run_that_ends_in_time_leaves_no_timer(go, virtual):
    run = go(pipeline("start > end"), time_limit=5)
    assert run.status == "completed"
    assert virtual.clock.next_due is None


@pytest.mark.parametrize("limit", [0, -1, float("inf"), float("nan")])
def test_wrong_time_limits_are_refused(go, limit):
    with pytest.raises(NotRunnableError, match="seconds above 0"):
        go(pipeline("start > end"), time_limit=limit)


# ------------------------------------------------------------- muted nodes


def test_a_muted_node_passes_on_what_arrives(go):
    graph = pipeline("start > a > b > end", policies={"a": {"muted": True}})
    run = go(graph, {"n": 1}, functions={"b": lambda n: n + 1})
    assert run.result == 2
    assert states(run, "a") == ["completed"]
    assert run["a"].reason == "muted"
    assert run["a"].output == {"n": 1}


def test_a_muted_node_needs_neither_a_function_nor_a_valid_config(go):
    graph = pipeline("start > a", policies={"a": {"muted": True}}, a={"nonsense": 1})
    assert go(graph, {"n": 1}).result == {"n": 1}


def test_a_muted_router_passes_on_at_all_its_outputs(go):
    graph = pipeline(
        "start > route",
        "route.x > a",
        "route.default > b",
        policies={"route": {"muted": True}},
        route={"routes": [{"name": "x", "when": "false"}]},
    )
    run = go(graph, {"n": 1}, functions={"a": lambda n: n, "b": lambda n: n})
    assert run.results == {"start": {"n": 1}, "route": {"n": 1}, "a": 1, "b": 1}


def test_a_muted_join_passes_on_a_dict_by_label(go):
    graph = pipeline("a > join > end", "b > join", policies={"join": {"muted": True}})
    run = go(graph, functions={"a": lambda v: 1, "b": lambda v: 2})
    assert run.result == {"a": 1, "b": 2}


def test_a_muted_node_behind_a_failure_is_skipped(go):
    graph = pipeline("a > b", policies={"b": {"muted": True}})
    run = go(graph, functions={"a": Flaky(1)})
    assert run["b"].reason == 'because "a" failed'


def test_ten_thousand_muted_nodes_are_no_deep_call(go):
    names = [f"n{i}" for i in range(10_000)]
    graph = pipeline(" > ".join(names), policies={name: {"muted": True} for name in names})
    assert go(graph, {"n": 1}).result == {"n": 1}


# --------------------------------------------------------------- needs any


def test_any_node_may_need_any_of_its_inputs(go):
    graph = pipeline("a > c", "b > c", policies={"c": {"needs": "any"}})
    run = go(graph, functions={"a": Flaky(1), "b": lambda v: 2, "c": lambda value: value})
    assert run["c"].output == 2
    assert run.status == "failed"


def test_a_node_that_needs_any_waits_for_all_and_is_skipped_with_none(go):
    graph = pipeline("a > c", "b > c", policies={"c": {"needs": "any"}})
    run = go(graph, functions={"a": Flaky(1), "b": Flaky(1), "c": str})
    assert run["c"].reason == 'because "a" failed'


# ----------------------------------------------------------------- checks


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ({"retries": -1}, "has a wrong 'retries' in its policy"),
        ({"retries": 21}, "has a wrong 'retries' in its policy"),
        ({"retry": 1}, "has 'retry' in its policy, which is none of muted, retries"),
        ({"timeout": 0}, "has a wrong 'timeout' in its policy"),
        ({"needs": "most"}, "has a wrong 'needs' in its policy"),
        ("fast", "has a wrong policy"),
    ],
)
def test_a_wrong_policy_is_a_reason_against_the_run(policy, problem):
    graph = pipeline("a", policies={"a": policy})
    [reason] = reasons_against(graph, default_registry(), Functions({"a": str}))
    assert reason.startswith(f'Agent "a" {problem}')
