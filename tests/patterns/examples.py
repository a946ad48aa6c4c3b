"""An example of each pattern, with agents that answer as text, and the inputs it runs on."""

from __future__ import annotations

from typing import Any

from kaizen_widgets import patterns
from kaizen_widgets.graph import Graph

AGENTS = ("Billing", "Technical", "Critic")

EXAMPLES: dict[str, tuple[Graph, dict[str, Any]]] = {
    "sequential": (patterns.sequential(AGENTS), {"text": "hello"}),
    "supervisor_worker": (
        patterns.supervisor_worker(AGENTS, dealing="round_robin", max_workers=2),
        {"items": ["a", "b", "c", "d"]},
    ),
    "router": (
        patterns.router(
            {"Billing": "'invoice' in text", "Technical": "'start' in text"}, default="Critic"
        ),
        {"text": "it does not start"},
    ),
    "ensemble": (patterns.ensemble(AGENTS, combine="concat"), {"text": "hello"}),
    "parallel": (patterns.parallel(AGENTS), {"text": "hello"}),
    "hierarchical": (
        patterns.hierarchical(
            ["Billing", ["Technical", "Critic"], "Critic"], hand_over="'Billing' in text"
        ),
        {"text": "hello"},
    ),
    "pipeline": (patterns.pipeline(AGENTS), {"items": ["a", "b", "c"]}),
    "blackboard": (
        patterns.blackboard(AGENTS, until="'Critic' in value", max_rounds=3),
        {"text": "hello"},
    ),
    "reactive": (
        patterns.reactive(
            {
                "Billing": "topic == 'start'",
                "Technical": "topic == 'start'",
                "Critic": "topic == 'Technical'",
            }
        ),
        {"text": "hello"},
    ),
}
