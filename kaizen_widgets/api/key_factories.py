"""Query key factories, one for each resource; each key is a prefix of the keys below it.

Invalidating ``query_keys.agents.lists`` makes all lists of agents stale, ``query_keys.agents.all`` everything
about agents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaizen_widgets.query import QueryKey


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


class ResourceKeys:
    """The keys of one resource."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def all(self) -> QueryKey:
        """Prefix of all keys of the resource."""
        return (self._name,)

    @property
    def lists(self) -> QueryKey:
        """Key of all lists."""
        return (*self.all, "list")

    def list(self, filters: Mapping[str, Any] | None = None) -> QueryKey:
        """Key of one list; filters without a value are left out."""
        return (*self.lists, _without_none(filters or {}))

    def pages(self, filters: Mapping[str, Any] | None = None) -> QueryKey:
        """Key of one list that is fetched page by page."""
        return (*self.lists, "pages", _without_none(filters or {}))

    @property
    def details(self) -> QueryKey:
        """Key of all details."""
        return (*self.all, "detail")

    def detail(self, id: str) -> QueryKey:
        """Key of one detail."""
        return (*self.details, id)

    def scope(self, id: str) -> str:
        """Scope of the mutations of one item, which run one after another."""
        return "/".join((*self.all, id))


class AgentKeys(ResourceKeys):
    """The keys of agents."""

    def versions(self, id: str) -> QueryKey:
        """Key of an agent's versions."""
        return (*self.detail(id), "versions")

    def contexts(self, id: str) -> QueryKey:
        """Key of an agent's contexts."""
        return (*self.detail(id), "contexts")

    def tools(self, id: str) -> QueryKey:
        """Key of an agent's tools."""
        return (*self.detail(id), "tools")

    def connectors(self, id: str) -> QueryKey:
        """Key of an agent's connectors."""
        return (*self.detail(id), "connectors")

    def readiness(self, id: str) -> QueryKey:
        """Key of an agent's readiness."""
        return (*self.detail(id), "readiness")


class PipelineKeys(ResourceKeys):
    """The keys of pipelines."""

    def graph(self, id: str) -> QueryKey:
        """Key of a pipeline's graph."""
        return (*self.detail(id), "graph")

    def validation(self, id: str) -> QueryKey:
        """Key of a pipeline's validation."""
        return (*self.detail(id), "validation")

    def versions(self, id: str) -> QueryKey:
        """Key of a pipeline's versions."""
        return (*self.all, "versions", id)

    def version(self, id: str, version_id: str) -> QueryKey:
        """Key of one version of a pipeline, with its graph."""
        return (*self.versions(id), version_id)

    @property
    def patterns(self) -> QueryKey:
        """Key of the server's patterns."""
        return (*self.all, "patterns")


class DeploymentKeys(ResourceKeys):
    """The keys of deployments."""

    def logs(self, id: str) -> QueryKey:
        """Key of a deployment's events."""
        return (*self.detail(id), "logs")


class MetricKeys:
    """The keys of metrics."""

    @property
    def all(self) -> QueryKey:
        """Key of all metrics."""
        return ("metrics",)

    @property
    def summary(self) -> QueryKey:
        """Key of all summaries."""
        return (*self.all, "summary")

    def summary_of(self, wanted: Mapping[str, Any]) -> QueryKey:
        """Key of the summary with these filters."""
        return (*self.summary, _without_none(wanted))

    def timeseries(self, id: str | None, range: str, *which: str) -> QueryKey:
        """Key of one metric over a time range, such as ``7d``."""
        return (*self.all, "timeseries", id, range, *which)

    def executions(self, wanted: Mapping[str, Any]) -> QueryKey:
        """Key of the executions with these filters."""
        return (*self.all, "executions", _without_none(wanted))

    def errors(self, limit: int) -> QueryKey:
        """Key of the most frequent errors."""
        return (*self.all, "errors", limit)

    @property
    def dashboard(self) -> QueryKey:
        """Key of the summary of the last 24 hours."""
        return (*self.all, "dashboard")


class TeamKeys(ResourceKeys):
    """The keys of teams."""

    def members(self, id: str) -> QueryKey:
        """Key of a team's members."""
        return (*self.detail(id), "members")


class PolicyKeys(ResourceKeys):
    """The keys of policies."""

    def assignments(self, id: str) -> QueryKey:
        """Key of the assignments of a policy."""
        return (*self.detail(id), "assignments")

    def of_user(self, id: str) -> QueryKey:
        """Key of the policies that apply to a user."""
        return (*self.all, "user", id)

    def evaluation(self, wanted: Mapping[str, Any]) -> QueryKey:
        """Key of the decision about an action."""
        return (*self.all, "evaluation", _without_none(wanted))

    def checked(self, conditions: Any) -> QueryKey:
        """Key of the problems of conditions."""
        return (*self.all, "conditions", conditions)


class ExecutionKeys(ResourceKeys):
    """The keys of executions."""

    def history(self, of: str, id: str) -> QueryKey:
        """Key of the executions of an ``agent`` or ``pipeline``."""
        return (*self.lists, of, id)


class UserKeys:
    """The keys of the signed-in user."""

    @property
    def all(self) -> QueryKey:
        """Key of everything about the user."""
        return ("user",)

    @property
    def current(self) -> QueryKey:
        """Key of the user."""
        return (*self.all, "current")

    @property
    def permissions(self) -> QueryKey:
        """Key of the user's permissions."""
        return (*self.all, "permissions")

    @property
    def organizations(self) -> QueryKey:
        """Key of the user's organizations."""
        return (*self.all, "organizations")


class QueryKeys:
    """The factories of all resources."""

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
