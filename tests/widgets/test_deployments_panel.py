"""The panels of deployments, gateways and pipelines: what they list and change, and what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kaizen_widgets.api import Api
from kaizen_widgets.nodes import Functions, default_registry
from kaizen_widgets.runs import Runner
from kaizen_widgets.testing import Call, FakeComms, MockServer, Reply, VirtualLoop, find
from kaizen_widgets.widgets import DeploymentsPanel, FormPanel, GatewaysPanel, PipelinesPanel
from kaizen_widgets.widgets.deployment_log import DeploymentLogPanel
from kaizen_widgets.widgets.dialog import Dialog
from tests.engines.builders import pipeline
from tests.widgets.answered import answered

RUNNING = {"id": "d1", "agent_id": "a", "gateway_id": "g", "status": "active"}
BROKEN = {**RUNNING, "id": "d2", "agent_id": "b", "status": "failed", "error_message": "No <key>"}
STAGING = {"id": "g", "name": "EU 1", "environment": "staging", "status": "active"}
PRODUCTION = {"id": "h", "name": "EU 2", "environment": "production", "status": "active"}
ME = {"id": "u", "email": "a@b.c", "name": "Ann", "organization_id": "o", "role": "org_owner"}
EARLIER, LATER = "2020-01-01T00:00:00Z", "2090-01-01T00:00:00Z"
SUPPORT = {"id": "p", "name": "Support", "pattern": "router", "status": "draft"}


@pytest.fixture(autouse=True)
def _comms(comms: FakeComms) -> None:
    """Widgets need no browser."""


@pytest.fixture
def answer(loop: VirtualLoop) -> Callable[[Dialog | None], None]:
    """Answer a dialog and wait until that is carried out."""
    return lambda dialog: answered(loop, dialog)


@pytest.fixture
def panel(api: Api, server: MockServer, loop: VirtualLoop) -> Iterator[DeploymentsPanel]:
    server.answer("GET", "/deployments", {"deployments": [RUNNING, BROKEN], "total": 2})
    server.answer("GET", "/agents/a", {"id": "a", "name": "Billing"})
    server.answer("GET", "/agents/b", Reply(404))
    server.answer("GET", "/gateways/g", STAGING)
    server.answer("GET", "/gateways", {"gateways": [STAGING, PRODUCTION], "total": 2})
    server.answer("GET", "/agents", {"records": [{"id": "a", "name": "Billing"}]})
    server.answer("POST", "/deployments", {**RUNNING, "id": "d3", "gateway_id": "h"})
    made = DeploymentsPanel(api)
    loop.settle()
    yield made
    made.close()


def test_deployments_show_the_names_of_agents_and_gateways(panel: DeploymentsPanel):
    rows = panel.grid.shown_rows
    assert [(row["agent_id"], row["gateway_id"]) for row in rows] == [
        ("Billing", "staging · EU 1"),
        ("b", "staging · EU 1"),
    ]
    assert rows[1]["error_message"] == "No <key>"


def test_deploy_offers_agents_and_active_gateways(
    panel: DeploymentsPanel,
    server: MockServer,
    loop: VirtualLoop,
    answer: Callable[[Dialog | None], None],
):
    dialog = panel.deploy()
    loop.settle()
    form = find(dialog, FormPanel)
    assert form.form.get_value("agent") == "a"
    form.form.change("gateway", "h")
    answer(dialog)
    sent = server.asked("POST", "/deployments")[0].json
    assert sent == {"agent_id": "a", "gateway_id": "h"}
    assert "Billing is deployed to" in panel.message.value


def test_failed_deployment_is_said_with_its_reason(
    panel: DeploymentsPanel,
    server: MockServer,
    loop: VirtualLoop,
    answer: Callable[[Dialog | None], None],
):
    server.answer("POST", "/deployments", BROKEN)
    dialog = panel.promote(panel.record("d1"))
    loop.settle()
    form = find(dialog, FormPanel)
    assert form.form.get_value("gateway") == "h"
    answer(dialog)
    assert "could not be deployed: No &lt;key&gt;" in panel.message.value


def test_stop_asks_and_redeploy_makes_another(
    panel: DeploymentsPanel, server: MockServer, answer: Callable[[Dialog | None], None]
):
    server.answer("POST", "/deployments/d1/stop", {**RUNNING, "status": "stopped"})
    server.answer("POST", "/deployments/d1/redeploy", {**RUNNING, "id": "d4"})
    panel.dialogs.dismiss(panel.stop(panel.record("d1")))
    assert not server.asked("POST", "/deployments/d1/stop")
    answer(panel.stop(panel.record("d1")))
    assert "Billing is stopped" in panel.message.value
    answer(panel.redeploy(panel.record("d1")))
    assert server.asked("POST", "/deployments/d1/redeploy")


def test_actions_fit_the_state_of_a_deployment(panel: DeploymentsPanel):
    broken = panel.record("d2")
    refusals = {action.name: action.refusal(broken) for action in panel.grid._actions}
    assert refusals["stop"] == "It is failed already."
    assert refusals["promote"] == "It is failed: only an active one is promoted."
    assert refusals["redeploy"] is None


def test_panel_fetches_again_while_something_is_being_deployed(
    panel: DeploymentsPanel, server: MockServer, loop: VirtualLoop
):
    waiting = {"deployments": [{**RUNNING, "status": "deploying"}], "total": 1}
    server.answer("GET", "/deployments", waiting, {"deployments": [RUNNING], "total": 1})
    panel.refetch()
    loop.settle()
    assert panel.grid.shown_rows[0]["status"] == "Deploying"
    loop.advance(4)
    assert panel.grid.shown_rows[0]["status"] == "Active"
    before = len(server.asked("GET", "/deployments"))
    loop.advance(60)
    assert len(server.asked("GET", "/deployments")) == before


def test_log_follows_until_it_is_told_not_to(
    panel: DeploymentsPanel, server: MockServer, loop: VirtualLoop
):
    lines = [{"id": "1", "event_type": "started", "message": "<b>starts</b>"}]
    more = [*lines, {"id": "2", "event_type": "failed", "message": "no answer"}]
    server.answer("GET", "/deployments/d1/logs", {"logs": lines}, {"logs": more})
    log: DeploymentLogPanel = panel.show_log(panel.record("d1"))
    loop.settle()
    assert "&lt;b&gt;starts" in log.lines.value
    loop.advance(2)
    assert "no answer" in log.lines.value
    log.follow.value = False
    loop.settle()
    before = len(server.asked("GET", "/deployments/d1/logs"))
    loop.advance(60)
    assert len(server.asked("GET", "/deployments/d1/logs")) == before
    server.answer("GET", "/deployments/d1/logs", Reply(503))
    log.refetch()
    loop.advance(60)
    assert "no answer" in log.lines.value
    assert log.state.kind == "error"


def test_gateway_key_is_sent_once_and_shown_nowhere(
    panel: DeploymentsPanel,
    server: MockServer,
    loop: VirtualLoop,
    answer: Callable[[Dialog | None], None],
    comms: FakeComms,
):
    server.answer("POST", "/gateways", STAGING)
    gateways: GatewaysPanel = panel.show_gateways()
    loop.settle()
    dialog = gateways.new_gateway()
    form = find(dialog, FormPanel)
    for name, value in {"name": "EU 1", "api_url": "https://g", "api_key": "canary-key"}.items():
        form.form.change(name, value)
    answer(dialog)
    assert server.asked("POST", "/gateways")[0].json["api_key"] == "canary-key"
    assert "canary-key" not in str([comm.sent for comm in comms])
    assert "EU 1 is created." in gateways.message.value


def test_gateway_with_deployments_is_not_deleted_and_its_health_is_said(
    api: Api, server: MockServer, loop: VirtualLoop, answer: Callable[[Dialog | None], None]
):
    server.answer("GET", "/gateways", {"gateways": [STAGING], "total": 1})
    message = "1 agents are deployed to this gateway: stop them first"
    server.answer("DELETE", "/gateways/g", Reply(409, {"error": {"message": message}}))
    server.answer("POST", "/gateways/g/health", {"status": "unhealthy", "error": "no answer"})
    panel = GatewaysPanel(api)
    loop.settle()
    dialog = panel.delete(panel.record("g"))
    answer(dialog)
    assert "stop them first" in dialog.status.value
    panel.check(panel.record("g"))
    loop.settle()
    assert "EU 1 is unhealthy: no answer" in panel.message.value
    panel.close()


@pytest.fixture
def pipelines(api: Api, server: MockServer, loop: VirtualLoop) -> Iterator[PipelinesPanel]:
    server.answer("GET", "/auth/me", ME)
    server.answer("GET", "/pipelines", {"data": [SUPPORT], "total": 1})
    server.answer("GET", "/pipelines/patterns", {"data": {"router": "x", "sequential": "y"}})
    made = PipelinesPanel(api)
    loop.settle()
    yield made
    made.close()


def test_pipeline_is_created_unless_its_name_is_taken(
    pipelines: PipelinesPanel,
    server: MockServer,
    loop: VirtualLoop,
    answer: Callable[[Dialog | None], None],
):
    server.answer("POST", "/pipelines", {**SUPPORT, "id": "q", "name": "Sales"})
    dialog = pipelines.new_pipeline()
    loop.settle()
    form = find(dialog, FormPanel)
    form.form.change("name", "Support")
    answer(dialog)
    assert "already a pipeline 'Support'" in str(form.form.errors["name"])
    form.form.change("name", "Sales")
    answer(dialog)
    assert server.asked("POST", "/pipelines")[0].json["name"] == "Sales"
    assert pipelines.dialogs.dialog is None


def test_copy_that_cannot_be_saved_leaves_nothing_behind(
    pipelines: PipelinesPanel,
    server: MockServer,
    loop: VirtualLoop,
    answer: Callable[[Dialog | None], None],
):
    copy = {**SUPPORT, "id": "q", "name": "Support copy"}
    server.answer("GET", "/pipelines/p", {**SUPPORT, "nodes": [], "connections": []})
    server.answer("POST", "/pipelines", copy)
    server.answer("PUT", "/pipelines/q/graph", Reply(500), {**copy, "nodes": [], "connections": []})
    server.answer("DELETE", "/pipelines/q", {"message": "archived"})
    dialog = pipelines.duplicate(pipelines.record("p"))
    answer(dialog)
    assert server.asked("DELETE", "/pipelines/q")
    assert pipelines.dialogs.dialog is dialog
    answer(dialog)
    assert "Support copy is created." in pipelines.message.value


def test_pipeline_is_opened_by_a_studio_only(pipelines: PipelinesPanel):
    assert "open" not in [action.name for action in pipelines.grid._actions]


class RunningApi:
    """An API and the runs of a kernel, as a studio has both."""

    def __init__(self, api: Api, loop: VirtualLoop) -> None:
        self.api = api
        functions = Functions()
        self.goes_on = asyncio.Event()
        functions.register("a", self.wait)
        self.runner = Runner(functions, default_registry(), loop=loop, clock=loop.clock)
        self.runner.graph = lambda: (pipeline("start > a > end"), "p")
        self.runs = self.runner.history

    async def wait(self, value: Any) -> Any:
        await self.goes_on.wait()
        return value

    def __getattr__(self, name: str) -> Any:
        return getattr(self.api, name)


RUN_COLUMNS = ("last_run", "took", "runs")


def runs_shown(panel: PipelinesPanel) -> tuple[str | None, ...]:
    [row] = panel.grid.shown_rows
    return tuple(row.get(name) for name in RUN_COLUMNS)


@pytest.mark.parametrize(
    ("activity", "before", "after"),
    [
        (None, (None, None, None), ("Completed", "2.00 s", "1")),
        (
            {"execution_count": 4, "last_status": "failed", "last_executed_at": EARLIER},
            ("Failed", "–", "4"),
            ("Completed", "2.00 s", "5"),
        ),
        (
            {"execution_count": 4, "last_status": "failed", "last_executed_at": LATER},
            ("Failed", "–", "4"),
            ("Failed", "–", "5"),
        ),
    ],
    ids=["the server knows none", "an older one on the server", "a newer one on the server"],
)
def test_runs_of_this_kernel_count_as_those_on_the_server_do(
    api: Api,
    server: MockServer,
    loop: VirtualLoop,
    activity: Any,
    before: tuple[str | None, ...],
    after: tuple[str | None, ...],
):
    server.answer("GET", "/pipelines", {"data": [{**SUPPORT, "activity": activity}], "total": 1})
    server.answer("GET", "/auth/me", ME)
    here = RunningApi(api, loop)
    panel = PipelinesPanel(here)
    loop.advance(1)
    assert runs_shown(panel) == before
    here.runner.run({"text": "hello"})
    loop.advance(2)
    assert runs_shown(panel)[-1] == after[-1]
    here.goes_on.set()
    loop.advance(1)
    assert runs_shown(panel) == after
    here.runs.clear()
    loop.advance(1)
    assert runs_shown(panel) == before
    panel.close()
    assert here.runs._listeners == ()


def test_pipeline_is_deployed_to_an_environment(
    pipelines: PipelinesPanel,
    server: MockServer,
    loop: VirtualLoop,
    answer: Callable[[Dialog | None], None],
):
    node = {"id": "n", "node_type": "agent", "agent_id": "a", "label": "A"}
    node |= {"position_x": 0, "position_y": 0}
    server.answer("GET", "/pipelines/p", {**SUPPORT, "nodes": [node], "connections": []})
    server.answer("GET", "/gateways", {"gateways": [STAGING], "total": 1})
    server.answer("POST", "/deployments", RUNNING)
    dialog = pipelines.deploy(pipelines.record("p"))
    loop.settle()
    assert find(dialog, FormPanel).form.get_value("environment") == "staging"
    answer(dialog)
    assert "1 agent of Support deployed." in pipelines.message.value


def test_fifty_pipelines_are_fetched_at_a_time(
    pipelines: PipelinesPanel, server: MockServer, loop: VirtualLoop
):
    rows = [{**SUPPORT, "id": f"p{n}", "name": f"Pipeline {n}"} for n in range(120)]

    def page(call: Call) -> Any:
        at = int(call.query["offset"])
        return {"data": rows[at : at + int(call.query["limit"])], "total": 120}

    server.answer("GET", "/pipelines", page)
    pipelines.refetch()
    loop.settle()
    assert (len(pipelines.grid.records), pipelines.grid.total) == (50, 120)
    for _ in range(3):
        pipelines.fetch_more()
        loop.settle()
    assert (len(pipelines.grid.records), pipelines.grid.total) == (120, None)
