"""The requests about agents, their versions, contexts and tools, and those that send an agent a message."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Generic, TypeVar

from kaizen_widgets.api.agent_models import (
    Agent,
    AgentAnswer,
    AgentConnector,
    AgentContext,
    AgentCreate,
    AgentDetail,
    AgentFilters,
    AgentReadiness,
    AgentStatus,
    AgentTool,
    AgentUpdate,
    AgentVersion,
    ContextCreate,
    ContextUpdate,
    ToolCreate,
    ToolUpdate,
)
from kaizen_widgets.api.agent_stream import AgentEvent, parse_event
from kaizen_widgets.api.endpoints import CrudEndpoints, Endpoints
from kaizen_widgets.api.models import RequestModel, ResponseModel, url_path
from kaizen_widgets.errors import ForbiddenError, InvalidInputError, TransportError
from kaizen_widgets.transport import Transport

Part = TypeVar("Part", bound=ResponseModel)


class AgentParts(Endpoints, Generic[Part]):
    """The requests about one kind of part of an agent: its contexts, or its tools.

    Args:
        transport: HTTP client that sends the requests.
        noun: Name of one part; with an ``s``, the last part of the path.
        row: Response model of a part.
        create_model: Request model of a new part.
        update_model: Request model of a change.
    """

    def __init__(
        self,
        transport: Transport,
        noun: str,
        row: type[Part],
        create_model: type[RequestModel],
        update_model: type[RequestModel],
    ) -> None:
        super().__init__(transport)
        self.noun = noun
        self.create_model = create_model
        self.update_model = update_model
        self._name = f"{noun}s"
        self._row = row

    async def list(self, agent_id: str) -> list[Part]:
        """Return an agent's parts."""
        return await self._many(self._row, self.noun, "agents", agent_id, self._name)

    async def add(self, agent_id: str, part: RequestModel) -> Part:
        """Add a part to an agent."""
        parts = ("agents", agent_id, self._name)
        return await self._one(self._row, self.noun, "POST", *parts, json=part.model_dump())

    async def update(self, agent_id: str, id: str, change: RequestModel) -> Part:
        """Change a part."""
        parts = ("agents", agent_id, self._name, id)
        body = change.model_dump(exclude_none=True)
        return await self._one(self._row, self.noun, "PUT", *parts, json=body)

    async def remove(self, agent_id: str, id: str) -> None:
        """Remove a part from an agent."""
        await self._delete("agents", agent_id, self._name, id)


class AgentEndpoints(CrudEndpoints[Agent, AgentDetail]):
    """The requests about agents.

    Args:
        transport: HTTP client that sends the requests.
        workspace_id: Workspace of new agents; empty for the server's default.
    """

    resource, noun = "agents", "agent"
    row, detail_model = Agent, AgentDetail

    def __init__(self, transport: Transport, workspace_id: str = "") -> None:
        super().__init__(transport)
        self._workspace_id = workspace_id
        self.contexts = AgentParts(transport, "context", AgentContext, ContextCreate, ContextUpdate)
        self.tools = AgentParts(transport, "tool", AgentTool, ToolCreate, ToolUpdate)

    async def create(
        self,
        new: AgentCreate,
        status: AgentStatus | None = None,
        tools: Sequence[ToolCreate] = (),
    ) -> Agent:
        """Create an agent, then set its status and add its tools.

        Raises:
            TransportError: The agent was not created, or a later request failed; the message says which.
        """
        body = new.model_dump()
        body["workspace_id"] = new.workspace_id or self._workspace_id
        agent = await self._one(Agent, "agent", "POST", "agents", json=body)
        added = 0
        try:
            for tool in tools:
                await self.tools.add(agent.id, tool)
                added += 1
            if status is not None and status != agent.status:
                agent = await self.update(agent.id, AgentUpdate(status=status))
        except TransportError as error:
            missing = (
                f"{added} of {len(tools)} tools" if added < len(tools) else f"no status {status!r}"
            )
            error.args = (f"Agent {agent.id!r} was created, but has {missing}: {error}",)
            raise
        return agent

    async def check_name(self, name: str) -> None:
        """Refuse the name of an existing agent, because functions and nodes find agents by name.

        Archived agents do not count. The check is skipped for users who may not list agents.

        Raises:
            InvalidInputError: The name is taken.
        """
        try:
            found = await self.list(AgentFilters(search=name[:200]))
        except ForbiddenError:
            return
        for other in found:
            if other.name == name and other.status != "archived":
                taken = f"There is already an agent {name!r}"
                raise InvalidInputError(
                    f"{taken}: change that one with agents.update({other.id!r}, ...), choose another name, "
                    "or give allow_duplicate=True.",
                    status=409,
                    code="NAME_TAKEN",
                    details={"name": [f"{taken}: edit that one, or choose another name."]},
                )

    # -- versions and connectors

    async def versions(self, id: str) -> list[AgentVersion]:
        """Return an agent's versions, newest first."""
        found = await self._many(AgentVersion, "version", "agents", id, "versions")
        return sorted(found, key=lambda version: -version.version_number)

    async def create_version(self, id: str, changelog: str) -> AgentVersion:
        """Store an agent's current state as a version."""
        body = {"changelog": changelog}
        return await self._one(AgentVersion, "version", "POST", "agents", id, "versions", json=body)

    async def roll_back(self, id: str, version_id: str) -> Agent:
        """Return an agent to the state of a version."""
        return await self._one(
            Agent, "agent", "POST", "agents", id, "versions", version_id, "rollback"
        )

    async def connectors(self, id: str) -> list[AgentConnector]:
        """Return the connectors attached to an agent."""
        return await self._many(AgentConnector, "connector", "agents", id, "connectors")

    # -- executing

    async def readiness(self, id: str) -> AgentReadiness:
        """Return whether an agent can be executed."""
        return await self._one(
            AgentReadiness, "readiness", "GET", "agents", id, "execute", "status"
        )

    async def execute(
        self, id: str, message: str, history: Sequence[Mapping[str, Any]] = ()
    ) -> AgentAnswer:
        """Send a message to an agent, and return the complete answer."""
        return await self._one(
            AgentAnswer, "answer", "POST", "agents", id, "execute", json=_body(message, history)
        )

    async def stream(
        self, id: str, message: str, history: Sequence[Mapping[str, Any]] = ()
    ) -> AsyncGenerator[AgentEvent, None]:
        """Send a message to an agent, and yield the answer piece by piece.

        Raises:
            TransportError: The request failed, the stream broke off, or the agent failed midway.
        """
        where = url_path("agents", id, "execute", "stream")
        is_complete = False
        async with aclosing(self._transport.stream(where, _body(message, history))) as events:
            async for event in events:
                found = parse_event(event.data, where)
                if found is None:
                    continue
                yield found
                is_complete = found.type == "done"
        if not is_complete:
            raise TransportError(
                f"POST {where} broke off before the answer ended; ask again.",
                method="POST",
                url=where,
            )


def _body(message: str, history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    body: dict[str, Any] = {"message": message}
    return body | {"conversation_history": [dict(entry) for entry in history]} if history else body
