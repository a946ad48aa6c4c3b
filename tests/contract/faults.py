"""Faults servers are known to have, each with a way to see it; none is assumed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from kaizen_widgets.errors import StatusError
from kaizen_widgets.graph import Edge, Graph, Node


def _agent(client: Any) -> str:
    return (
        client.agents.create(name="contract fault", model_id="gpt-4o", allow_duplicate=True)
        .wait(60)
        .id
    )


def only_five_patterns(client: Any) -> bool:
    """The server knows sequential, parallel, router, supervisor and ensemble, and refuses the rest."""
    return "blackboard" not in client.ask("GET", "/pipelines/patterns")["data"]


def updated_at_stands_still(client: Any) -> bool:
    """``updated_at`` stays what it was at the beginning."""
    agent = _agent(client)
    client.ask("PUT", f"/agents/{agent}", json={"description": "changed"})
    row = client.ask("GET", f"/agents/{agent}")
    return row["updated_at"][:23] == row["created_at"][:23]


def no_etags(client: Any) -> bool:
    """Answers carry no ETag, so that one cannot change just what one saw."""
    path = f"/agents/{_agent(client)}"
    return not client.run(client.transport.ask("GET", path)).etag


def ten_members(client: Any) -> bool:
    """A team shows its first ten members and has no pages."""
    team = client.teams.create(name="contract fault").wait(60).id
    making = []
    for _ in range(11):
        email, password = f"{uuid.uuid4().hex}@example.com", uuid.uuid4().hex
        making.append(client.users.create(email=email, name="Fault", password=password))
    for made in making:
        client.teams.add_member(team, made.wait(60).id).wait(60)
    return len(client.ask("GET", f"/teams/{team}")["members"]) == 10


def no_model(client: Any) -> bool:
    """No language model is configured, so no agent can answer."""
    status = client.ask("GET", f"/agents/{_agent(client)}/execute/status")
    return not status["is_configured"]


def unknown_is_a_failure(client: Any) -> bool:
    """A deployment of an unknown agent is a failure of the server, not a refusal."""
    try:
        client.ask("POST", "/deployments", json={"agent_id": "nobody", "gateway_id": "nowhere"})
    except StatusError as error:
        return error.status >= 500
    return False


def total_counts_the_page(client: Any) -> bool:
    """``total`` is the number of rows in the page."""
    for _ in range(2):
        _agent(client)
    return client.ask("GET", "/agents", params={"limit": 1})["total"] == 1


def own_engine(client: Any) -> bool:
    """The server executes pipelines by an engine that knows no routes: both branches of a router work."""
    pipeline = client.pipelines.create(name="contract fault").wait(60).id
    nodes = [
        Node("r", type="router", data={"config": {"routes": [{"name": "x", "when": "true"}]}}),
        Node("a", type="output"),
        Node("b", type="output"),
    ]
    edges = [Edge("1", "r", "a", source_handle="x"), Edge("2", "r", "b", source_handle="default")]
    client.pipelines.save_graph(pipeline, Graph(nodes, edges)).wait(60)
    execution = client.executions.start(pipeline, {"text": "x"}).wait(60)
    return [one.status for one in execution.nodes].count("skipped") != 1


FAULTS: dict[str, Callable[[Any], bool]] = {
    "only five patterns": only_five_patterns,
    "updated_at stands still": updated_at_stands_still,
    "no ETags": no_etags,
    "ten members": ten_members,
    "no model": no_model,
    "own engine": own_engine,
    "unknown is a failure": unknown_is_a_failure,
    "total counts the page": total_counts_the_page,
}
