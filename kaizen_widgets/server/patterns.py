"""The nine pipeline patterns, by the names the server keeps."""

from __future__ import annotations

PATTERNS: dict[str, str] = {
    "sequential": "Agents work one after another; each gets what the one before made.",
    "parallel": "Agents work on the same input at once; their results are brought together.",
    "router": "A router sends the input to the agent that fits it.",
    "supervisor": "A supervisor hands work to workers and brings together what they make.",
    "ensemble": "Several agents answer the same question; a synthesizer makes one answer of them.",
    "hierarchical": "Tiers of agents: each tier answers, or hands over to the next.",
    "pipeline": "Stages refine a result, such as votes on the way to a consensus.",
    "blackboard": "Agents read from and add to a shared board, under a controller.",
    "reactive": "Agents react to each other's results until a judge decides.",
}
"""Each pattern, and what it does in one sentence."""

SPELLINGS = {"supervisor-worker": "supervisor", "supervisor_worker": "supervisor"}
"""What the studio's palette and plans call one of them."""


def pattern_name(given: str) -> str | None:
    """Return the name the server keeps; None when there is no such pattern."""
    name = SPELLINGS.get(given, given)
    return name if name in PATTERNS else None
