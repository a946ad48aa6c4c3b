"""Every panel over a server, with what it shows and its first form, for tests of all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.api import Api
from kaizen_widgets.api.agent_models import Agent
from kaizen_widgets.api.deployments import Deployment
from kaizen_widgets.api.policies import Policy
from kaizen_widgets.api.teams import Team
from kaizen_widgets.graph import Graph
from kaizen_widgets.nodes import default_registry
from kaizen_widgets.saving.version_history import VersionHistory
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.testing import MockServer
from kaizen_widgets.widgets import (
    AgentsPanel,
    DeploymentsPanel,
    GatewaysPanel,
    MetricsPanel,
    PipelinesPanel,
    PoliciesPanel,
    QueryPanel,
    TeamPanel,
    UserPanel,
    VersionsPanel,
)
from kaizen_widgets.widgets.agent_parts import AgentPartsPanel
from kaizen_widgets.widgets.agent_versions import AgentVersionsPanel
from kaizen_widgets.widgets.data_grid import DataGrid
from kaizen_widgets.widgets.deployment_log import DeploymentLogPanel
from kaizen_widgets.widgets.dialog import Dialog
from kaizen_widgets.widgets.people_list import PeopleList
from kaizen_widgets.widgets.policy_assignments import PolicyAssignments
from kaizen_widgets.widgets.policy_form import ROLES
from kaizen_widgets.widgets.team_members import TeamMembers

ME = {
    "id": "u1",
    "email": "ada@example.com",
    "name": "Ada",
    "organization_id": "o1",
    "role": "org_owner",
}
AGENT = {"id": "a1", "name": "Billing", "status": "active", "model_id": "gpt-4o"}
TOOL = {"id": "t1", "name": "Search", "tool_type": "api", "description": "It finds."}
GATEWAY = {"id": "g1", "name": "EU 1", "environment": "staging", "status": "active"}
DEPLOYMENT = {"id": "d1", "agent_id": "a1", "gateway_id": "g1", "status": "active"}
TEAM = {"id": "t1", "name": "Looms", "description": "They weave."}
POLICY = {
    "id": "p1",
    "name": "No deploys",
    "resource_type": "deployment",
    "action": "create",
    "effect": "deny",
    "status": "active",
    "conditions": {},
}
PIPELINE = {"id": "s1", "name": "Support", "pattern": "router", "status": "draft"}
VERSION = {"id": "v1", "pipeline_id": "s1", "version_number": 1, "name": "First"}
SUMMARY = {"total_executions": 41, "avg_latency_ms": 1240, "total_cost_usd": 0.94}


def answer_all(server: MockServer) -> None:
    """Let a server answer everything that the panels ask."""
    kept = {"id": "k1", "agent_id": "a1", "version_number": 3, "config_snapshot": {"name": "B"}}
    member = {"id": "m1", "user_id": "u1", "team_id": "t1", "role": "member"}
    assignment = {"id": "x1", "policy_id": "p1", "principal_type": "role", "principal_id": "viewer"}
    detail = {**PIPELINE, "nodes": [], "connections": []}
    for path, found in {
        "/agents": {"records": [AGENT], "total": 1},
        "/agents/a1": {**AGENT, "contexts": [], "tools": [TOOL]},
        "/agents/a1/versions": [kept],
        "/pipelines": {"data": [PIPELINE], "total": 1},
        "/pipelines/s1": {"data": detail},
        "/pipelines/s1/versions": {"data": [VERSION], "total": 1},
        "/pipelines/s1/versions/v1": {"data": {**VERSION, "nodes": [], "connections": []}},
        "/pipelines/patterns": {"data": {"router": "Routes.", "sequential": "One by one."}},
        "/deployments": {"deployments": [DEPLOYMENT], "total": 1},
        "/deployments/d1/logs": {"logs": [{"id": "l1", "event_type": "started", "message": "Up"}]},
        "/gateways": {"gateways": [GATEWAY], "total": 1},
        "/gateways/g1": GATEWAY,
        "/metrics/summary": SUMMARY,
        "/metrics/timeseries": {"data": []},
        "/metrics/executions": {"executions": []},
        "/teams": {"records": [TEAM], "total": 1},
        "/teams/t1": {**TEAM, "members": [member], "member_count": 1},
        "/users": {"records": [ME], "total": 1},
        "/policies": {"records": [POLICY], "total": 1},
        "/policies/p1/assignments": {"records": [assignment], "total": 1},
        "/auth/me": ME,
        "/auth/permissions": {"permissions": ["agents:*", "teams:*"]},
        "/auth/me/organizations": {"organizations": [{"id": "o1", "name": "Engines"}]},
    }.items():
        server.answer("GET", path, found)


def answer_instead(server: MockServer, method: str, reply: Any) -> None:
    """Let a server give one answer to every request of a method from now on."""
    for depth in range(1, 6):
        server.answer(method, "/*" * depth, reply)


@dataclass(frozen=True)
class PanelCase:
    """A panel.

    Attributes:
        name: Name of the test.
        make: Returns the panel.
        listed: The path of its list, and the record it lists; empty without a list of records.
        form: Opens its form in a dialog; None without one.
        values: What is filled in there.
        saved: What the server answers to it.
    """

    name: str
    make: Callable[[Api], Any]
    listed: tuple[str, str, Any] = ("", "", None)
    form: Callable[[Any], Dialog | None] | None = None
    values: dict[str, Any] = field(default_factory=dict)
    saved: Any = None


def widgets_in(widget: Any) -> Iterator[Any]:
    """Return a widget and those in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from widgets_in(child)


