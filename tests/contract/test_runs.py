"""A pipeline has one meaning: the server executes it as the notebook runs it, states and results alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from kaizen_widgets.engines import Run, start
from kaizen_widgets.errors import InvalidInputError
from kaizen_widgets.graph import Edge, Graph, Node, group
from tests.clients import running_loop
from tests.contract.conftest import WAIT, Client
from tests.patterns.examples import EXAMPLES

AGENTS = ("Billing", "Technical", "Critic")


def node(node_id: str, kind: str, label: str = "", agent: str = "", **config: Any) -> Node:
    data: dict[str, Any] = {"label": label or node_id, "config": config}
    return Node(node_id, type=kind, data=data | ({"agentId": agent} if agent else {}))


def edges(*links: str) -> list[Edge]:
    """Edges by ``"source>target"`` or ``"source:output>target"``."""
    made = []
    for link in links:
        source, _, target = link.partition(">")
        source, _, output = source.partition(":")
        made.append(Edge(link, source, target, source_handle=output or None))
    return made


def every_kind(agents: Mapping[str, str]) -> Graph:
    """An input, a router with two branches, a synthesizer, a supervisor, a connector and an output."""
    routes = [{"name": "billing", "when": "'invoice' in text"}]
    return Graph(
        [
            node("in", "input", "Message", defaults={"language": "en"}),
            node("router", "router", "Topic", routes=routes, default="technical"),
            node("billing", "agent", "Billing desk", agents["Billing"]),
            node(
                "technical",
                "agent",
                "Technical desk",
                agents["Technical"],
                prompt="Help with: {{ text }} ({{ language }})",
            ),
            node("join", "synthesizer", "Answer", aggregation="concat", separator=" | "),
            node("lead", "supervisor", "Review", workers=["Critic", "Billing"], max_workers=1),
            node("archive", "connector", "Archive", connector="archive"),
            node("out", "output", "Reply", template="Dear customer: {{ value | join('; ') }}"),
        ],
        edges(
            "in>router",
            "router:billing>billing",
            "router:default>technical",
            "billing>join",
            "technical>join",
            "join>lead",
            "lead>archive",
            "archive>out",
        ),
    )


def several_outputs(agents: Mapping[str, str]) -> Graph:
    """Two branches at a time, values by label, and outputs of one name."""
    return Graph(
        [
            node("in", "input"),
            node("a", "agent", "First", agents["Billing"]),
            node("b", "agent", "Second", agents["Technical"]),
            node("merge", "synthesizer", "Both", aggregation="vote"),
            node("one", "output", "Same"),
            node("two", "output", "Same"),
        ],
        edges("in>a", "in>b", "a>merge", "b>merge", "merge>one", "a>two"),
    )


def failing(agents: Mapping[str, str]) -> Graph:
    """A node that fails, one behind it that is skipped, and a join that works with what arrived."""
    return Graph(
        [
            node("in", "input"),
            node("a", "agent", "Writer", agents["Billing"]),
            node("average", "synthesizer", "Mean", aggregation="average"),
            node("behind", "output", "Never"),
            node("any", "synthesizer", "Whatever", aggregation="concat", needs="any"),
            node("out", "output", "Rest"),
        ],
        edges("in>a", "a>average", "average>behind", "average>any", "a>any", "any>out"),
    )


def failing_template(agents: Mapping[str, str]) -> Graph:
    return Graph(
        [node("in", "input"), node("out", "output", template="{{ missing }}")], edges("in>out")
    )


def failing_condition(agents: Mapping[str, str]) -> Graph:
    routes = [{"name": "x", "when": "missing > 3"}]
    return Graph(
        [node("in", "input"), node("r", "router", routes=routes), node("out", "output")],
        edges("in>r", "r:x>out"),
    )


def no_output(agents: Mapping[str, str]) -> Graph:
    """Without an output node the last nodes give the result."""
    return Graph(
        [node("in", "input"), node("a", "agent", "A", agents["Critic"]), node("b", "supervisor")],
        edges("in>a", "in>b"),
    )


PIPELINES = [
    (every_kind, {"text": "my invoice is wrong"}),
    (every_kind, {"text": "it does not start", "language": "de"}),
    (several_outputs, {"text": "hello"}),
    (several_outputs, {"a": 1, "b": [1, None, {"c": "ü"}]}),
    (failing, {"text": "hello"}),
    (failing_template, {"text": "hello"}),
    (failing_condition, {"text": "hello"}),
    (no_output, {"text": "hello"}),
    (no_output, {}),
]

IDS = [f"{make.__name__}-{place}" for place, (make, _) in enumerate(PIPELINES)]


def as_it_is(graph: Graph) -> Any:
    """A pattern, whose agents are named like the server's."""
    return lambda agents: graph


