"""The studio's models on its embedded server: the nine patterns there and here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelRequest, UserPromptPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel

from kaizen_widgets import Graph, Studio, patterns
from kaizen_widgets.nodes.agent_record import AgentRecord
from kaizen_widgets.nodes.model_agents import ModelAgents
from kaizen_widgets.studio.studio_model import StudioModel

WAIT = 60
AGENTS = ("Ann", "Bob")
CASES: dict[str, tuple[Graph, dict[str, Any]]] = {
    "sequential": (patterns.sequential(AGENTS), {"text": "hello"}),
    "parallel": (patterns.parallel(AGENTS), {"text": "hello"}),
    "ensemble": (patterns.ensemble(AGENTS), {"text": "hello"}),
    "router": (patterns.router({"Ann": "'invoice' in text"}, default="Bob"), {"text": "hello"}),
    "supervisor_worker": (patterns.supervisor_worker(AGENTS), {"items": ["one", "two", "three"]}),
    "pipeline": (patterns.pipeline(AGENTS), {"items": ["one", "two"]}),
    "hierarchical": (patterns.hierarchical(AGENTS), {"text": "hard"}),
    "blackboard": (
        patterns.blackboard(AGENTS, until="'Bob' in value", max_rounds=3),
        {"text": "hello"},
    ),
    "reactive": (
        patterns.reactive({"Ann": "topic == 'start'"}, max_events=4),
        {"text": "hello"},
    ),
}


async def words(messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[str]:
    """Answer with the question in reverse; of a hard one, that it is handed over."""
    (request,) = (one for one in messages if isinstance(one, ModelRequest))
    prompt = next(str(one.content) for one in request.parts if isinstance(one, UserPromptPart))
    yield "hand over: " if prompt == "hard" else "re: "
    for letter in reversed(prompt):
        yield letter


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    studio = Studio(data=":memory:")
    for name in AGENTS:
        studio.agents.create(name=name, model_id="gpt-4o-mini", is_active=True).wait(WAIT)
    yield studio
    studio.close()


@pytest.mark.parametrize("name", CASES)
def test_patterns_give_the_same_on_the_embedded_server_with_a_streaming_model(studio, name):
    studio.use_model(FunctionModel(stream_function=words))
    graph, inputs = CASES[name]
    studio.new(name, graph)
    here = studio.run(inputs).wait(WAIT)
    there = studio.executions.start(studio.store.pipeline_id, inputs).wait(WAIT)
    assert here.status == there.status == "completed"
    row_id, pipeline_id = studio.pipelines.endpoints.row_id, studio.store.pipeline_id
    assert {node.node_id: (node.status, node.output) for node in there.nodes} == {
        row_id(pipeline_id, key): (node.status, here.results.get(node.label))
        for key, node in here.nodes.items()
    }
    assert list(there.outputs.values()) == [here.result]


ROW = {
    "id": "ag-9",
    "name": "Ann",
    "model_id": "gpt-4o-mini",
    "system_prompt": None,
    "temperature": 0.3,
    "max_tokens": 0,
}


def pieces_of(models: ModelAgents, message: str, **more: Any) -> list[str]:
    async def collect() -> list[str]:
        return [piece async for piece in StudioModel(models).answer(ROW | more, message, ())]

    return asyncio.run(collect())


def test_answer_streams_and_only_agents_with_a_model_have_one():
    models = ModelAgents()
    assert StudioModel(models).provider == "offline"
    models.use(FunctionModel(stream_function=words), "Ann")
    assert StudioModel(models).provider == "notebook"
    assert pieces_of(models, "ab") == ["re: ", "b", "a"]
    other = "".join(pieces_of(models, "ab", id="ag-8", name="Bob"))
    assert other == "Bob (offline) was asked: ab"


def test_answer_of_an_agent_with_tools_is_whole_and_without_what_was_written_before_the_call():
    async def looks_up(messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[Any]:
        if len(messages) == 1:
            yield "Wait. "
            yield {0: DeltaToolCall(name="look_up", json_args="{}")}
        else:
            yield "It is "
            yield "here."

    models = ModelAgents()
    models.tools["look_up"] = lambda: "found"
    models.set_records([AgentRecord("ag-9", "Ann", tools=("look_up",))])
    models.use(FunctionModel(stream_function=looks_up))
    assert pieces_of(models, "where?") == ["It is here."]


def test_model_that_cannot_answer_says_why_and_repeats_nothing_else():
    async def refuses(_messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[str]:
        raise ModelHTTPError(500, "m", body="canary")
        yield ""

    models = ModelAgents()
    models.use(FunctionModel(stream_function=refuses))
    with pytest.raises(RuntimeError, match=r"^Ann: .*Trying again may help") as caught:
        pieces_of(models, "ab")
    assert "canary" not in str(caught.value)
