"""Kinds, tools and models in the studio: from the agents on the server to a run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic_ai import models
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import DeltaToolCall, FunctionModel
from pydantic_ai.models.test import TestModel

from kaizen_widgets import Studio
from kaizen_widgets.errors import NotRunnableError, RunError
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.nodes import UsageLimits
from kaizen_widgets.testing import fake_comms

WAIT = 60


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(models, "ALLOW_MODEL_REQUESTS", False)
    with fake_comms():
        studio = Studio(data=":memory:")
        yield studio
        studio.close()


def new_agent(studio: Studio, **fields: Any) -> Any:
    made = studio.agents.create(name="Helper", model_id="gpt-4o-mini", **fields).wait(WAIT)
    studio.agents.list().refetch().wait(WAIT)
    return made


def open_agent(studio: Studio, agent: Any, **config: Any) -> None:
    nodes = [
        Node("start", type="input", data={"label": "Start"}),
        Node("a", type="agent", data={"label": "Ask", "agentId": agent.id, "config": config}),
    ]
    studio.new("Ask a model", Graph(nodes, [Edge("e", "start", "a")]))


def test_agent_of_the_server_answers_with_its_prompt_tools_and_settings(studio):
    seen: list[Any] = []

    async def stream(messages: Any, info: Any):
        seen.append((info.instructions, info.model_settings, [t.name for t in info.function_tools]))
        if len(messages) == 1:
            yield {0: DeltaToolCall("look_up", '{"name": "Ada"}')}
        else:
            yield messages[-1].parts[0].content

    @studio.tool
    def look_up(name: str) -> str:
        return f"{name} found"

    agent = new_agent(studio, system_prompt="Help {{ text }}.", temperature=0.5, max_tokens=50)
    studio.agents.add_tool(agent.id, name="look_up", description="Look it up.").wait(WAIT)
    studio.use_model(FunctionModel(stream_function=stream), "Helper")
    open_agent(studio, agent)
    run = studio.run(text="me").wait(WAIT)
    assert run.result == "Ada found"
    settings = {"temperature": 0.5, "max_tokens": 50}
    assert seen == [("Help me.", settings, ["look_up"])] * 2


def test_tool_with_approval_is_called_with_what_a_person_made_of_it(studio):
    async def answer(messages: Any, info: Any) -> ModelResponse:
        if len(messages) == 1:
            return ModelResponse([ToolCallPart("pay", {"amount": 50})])
        return ModelResponse([TextPart(messages[-1].parts[0].content)])

    @studio.tool(requires_approval=True)
    def pay(amount: int) -> str:
        return f"paid {amount}"

    studio.use_model(FunctionModel(answer))
    open_agent(studio, new_agent(studio), tools=["pay"])
    run = studio.run(text="me")

    async def approve() -> None:
        async for event in run.stream():
            if event.kind == "waiting" and event.state == "asked":
                run[event.node].approve({"amount": run[event.node].question.value["amount"] // 10})

    asyncio.run(approve())
    assert run.result == "paid 5"
    studio.tool(pay)
    assert studio.run(text="me").wait(WAIT).result == "paid 50"


def test_comparison_of_two_runs_is_shown_on_the_canvas(studio):
    nodes = [
        Node("start", type="input", data={"label": "Start"}),
        Node("a", type="agent", data={"label": "Ask"}),
    ]
    studio.new("Compare", Graph(nodes, [Edge("e", "start", "a")]))
    studio.agent("Ask")(lambda text: "one")
    before = studio.run(text="me").wait(WAIT)
    studio.agent("Ask")(lambda text: "two")
    after = studio.run(text="me").wait(WAIT)
    studio.show_comparison(after.compare(before))
    assert studio.canvas.node_facts["a"]["difference"] == "changed"
    assert "difference" not in studio.canvas.node_facts.get("start", {})
    studio.hide_comparison()
    assert "difference" not in studio.canvas.node_facts["a"]


def test_agent_that_cannot_be_asked_is_refused_before_the_run(studio):
    studio.offline()
    open_agent(studio, new_agent(studio))
    with pytest.raises(NotRunnableError, match=r"studio\.offline\(\) allows no requests"):
        studio.run(text="a")
    studio.use_model(TestModel(custom_output_text="tested"))
    assert studio.run(text="a").wait(WAIT).result == "tested"


def test_budget_of_the_studio_limits_each_run(studio):
    studio.use_model(TestModel())
    open_agent(studio, new_agent(studio))
    studio.budget = UsageLimits(total_tokens_limit=1)
    assert studio.run(text="a").wait(WAIT).status == "completed"
    studio.budget = None
    assert studio.budget == UsageLimits()


def test_function_becomes_a_kind_of_the_studio_and_stays_a_function(studio):
    @studio.node
    def shorten(text: str, *, words: int = 2) -> str:
        """Keep the first words."""
        return " ".join(text.split()[:words])

    @studio.node(title="Loud", color="#112233")
    def shout(text: str) -> str:
        return text.upper()

    assert shorten("a b c") == "a b"
    assert studio.kinds.look_of("shout").title == "Loud"
    nodes = [
        Node("start", type="input", data={"label": "Start"}),
        Node("s", type="shorten", data={"label": "S", "config": {"words": 1}}),
        Node("l", type="shout", data={"label": "L"}),
    ]
    studio.new("Kinds", Graph(nodes))
    studio.connect("start", "s", target_handle="text")
    studio.connect("s", "l", target_handle="text")
    assert studio.run(text="one two").wait(WAIT).result == "ONE"


@pytest.mark.parametrize("wrong", ["text", 5])
def test_tool_and_node_refuse_what_is_no_function(studio, wrong):
    with pytest.raises(RunError, match="function"):
        studio.tool(wrong)
    with pytest.raises(RunError, match="function"):
        studio.node(wrong)
