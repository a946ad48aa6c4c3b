"""What a person approved for an agent's tool is approved for one run."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel

from kaizen_widgets.nodes.agent_record import AgentRecord
from tests.engines.builders import pipeline


@pytest.fixture
def sent(bench) -> list[str]:
    sent: list[str] = []

    async def send(text: str) -> str:
        sent.append(text)
        return "sent"

    async def answer(messages: Any, info: Any) -> ModelResponse:
        if len(messages) == 1:
            return ModelResponse([ToolCallPart("send", {"text": "hi"})])
        return ModelResponse([TextPart("done")])

    models = bench.functions.models
    models.set_records([AgentRecord("a", "a", tools=("send",))])
    models.tools["send"] = send
    models.approval_tools.add("send")
    models.use(FunctionModel(answer))
    bench.show(pipeline("start > a > end"))
    return sent


def test_a_new_run_asks_again_though_its_kernel_caches(bench, sent):
    bench.runner.cache.policy = "session"
    for count in (1, 2):
        run = bench.run({"text": "t"})
        assert run["a"].status == "waiting"
        run["a"].approve()
        bench.loop.settle()
        assert (run.result, len(sent)) == ("done", count)


def test_a_tool_that_needs_approval_from_now_on_makes_results_stale(bench, sent):
    models = bench.functions.models
    models.approval_tools.clear()
    run = bench.run({"text": "t"})
    assert run.result == "done"
    models.approval_tools.add("send")
    row = next(row for row in bench.runner.plan_unchanged(run) if row.node_id == "a")
    assert (row.action, row.reason) == ("run", "Agent changed")
