"""The names of everything in the cache: one factory a resource, each key a prefix of its children.

``query_keys.agents.lists`` is stale when any list may be; ``query_keys.agents.all`` when anything is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaizen_widgets.query import QueryKey


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


class ResourceKeys:
    """The keys of one resource."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def all(self) -> QueryKey:
        """Everything of the resource."""
        return (self._name,)

    @property
    def lists(self) -> QueryKey:
        """Every list."""
        return (*self.all, "list")

    def list(self, filters: Mapping[str, Any] | None = None) -> QueryKey:
        """One list; filters without a value are left out."""
        return (*self.lists, _given(filters or {}))

    @property
    def details(self) -> QueryKey:
        """Every single one."""
        return (*self.all, "detail")

    def detail(self, id: str) -> QueryKey:
        """One of them."""
        return (*self.details, id)

    def scope(self, id: str) -> str:
        """The changes of one of them, which are made one after another."""
        return "/".join((*self.all, id))


class AgentKeys(ResourceKeys):
    """The keys of agents."""

    def versions(self, id: str) -> QueryKey:
        """An agent's versions."""
        return (*self.detail(id), "versions")

    def contexts(self, id: str) -> QueryKey:
        """What an agent knows."""
        return (*self.detail(id), "contexts")

    def tools(self, id: str) -> QueryKey:
        """What an agent may use."""
        return (*self.detail(id), "tools")

    def connectors(self, id: str) -> QueryKey:
        """What is attached to an agent."""
        return (*self.detail(id), "connectors")

    def readiness(self, id: str) -> QueryKey:
        """Whether an agent can be asked."""
        return (*self.detail(id), "readiness")


class PipelineKeys(ResourceKeys):
    """The keys of pipelines."""

    def graph(self, id: str) -> QueryKey:
        """A pipeline's nodes and edges."""
        return (*self.detail(id), "graph")

    def validation(self, id: str) -> QueryKey:
        """What the server finds wrong with a pipeline."""
        return (*self.detail(id), "validation")

    @property
    def patterns(self) -> QueryKey:
        """The server's patterns."""
        return (*self.all, "patterns")


class DeploymentKeys(ResourceKeys):
    """The keys of deployments."""

    def logs(self, id: str) -> QueryKey:
        """What happened to a deployment."""
        return (*self.detail(id), "logs")


class MetricKeys:
    """The keys of metrics."""

    @property
    def all(self) -> QueryKey:
        """Every metric."""
        return ("metrics",)

    @property
    def summary(self) -> QueryKey:
        """The figures at a glance, of anything."""
        return (*self.all, "summary")

    def summary_of(self, wanted: Mapping[str, Any]) -> QueryKey:
        """The figures at a glance, of one thing or stretch of time."""
        return (*self.summary, _given(wanted))

    def timeseries(self, id: str | None, range: str, *which: str) -> QueryKey:
        """One figure over a stretch of time, such as ``7d``."""
        return (*self.all, "timeseries", id, range, *which)

    def executions(self, wanted: Mapping[str, Any]) -> QueryKey:
        """Single executions."""
        return (*self.all, "executions", _given(wanted))

    def errors(self, limit: int) -> QueryKey:
        """The most frequent errors."""
        return (*self.all, "errors", limit)

    @property
    def dashboard(self) -> QueryKey:
        """The last 24 hours."""
        return (*self.all, "dashboard")


class TeamKeys(ResourceKeys):
    """The keys of teams."""

    def members(self, id: str) -> QueryKey:
        """Who belongs to a team."""
        return (*self.detail(id), "members")


class PolicyKeys(ResourceKeys):
    """The keys of policies."""

    def of_user(self, id: str) -> QueryKey:
        """Which policies concern a user."""
        return (*self.all, "user", id)

    def evaluation(self, wanted: Mapping[str, Any]) -> QueryKey:
        """Whether somebody may do something."""
        return (*self.all, "evaluation", _given(wanted))

    def checked(self, conditions: Any) -> QueryKey:
        """What is wrong with conditions."""
        return (*self.all, "conditions", conditions)


class ExecutionKeys(ResourceKeys):
    """The keys of executions."""

    def history(self, of: str, id: str) -> QueryKey:
        """The executions of an ``agent`` or ``pipeline``."""
        return (*self.lists, of, id)


class UserKeys:
    """The keys of whoever is signed in."""

    @property
    def all(self) -> QueryKey:
        """Everything about the user."""
        return ("user",)

    @property
    def current(self) -> QueryKey:
        """Who it is."""
        return (*self.all, "current")

    @property
    def permissions(self) -> QueryKey:
        """What they may do."""
        return (*self.all, "permissions")

    @property
    def organizations(self) -> QueryKey:
        """Where they belong."""
        return (*self.all, "organizations")


class QueryKeys:
    """All factories."""

    agents = AgentKeys("agents")
    pipelines = PipelineKeys("pipelines")
    deployments = DeploymentKeys("deployments")
    gateways = ResourceKeys("gateways")
    metrics = MetricKeys()
    teams = TeamKeys("teams")
    users = ResourceKeys("users")
    policies = PolicyKeys("policies")
    executions = ExecutionKeys("executions")
    user = UserKeys()


query_keys = QueryKeys()
"""The factories; they hold no state."""
