"""Executing agents and pipelines: time limits, failing models, streams."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest

from kaizen_widgets.core.clock import random_id
from kaizen_widgets.server import AgentModel, Database, local_session
from kaizen_widgets.server.base.permissions import Caller
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.executions import agent_execution
from kaizen_widgets.testing import FakeClock
from tests.server.conftest import ApiUser, new_agent, new_pipeline


class LateModel:
    """Lets time pass when it is asked, and answers when ``is_patient``, else never."""

    provider = "late"

    def __init__(self, clock: FakeClock, seconds: float, *, answers: bool) -> None:
        self._clock = clock
        self._seconds = seconds
        self._answers = answers

    async def answer(
        self, agent: Mapping[str, Any], message: str, history: Sequence[Any]
    ) -> AsyncIterator[str]:
        self._clock.advance(self._seconds)
        if not self._answers:
            await asyncio.Event().wait()
        yield "late"


class FailingModel:
    provider = "failing"

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def answer(
        self, agent: Mapping[str, Any], message: str, history: Sequence[Any]
    ) -> AsyncIterator[str]:
        yield "half an"
        raise self._error


class EndlessModel:
    """Answers without end; `stopped` is set when it is stopped."""

    provider = "endless"

    def __init__(self) -> None:
        self.stopped = threading.Event()

    async def answer(
        self, agent: Mapping[str, Any], message: str, history: Sequence[Any]
    ) -> AsyncIterator[str]:
        try:
            while True:
                yield "word "
                await asyncio.sleep(0)
        finally:
            self.stopped.set()


def use(me: ApiUser, model: AgentModel) -> Services:
    """Let a model answer for the agents of a user's API."""
    services: Services = me.app.state.services
    made = Services(services.database, services.clock, random_id, model)
    me.app.state.services = made
    return made


def one_agent_pipeline(me: ApiUser) -> tuple[str, str]:
    """A pipeline of one agent; return both ids."""
    agent, pipeline = new_agent(me)["id"], new_pipeline(me)["id"]
    node = {"id": "a", "node_type": "agent", "label": "A", "agent_id": agent}
    me.got("PUT", f"/pipelines/{pipeline}/graph", {"nodes": [node], "connections": []})
    return agent, pipeline


TRIALS = ["agents/{agent}", "pipelines/{pipeline}", "pipelines/{pipeline}/nodes/a"]


@pytest.mark.parametrize("trial", TRIALS)
def test_a_trial_fails_after_its_timeout(me: ApiUser, clock: FakeClock, trial: str):
    agent, pipeline = one_agent_pipeline(me)
    use(me, LateModel(clock, 0.5, answers=False))
    path = f"/test/{trial.format(agent=agent, pipeline=pipeline)}"
    body = {"input": {"text": "hi"}, "options": {"timeout_ms": 500}}
    tried = me.got("POST", path, body)
    assert (tried["status"], tried["error_message"]) == (
        "failed",
        "It took longer than 0.5 seconds",
    )
    assert me.got("GET", f"/test/executions/{tried['id']}")["status"] == "failed"


@pytest.mark.parametrize("trial", TRIALS)
def test_a_trial_within_its_timeout_completes(me: ApiUser, clock: FakeClock, trial: str):
    agent, pipeline = one_agent_pipeline(me)
    use(me, LateModel(clock, 0.4, answers=True))
    path = f"/test/{trial.format(agent=agent, pipeline=pipeline)}"
    body = {"input": {"text": "hi"}, "options": {"timeout_ms": 500}}
    assert me.got("POST", path, body)["status"] == "completed"


def test_a_trial_may_take_thirty_seconds_and_an_execution_ten_minutes(
    me: ApiUser, clock: FakeClock
):
    agent, pipeline = one_agent_pipeline(me)
    use(me, LateModel(clock, 30, answers=False))
    tried = me.got("POST", f"/test/agents/{agent}", {"input": {"text": "hi"}})
    assert tried["error_message"] == "It took longer than 30 seconds"
    use(me, LateModel(clock, 600, answers=False))
    started = me.got("POST", "/executions/start", {"pipelineId": pipeline})
    execution = me.got("GET", f"/executions/{started['executionId']}")
    assert execution["error"] == "It took longer than 600 seconds"
    assert [node["status"] for node in execution["nodeExecutions"]] == ["cancelled"]


def test_a_trial_that_took_too_long_is_a_timeout_in_the_metrics(me: ApiUser, clock: FakeClock):
    agent = new_agent(me)["id"]
    use(me, LateModel(clock, 1, answers=False))
    body = {"input": {"text": "hi"}, "options": {"timeout_ms": 1}}
    me.got("POST", f"/test/agents/{agent}", body)
    (metric,) = me.got("GET", f"/metrics/executions?agent_id={agent}")["executions"]
    assert metric["status"] == "timeout"


