"""Tools of agents that a person approves call by call; no test makes a request."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic_ai import CallDeferred, models
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import DeltaToolCall, FunctionModel
from pydantic_ai.usage import RequestUsage

from kaizen_widgets.engines import Run, start
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import Functions
from kaizen_widgets.nodes.agent_record import AgentRecord
from kaizen_widgets.testing import FakeClock, VirtualLoop
from tests.engines.builders import pipeline

GRAPH = pipeline("start > Support > end", Support={"tools": ["refund"]})
USED = RequestUsage(input_tokens=5, output_tokens=1)


@pytest.fixture(autouse=True)
def no_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "ALLOW_MODEL_REQUESTS", False)


@pytest.fixture
def virtual():
    made = VirtualLoop(FakeClock())
    yield made
    made.close()


class Desk:
    """An agent that refunds what it is asked to, and then says what the tool gave."""

    def __init__(self, *calls: dict[str, Any]) -> None:
        self.calls = calls or ({"order": "A1", "amount": 50},)
        self.refunded: list[tuple[str, int]] = []
        self.functions = Functions()
        self.functions.models.set_records(
            [AgentRecord("ag-1", "Support", provider="openai", model="m")]
        )
        self.functions.models.tools["refund"] = self.refund
        self.functions.models.approval_tools.add("refund")
        self.functions.models.use(FunctionModel(self.answer))

    async def refund(self, order: str, amount: int) -> str:
        self.refunded.append((order, amount))
        return f"refunded {amount} of {order}"

    async def answer(self, messages: Any, info: Any) -> ModelResponse:
        if len(messages) == 1:
            parts = [
                ToolCallPart("refund", arguments, tool_call_id=f"call-{index}")
                for index, arguments in enumerate(self.calls)
            ]
            return ModelResponse(parts, usage=USED)
        told = "; ".join(str(part.content) for part in messages[-1].parts)
        return ModelResponse([TextPart(told)], usage=USED)


@pytest.fixture
def go(virtual):
    def call(desk: Desk, graph: Any = GRAPH, **options: Any) -> Run:
        run = start(
            graph,
            {"text": "hey"},
            loop=virtual,
            clock=virtual.clock,
            functions=desk.functions,
            **options,
        )
        virtual.settle()
        return run

    return call


def test_agent_waits_with_the_tool_and_its_arguments(go, virtual):
    desk = Desk()
    run = go(desk)
    node = run["Support"]
    assert (node.status, desk.refunded) == ("waiting", [])
    assert node.question.text == 'Call the tool "refund" with order: A1, amount: 50?'
    assert (node.question.tool, node.question.value) == ("refund", {"order": "A1", "amount": 50})
    node.approve()
    virtual.settle()
    assert desk.refunded == [("A1", 50)]
    assert run.result == "refunded 50 of A1"
    assert node.logs == ("Support calls the tool refund",)


def test_requests_before_and_after_the_answer_are_counted_once(go, virtual):
    run = go(Desk())
    assert run.usage.requests == 1
    run["Support"].approve()
    virtual.settle()
    assert (run.usage.requests, run.usage.input_tokens) == (2, 10)


def test_a_person_corrects_the_arguments(go, virtual):
    desk = Desk()
    run = go(desk)
    run["Support"].approve({"order": "A1", "amount": 5})
    virtual.settle()
    assert desk.refunded == [("A1", 5)]
    assert run.result == "refunded 5 of A1"


def test_a_correction_that_is_no_arguments_is_refused_and_the_question_stays(go, virtual):
    run = go(Desk())
    with pytest.raises(RunError, match="correct its arguments with a dict by name"):
        run["Support"].approve("five")
    assert run["Support"].status == "waiting"
    run["Support"].reject()
    virtual.settle()


def test_the_model_hears_why_a_call_was_rejected(go, virtual):
    desk = Desk()
    run = go(desk)
    run["Support"].reject("too much")
    virtual.settle()
    assert desk.refunded == []
    assert run.result == "A person did not allow this: too much"
    assert run["Support"].logs == ()


def test_each_call_is_asked_for(go, virtual):
    desk = Desk({"order": "A1", "amount": 1}, {"order": "B2", "amount": 2})
    run = go(desk)
    run["Support"].approve()
    virtual.settle()
    assert run["Support"].status == "waiting"
    assert run["Support"].question.value == {"order": "B2", "amount": 2}
    assert desk.refunded == []
    run["Support"].reject()
    virtual.settle()
    assert desk.refunded == [("A1", 1)]
    assert run.result == "refunded 1 of A1; A person did not allow this."


def test_a_model_that_streams_waits_too(go, virtual):
    desk = Desk()

    async def stream(messages: Any, info: Any):
        if len(messages) == 1:
            yield {0: DeltaToolCall("refund", '{"order": "A1", "amount": 50}')}
        else:
            yield f"done: {messages[-1].parts[0].content}"

    desk.functions.models.use(FunctionModel(stream_function=stream))
    run = go(desk)
    assert run["Support"].question.tool == "refund"
    run["Support"].approve()
    virtual.settle()
    assert run.result == "done: refunded 50 of A1"


def test_a_retry_asks_again(go, virtual):
    desk = Desk()
    answers = iter([True, False])

    async def answer(messages: Any, info: Any) -> ModelResponse:
        if len(messages) > 1 and next(answers):
            raise ConnectionError("lost")
        return await desk.answer(messages, info)

    desk.functions.models.use(FunctionModel(answer))
    graph = pipeline(
        "start > Support > end",
        policies={"Support": {"retries": 1}},
        Support={"tools": ["refund"]},
    )
    run = go(desk, graph)
    run["Support"].approve()
    virtual.settle()
    virtual.advance(60)
    assert run["Support"].status == "waiting"
    assert len(desk.refunded) == 1
    run["Support"].reject()
    virtual.settle()
    assert len(desk.refunded) == 1


def test_cancelling_ends_the_wait(go, virtual):
    desk = Desk()
    run = go(desk)
    run.cancel()
    virtual.settle()
    assert (run["Support"].status, desk.refunded) == ("cancelled", [])


def test_without_a_person_the_agent_fails_and_calls_nothing(go, virtual):
    desk = Desk()
    run = go(desk, is_attended=lambda: False)
    with pytest.raises(TimeoutError):
        run.wait(0)
    virtual.settle()
    assert "waits for a person's approval" in str(run["Support"].error)
    assert desk.refunded == []


def test_a_tool_that_defers_its_call_gets_its_result_from_a_person(go, virtual):
    desk = Desk()

    async def defer(order: str, amount: int) -> str:
        raise CallDeferred

    desk.functions.models.tools["refund"] = defer
    desk.functions.models.approval_tools.clear()
    run = go(desk)
    assert run["Support"].question.text == (
        'What does the tool "refund" give with order: A1, amount: 50?'
    )
    run["Support"].approve("refunded by hand")
    virtual.settle()
    assert run.result == "refunded by hand"
