"""Agents through the cache: queries and mutations, and answers as they are said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kaizen_widgets.api.agent_endpoints import AgentEndpoints
from kaizen_widgets.api.agent_models import (
    Agent,
    AgentAnswer,
    AgentConnector,
    AgentContext,
    AgentCreate,
    AgentDetail,
    AgentFilters,
    AgentTool,
    AgentUpdate,
    AgentVersion,
    ContextCreate,
    ContextUpdate,
    ToolCreate,
    ToolUpdate,
)
from kaizen_widgets.api.agent_stream import AgentStream
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.mapping import agent_fields
from kaizen_widgets.api.models import check, path
from kaizen_widgets.api.resource import Resource
from kaizen_widgets.query import LiveQuery, Mutation

__all__ = [
    "Agent",
    "AgentAnswer",
    "AgentConnector",
    "AgentContext",
    "AgentCreate",
    "AgentDetail",
    "AgentEndpoints",
    "AgentFilters",
    "AgentStream",
    "AgentTool",
    "AgentVersion",
    "Agents",
]

KEYS = query_keys.agents


class Agents(Resource):
    """Agents through the cache; see `AgentFilters`, `AgentCreate` and `AgentUpdate` for the fields.

    The studio's words are understood beside the server's: ``provider`` and ``model``, ``is_active``,
    ``type``, and ``tools`` of a new agent (see `mapping`).
    """

    keys = KEYS
    filters = AgentFilters
    input = AgentCreate
    change = AgentUpdate
    endpoints: AgentEndpoints

    def list(self, **filters: Any) -> LiveQuery:
        """Return the query of a list of `Agent`s; see `AgentFilters`."""
        return super().list(**agent_fields(filters))

    def create(self, **fields: Any) -> Mutation:
        """Make an agent, with its ``tools`` and ``status`` if given; gives the `Agent`. Never sent twice.

        Raises:
            InvalidInputError: A field is wrong; nothing was sent.
        """
        given = agent_fields(fields)
        tools = [check(ToolCreate, one) for one in given.pop("tools", ())]
        status = check(AgentUpdate, {"status": given.pop("status", None)}).status
        return self._mutate(
            "create",
            lambda agent: self.endpoints.create(agent, status, tools),
            check(AgentCreate, given),
            KEYS.lists,
        )

    def update(self, id: str, **fields: Any) -> Mutation:
        """Change an agent; see `AgentUpdate`."""
        return super().update(id, **agent_fields(fields))

    # ----------------------------------------------------------------- parts

    def versions(self, id: str) -> LiveQuery:
        """Return the query of an agent's `AgentVersion`s, newest first."""
        path("agents", id)
        return self._query(KEYS.versions(id), lambda: self.endpoints.versions(id))

    def keep_version(self, id: str, changelog: str = "") -> Mutation:
        """Remember an agent as it is; gives the `AgentVersion`. Never sent twice."""
        path("agents", id)
        return self._mutate(
            "keep_version",
            lambda said: self.endpoints.keep_version(id, said),
            changelog,
            KEYS.versions(id),
        )

    def roll_back(self, id: str, version_id: str) -> Mutation:
        """Make an agent what it was in a version; gives the `Agent`."""
        path("agents", id, version_id)
        return self._mutate(
            "roll_back",
            lambda version: self.endpoints.roll_back(id, version),
            version_id,
            KEYS.lists,
            KEYS.detail(id),
        )

    def contexts(self, id: str) -> LiveQuery:
        """Return the query of an agent's `AgentContext`s."""
        path("agents", id)
        return self._query(KEYS.contexts(id), lambda: self.endpoints.contexts(id))

    def add_context(self, id: str, **fields: Any) -> Mutation:
        """Let an agent know something, see `ContextCreate`. Never sent twice."""
        return self._part(
            id, "add_context", self.endpoints.add_context, check(ContextCreate, fields)
        )

    def update_context(self, id: str, context_id: str, **fields: Any) -> Mutation:
        """Change what an agent knows, see `ContextUpdate`."""
        path("agents", id, context_id)
        return self._part(
            id,
            "update_context",
            lambda id, change: self.endpoints.update_context(id, context_id, change),
            check(ContextUpdate, fields),
        )

    def remove_context(self, id: str, context_id: str) -> Mutation:
        """Let an agent forget something."""
        path("agents", id, context_id)
        return self._part(id, "remove_context", self.endpoints.remove_context, context_id)

    def tools(self, id: str) -> LiveQuery:
        """Return the query of an agent's `AgentTool`s."""
        path("agents", id)
        return self._query(KEYS.tools(id), lambda: self.endpoints.tools(id))

    def add_tool(self, id: str, **fields: Any) -> Mutation:
        """Let an agent use something, see `ToolCreate`. Never sent twice."""
        return self._part(id, "add_tool", self.endpoints.add_tool, check(ToolCreate, fields))

    def update_tool(self, id: str, tool_id: str, **fields: Any) -> Mutation:
        """Change what an agent may use, see `ToolUpdate`."""
        path("agents", id, tool_id)
        return self._part(
            id,
            "update_tool",
            lambda id, change: self.endpoints.update_tool(id, tool_id, change),
            check(ToolUpdate, fields),
        )

    def remove_tool(self, id: str, tool_id: str) -> Mutation:
        """Take a tool from an agent."""
        path("agents", id, tool_id)
        return self._part(id, "remove_tool", self.endpoints.remove_tool, tool_id)

    def connectors(self, id: str) -> LiveQuery:
        """Return the query of the `AgentConnector`s attached to an agent."""
        path("agents", id)
        return self._query(KEYS.connectors(id), lambda: self.endpoints.connectors(id))

    def _part(self, id: str, name: str, send: Any, variables: Any) -> Mutation:
        path("agents", id)
        return self._mutate(name, lambda given: send(id, given), variables, KEYS.detail(id))

    # ---------------------------------------------------------------- asking

    def readiness(self, id: str) -> LiveQuery:
        """Return the query of an agent's `AgentReadiness`: whether it can be asked."""
        path("agents", id)
        return self._query(KEYS.readiness(id), lambda: self.endpoints.readiness(id))

    def execute(self, id: str, message: str, history: Sequence[Mapping[str, Any]] = ()) -> Mutation:
        """Ask an agent; gives the `AgentAnswer`. Never sent twice.

        Args:
            id: Which agent.
            message: What to ask.
            history: What was said before, as ``{"role", "content"}``; the server remembers nothing.
        """
        path("agents", id)
        return self._mutate(
            "execute",
            lambda asked: self.endpoints.execute(id, asked, history),
            message,
            query_keys.metrics.all,
            query_keys.executions.lists,
        )

    def stream(
        self, id: str, message: str, history: Sequence[Mapping[str, Any]] = ()
    ) -> AgentStream:
        """Ask an agent and hear the answer as it is said: ``for piece in stream``; see `execute`."""
        path("agents", id)
        return AgentStream(self._client.loop, lambda: self.endpoints.stream(id, message, history))
