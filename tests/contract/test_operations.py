"""Gateways, deployments, metrics and executions."""

from __future__ import annotations

import uuid

import pytest

from kaizen_widgets.errors import InvalidInputError, NotFoundError
from kaizen_widgets.graph import Edge, Graph, Node
from tests.contract.conftest import WAIT, Client

MODEL = "gpt-4o-mini"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def agent(client: Client, name: str) -> str:
    return (
        client.agents.create(name=name, model_id=MODEL, is_active=True, allow_duplicate=True)
        .wait(WAIT)
        .id
    )


@pytest.fixture
def gateway(client: Client, name: str) -> str:
    made = client.gateways.create(name=name, api_url=NOWHERE, api_key="key", environment=name)
    return made.wait(WAIT).id


def test_gateway_is_created_changed_found_and_deleted(client: Client, gateway: str, name: str):
    client.gateways.update(gateway, description="d").wait(WAIT)
    client.fresh()
    found = client.gateways.detail(gateway).wait(WAIT)
    assert (found.description, found.environment, found.api_url) == ("d", name, NOWHERE)
    assert [one.id for one in client.gateways.list(environment=name).wait(WAIT)] == [gateway]
    client.gateways.delete(gateway).wait(WAIT)
    client.fresh()
    with pytest.raises(NotFoundError):
        client.gateways.detail(gateway).wait(WAIT)


def test_gateway_health(client: Client, gateway: str):
    assert client.gateways.check(gateway).wait(WAIT).status in ("healthy", "unhealthy", "unknown")


def test_gateway_list_is_complete_beyond_the_servers_cap(client: Client, name: str):
    made = {
        client.gateways.create(
            name=f"{name} {place}", api_url=NOWHERE, api_key="k", environment=environment
        )
        .wait(WAIT)
        .id
        for place, environment in enumerate(["development", "staging"] * 4)
    }
    client.fresh()
    try:
        assert made <= {one.id for one in client.gateways.list(search=name).wait(WAIT)}
    finally:
        # A server that shows ten of an environment would show none of the next run's.
        for gateway in made:
            client.gateways.delete(gateway).wait(WAIT)


def test_deployment_is_created_stopped_and_logged(client: Client, agent: str, gateway: str):
    made = client.deployments.create(agent_id=agent, gateway_id=gateway).wait(WAIT)
    assert made.status in ("active", "failed", "pending", "deploying")
    assert (made.agent_id, made.gateway_id) == (agent, gateway)
    client.fresh()
    assert client.deployments.detail(made.id).wait(WAIT).status == made.status
    assert client.deployments.logs(made.id).wait(WAIT)[0].event_type
    if made.status == "active":
        assert client.deployments.stop(made.id).wait(WAIT).status == "stopped"
    with pytest.raises(InvalidInputError):
        client.deployments.stop(made.id).wait(WAIT)


def test_redeploying_creates_another_deployment(client: Client, agent: str, gateway: str):
    first = client.deployments.create(agent_id=agent, gateway_id=gateway).wait(WAIT)
    second = client.deployments.redeploy(first.id).wait(WAIT)
    assert second.id != first.id


def test_deployment_list_is_complete_beyond_the_servers_cap(
    client: Client, agent: str, gateway: str
):
    made = {
        client.deployments.create(agent_id=agent, gateway_id=gateway).wait(WAIT).id
        for _ in range(6)
    }
    other = (
        client.agents.create(name="contract other", model_id=MODEL, allow_duplicate=True)
        .wait(WAIT)
        .id
    )
    made |= {
        client.deployments.create(agent_id=other, gateway_id=gateway).wait(WAIT).id
        for _ in range(6)
    }
    client.fresh()
    assert made == {one.id for one in client.deployments.list(gateway_id=gateway).wait(WAIT)}


def test_pipeline_is_deployed_agent_by_agent(client: Client, agent: str, gateway: str, name: str):
    pipeline = client.pipelines.create(name=name).wait(WAIT).id
    graph = Graph(
        [Node("in", type="input"), Node("a", type="agent", data={"label": "A", "agentId": agent})],
        [Edge("e", "in", "a")],
    )
    client.pipelines.save_graph(pipeline, graph).wait(WAIT)
    (made,) = client.deployments.deploy(pipeline, name).wait(WAIT)
    assert (made.agent_id, made.gateway_id) == (agent, gateway)
    with pytest.raises(NotFoundError, match="no active gateway"):
        client.deployments.deploy(pipeline, "nowhere").wait(WAIT)


@pytest.mark.faulty("unknown is a failure")
def test_deploying_a_missing_agent_is_refused(client: Client):
    with pytest.raises(NotFoundError):
        client.deployments.create(agent_id="nobody", gateway_id="nowhere").wait(WAIT)


