"""Agents through the cache: queries, mutations and streamed answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from kaizen_widgets.api.agent_endpoints import AgentEndpoints, AgentParts
from kaizen_widgets.api.agent_models import (
    Agent,
    AgentCreate,
    AgentFilters,
    AgentUpdate,
    ToolCreate,
)
from kaizen_widgets.api.agent_stream import AgentEvent, AgentStream
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.mapping import agent_fields
from kaizen_widgets.api.models import url_path, validate
from kaizen_widgets.api.resource import Resource
from kaizen_widgets.query import LiveQuery, Mutation

KEYS = query_keys.agents


class Agents(Resource[AgentEndpoints]):
    """Agents through the cache; see `AgentFilters`, `AgentCreate` and `AgentUpdate` for the fields.

    The studio's names are accepted as well as the server's: ``provider`` and ``model``, ``is_active``,
    ``type``, and ``tools`` of a new agent (see `mapping`).
    """

    keys = KEYS
    filter_model = AgentFilters
    create_model = AgentCreate
    update_model = AgentUpdate

    def list(self, **filters: Any) -> LiveQuery:
        """Return the query of a list of `Agent`s; see `AgentFilters`."""
        return super().list(**agent_fields(filters))

    def pages(self, **filters: Any) -> LiveQuery:
        """Return the query of a list of `Agent`s that is fetched page by page; see `AgentFilters`."""
        return super().pages(**agent_fields(filters))

    def create(self, *, allow_duplicate: bool = False, **fields: Any) -> Mutation:
        """Create an agent, with ``tools`` and ``status`` if given; returns the `Agent`. Never sent twice.

        The mutation fails with an `InvalidInputError` if another agent has this name.

        Args:
            allow_duplicate: Create it even so.
            **fields: Fields of the agent.

        Raises:
            InvalidInputError: A field is invalid; nothing was sent.
        """
        given = agent_fields(fields)
        tools = [validate(ToolCreate, tool) for tool in given.pop("tools", ())]
        status = validate(AgentUpdate, {"status": given.pop("status", None)}).status

        async def create(agent: AgentCreate) -> Agent:
            if not allow_duplicate:
                await self.endpoints.check_name(agent.name)
            return await self.endpoints.create(agent, status, tools)

        return self._mutate(
            "create",
            create,
            validate(AgentCreate, given),
            KEYS.lists,
        )

    def update(self, id: str, **fields: Any) -> Mutation:
        """Change an agent; see `AgentUpdate`."""
        return super().update(id, **agent_fields(fields))

    # -- versions and connectors

    def versions(self, id: str) -> LiveQuery:
        """Return the query of an agent's `AgentVersion`s, newest first."""
        return self._query_of(id, KEYS.versions(id), self.endpoints.versions)

    def create_version(self, id: str, changelog: str = "") -> Mutation:
        """Store an agent's current state as a version; returns the `AgentVersion`. Never sent twice."""
        url_path("agents", id)
        return self._mutate(
            "create_version",
            lambda text: self.endpoints.create_version(id, text),
            changelog,
            KEYS.versions(id),
        )

    def roll_back(self, id: str, version_id: str) -> Mutation:
        """Return an agent to the state of a version; returns the `Agent`."""
        url_path("agents", id, version_id)
        return self._mutate(
            "roll_back",
            lambda version: self.endpoints.roll_back(id, version),
            version_id,
            KEYS.lists,
            KEYS.detail(id),
        )

    def connectors(self, id: str) -> LiveQuery:
        """Return the query of the `AgentConnector`s attached to an agent."""
        return self._query_of(id, KEYS.connectors(id), self.endpoints.connectors)

    # -- contexts and tools

    def contexts(self, id: str) -> LiveQuery:
        """Return the query of an agent's `AgentContext`s."""
        return self._query_of(id, KEYS.contexts(id), self.endpoints.contexts.list)

    def add_context(self, id: str, **fields: Any) -> Mutation:
        """Add a context to an agent, see `ContextCreate`. Never sent twice."""
        return self._add(self.endpoints.contexts, id, fields)

    def update_context(self, id: str, context_id: str, **fields: Any) -> Mutation:
        """Change a context, see `ContextUpdate`."""
        return self._update(self.endpoints.contexts, id, context_id, fields)

    def remove_context(self, id: str, context_id: str) -> Mutation:
        """Remove a context from an agent."""
        return self._remove(self.endpoints.contexts, id, context_id)

    def tools(self, id: str) -> LiveQuery:
        """Return the query of an agent's `AgentTool`s."""
        return self._query_of(id, KEYS.tools(id), self.endpoints.tools.list)

    def add_tool(self, id: str, **fields: Any) -> Mutation:
        """Add a tool to an agent, see `ToolCreate`. Never sent twice."""
        return self._add(self.endpoints.tools, id, fields)

    def update_tool(self, id: str, tool_id: str, **fields: Any) -> Mutation:
        """Change a tool, see `ToolUpdate`."""
        return self._update(self.endpoints.tools, id, tool_id, fields)

    def remove_tool(self, id: str, tool_id: str) -> Mutation:
        """Remove a tool from an agent."""
        return self._remove(self.endpoints.tools, id, tool_id)

    def _add(self, parts: AgentParts[Any], id: str, fields: Mapping[str, Any]) -> Mutation:
        url_path("agents", id)
        return self._mutate(
            f"add_{parts.noun}",
            lambda new: parts.add(id, new),
            validate(parts.create_model, fields),
            KEYS.detail(id),
        )

    def _update(
        self, parts: AgentParts[Any], id: str, part_id: str, fields: Mapping[str, Any]
    ) -> Mutation:
        url_path("agents", id, part_id)
        return self._mutate(
            f"update_{parts.noun}",
            lambda change: parts.update(id, part_id, change),
            validate(parts.update_model, fields),
            KEYS.detail(id),
        )

    def _remove(self, parts: AgentParts[Any], id: str, part_id: str) -> Mutation:
        url_path("agents", id, part_id)
        return self._mutate(
            f"remove_{parts.noun}",
            lambda removed: parts.remove(id, removed),
            part_id,
            KEYS.detail(id),
        )

    # -- executing

    def readiness(self, id: str) -> LiveQuery:
        """Return the query of an agent's `AgentReadiness`: whether it can be executed."""
        return self._query_of(id, KEYS.readiness(id), self.endpoints.readiness)

    def execute(self, id: str, message: str, history: Sequence[Mapping[str, Any]] = ()) -> Mutation:
        """Send a message to an agent; returns the `AgentAnswer`. Never sent twice.

        Args:
            id: Id of the agent.
            message: Question or task.
            history: Earlier messages as ``{"role", "content"}``; the server does not store them.
        """
        url_path("agents", id)
        return self._mutate(
            "execute",
            lambda text: self.endpoints.execute(id, text, history),
            message,
            query_keys.metrics.all,
            query_keys.executions.lists,
        )

    def stream(
        self, id: str, message: str, history: Sequence[Mapping[str, Any]] = ()
    ) -> AgentStream:
        """Send a message and iterate over the answer: ``for piece in stream``; see `execute`."""
        url_path("agents", id)

        async def events() -> AsyncGenerator[AgentEvent, None]:
            try:
                async with aclosing(self.endpoints.stream(id, message, history)) as found:
                    async for event in found:
                        yield event
            finally:
                self._client.invalidate_queries(query_keys.metrics.all)
                self._client.invalidate_queries(query_keys.executions.lists)

        return AgentStream(self._client.loop, events)
