"""Budgets, approvals and limits hold however a run is repeated: by retry, re-run, cache or in a subflow."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from kaizen_widgets.engines import Run
from kaizen_widgets.errors import BudgetError, NotRunnableError, RunError
from kaizen_widgets.graph import group
from kaizen_widgets.nodes import Functions, UsageLimits, default_registry
from kaizen_widgets.nodes.agent_record import AgentRecord
from kaizen_widgets.runs import Runner
from kaizen_widgets.testing import FakeClock, VirtualLoop
from tests.engines.builders import pipeline

NAMES = ("a", "b", "c")


class Lab:
    """Three agents, one after the other; what they say is sent if a person approves.

    An attempt of an agent that is to fail makes one request that is answered, and then one that is not.
    """

    def __init__(
        self,
        *,
        requests: int | None = None,
        policy: dict[str, Any] | None = None,
        node_limit: int | None = None,
        subflow: bool = False,
        cache: Any = "run",
    ) -> None:
        ids = itertools.count(1)
        self.loop = VirtualLoop(FakeClock())
        self.functions = Functions()
        self.models = self.functions.models
        self.models.set_records(
            [AgentRecord(id=name, name=name, tools=("look",)) for name in NAMES]
        )
        self.models.tools["look"] = _look
        self.failures: list[bool] = []
        self._answered: list[str] = []
        self.models.use(FunctionModel(_answers(self._answered, self.failures)))
        self.models.budget = UsageLimits(request_limit=requests)
        self.sent: list[Any] = []
        self.functions.register("send", self.sent.append)
        self.runner = Runner(
            self.functions,
            default_registry(),
            loop=self.loop,
            clock=self.loop.clock,
            new_id=lambda: f"run-{next(ids)}",
        )
        self.runner.cache.policy = cache
        config = {} if node_limit is None else {"request_limit": node_limit}
        graph = pipeline(
            "start > a > b > c > check > send > end",
            kinds={"check": "approval"},
            policies=dict.fromkeys(NAMES, policy or {}),
            **dict.fromkeys(NAMES, config),
        )
        if subflow:
            graph = group(graph, ["b", "c", "check"], id="g")
        self.runner.graph = lambda: (graph, "p")

    @property
    def answered(self) -> int:
        """How many requests the model answered."""
        return len(self._answered)

    def do(self, start: Callable[[], Run]) -> Run:
        run = start()
        self.loop.advance(1000)
        return run

    def node(self, name: str) -> str:
        graph, _ = self.runner.graph()
        return name if graph.has_node(name) else f"g/{name}"


STEPS = st.lists(
    st.sampled_from(["run", "rerun", "from a", "from b", "from c", "only b", "only c", "to c"]),
    min_size=1,
    max_size=4,
)


def steps(lab: Lab, names: list[str]) -> list[Run]:
    """Do one thing after the other; each goes on from the run before, where it can."""
    runs: list[Run] = []
    for name in names:
        what, _, node = name.partition(" ")
        before = runs[-1] if runs else None
        try:
            if what == "run" or before is None:
                runs.append(lab.do(lambda: lab.runner.run({"text": "t"})))
            elif what == "rerun":
                runs.append(lab.do(before.rerun))
            elif what == "from":
                runs.append(lab.do(partial(before.rerun, lab.node(node))))
            elif what == "only":
                runs.append(lab.do(lambda: lab.runner.run(only=lab.node(node))))  # noqa: B023
            else:
                runs.append(lab.do(lambda: lab.runner.run({"text": "t"}, to=lab.node(node))))  # noqa: B023
        except NotRunnableError:
            continue
        if runs[-1].status == "running":
            runs[-1].cancel()
            lab.loop.settle()
    return runs


def _answers(answered: list[str], failures: list[bool]) -> Any:
    async def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        if len(messages) > 1:
            raise ModelHTTPError(503, "m")
        answered.append("once")
        if failures and failures.pop(0):
            return ModelResponse(parts=[ToolCallPart("look", {})])
        return ModelResponse(parts=[TextPart("said")])

    return answer


async def _look() -> str:
    return "nothing"


quick = settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@given(
    names=STEPS,
    budget=st.integers(1, 5),
    failures=st.lists(st.booleans(), max_size=6),
    retries=st.integers(0, 3),
    subflow=st.booleans(),
    cache=st.sampled_from(["never", "run", "session"]),
)
@quick
def test_a_budget_holds_for_a_run_and_all_that_it_goes_on_from(
    names, budget, failures, retries, subflow, cache
):
    lab = Lab(
        requests=budget, policy={"retries": retries, "retryDelay": 0}, subflow=subflow, cache=cache
    )
    try:
        lab.failures += failures
        before = 0
        for run in steps(lab, names):
            # What stands behind the outputs of one run, whoever made them, is within the budget.
            engine = lab.runner._engines[run]
            counted = engine.models.counted.requests if engine.models is not None else 0
            assert counted <= budget
            assert run.usage.requests <= budget
            before += run.usage.requests
        assert lab.answered == before
    finally:
        lab.loop.close()


@given(
    names=STEPS, subflow=st.booleans(), cache=st.sampled_from(["never", "run", "session", "disk"])
)
@quick
def test_nothing_is_sent_that_was_not_approved_in_the_same_run(names, subflow, cache):
    lab = Lab(subflow=subflow, cache=cache)
    try:
        first = lab.do(lambda: lab.runner.run({"text": "t"}))
        first[lab.node("check")].approve()
        lab.loop.advance(1000)
        assert len(lab.sent) == 1
        steps(lab, names)  # None of these runs is approved.
        for again in (lambda: first.rerun("send"), lambda: lab.runner.run(from_="send")):
            run = lab.do(again)
            assert run[lab.node("check")].status == "waiting"
            run.cancel()
            lab.loop.settle()
        with pytest.raises(NotRunnableError, match="comes after the approval"):
            lab.runner.run(only="send")
        with pytest.raises(RunError, match="cannot be pinned"):
            lab.runner.pin(lab.node("check"), "yes")
        assert len(lab.sent) == 1
    finally:
        lab.loop.close()


@given(
    limit=st.integers(1, 3),
    retries=st.integers(0, 5),
    failures=st.integers(0, 6),
    again=st.integers(0, 3),
)
@quick
def test_a_limit_of_a_node_holds_over_attempts_and_re_runs_of_what_failed(
    limit, retries, failures, again
):
    lab = Lab(node_limit=limit, policy={"retries": retries, "retryDelay": 0})
    try:
        lab.failures += [True] * failures
        run = lab.do(lambda: lab.runner.run({"text": "t"}, to="a"))
        for _ in range(again):
            if run.status != "failed":
                break
            run = lab.do(run.rerun)
        in_a = lab.answered
        assert in_a <= limit or run["a"].status == "completed"
        if run["a"].status == "failed":
            assert in_a <= limit
    finally:
        lab.loop.close()


def test_a_retry_does_not_pass_a_budget():
    lab = Lab(requests=2, policy={"retries": 5, "retryDelay": 0})
    try:
        lab.failures += [True] * 5
        run = lab.do(lambda: lab.runner.run({"text": "t"}))
        assert lab.answered == 2
        assert run.reason == "the budget of the run for models is used up"
        again = lab.do(run.rerun)
        assert lab.answered == 2
        assert isinstance(again["a"].error, BudgetError)
    finally:
        lab.loop.close()


def test_a_larger_budget_lets_a_run_go_on():
    lab = Lab(requests=2)
    try:
        run = lab.do(lambda: lab.runner.run({"text": "t"}))
        assert [run[name].status for name in NAMES] == ["completed", "completed", "failed"]
        lab.models.budget = UsageLimits(request_limit=3)
        again = lab.do(run.rerun)
        assert again["c"].output == "said"
        assert lab.answered == 3
    finally:
        lab.loop.close()
