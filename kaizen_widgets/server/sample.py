"""What a new studio starts with: four agents, a pipeline that sorts support mail, and figures.

input -> router -> Billing agent | Technical agent -> synthesizer -> output
"""

from __future__ import annotations

import sqlite3
from typing import Any

from kaizen_widgets.server import accounts, sample_figures
from kaizen_widgets.server.agent_models import CreateAgentRequest
from kaizen_widgets.server.agent_rows import insert_agent
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.timestamps import stamp
from kaizen_widgets.server.pipeline_models import ConnectionCreate, GraphSave, NodeCreate
from kaizen_widgets.server.pipeline_rows import check_graph, replace_graph
from kaizen_widgets.server.rows import insert

MODEL = "gpt-4o-mini"
COLUMN = 280
"""Flow units from one node's left edge to the next one's: a node of about 210 and a gap of 70."""
QUESTION = "There is a refund missing on my invoice."
"""What the sample works on when a run is started without a word."""
HALF_ROW = 90
"""Two rows stand this far above and below the middle: a node of about 90 high and a gap of 90."""

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
        "Says the same in a few sentences.",
        "Summarize the text in at most three sentences. Add nothing.",
    ),
    "Translator": (
        "Translates into plain English.",
        "Translate the text into plain English. Keep names and numbers as they are.",
    ),
}
"""Each agent's description and system prompt."""


def add(db: sqlite3.Connection, studio: Services, organization_id: str, user_id: str) -> None:
    """Add the agents and the pipeline to an organization."""
    workspace_id = accounts.default_workspace(db, organization_id)
    agents = {}
    # Lists show the newest first: made in reverse, the first agent here is the first one there.
    for name, (description, prompt) in reversed(AGENTS.items()):
        request = CreateAgentRequest(
            workspace_id=workspace_id,
            name=name,
            agent_type="chat",
            model_id=MODEL,
            description=description,
            system_prompt=prompt,
        )
        agents[name] = insert_agent(db, studio, organization_id, user_id, request, "active")
    pipeline_id, now = studio.new_id(), stamp(studio.clock)
    insert(
        db,
        "pipelines",
        {
            "id": pipeline_id,
            "organization_id": organization_id,
            "workspace_id": workspace_id,
            "name": "Support triage",
            "description": "Sends a message to the agent who can answer it.",
            "pattern": "router",
            "status": "active",
            "created_by": user_id,
            "created_at": now,
            "updated_at": now,
        },
    )
    graph = support_triage(agents["Billing"], agents["Technical"])
    check_graph(graph)
    replace_graph(db, studio, pipeline_id, graph)
    sample_figures.add(db, studio, organization_id, user_id, agents)


def support_triage(billing: str, technical: str) -> GraphSave:
    """Return the sample's graph; the two agents are given by id."""
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
