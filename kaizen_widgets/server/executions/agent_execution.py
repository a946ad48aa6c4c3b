"""``/agents/{id}/execute``: ask an agent; the answer is returned complete or as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

from anyio import to_thread
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from kaizen_widgets.server.agents.agent_rows import AGENTS
from kaizen_widgets.server.base.api_errors import ApiError
from kaizen_widgets.server.base.field_types import JsonObject
from kaizen_widgets.server.base.permissions import Caller
from kaizen_widgets.server.base.services import Services, WithServices
from kaizen_widgets.server.base.timestamps import timestamp
from kaizen_widgets.server.executions.execution_rows import save_agent_execution
from kaizen_widgets.server.executions.execution_run import (
    ExecutionRecord,
    ExecutionRun,
    graph_of_agent,
)
from kaizen_widgets.server.organization.access import GuardedRouter, WithCaller
from kaizen_widgets.server.pipelines.pipeline_checks import AgentDirectory

router = GuardedRouter(prefix="/agents/{agent_id}/execute", tags=["agents"])

EVENT = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"enum": ["start", "content", "done", "error"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}
"""For OpenAPI: one event of a stream."""


class ExecuteAgentRequest(BaseModel):
    """A message to an agent; nothing is remembered, so the request holds the conversation so far."""

    message: str
    conversation_history: list[JsonObject] | None = None
    stream: bool = False


class ExecuteAgentResponse(BaseModel):
    """An agent's answer."""

    content: str
    model: str
    usage: dict[str, int]
    finish_reason: str
    thread_id: str
    timestamp: str


class ExecuteStatus(BaseModel):
    """Whether an agent can be executed."""

    agent_id: str
    agent_name: str
    model_id: str
    provider: str
    is_configured: bool
    status: str
    can_execute: bool
    message: str


@router.post("", response_model=ExecuteAgentResponse)
def execute(
    agent_id: str, body: ExecuteAgentRequest, caller: WithCaller, services: WithServices
) -> Any:
    """Ask an agent and wait for the whole answer."""
    agent, started = _executable(services, caller, agent_id), timestamp(services.clock)
    record = _start(services, agent, body).wait().of_node(agent_id)
    row = _save(services, caller, agent_id, started, body, record)
    if record.error:
        raise ApiError(503, f"The agent's model cannot answer: {record.error}")
    return {
        "content": record.output["content"],
        "model": agent["model_id"],
        "usage": record.usage,
        "finish_reason": "stop",
        "thread_id": row["id"],
        "timestamp": timestamp(services.clock),
    }


@router.post(
    "/stream",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": EVENT}},
            "description": "Events: start, content, then done or error.",
        }
    },
)
def execute_stream(
    agent_id: str, body: ExecuteAgentRequest, caller: WithCaller, services: WithServices
) -> Any:
    """Ask an agent and get the answer piece by piece; a client that leaves stops the agent."""
    agent = _executable(services, caller, agent_id)
    return StreamingResponse(
        execution_events(services, caller, agent, body),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.get("/status", response_model=ExecuteStatus)
def execute_status(agent_id: str, caller: WithCaller, services: WithServices) -> Any:
    """Return whether an agent can be executed, and whose model would answer."""
    with services.database.read() as db:
        agent = AGENTS.get(db, caller, agent_id)
    can = agent["status"] != "archived"
    return {
        "agent_id": agent_id,
        "agent_name": agent["name"],
        "model_id": agent["model_id"],
        "provider": services.model.provider,
        "is_configured": True,
        "status": agent["status"],
        "can_execute": can,
        "message": "Ready" if can else "The agent is archived",
    }


async def execution_events(
    services: Services, caller: Caller, agent: dict[str, Any], body: ExecuteAgentRequest
) -> AsyncGenerator[str, None]:
    """Yield the events of an agent's execution; closing the generator stops the agent."""
    thread_id, started = services.new_id(), timestamp(services.clock)
    yield _event("start", thread_id=thread_id, model=agent["model_id"], timestamp=started)
    loop, pieces = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    # Executions run on a loop of their own.
    def on_piece(piece: str | None) -> None:
        loop.call_soon_threadsafe(pieces.put_nowait, piece)

    execution = _start(services, agent, body, on_piece)
    ended = asyncio.ensure_future(_wait(execution))
    ended.add_done_callback(lambda _: pieces.put_nowait(None))
    try:
        while (piece := await pieces.get()) is not None:
            yield _event("content", content=piece, thread_id=thread_id)
        record = (await ended).of_node(agent["id"])
    finally:
        execution.cancel()
        ended.cancel()
    await to_thread.run_sync(_save, services, caller, agent["id"], started, body, record)
    if record.error:
        yield _event("error", error=record.error, thread_id=thread_id)
    else:
        yield _event("done", thread_id=thread_id, timestamp=timestamp(services.clock))


async def _wait(execution: ExecutionRun) -> ExecutionRecord:
    await execution.run
    return execution.record()


def _event(kind: str, **data: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n"


def _executable(services: Services, caller: Caller, agent_id: str) -> dict[str, Any]:
    with services.database.read() as db:
        agent = AGENTS.get(db, caller, agent_id)
    if agent["status"] == "archived":
        raise ApiError(400, "An archived agent cannot be executed")
    return agent


def _start(
    services: Services,
    agent: dict[str, Any],
    body: ExecuteAgentRequest,
    on_piece: Callable[[str], object] | None = None,
) -> ExecutionRun:
    return ExecutionRun(
        services,
        graph_of_agent(agent),
        AgentDirectory([agent]),
        {"message": body.message},
        history=body.conversation_history or (),
        on_piece=on_piece,
    )


def _save(
    services: Services,
    caller: Caller,
    agent_id: str,
    started: str,
    body: ExecuteAgentRequest,
    record: ExecutionRecord,
) -> dict[str, Any]:
    inputs = {"message": body.message}
    with services.database.write() as db:
        return save_agent_execution(db, services, caller, started, inputs, record, agent_id)