@pytest.mark.parametrize("timeout", [0, -1, 600_001, "soon"])
def test_a_timeout_that_makes_no_sense_is_refused(me: ApiUser, timeout: object):
    agent = new_agent(me)["id"]
    body = {"input": {}, "options": {"timeout_ms": timeout}}
    error = me.refused(422, "POST", f"/test/agents/{agent}", body)
    assert error["details"]["errors"][0]["field"] == "body.options.timeout_ms"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("The key is missing."), "The key is missing"),
        (ValueError("secret 123"), "the model failed; the server's log says why"),
    ],
)
def test_model_failures_are_reported_and_unexpected_ones_logged(
    me: ApiUser, caplog: pytest.LogCaptureFixture, error: Exception, said: str
):
    agent, pipeline = one_agent_pipeline(me)
    use(me, FailingModel(error))
    with caplog.at_level(logging.ERROR):
        answer = me.refused(503, "POST", f"/agents/{agent}/execute", {"message": "hi"})
    assert answer["message"] == f"The agent's model cannot answer: {said}"
    assert ("secret 123" in caplog.text) is isinstance(error, ValueError)
    started = me.got("POST", "/executions/start", {"pipelineId": pipeline})
    execution = me.got("GET", f"/executions/{started['executionId']}")
    assert (execution["status"], execution["error"]) == ("failed", f"A: {said}")
    events = me.call("POST", f"/agents/{agent}/execute/stream", {"message": "hi"}).text
    assert said in events.split("event: error")[1]
    assert me.got("GET", f"/metrics/agents/{agent}")["failure_count"] == 2


def test_leaving_a_stream_stops_the_agent(
    me: ApiUser, runner: asyncio.Runner, session: dict[str, Any]
):
    model = EndlessModel()
    services = use(me, model)
    agent = new_agent(me)
    owner = session["user"]
    caller = Caller(
        user_id=owner["id"], organization_id=owner["organization_id"], role=owner["role"]
    )
    body = agent_execution.ExecuteAgentRequest(message="hi")

    async def read_a_little_and_leave() -> list[str]:
        events = agent_execution.execution_events(services, caller, agent, body)
        read = [await anext(events) for _ in range(3)]
        await events.aclose()
        return read

    read = runner.run(read_a_little_and_leave())
    assert [event.split("\n")[0] for event in read] == [
        "event: start",
        "event: content",
        "event: content",
    ]
    assert model.stopped.wait(30)


def test_half_a_surrogate_pair_in_an_answer_is_replaced(me: ApiUser):
    class Broken:
        provider = "broken"

        async def answer(
            self, agent: Mapping[str, Any], message: str, history: Sequence[Any]
        ) -> AsyncIterator[str]:
            yield "a\ud800"

    agent = new_agent(me)["id"]
    use(me, Broken())
    assert me.got("POST", f"/agents/{agent}/execute", {"message": "hi"})["content"] == "a?"


def test_agents_are_found_by_id_and_workers_by_name(
    me: ApiUser, database: Database, clock: FakeClock
):
    """Of two agents with one name, the newest that is not archived works for a supervisor."""
    ids = [new_agent(me, "Twin", model_id=str(number))["id"] for number in range(3)]
    me.got("DELETE", f"/agents/{ids[2]}")
    asked: list[str] = []

    class Recorder:
        provider = "recorder"

        async def answer(
            self, agent: Mapping[str, Any], message: str, history: Sequence[Any]
        ) -> AsyncIterator[str]:
            asked.append(agent["id"])
            yield "done"

    use(me, Recorder())
    pipeline = new_pipeline(me)["id"]
    nodes = [
        {"id": "a", "node_type": "agent", "label": "First", "agent_id": ids[0]},
        {
            "id": "s",
            "node_type": "supervisor",
            "label": "Lead",
            "config": {"workers": ["Twin", ids[0]], "max_workers": 1},
        },
    ]
    links = [{"source_node_id": "a", "target_node_id": "s"}]
    me.got("PUT", f"/pipelines/{pipeline}/graph", {"nodes": nodes, "connections": links})
    me.got("POST", "/executions/start", {"pipelineId": pipeline})
    assert asked == [ids[0], ids[1], ids[0]]


def test_the_local_user_sees_the_sample_run_take_one_route(database: Database, nobody: ApiUser):
    session = local_session(database, FakeClock())
    me = nobody.as_(session["access_token"])
    (pipeline,) = me.got("GET", "/pipelines")["data"]
    started = me.got("POST", "/executions/start", {"pipelineId": pipeline["id"]})
    execution = me.got("GET", f"/executions/{started['executionId']}")
    states = {node["nodeId"]: node["status"] for node in execution["nodeExecutions"]}
    assert (states["billing"], states["technical"]) == ("completed", "skipped")
    assert list(execution["outputs"]) == ["Reply"]
    assert "refund" in execution["outputs"]["Reply"]
