"""The names of everything in the cache: one factory a resource, each key a prefix of its children.

``query_keys.agents.lists`` is stale when any list may be; ``query_keys.agents.all`` when anything is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaizen_widgets.query import QueryKey


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
        given = {name: value for name, value in (filters or {}).items() if value is not None}
        return (*self.lists, given)

    @property
    def details(self) -> QueryKey:
        """Every single one."""
        return (*self.all, "detail")

    def detail(self, id: str) -> QueryKey:
        """One of them."""
        return (*self.details, id)


class AgentKeys(ResourceKeys):
    """The keys of agents."""

    def versions(self, id: str) -> QueryKey:
        """An agent's versions."""
        return (*self.detail(id), "versions")


class PipelineKeys(ResourceKeys):
    """The keys of pipelines."""

    def graph(self, id: str) -> QueryKey:
        """A pipeline's nodes and edges."""
        return (*self.detail(id), "graph")

    def validation(self, id: str) -> QueryKey:
        """What the server finds wrong with a pipeline."""
        return (*self.detail(id), "validation")


class MetricKeys:
    """The keys of metrics."""

    @property
    def all(self) -> QueryKey:
        """Every metric."""
        return ("metrics",)

    @property
    def summary(self) -> QueryKey:
        """The figures at a glance."""
        return (*self.all, "summary")

    def timeseries(self, id: str, range: str) -> QueryKey:
        """One figure over a stretch of time, such as ``7d``."""
        return (*self.all, "timeseries", id, range)


class TeamKeys(ResourceKeys):
    """The keys of teams."""

    def members(self, id: str) -> QueryKey:
        """Who belongs to a team."""
        return (*self.detail(id), "members")


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
    deployments = ResourceKeys("deployments")
    metrics = MetricKeys()
    teams = TeamKeys("teams")
    policies = ResourceKeys("policies")
    user = UserKeys()


query_keys = QueryKeys()
"""The factories; they hold no state."""
