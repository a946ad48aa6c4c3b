"""``/agents/{id}/execute``: ask an agent, at once or as a stream of server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from anyio import from_thread, to_thread
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from kaizen_widgets.server.access import Caller, allow
from kaizen_widgets.server.agent_rows import agent_of
from kaizen_widgets.server.base.services import Services, WithServices
from kaizen_widgets.server.base.timestamps import stamp
from kaizen_widgets.server.errors import ApiError
from kaizen_widgets.server.execute import Outcome, run_agent
from kaizen_widgets.server.execution_rows import keep, keep_metric
from kaizen_widgets.server.fields import JsonObject

router = APIRouter(prefix="/agents/{agent_id}/execute", tags=["agents"])

Reader = Annotated[Caller, allow("agents:read")]


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
    """What to ask an agent; nothing is remembered, so what was said before comes along."""

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
    """Whether an agent can be asked."""

    agent_id: str
    agent_name: str
    model_id: str
    provider: str
    is_configured: bool
    status: str
    can_execute: bool
    message: str


@router.post("", response_model=ExecuteAgentResponse)
def execute(agent_id: str, body: ExecuteAgentRequest, caller: Reader, studio: WithServices) -> Any:
    """Ask an agent and wait for the whole answer."""
    agent, started = _agent(studio, caller, agent_id), stamp(studio.clock)
    history = body.conversation_history or ()
    outcome = from_thread.run(run_agent, studio.model, studio.clock, agent, body.message, history)
    kept = _keep(studio, caller, agent, started, body.message, outcome)
    if outcome.status == "failed":
        raise ApiError(503, f"The agent's model cannot answer: {outcome.error}")
    return {
        "content": outcome.output["content"],
        "model": agent["model_id"],
        "usage": outcome.usage,
        "finish_reason": "stop",
        "thread_id": kept["id"],
        "timestamp": stamp(studio.clock),
    }


@router.post(
    "/stream",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": EVENT}},
            "description": "Events: start, content, done; error in the place of done.",
        }
    },
)
def execute_stream(
    agent_id: str, body: ExecuteAgentRequest, caller: Reader, studio: WithServices
) -> Any:
    """Ask an agent and hear the answer piece by piece."""
    agent = _agent(studio, caller, agent_id)
    return StreamingResponse(
        _events(studio, caller, agent, body),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.get("/status", response_model=ExecuteStatus)
def execute_status(agent_id: str, caller: Reader, studio: WithServices) -> Any:
    """Say whether an agent can be asked, and whose model would answer."""
    with studio.database.read() as db:
        agent = agent_of(db, caller, agent_id)
    can = agent["status"] != "archived"
    return {
        "agent_id": agent_id,
        "agent_name": agent["name"],
        "model_id": agent["model_id"],
        "provider": studio.model.provider,
        "is_configured": True,
        "status": agent["status"],
        "can_execute": can,
        "message": "Ready" if can else "The agent is archived",
    }


async def _events(
    studio: Services, caller: Caller, agent: dict[str, Any], body: ExecuteAgentRequest
) -> AsyncIterator[str]:
    thread_id, started, begun = studio.new_id(), stamp(studio.clock), studio.clock.monotonic()
    outcome, pieces = Outcome(), []
    yield _event("start", thread_id=thread_id, model=agent["model_id"], timestamp=started)
    try:
        async for piece in studio.model.answer(
            agent, body.message, body.conversation_history or ()
        ):
            pieces.append(piece)
            yield _event("content", content=piece, thread_id=thread_id)
    except RuntimeError as error:
        outcome.status, outcome.error = "failed", str(error)
    outcome.output = {"content": "".join(pieces)}
    outcome.used(body.message, outcome.output["content"])
    outcome.milliseconds = round((studio.clock.monotonic() - begun) * 1000)
    await to_thread.run_sync(_keep, studio, caller, agent, started, body.message, outcome)
    if outcome.error:
        yield _event("error", error=outcome.error, thread_id=thread_id)
    else:
        yield _event("done", thread_id=thread_id, timestamp=stamp(studio.clock))


def _event(kind: str, **facts: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **facts})}\n\n"


def _agent(studio: Services, caller: Caller, agent_id: str) -> dict[str, Any]:
    with studio.database.read() as db:
        agent = agent_of(db, caller, agent_id)
    if agent["status"] == "archived":
        raise ApiError(400, "An archived agent cannot be executed")
    return agent


def _keep(
    studio: Services,
    caller: Caller,
    agent: dict[str, Any],
    started: str,
    message: str,
    outcome: Outcome,
) -> dict[str, Any]:
    with studio.database.write() as db:
        given = {"message": message}
        kept = keep(db, studio, caller, started, given, outcome, agent_id=agent["id"])
        keep_metric(db, studio, caller, agent["id"], kept["id"], outcome)
    return kept
