"""A node that waits for a person keeps nobody from working, and its time stands still."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kaizen_widgets.engines import LocalEngine
from tests.engines.builders import pipeline


class Work:
    """Functions of nodes that ask, and that work until the test says so."""

    def __init__(self, virtual: Any) -> None:
        self._clock = virtual.clock
        self.working: list[str] = []
        self.most = 0
        self.ends: dict[str, asyncio.Event] = {}

    def works(self, name: str) -> Any:
        """A function that works until ``ends[name]`` is set."""
        self.ends[name] = asyncio.Event()

        async def work(value: Any) -> str:
            await self._until_end(name)
            return name

        return work

    def asks(self, name: str) -> Any:
        """A function that asks first, and then works until ``ends[name]`` is set."""
        self.ends[name] = asyncio.Event()

        async def work(value: Any, ctx: Any) -> str:
            await ctx.ask("Go on?")
            await self._until_end(name)
            return name

        return work

    async def sleep(self, seconds: float) -> None:
        done = asyncio.get_running_loop().create_future()
        self._clock.call_later(seconds, lambda: done.done() or done.set_result(None))
        await done

    async def _until_end(self, name: str) -> None:
        self.working.append(name)
        self.most = max(self.most, len(self.working))
        await self.ends[name].wait()
        self.working.remove(name)


@pytest.fixture
def work(virtual):
    return Work(virtual)


def alone() -> LocalEngine:
    return LocalEngine(max_parallel=1, loops=None)


def test_waiting_nodes_take_no_slot(go, virtual, work):
    graph = pipeline("start > a", "start > b", "start > c")
    functions = {"a": work.asks("a"), "b": work.asks("b"), "c": work.works("c")}
    run = go(graph, functions=functions, engine=alone())
    assert run.state == {"start": "completed", "a": "waiting", "b": "waiting", "c": "running"}
    run.cancel()
    virtual.settle()


def test_an_answered_node_goes_on_once_a_slot_is_free(go, virtual, work):
    graph = pipeline("start > a", "start > b > c")
    functions = {"a": work.asks("a"), "b": work.works("b"), "c": work.works("c")}
    run = go(graph, functions=functions, engine=alone())
    run["a"].approve()
    virtual.settle()
    assert work.working == ["b"]
    work.ends["b"].set()
    virtual.settle()
    assert work.working == ["a"]  # Before c, which has not begun.
    work.ends["a"].set()
    work.ends["c"].set()
    virtual.settle()
    assert (run.status, work.most) == ("completed", 1)


def test_an_answered_node_that_has_no_slot_yet_can_be_cancelled(go, virtual, work):
    graph = pipeline("start > a", "start > b")
    run = go(graph, functions={"a": work.asks("a"), "b": work.works("b")}, engine=alone())
    run["a"].approve()
    run.cancel()
    virtual.settle()
    assert (run["a"].status, run["b"].status) == ("cancelled", "cancelled")


def test_a_node_that_is_answered_while_it_asks_takes_its_slot(go, virtual, work):
    graph = pipeline("start > a", "start > b")
    functions = {"a": work.asks("a"), "b": work.asks("b")}
    run = go(graph, functions=functions, engine=alone())

    def answer(event: Any) -> None:
        if event.kind == "waiting" and event.state == "asked":
            run[event.node].approve()

    run.subscribe(answer, after=0)
    virtual.settle()
    for name in ("a", "b"):
        assert work.working == [name]
        work.ends[name].set()
        virtual.settle()
    assert (run.status, work.most) == ("completed", 1)


def test_a_node_with_two_questions_waits_until_both_are_answered(go, virtual, work):
    async def both(value: Any, ctx: Any) -> list[bool]:
        answers = await asyncio.gather(ctx.ask("One?"), ctx.ask("Two?"))
        return [answer.approved for answer in answers]

    graph = pipeline("start > a > end", "start > b > c", a={"timeout": 10})
    functions = {"a": both, "b": lambda value: "b", "c": work.works("c")}
    run = go(graph, functions=functions, engine=alone())
    run["a"].approve()
    virtual.advance(60)
    assert (run["a"].status, run["a"].question.text) == ("waiting", "Two?")
    run["a"].reject()
    work.ends["c"].set()
    virtual.settle()
    assert run["a"].output == [True, False]


@pytest.mark.parametrize("policy", [False, True])
@pytest.mark.parametrize(("after", "status"), [(3, "completed"), (5, "failed")])
def test_the_time_limit_stands_still_while_a_node_waits(go, virtual, work, after, status, policy):
    async def slow(value: Any, ctx: Any) -> str:
        await work.sleep(6)
        await ctx.ask("Go on?")
        await work.sleep(after)
        return "done"

    limit = {"timeout": 10}
    graph = pipeline(
        "start > a", policies={"a": limit if policy else {}}, a={} if policy else limit
    )
    run = go(graph, functions={"a": slow})
    virtual.advance(1000)
    assert run["a"].status == "waiting"
    run["a"].approve()
    virtual.advance(20)
    assert run["a"].status == status


def test_the_time_limit_of_an_approvals_policy_is_not_the_time_to_answer(go, virtual):
    graph = pipeline(
        "start > check > end", kinds={"check": "approval"}, policies={"check": {"timeout": 10}}
    )
    run = go(graph, {"text": "hey"})
    virtual.advance(1000)
    run["check"].approve()
    virtual.settle()
    assert run.status == "completed"


def test_the_time_limit_of_an_approvals_config_is_the_time_to_answer(go, virtual):
    graph = pipeline("start > check > end", kinds={"check": "approval"}, check={"timeout": 10})
    run = go(graph, {"text": "hey"})
    virtual.advance(11)
    assert (run["check"].status, run["check"].question) == ("failed", None)


def test_an_attempt_that_is_made_again_waits_anew(go, virtual, work):
    begun: list[int] = []

    async def flaky(value: Any, ctx: Any) -> str:
        begun.append(1)
        await ctx.ask("Go on?")
        if len(begun) == 1:
            raise ConnectionError("lost")
        return "done"

    graph = pipeline("start > a", "start > b", policies={"a": {"retries": 1}}, a={"timeout": 10})
    functions = {"a": flaky, "b": work.works("b")}
    run = go(graph, functions=functions, engine=LocalEngine(max_parallel=2, loops=None))
    run["a"].approve()
    virtual.advance(1000)
    assert run["a"].status == "waiting"
    run["a"].approve()
    virtual.settle()
    assert run["a"].output == "done"
    work.ends["b"].set()
    virtual.settle()
    assert run.status == "completed"