PIPELINES += [(as_it_is(graph), inputs) for graph, inputs in EXAMPLES.values()]
IDS += list(EXAMPLES)
_ensemble, _inputs = EXAMPLES["ensemble"]
PIPELINES += [(as_it_is(group(_ensemble, ["agent-1", "agent-2"], id="g")), _inputs)]
IDS += ["subflow"]


@pytest.fixture(scope="module")
def agents(client: Client) -> dict[str, str]:
    """Agents by name."""
    return {
        name: client.agents.create(
            name=name, model_id="gpt-4o-mini", is_active=True, allow_duplicate=True
        )
        .wait(WAIT)
        .id
        for name in AGENTS
    }


def message(value: Any) -> str:
    """What the server's agents are asked when a value arrives."""
    if isinstance(value, Mapping):
        for name in ("message", "text", "input"):
            if isinstance(value.get(name), str):
                return value[name]
        if len(value) == 1:
            [value] = value.values()
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def run_here(graph: Graph, inputs: dict[str, Any], agents: dict[str, str]) -> Run:
    """Run a pipeline in this process, with functions that answer as the server's agents do."""

    def answering(name: str) -> Any:
        def answer(value: Any, /) -> str:
            return f"{name} (offline) was asked: {message(value)}"

        return answer

    functions = {name: answering(name) for name in AGENTS}
    functions |= {agents[name]: answering(name) for name in AGENTS}
    functions["archive"] = lambda value, /: value
    with running_loop("contract-runs") as loop:
        return start(graph, inputs, loop=loop, functions=functions).wait(WAIT)


@pytest.mark.faulty("own engine")
@pytest.mark.parametrize(
    ("make", "inputs"),
    PIPELINES,
    ids=IDS,
)
def test_a_pipeline_is_executed_as_the_notebook_runs_it(
    client: Client, agents: dict[str, str], name: str, make: Any, inputs: dict[str, Any]
):
    graph = make(agents)
    pipeline = client.pipelines.create(name=name).wait(WAIT).id
    client.pipelines.save_graph(pipeline, graph).wait(WAIT)
    there = client.executions.start(pipeline, inputs).wait(WAIT)
    here = run_here(graph, inputs, agents)

    ids = {client.pipelines.endpoints.row_id(pipeline, one.id): one.id for one in graph.nodes}
    for one in here.nodes.values():  # Nodes in a subflow have the subflow's id before their own.
        outer, slash, inner = one.id.partition("/")
        row_id = client.pipelines.endpoints.row_id(pipeline, outer)
        ids.setdefault(f"{row_id}{slash}{inner}", one.id)
    states = {ids[one.node_id]: one.status for one in there.nodes}
    assert states == {one.id: one.status for one in here.nodes.values()}
    assert there.status == here.status
    outputs = {ids[one.node_id]: one.output for one in there.nodes if one.status == "completed"}
    assert outputs == {
        one.id: one.output for one in here.nodes.values() if one.status == "completed"
    }
    ends = [one.id for one in graph.nodes if one.type == "output"] or list(
        {one.id for one in graph.nodes} - {edge.source for edge in graph.edges}
    )
    expected = [here.nodes[one].output for one in ends if here.nodes[one].status == "completed"]
    assert sorted(map(str, there.outputs.values())) == sorted(map(str, expected))
    for one in here.nodes.values():
        if one.status == "failed":
            assert str(one.error).rstrip(".") in there.error


def test_every_kind_is_part_of_the_comparison(agents: dict[str, str]):
    kinds = {one.type for make, _ in PIPELINES for one in make(agents).nodes}
    assert kinds == {
        "input",
        "router",
        "agent",
        "synthesizer",
        "supervisor",
        "stages",
        "reactor",
        "subflow",
        "connector",
        "output",
    }


@pytest.mark.faulty("own engine")
def test_a_pipeline_that_the_notebook_refuses_is_refused(client: Client, name: str):
    pipeline = client.pipelines.create(name=name).wait(WAIT).id
    wrong = node("r", "router", routes=[{"name": "x", "when": "text in ("}])
    client.pipelines.save_graph(pipeline, Graph([wrong])).wait(WAIT)
    assert not client.pipelines.validate(pipeline).wait(WAIT).valid
    with pytest.raises(InvalidInputError, match="routes"):
        client.executions.start(pipeline).wait(WAIT)
