"""Whatever JSON a server sends, an endpoint gives a record or one typed error: never a stack of our own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaizen_widgets.api import Api, studio_defaults
from kaizen_widgets.api.agent_models import AgentFilters, AgentUpdate
from kaizen_widgets.api.deployments import DeploymentCreate, DeploymentFilters
from kaizen_widgets.api.executions import ExecutionFilters
from kaizen_widgets.api.gateways import GatewayFilters
from kaizen_widgets.api.metrics import MetricExecutionFilters, SummaryFilters
from kaizen_widgets.api.pipelines import PipelineCreate, PipelineFilters
from kaizen_widgets.api.policies import PolicyFilters, PolicyPrincipal, PolicyQuestion
from kaizen_widgets.api.teams import MemberCreate, TeamFilters
from kaizen_widgets.api.users import UserFilters
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.query import QueryClient
from kaizen_widgets.testing import FakeClock
from kaizen_widgets.testing.fake_clock import VirtualLoop
from kaizen_widgets.transport import Tokens, Transport

GRAPH = Graph([Node("a"), Node("b")], [Edge("e", "a", "b")])

CALLS: dict[str, Callable[[Api], Any]] = {
    "login": lambda api: api.auth.endpoints.login("a@b.c", "password"),
    "me": lambda api: api.auth.endpoints.me(),
    "permissions": lambda api: api.auth.endpoints.permissions(),
    "organizations": lambda api: api.auth.endpoints.organizations(),
    "switch": lambda api: api.auth.endpoints.switch("o"),
    "agents": lambda api: api.agents.endpoints.list(AgentFilters(search="a", sort="-name")),
    "agent": lambda api: api.agents.endpoints.get("1"),
    "change agent": lambda api: api.agents.endpoints.update("1", AgentUpdate(name="B")),
    "versions": lambda api: api.agents.endpoints.versions("1"),
    "contexts": lambda api: api.agents.endpoints.contexts.list("1"),
    "tools": lambda api: api.agents.endpoints.tools.list("1"),
    "connectors": lambda api: api.agents.endpoints.connectors("1"),
    "readiness": lambda api: api.agents.endpoints.readiness("1"),
    "execute": lambda api: api.agents.endpoints.execute("1", "hello"),
    "pipelines": lambda api: api.pipelines.endpoints.list(PipelineFilters(sort="updated_at")),
    "pipeline": lambda api: api.pipelines.endpoints.get("1"),
    "graph": lambda api: api.pipelines.endpoints.load_graph("1"),
    "save graph": lambda api: api.pipelines.endpoints.save_graph("1", GRAPH),
    "validate": lambda api: api.pipelines.endpoints.validate("1"),
    "patterns": lambda api: api.pipelines.endpoints.patterns(),
    "new pipeline": lambda api: api.pipelines.endpoints.create(
        PipelineCreate(name="P", pattern="router")
    ),
    "gateways": lambda api: api.gateways.endpoints.list(GatewayFilters()),
    "health": lambda api: api.gateways.endpoints.check("1"),
    "deployments": lambda api: api.deployments.endpoints.list(DeploymentFilters()),
    "deploy": lambda api: api.deployments.endpoints.create(
        DeploymentCreate(agent_id="1", gateway_id="1")
    ),
    "deploy pipeline": lambda api: api.deployments.endpoints.deploy("1", "development"),
    "logs": lambda api: api.deployments.endpoints.logs("1"),
    "summary": lambda api: api.metrics.endpoints.summary(SummaryFilters(range="7d")),
    "series": lambda api: api.metrics.endpoints.timeseries(None, "24h"),
    "series of one": lambda api: api.metrics.endpoints.timeseries("1", "7d", "cost"),
    "metrics": lambda api: api.metrics.endpoints.executions(MetricExecutionFilters()),
    "errors": lambda api: api.metrics.endpoints.errors(10),
    "dashboard": lambda api: api.metrics.endpoints.dashboard(),
    "teams": lambda api: api.teams.endpoints.list(TeamFilters()),
    "members": lambda api: api.teams.endpoints.members("1"),
    "add member": lambda api: api.teams.endpoints.add_member("1", MemberCreate(user_id="1")),
    "users": lambda api: api.users.endpoints.list(UserFilters(search="a")),
    "policies": lambda api: api.policies.endpoints.list(PolicyFilters()),
    "assign": lambda api: api.policies.endpoints.assign(
        "1", PolicyPrincipal(principal_type="role", principal_id="viewer")
    ),
    "evaluate": lambda api: api.policies.endpoints.evaluate(
        PolicyQuestion(user_id="1", resource_type="agent", action="read")
    ),
    "conditions": lambda api: api.policies.endpoints.check_conditions({}),
    "executions": lambda api: api.executions.endpoints.list(ExecutionFilters(pipeline_id="1")),
    "start": lambda api: api.executions.endpoints.start("1", {}),
    "try": lambda api: api.executions.endpoints.try_agent("1", {}),
}

TIME = "2026-01-01T00:00:00"
FACTS: dict[str, Any] = {
    **dict.fromkeys(("created_at", "updated_at", "timestamp", "startTime", "joined_at"), TIME),
    **dict.fromkeys(("id", "agent_id", "gateway_id", "user_id", "policy_id", "team_id"), "1"),
    **dict.fromkeys(("name", "email", "role", "status", "event_type", "content", "slug"), "x"),
    **dict.fromkeys(("version_number", "latency_ms", "total_tokens", "count", "max_tokens"), 1),
    **dict.fromkeys(("temperature", "cost_usd", "value", "avg_latency_ms"), 0.699999988079071),
    **dict.fromkeys(("config", "conditions", "config_snapshot", "metadata"), '{"a": 1}'),
    **dict.fromkeys(("valid", "allowed", "is_valid", "is_active", "can_execute"), True),
    "organization_id": "o",
    "environment": "development",
    "principal_type": "role",
    "principal_id": "viewer",
    "executionId": "1",
    "access_token": "access-2",
    "refresh_token": "refresh-2",
    "pipeline_id": "1",
}
NODE = {"id": "a", "node_type": "agent", "label": "A", "agent_id": "1"} | {
    "position_x": 1.5,
    "position_y": -2.0,
    "config": '{"$extra": {"place": 0, "set": {"data": {"x": 1}}, "unset": [["type"]]}}',
}
EDGE = {"id": "e", "source_node_id": "a", "target_node_id": "a", "condition": "None"}
WHOLE = FACTS | {
    "summary": FACTS,
    "user": FACTS,
    "tokens": FACTS,
    "nodes": [NODE],
    "connections": [EDGE],
    "members": [FACTS],
    "contexts": [FACTS],
    "tools": [FACTS],
}
BASES: list[Any] = [
    WHOLE,
    {"data": WHOLE},
    {"data": {"sequential": "one by one"}},
    [FACTS],
    {"records": [FACTS], "total": 1},
    {"permissions": ["agents:*"]},
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(
        # What pydantic, `struct` and `datetime` stumble over; @ stands for a number out of bounds.
        [
            *("@1e999", "@-1e999", "@" + "9" * 400, "None", "nan", "inf", "{", "[1]", "1e400"),
            *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "\x00", "__proto__"),
        ]
    )
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "data", "$extra", "set", "place", "x"]), inner)
    ),
    max_leaves=6,
)


@st.composite
def answers(draw: st.DrawFn) -> str:
    """An answer that was right, with a few places gone or replaced by anything, as JSON text."""
    value = json.loads(json.dumps(draw(st.sampled_from(BASES))))
    for _ in range(draw(st.integers(0, 3))):
        value = _spoilt(draw, value)
    text = json.dumps(value)
    return "".join(
        part if not at else part.replace('"', "", 1) for at, part in enumerate(text.split('"@'))
    )


def _spoilt(draw: st.DrawFn, value: Any) -> Any:
    if not isinstance(value, dict | list) or not value or draw(st.integers(0, 3)) == 0:
        return draw(VALUES)
    places = list(value) if isinstance(value, dict) else list(range(len(value)))
    place = draw(st.sampled_from(places))
    if draw(st.integers(0, 3)) == 0:
        del value[place]
    else:
        value[place] = _spoilt(draw, value[place])
    return value


@pytest.fixture(scope="module")
def loop():
    loop = VirtualLoop(FakeClock())
    yield loop
    loop.close()


@pytest.mark.parametrize("name", CALLS)
def test_any_answer_is_a_record_or_a_typed_error(loop: VirtualLoop, name: str):
    said = list[str]()

    @given(answers())
    def holds(text: str) -> None:
        transport = Transport(
            "https://k.example.com",
            clock=loop.clock,
            transport=httpx.MockTransport(lambda _: httpx.Response(200, text=text)),
            tokens=Tokens("access-1", "refresh-1"),
        )
        client = QueryClient(loop=loop, clock=loop.clock, default_options=studio_defaults())
        try:
            found = loop.run(CALLS[name](Api(transport, client)))
            str(getattr(found, "graph", found))
        except KaizenError as error:
            said.append(str(error))
        finally:
            loop.run(transport.aclose())

    holds()
    assert all("\n" not in one and len(one) < 1000 for one in said)