def test_metrics_add_up(client: Client, agent: str):
    deployment = str(uuid.uuid4())
    for place in range(3):
        client.metrics.record(
            deployment_id=deployment,
            agent_id=agent,
            status="failure" if place == 2 else "success",
            latency_ms=100 * (place + 1),
            input_tokens=10,
            output_tokens=5,
            cost_usd=0.25,
            error_type="Timeout" if place == 2 else "",
            error_message="too late" if place == 2 else "",
        ).wait(WAIT)
    client.fresh()
    summary = client.metrics.summary(deployment_id=deployment, range="24h").wait(WAIT)
    assert (summary.total_executions, summary.failure_count) == (3, 1)
    assert summary.avg_latency_ms == pytest.approx(200)
    assert summary.error_rate == pytest.approx(100 / 3, abs=0.1)
    executions = client.metrics.executions(deployment_id=deployment).wait(WAIT)
    assert sorted(one.latency_ms for one in executions) == [100, 200, 300]
    assert {one.error_type for one in executions} == {"", "Timeout"}
    points = client.metrics.timeseries(deployment, "24h").wait(WAIT)
    assert len(points) in (25, 26)
    assert sum(point.count for point in points) == 3
    assert max(point.value for point in points) == pytest.approx(200)
    recent = client.metrics.timeseries(deployment, "1h", metric="errors").wait(WAIT)
    assert len(recent) in (13, 14)
    assert sum(point.value for point in recent) == 1
    before = client.metrics.summary(deployment_id=deployment, range="24h", previous=True)
    assert before.wait(WAIT).total_executions == 0
    costs = client.metrics.timeseries(agent, "7d", metric="cost", of="agent").wait(WAIT)
    assert sum(point.value for point in costs) == pytest.approx(0.75)


def test_percentiles_over_time_are_counted_alike(client: Client, agent: str):
    deployment = str(uuid.uuid4())
    for time in (100, 200, 900):
        client.metrics.record(
            deployment_id=deployment, agent_id=agent, status="success", latency_ms=time
        ).wait(WAIT)
    client.fresh()
    points = client.metrics.timeseries(deployment, "24h").wait(WAIT)
    (counted,) = [point for point in points if point.count]
    assert (counted.median_latency_ms, counted.p95_latency_ms) == (200, 900)
    summary = client.metrics.summary(deployment_id=deployment).wait(WAIT)
    # The public server has none.
    assert (summary.median_latency_ms, summary.p95_latency_ms) in ((200, 900), (None, None))


def test_metrics_of_the_organization(client: Client, agent: str):
    client.metrics.record(deployment_id="d", agent_id=agent, status="success").wait(WAIT)
    client.fresh()
    assert client.metrics.dashboard().wait(WAIT).summary.total_executions >= 1
    assert client.metrics.summary().wait(WAIT).total_executions >= 1
    points = client.metrics.timeseries(None, "24h", metric="tokens").wait(WAIT)
    assert sum(point.count for point in points) >= 1
    assert points == sorted(points, key=lambda point: point.timestamp)
    assert isinstance(client.metrics.errors(5).wait(WAIT), list)


def test_execution_is_stored_and_listed(client: Client, agent: str, name: str):
    pipeline = client.pipelines.create(name=name).wait(WAIT).id
    graph = Graph(
        [
            Node("in", type="input", data={"label": "In"}),
            Node("a", type="agent", data={"label": "A", "agentId": agent}),
            Node("out", type="output", data={"label": "Out"}),
        ],
        [Edge("1", "in", "a"), Edge("2", "a", "out")],
    )
    client.pipelines.save_graph(pipeline, graph).wait(WAIT)
    execution = client.executions.start(pipeline, {"text": "hello"}).wait(WAIT)
    assert execution.status in ("completed", "failed")
    client.fresh()
    assert client.executions.detail(execution.id).wait(WAIT).pipeline_id == pipeline
    (remembered,) = client.executions.list(pipeline_id=pipeline).wait(WAIT)
    assert (remembered.id, remembered.inputs) == (execution.id, {"text": "hello"})
    with pytest.raises(InvalidInputError):
        client.executions.stop(execution.id).wait(WAIT)
    tried = client.executions.try_node(pipeline, "in", {"text": "x"}).wait(WAIT)
    assert tried.status in ("completed", "failed")


def test_agent_trial_is_stored_and_listed(client: Client, agent: str):
    tried = client.executions.try_agent(agent, {"message": "hello"}).wait(WAIT)
    assert tried.status in ("completed", "failed")
    client.fresh()
    assert tried.id in {one.id for one in client.executions.of_agent(agent).wait(WAIT)}


def test_pipeline_that_cannot_run_is_refused_with_the_reason(client: Client, name: str):
    pipeline = client.pipelines.create(name=name).wait(WAIT).id
    with pytest.raises(InvalidInputError, match="nodes"):
        client.executions.start(pipeline).wait(WAIT)
