"""The requests about agents, their versions, contexts and tools, and those that ask one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from kaizen_widgets.api.agent_events import AgentEvent, read_event
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
from kaizen_widgets.api.endpoints import Endpoints
from kaizen_widgets.api.models import path, read
from kaizen_widgets.api.pagination import every, narrowed
from kaizen_widgets.errors import TransportError
from kaizen_widgets.transport import Transport


class AgentEndpoints(Endpoints):
    """The requests.

    Args:
        transport: Sends them.
        workspace_id: Where new agents belong; empty for the server's choice.
    """

    def __init__(self, transport: Transport, workspace_id: str = "") -> None:
        super().__init__(transport)
        self._workspace_id = workspace_id

    async def list(self, filters: AgentFilters) -> list[Agent]:
        """Return all agents that fit, however many pages."""
        found = await every(self._transport, "/agents", filters.model_dump(), "agents")
        agents = [read(Agent, row, "agent") for row in found]
        return narrowed(agents, filters.search, filters.sort)

    async def get(self, id: str) -> AgentDetail:
        """Return one agent with its contexts and tools."""
        return await self._one(AgentDetail, "agent", "GET", "agents", id)

    async def create(
        self,
        agent: AgentCreate,
        status: AgentStatus | None = None,
        tools: Sequence[ToolCreate] = (),
    ) -> Agent:
        """Make an agent, then give it its status and tools.

        Raises:
            TransportError: It was not made; or it was, but not all of the rest: the message says so.
        """
        body = agent.model_dump()
        body["workspace_id"] = agent.workspace_id or self._workspace_id
        made = await self._one(Agent, "agent", "POST", "agents", json=body)
        done = 0
        try:
            for tool in tools:
                await self.add_tool(made.id, tool)
                done += 1
            if status is not None and status != made.status:
                made = await self.update(made.id, AgentUpdate(status=status))
        except TransportError as error:
            what = f"{done} of {len(tools)} tools" if done < len(tools) else f"no status {status!r}"
            error.args = (f"Agent {made.id!r} was made, but has {what}: {error}",)
            raise
        return made

    async def update(self, id: str, change: AgentUpdate) -> Agent:
        """Change an agent."""
        body = change.model_dump(exclude_none=True)
        return await self._one(Agent, "agent", "PUT", "agents", id, json=body)

    async def delete(self, id: str) -> None:
        """Archive an agent."""
        await self._gone("agents", id)

    # ----------------------------------------------------------------- parts

    async def versions(self, id: str) -> list[AgentVersion]:
        """Return an agent's versions, newest first."""
        found = await self._many(AgentVersion, "version", "agents", id, "versions")
        return sorted(found, key=lambda one: -one.version_number)

    async def keep_version(self, id: str, changelog: str) -> AgentVersion:
        """Remember an agent as it is."""
        body = {"changelog": changelog}
        return await self._one(AgentVersion, "version", "POST", "agents", id, "versions", json=body)

    async def roll_back(self, id: str, version_id: str) -> Agent:
        """Make an agent what it was."""
        return await self._one(
            Agent, "agent", "POST", "agents", id, "versions", version_id, "rollback"
        )

    async def contexts(self, id: str) -> list[AgentContext]:
        """Return what an agent knows."""
        return await self._many(AgentContext, "context", "agents", id, "contexts")

    async def add_context(self, id: str, context: ContextCreate) -> AgentContext:
        """Let an agent know something."""
        body = context.model_dump()
        return await self._one(AgentContext, "context", "POST", "agents", id, "contexts", json=body)

    async def update_context(self, id: str, context_id: str, change: ContextUpdate) -> AgentContext:
        """Change what an agent knows."""
        body = change.model_dump(exclude_none=True)
        return await self._one(
            AgentContext, "context", "PUT", "agents", id, "contexts", context_id, json=body
        )

    async def remove_context(self, id: str, context_id: str) -> None:
        """Let an agent forget something."""
        await self._gone("agents", id, "contexts", context_id)

    async def tools(self, id: str) -> list[AgentTool]:
        """Return what an agent may use."""
        return await self._many(AgentTool, "tool", "agents", id, "tools")

    async def add_tool(self, id: str, tool: ToolCreate) -> AgentTool:
        """Let an agent use something."""
        body = tool.model_dump()
        return await self._one(AgentTool, "tool", "POST", "agents", id, "tools", json=body)

    async def update_tool(self, id: str, tool_id: str, change: ToolUpdate) -> AgentTool:
        """Change what an agent may use."""
        body = change.model_dump(exclude_none=True)
        return await self._one(AgentTool, "tool", "PUT", "agents", id, "tools", tool_id, json=body)

    async def remove_tool(self, id: str, tool_id: str) -> None:
        """Take a tool from an agent."""
        await self._gone("agents", id, "tools", tool_id)

    async def connectors(self, id: str) -> list[AgentConnector]:
        """Return what is attached to an agent."""
        return await self._many(AgentConnector, "connector", "agents", id, "connectors")

    # ---------------------------------------------------------------- asking

    async def readiness(self, id: str) -> AgentReadiness:
        """Return whether an agent can be asked."""
        return await self._one(
            AgentReadiness, "readiness", "GET", "agents", id, "execute", "status"
        )

    async def execute(
        self, id: str, message: str, history: Sequence[Mapping[str, Any]] = ()
    ) -> AgentAnswer:
        """Ask an agent, and wait for the whole answer."""
        return await self._one(
            AgentAnswer, "answer", "POST", "agents", id, "execute", json=_asked(message, history)
        )

    async def stream(
        self, id: str, message: str, history: Sequence[Mapping[str, Any]] = ()
    ) -> AsyncGenerator[AgentEvent, None]:
        """Ask an agent, and hear the answer piece by piece.

        Raises:
            TransportError: It could not be asked, the stream broke off, or the agent failed midway.
        """
        where = path("agents", id, "execute", "stream")
        is_whole = False
        async with aclosing(self._transport.stream(where, _asked(message, history))) as events:
            async for event in events:
                found = read_event(event.data, where)
                if found is None:
                    continue
                yield found
                is_whole = found.type == "done"
        if not is_whole:
            raise TransportError(
                f"POST {where} broke off before the answer ended; ask again.",
                method="POST",
                url=where,
            )


def _asked(message: str, history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    body: dict[str, Any] = {"message": message}
    return body | {"conversation_history": [dict(one) for one in history]} if history else body
