"""The samples of a new studio: four agents, a pipeline that sorts support mail, and a week of metrics.

The pipeline is input -> router -> Billing agent | Technical agent -> synthesizer -> output. The metrics are
made up and the same for everyone, up to the day they end on.
"""

from __future__ import annotations

import math
import random
import sqlite3
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kaizen_widgets.server.agents.agent_models import CreateAgentRequest
from kaizen_widgets.server.agents.agent_rows import insert_agent
from kaizen_widgets.server.base.permissions import Caller
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.timestamps import timestamp_of
from kaizen_widgets.server.deployments.deployments import deploy
from kaizen_widgets.server.deployments.gateways import GATEWAYS
from kaizen_widgets.server.executions.metric_rows import record_metric
from kaizen_widgets.server.organization.accounts import default_workspace
from kaizen_widgets.server.pipelines.pipeline_models import (
    ConnectionCreate,
    GraphSave,
    NodeCreate,
)
from kaizen_widgets.server.pipelines.pipeline_rows import PIPELINES, check_graph, replace_graph

MODEL = "gpt-4o-mini"
COLUMN = 220
"""Flow units from one node's left edge to the next one's: a card of 176 and a gap of 44."""
HALF_ROW = 90
"""Flow units of the two rows above and below the middle: a node of about 90 high and a gap of 90."""
QUESTION = "There is a refund missing on my invoice."
"""The sample's input when a run is started without one."""

AGENTS: dict[str, tuple[str, str]] = {
    "Billing": (
        "Answers questions about invoices, payments and refunds.",
        "You answer customers' questions about invoices, payments and refunds. Be brief and exact.",
    ),
    "Technical": (
        "Helps when something does not work.",
        "You help customers when something does not work. Ask for what you need, step by step.",
    ),
    "Summarizer": (
        "Summarizes a text in a few sentences.",
        "Summarize the text in at most three sentences. Add nothing.",
    ),
    "Translator": (
        "Translates into plain English.",
        "Translate the text into plain English. Keep names and numbers as they are.",
    ),
}
"""Each agent's description and system prompt."""


DAYS = 7
DEPLOYED = ("Billing", "Technical")
PRICE = 0.6e-6
"""Dollars per token, roughly."""
ERRORS = {
    "RateLimitError": "The provider asked to slow down.",
    "TimeoutError": "No answer within 30 s.",
    "ContextLengthError": "The conversation is longer than the model reads.",
}


def add_samples(
    db: sqlite3.Connection, services: Services, organization_id: str, user_id: str
) -> None:
    """Add the samples to an organization; its owner is the user."""
    workspace_id = default_workspace(db, organization_id)
    agents = {}
    # Lists show the newest first: created in reverse, the first agent here comes first there.
    for name, (description, prompt) in reversed(AGENTS.items()):
        request = CreateAgentRequest(
            workspace_id=workspace_id,
            name=name,
            agent_type="chat",
            model_id=MODEL,
            description=description,
            system_prompt=prompt,
        )
        agents[name] = insert_agent(db, services, organization_id, user_id, request, "active")
    values = {
        "workspace_id": workspace_id,
        "name": "Support triage",
        "description": "Sends a message to the agent who can answer it.",
        "pattern": "router",
        "status": "active",
        "created_by": user_id,
    }
    pipeline_id = PIPELINES.create(db, services, organization_id, values)
    graph = support_triage(agents["Billing"], agents["Technical"])
    check_graph(graph)
    replace_graph(db, services, pipeline_id, graph)
    owner = Caller(user_id=user_id, organization_id=organization_id, role="org_owner")
    _add_metrics(db, services, owner, agents)


def support_triage(billing: str, technical: str) -> GraphSave:
    """Return the graph of the sample pipeline, given the ids of its two agents."""
    routes = [{"name": "billing", "when": "'invoice' in text or 'refund' in text"}]
    nodes = [
        _node("input", "input", "Message", 0) | {"config": {"defaults": {"text": QUESTION}}},
        _node("router", "router", "What is it about?", 1)
        | {"config": {"routes": routes, "default": "technical"}},
        _node("billing", "agent", "Billing", 2, -HALF_ROW) | {"agent_id": billing},
        _node("technical", "agent", "Technical", 2, HALF_ROW) | {"agent_id": technical},
        _node("synthesizer", "synthesizer", "Answer", 3) | {"config": {"aggregation": "concat"}},
        _node("output", "output", "Reply", 4),
    ]
    connections = [
        _connection("input", "router"),
        _connection("router", "billing", "billing"),
        _connection("router", "technical", "default"),
        _connection("billing", "synthesizer"),
        _connection("technical", "synthesizer"),
        _connection("synthesizer", "output"),
    ]
    return GraphSave(
        nodes=[NodeCreate.model_validate(node) for node in nodes],
        connections=[ConnectionCreate.model_validate(connection) for connection in connections],
    )


def _node(node_id: str, kind: str, label: str, column: int, y: float = 0) -> dict[str, Any]:
    position = {"position_x": column * COLUMN, "position_y": HALF_ROW + y}
    return {"id": node_id, "node_type": kind, "label": label} | position


def _connection(source: str, target: str, handle: str = "output") -> dict[str, Any]:
    ends = {"source_node_id": source, "target_node_id": target}
    return {"id": f"{source}-{target}", "source_handle": handle} | ends


def _add_metrics(
    db: sqlite3.Connection, services: Services, owner: Caller, agents: Mapping[str, str]
) -> None:
    """Add a gateway, two agents on it, and a week of their metrics; ``agents`` are ids by name."""
    values = {
        "name": "This machine",
        "description": "Where the embedded studio answers.",
        "api_url": "http://127.0.0.1:8000",
        "environment": "development",
        "status": "active",
        "health_check_url": "",
    }
    gateway_id = GATEWAYS.create(db, services, owner.organization_id, values)
    chance = random.Random(7)  # noqa: S311 (figures to look at)
    for name in DEPLOYED:
        deployment_id = deploy(db, services, owner, agents[name], gateway_id, "")
        ids = {"deployment_id": deployment_id, "agent_id": agents[name]}
        for hour in range(DAYS * 24):
            # People write by day, and hardly at all at four in the morning.
            for _ in range(round(2 * chance.random() * (1 - math.cos(hour / 24 * math.tau)))):
                metric = ids | _metric(services, hour, chance)
                record_metric(db, services, owner.organization_id, metric)


def _metric(services: Services, hours_ago: int, chance: random.Random) -> dict[str, Any]:
    error = chance.choice(list(ERRORS)) if chance.random() < 0.05 else ""
    asked, answered = chance.randint(80, 600), 0 if error else chance.randint(40, 400)
    when = services.clock.now() - timedelta(hours=hours_ago, minutes=chance.uniform(0, 60))
    return {
        "status": ("timeout" if error == "TimeoutError" else "failure") if error else "success",
        "latency_ms": 30_000 if error == "TimeoutError" else round(chance.lognormvariate(6.6, 0.4)),
        "input_tokens": asked,
        "output_tokens": answered,
        "cost_usd": round((asked + 4 * answered) * PRICE, 6),
        "error_type": error,
        "error_message": ERRORS.get(error, ""),
        "created_at": timestamp_of(when),
    }