def shown_in(panel: Any) -> list[str]:
    """Return what a panel shows of its data: the rows of its tables, and its cards."""
    rows = [str(each.shown_rows) for each in widgets_in(panel) if isinstance(each, DataGrid)]
    parts = [getattr(panel, name, None) for name in ("cards", "profile", "lines")]
    return rows + [part.value for part in parts if isinstance(part, ipw.HTML)]


def state_of(panel: Any) -> str:
    """Return the state that a panel shows."""
    if isinstance(panel, QueryPanel):
        return "error" if panel.message.value else "ready"
    return panel.state.kind


def said_in(panel: Any) -> str:
    """Return all HTML that a panel shows."""
    return " ".join(each.value for each in widgets_in(panel) if isinstance(each, ipw.HTML))


def versions_panel(api: Api) -> VersionsPanel:
    canvas = CanvasStore()
    canvas.load_pipeline(Graph(), id="s1", name="Support")
    saver: Any = SimpleNamespace(canvas=canvas)
    history = VersionHistory(saver, api.pipeline_versions, api.query_client.loop)
    resources = {"query_client": api.query_client, "session": api.session}
    return VersionsPanel(SimpleNamespace(versions=history, kinds=default_registry(), **resources))


CASES = (
    PanelCase(
        "agents",
        AgentsPanel,
        ("/agents", "records", AGENT),
        AgentsPanel.new_agent,
        {"name": "Helper", "system_prompt": "You help people.", "provider": "openai", "model": "gpt-4o"},
        {**AGENT, "name": "Helper"},
    ),
    PanelCase(
        "pipelines",
        PipelinesPanel,
        ("/pipelines", "data", PIPELINE),
        lambda panel: panel.rename(panel.record("s1")),
        {"name": "Sales"},
        {**PIPELINE, "name": "Sales"},
    ),
    PanelCase(
        "deployments",
        DeploymentsPanel,
        ("/deployments", "deployments", DEPLOYMENT),
        DeploymentsPanel.deploy,
        {"agent": "a1", "gateway": "g1"},
        {**DEPLOYMENT, "id": "d2"},
    ),
    PanelCase(
        "gateways",
        GatewaysPanel,
        ("/gateways", "gateways", GATEWAY),
        GatewaysPanel.new_gateway,
        {"name": "EU 2", "api_url": "https://g.example", "api_key": "key-1"},
        {**GATEWAY, "id": "g2", "name": "EU 2"},
    ),
    PanelCase("metrics", MetricsPanel),
    PanelCase(
        "policies",
        PoliciesPanel,
        ("/policies", "records", POLICY),
        PoliciesPanel.new_policy,
        {"name": "By night", "applies_to": []},
        {**POLICY, "id": "p2", "name": "By night"},
    ),
    PanelCase(
        "teams",
        TeamPanel,
        ("/teams", "records", TEAM),
        TeamPanel.new_team,
        {"name": "Mills"},
        {**TEAM, "id": "t2", "name": "Mills"},
    ),
    PanelCase(
        "people",
        PeopleList,
        ("/users", "records", ME),
        PeopleList.invite,
        {"name": "Cy", "email": "cy@example.com", "password": "first-pass-1"},
        {**ME, "id": "u2", "name": "Cy"},
    ),
    PanelCase(
        "user", UserPanel, form=UserPanel.edit_profile, values={"name": "Adele"}, saved=ME
    ),
    PanelCase(
        "members of a team",
        lambda api: TeamMembers(api, Team.model_validate(TEAM)),
    ),
    PanelCase(
        "assignments of a policy",
        lambda api: PolicyAssignments(api, Policy.model_validate(POLICY), lambda: ROLES),
        form=PolicyAssignments.assign,
        values={"target": "role:developer"},
        saved={
            "id": "x2", "policy_id": "p1", "principal_type": "role", "principal_id": "developer",
        },
    ),
    PanelCase(
        "versions of an agent",
        lambda api: AgentVersionsPanel(api, Agent.model_validate(AGENT)),
    ),
    PanelCase(
        "contexts and tools of an agent",
        lambda api: AgentPartsPanel(api, Agent.model_validate(AGENT)),
    ),
    PanelCase(
        "log of a deployment",
        lambda api: DeploymentLogPanel(api, Deployment.model_validate(DEPLOYMENT)),
    ),
    PanelCase("versions of a pipeline", versions_panel),
    PanelCase("a query", lambda api: QueryPanel(api.agents.list())),
)  # fmt: skip
