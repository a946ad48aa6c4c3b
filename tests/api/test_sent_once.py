"""How often each change of each resource is sent when its answer is lost: a thing made twice is a fault."""

import inspect

import httpx
import pytest

from kaizen_widgets.api import Api
from kaizen_widgets.api.api import Resources
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.query import Mutation

TOOL = {"name": "T", "description": "D"}
CONTEXT = {"name": "C", "content": "text"}
USER = {"email": "a@example.com", "name": "A", "password": "correct horse"}
GATEWAY = {"name": "G", "api_url": "https://g.example.com", "api_key": "key"}
POLICY = {"name": "P", "resource_type": "agent", "action": "read", "effect": "allow"}
NODE = {
    "id": "n",
    "label": "A",
    "node_type": "agent",
    "agent_id": "a",
    "position_x": 0,
    "position_y": 0,
}
TAKEN = {"deployment_id": "d", "agent_id": "a", "status": "success"}

ONCE = {
    "agents.create": lambda api: api.agents.create(
        name="N", model_id="m", allow_duplicate=True, tools=[TOOL]
    ),
    "agents.create_version": lambda api: api.agents.create_version("a", "as it is"),
    "agents.roll_back": lambda api: api.agents.roll_back("a", "v"),
    "agents.add_context": lambda api: api.agents.add_context("a", **CONTEXT),
    "agents.update_context": lambda api: api.agents.update_context("a", "c", name="N"),
    "agents.remove_context": lambda api: api.agents.remove_context("a", "c"),
    "agents.add_tool": lambda api: api.agents.add_tool("a", **TOOL),
    "agents.update_tool": lambda api: api.agents.update_tool("a", "t", name="N"),
    "agents.remove_tool": lambda api: api.agents.remove_tool("a", "t"),
    "agents.execute": lambda api: api.agents.execute("a", "Hello"),
    "pipelines.create": lambda api: api.pipelines.create(name="N"),
    "pipelines.save_graph": lambda api: api.pipelines.save_graph("p", Graph([Node("n")])),
    "pipeline_versions.create": lambda api: api.pipeline_versions.create("p", "N"),
    "gateways.create": lambda api: api.gateways.create(**GATEWAY),
    "deployments.create": lambda api: api.deployments.create(agent_id="a", gateway_id="g"),
    "deployments.deploy": lambda api: api.deployments.deploy("p", "production"),
    "deployments.stop": lambda api: api.deployments.stop("d"),
    "deployments.redeploy": lambda api: api.deployments.redeploy("d"),
    "metrics.record": lambda api: api.metrics.record(**TAKEN),
    "teams.create": lambda api: api.teams.create(name="N"),
    "teams.add_member": lambda api: api.teams.add_member("t", "u"),
    "teams.remove_member": lambda api: api.teams.remove_member("t", "u"),
    "users.create": lambda api: api.users.create(**USER),
    "policies.create": lambda api: api.policies.create(**POLICY),
    "policies.assign": lambda api: api.policies.assign("p", "user", "u"),
    "policies.unassign": lambda api: api.policies.unassign("x"),
    "executions.start": lambda api: api.executions.start("p", {"text": "Hello"}),
    "executions.stop": lambda api: api.executions.stop("e"),
    "executions.try_agent": lambda api: api.executions.try_agent("a", {}),
    "executions.try_pipeline": lambda api: api.executions.try_pipeline("p", {}),
    "executions.try_node": lambda api: api.executions.try_node("p", "n", {}),
}
"""Whoever sends these again may make a second thing, or undo what somebody did since."""

AGAIN = {
    "agents.update": lambda api: api.agents.update("a", name="N"),
    "agents.delete": lambda api: api.agents.delete("a"),
    "agents.set_active": lambda api: api.agents.set_active("a"),
    "pipelines.update": lambda api: api.pipelines.update("p", name="N"),
    "pipelines.delete": lambda api: api.pipelines.delete("p"),
    "pipelines.set_active": lambda api: api.pipelines.set_active("p"),
    "pipeline_versions.rename": lambda api: api.pipeline_versions.rename("p", "v", "N"),
    "pipeline_versions.delete": lambda api: api.pipeline_versions.delete("p", "v"),
    "gateways.update": lambda api: api.gateways.update("g", name="N"),
    "gateways.delete": lambda api: api.gateways.delete("g"),
    "gateways.check": lambda api: api.gateways.check("g"),
    "teams.update": lambda api: api.teams.update("t", name="N"),
    "teams.delete": lambda api: api.teams.delete("t"),
    "teams.change_member": lambda api: api.teams.change_member("t", "u", "member"),
    "users.update": lambda api: api.users.update("u", name="N"),
    "users.delete": lambda api: api.users.delete("u"),
    "policies.update": lambda api: api.policies.update("p", name="N"),
    "policies.delete": lambda api: api.policies.delete("p"),
    "policies.set_active": lambda api: api.policies.set_active("p"),
}
"""The same made twice as once: these are tried again."""

ROWS = {
    "/auth/me": {"id": "u", "email": "e", "name": "N", "organization_id": "o", "role": "r"},
    "/gateways": [{"id": "g", "name": "G", "environment": "production", "status": "active"}],
    "/pipelines/p": {
        "id": "p",
        "name": "P",
        "nodes": [NODE],
        "connections": [],
    },
}
"""What is asked for on the way."""


@pytest.fixture
def lost(fake, loop):
    """Make a change whose answer is lost in some way; return what was sent."""

    def lose(start, answer):
        sent = []

        def handler(request):
            if request.method == "GET":
                return ROWS.get(request.url.path.removeprefix("/api/v1"), [])
            sent.append(f"{request.method} {request.url.path}")
            if isinstance(answer, Exception):
                raise answer
            return httpx.Response(answer, json={})

        mutation = start(fake(handler))
        loop.advance(120)
        assert mutation.status == "error", mutation.data
        return sent

    return lose


@pytest.mark.parametrize("answer", [httpx.ReadError("cut"), 429, 503], ids=["cut", "429", "503"])
@pytest.mark.parametrize("change", ONCE)
def test_mutations_that_are_not_idempotent_are_sent_once(lost, change, answer):
    assert len(lost(ONCE[change], answer)) == 1


@pytest.mark.parametrize("change", AGAIN)
def test_idempotent_mutations_are_retried(lost, change):
    sent = lost(AGAIN[change], 503)
    assert len(sent) > 1
    assert len(set(sent)) == 1


@pytest.mark.parametrize("change", [*ONCE, *AGAIN])
def test_final_refusals_are_not_retried(lost, change):
    assert len(lost((ONCE | AGAIN)[change], 422)) == 1


def test_every_mutation_of_every_resource_is_in_a_table(fake):
    """One added later must be put into a table above."""
    api: Api = fake(lambda _: None)
    found = {
        f"{resource}.{name}"
        for resource in Resources.__annotations__
        for name, method in inspect.getmembers(type(getattr(api, resource)), inspect.isfunction)
        if not name.startswith("_")
        and inspect.signature(method, eval_str=False).return_annotation
        in (Mutation.__name__, Mutation)
    }
    assert found == ONCE.keys() | AGAIN.keys()


def test_registering_is_sent_once(fake, loop):
    sent = []

    def handler(request):
        sent.append(request)
        raise httpx.ReadError("cut")

    fake(handler).auth.register("a@example.com", "correct horse", "A", "O")
    loop.advance(120)
    assert len(sent) == 1
