"""Agents and saved pipelines at work; no HTTP and no database here.

A pipeline's nodes work in the order of their connections. An agent node asks its agent; every other node
hands on what came in. Conditions and routes are the notebook engine's business: here everything
downstream of a router gets its input.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kaizen_widgets.core.clock import Clock
from kaizen_widgets.server.agent_model import AgentModel, count_tokens
from kaizen_widgets.server.base.timestamps import stamp

MOST_CHARACTERS, MOST_NESTED = 4_000_000, 50
"""What all nodes of an execution may be handed together, and how deep lists of lists may go: a node with two
connections from the one before it doubles what it hands on."""
TOO_MUCH = f"the nodes hand on more than {MOST_CHARACTERS:,} characters, or lists in lists too deep"


class Weight(NamedTuple):
    """How much a node hands on: characters, and how deep lists lie in lists."""

    size: int
    depth: int


@dataclass
class Outcome:
    """What came of an execution.

    Attributes:
        status: ``completed`` or ``failed``.
        output: An object.
        error: Why it failed; empty.
        usage: Tokens: ``input``, ``output``, ``total``.
        milliseconds: How long it took.
        nodes: The API's ``NodeExecution`` of each node that worked.
        logs: The API's ``ExecutionLog``s.
    """

    status: str = "completed"
    output: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    usage: dict[str, int] = field(default_factory=lambda: {"input": 0, "output": 0, "total": 0})
    milliseconds: int = 0
    nodes: list[dict[str, Any]] = field(default_factory=list)
    logs: list[dict[str, Any]] = field(default_factory=list)

    def used(self, asked: str, answered: str) -> None:
        """Count the tokens of a question and its answer."""
        self.usage["input"] += count_tokens(asked)
        self.usage["output"] += count_tokens(answered)
        self.usage["total"] = self.usage["input"] + self.usage["output"]


async def run_agent(
    model: AgentModel, clock: Clock, agent: Mapping[str, Any], message: str, history: Sequence[Any]
) -> Outcome:
    """Ask an agent once; what its model cannot do is an outcome, not an exception."""
    outcome, started = Outcome(), clock.monotonic()
    try:
        pieces = [piece async for piece in model.answer(agent, message, history)]
        outcome.output = {"content": "".join(pieces)}
        outcome.used(message, outcome.output["content"])
    except RuntimeError as error:
        outcome.status, outcome.error = "failed", str(error)
    outcome.milliseconds = round((clock.monotonic() - started) * 1000)
    return outcome


async def run_node(
    model: AgentModel,
    clock: Clock,
    node: Mapping[str, Any],
    agents: Mapping[str, Mapping[str, Any]],
    given: Any,
) -> tuple[Any, Outcome]:
    """Let one node work; return what it hands on, and what it took."""
    agent = agents.get(node["agent_id"] or "")
    if node["node_type"] != "agent" or agent is None:
        return given, Outcome()
    outcome = await run_agent(model, clock, agent, message_of(given), ())
    return outcome.output.get("content"), outcome


async def run_pipeline(
    model: AgentModel,
    clock: Clock,
    nodes: Sequence[Mapping[str, Any]],
    connections: Sequence[Mapping[str, Any]],
    agents: Mapping[str, Mapping[str, Any]],
    inputs: Mapping[str, Any],
) -> Outcome:
    """Let all nodes work, each after those before it; the first failure ends it.

    Args:
        model: What answers for agents.
        clock: The time.
        nodes: Of a checked pipeline: no circles, no unknown ends.
        connections: Between them.
        agents: By id.
        inputs: What nodes without a predecessor get.
    """
    whole, started = Outcome(), clock.monotonic()
    before, after = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for connection in connections:
        before[connection["target_node_id"]].append(connection["source_node_id"])
        after[connection["source_node_id"]].append(connection["target_node_id"])
    results, weights = dict[str, Any](), dict[str, Weight]()
    first, spent = Weight(len(json.dumps(inputs)), 0), 0
    for node in in_order(nodes, before):
        begun = stamp(clock)
        preceding = before[node["id"]]
        weight = _weight([weights[one] for one in preceding]) if preceding else first
        spent += weight.size
        result, outcome = None, Outcome()
        if spent > MOST_CHARACTERS or weight.depth > MOST_NESTED:
            outcome.status, outcome.error = "failed", TOO_MUCH
        else:
            given = _given([results[one] for one in preceding], inputs)
            result, outcome = await run_node(model, clock, node, agents, given)
        answered = "content" in outcome.output
        weights[node["id"]] = Weight(len(str(result)), 0) if answered else weight
        results[node["id"]] = result
        for name, count in outcome.usage.items():
            whole.usage[name] += count
        whole.nodes.append(
            {
                "nodeId": node["id"],
                "status": outcome.status,
                "startTime": begun,
                "endTime": stamp(clock),
                "error": outcome.error or None,
                "output": result,
            }
        )
        said = outcome.error or f"{node['label'] or node['id']} is done"
        whole.logs.append(
            {
                "id": str(len(whole.logs)),
                "timestamp": stamp(clock),
                "level": "error" if outcome.error else "info",
                "message": said,
                "nodeId": node["id"],
            }
        )
        if outcome.status == "failed":
            whole.status, whole.error = "failed", f"{node['label'] or node['id']}: {outcome.error}"
            break
    ends = [node for node in nodes if node["node_type"] == "output" and node["id"] in results]
    ends = ends or [node for node in nodes if not after[node["id"]] and node["id"] in results]
    whole.output = {(node["label"] or node["id"]): results[node["id"]] for node in ends}
    whole.milliseconds = round((clock.monotonic() - started) * 1000)
    return whole


def in_order(
    nodes: Sequence[Mapping[str, Any]], before: Mapping[str, Sequence[str]]
) -> list[Mapping[str, Any]]:
    """Return nodes so that each comes after those before it, else in the order they were sent."""
    done: set[str] = set()
    found: list[Mapping[str, Any]] = []
    waiting = list(nodes)
    while waiting:
        ready = [node for node in waiting if all(one in done for one in before.get(node["id"], ()))]
        if not ready:
            break  # A circle; `check_pipeline` has refused it before.
        found += ready
        done.update(node["id"] for node in ready)
        waiting = [node for node in waiting if node["id"] not in done]
    return found


def message_of(given: Any) -> str:
    """Return what an agent is asked: a text as it is, an object's only text, else JSON."""
    if isinstance(given, Mapping):
        for name in ("message", "text", "input"):
            if isinstance(given.get(name), str):
                return given[name]
        if len(given) == 1:
            given = next(iter(given.values()))
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)


def _weight(weights: Sequence[Weight]) -> Weight:
    """Return what the results of several nodes weigh, handed on together."""
    if len(weights) == 1:
        return weights[0]
    return Weight(sum(one.size for one in weights), 1 + max(one.depth for one in weights))


def _given(results: list[Any], inputs: Mapping[str, Any]) -> Any:
    if not results:
        return dict(inputs)
    return results[0] if len(results) == 1 else results
