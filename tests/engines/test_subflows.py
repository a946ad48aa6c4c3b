"""Subflows: nodes whose work is a pipeline, and grouping, which never changes a result."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaizen_widgets.engines import reasons_against, start
from kaizen_widgets.errors import GraphError
from kaizen_widgets.graph import Edge, Graph, Node, as_subflow, expand, group, ungroup
from kaizen_widgets.nodes import Functions, default_registry
from kaizen_widgets.testing import FakeClock, VirtualLoop
from tests.engines.builders import pipeline
from tests.engines.test_laws import dags
from tests.patterns.examples import AGENTS, EXAMPLES


async def answer(value, /, *, name):
    return f"{name}({value})"


def outcome(graph, inputs, functions=None):
    """What a run gives: the state, output and reason of each node, by the last part of its id."""
    clock = FakeClock()
    loop = VirtualLoop(clock)
    if functions is None:
        functions = {name: lambda value, name=name, /: answer(value, name=name) for name in AGENTS}
    try:
        run = start(graph, inputs, loop=loop, clock=clock, functions=functions, new_id=lambda: "r")
        loop.advance(1000)
    finally:
        loop.close()
    nodes = [node for key, node in run.nodes.items() if key not in run._plan.subflows]
    return run.status, {
        node.id.rpartition("/")[2]: (node.status, node._output, node.reason) for node in nodes
    }


def grouped(graph, seed):
    """The graph with some of its nodes in a subflow, and some of the rest in another one or around it."""
    chance = random.Random(seed)
    for number in range(chance.randint(1, 3)):
        ids = [node.id for node in graph.nodes]
        graph = group(graph, chance.sample(ids, chance.randint(1, len(ids))), id=f"g{number}")
    return graph


# ----------------------------------------------------------------- the law


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("seed", range(12))
def test_grouping_changes_no_result_of_any_pattern(name, seed):
    graph, inputs = EXAMPLES[name]
    before = outcome(graph, inputs)
    made = grouped(graph, seed)
    assert any(node.type == "subflow" for node in made.nodes)
    assert outcome(made, inputs) == before
    while subflows := [node.id for node in made.nodes if node.type == "subflow"]:
        made = ungroup(made, subflows[0])
    assert outcome(made, inputs) == before


@given(graph=dags(loops=True), seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_grouping_changes_no_result_of_any_pipeline(graph, seed):
    async def gives(value):
        return value

    async def raises(value):
        raise ValueError("on purpose")

    functions = {"gives": gives, "raises": raises}
    assert outcome(grouped(graph, seed), {"text": "t"}, functions) == outcome(
        graph, {"text": "t"}, functions
    )


@given(graph=dags(loops=True), seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_ungrouping_brings_back_what_was_grouped(graph, seed):
    made = grouped(graph, seed)
    while subflows := [node.id for node in made.nodes if node.type == "subflow"]:
        made = ungroup(made, subflows[0])
    assert {node.id: node for node in made.nodes} == {node.id: node for node in graph.nodes}
    assert {edge.id: edge for edge in made.edges} == {edge.id: edge for edge in graph.edges}
    for node in graph.nodes:  # The order in which values arrive.
        into = [[e.id for e in g.edges if e.target == node.id] for g in (graph, made)]
        assert into[0] == into[1]


# -------------------------------------------------------------- the details


def labels(graph):
    return {node.label: node.type for node in graph.nodes}


def test_a_group_has_a_port_for_each_edge_across_its_border():
    graph = group(pipeline("start > a > b > end", "start > b"), ["a", "b"], id="g", label="Both")
    assert labels(graph) == {"start": "input", "Both": "subflow", "end": "output"}
    config = graph.node("g").data["config"]
    assert [(port["name"], port["node"]) for port in config["inputs"]] == [("a", "a"), ("b", "b")]
    assert [(port["name"], port["node"]) for port in config["outputs"]] == [("b", "b")]
    assert [edge.target_handle for edge in graph.edges if edge.target == "g"] == ["a", "b"]


def test_a_frame_goes_with_its_children_and_positions_come_back():
    graph = Graph(
        [
            Node("frame", (100, 50), type="group"),
            Node("a", (10, 20), type="agent", parent_id="frame"),
            Node("b", (400, 80), type="agent"),
        ],
        [Edge("e", "a", "b")],
    )
    made = group(graph, ["frame", "b"], id="g")
    assert [node.id for node in made.nodes] == ["g"]
    assert made.node("g").position == (100, 50)
    moved = made.node("g").evolve(position={"x": 0, "y": 0})
    back = ungroup(Graph([moved], made.edges), "g")
    assert {node.id: node.position for node in back.nodes} == {
        "frame": (0, 0), "a": (10, 20), "b": (300, 30),
    }  # fmt: skip
    assert back.node("a").parent_id == "frame"


def test_ids_that_are_taken_outside_change_when_a_group_is_opened():
    made = group(pipeline("start > a > end"), ["a"], id="g")
    twin = Node("a", type="agent", data={"label": "twin"})
    assert ungroup(Graph([*made.nodes, twin], made.edges), "g").has_node("g/a")


@pytest.mark.parametrize(
    ("ids", "new", "problem"),
    [([], "g", "needs nodes"), (["a"], "start", "There is a node"), (["x"], "g", "no node")],
)
def test_wrong_groups_are_refused(ids, new, problem):
    with pytest.raises(GraphError, match=problem):
        group(pipeline("start > a"), ids, id=new)


def test_opening_what_is_no_subflow_is_refused():
    with pytest.raises(GraphError, match="is not a subflow"):
        ungroup(pipeline("start > a"), "a")


# ------------------------------------------------------ a pipeline as a node


def shout(text):
    return text.upper()


def around(inner, **policies):
    """A pipeline with another one as its middle node."""
    node = as_subflow(inner, id="s", label="Inner")
    if policies:
        node = node.set_in(("data", "policy"), policies)
    nodes = pipeline("start", "a", "end").nodes
    edges = [Edge("e1", "start", "a"), Edge("e2", "a", "s"), Edge("e3", "s", "end")]
    return Graph([*nodes, node], edges)


def test_a_node_may_be_a_whole_pipeline(go):
    inner = pipeline("start > shout > end", end={"template": "{{ text }}!"})
    run = go(around(inner), {"text": "hey"}, functions={"a": lambda text: text, "shout": shout})
    assert run.result == "HEY!"
    assert run["s"].output == "HEY!"
    assert run["s/shout"].output == "HEY"
    assert run["s/start"].output == {"text": "hey"}
    assert [event.state for event in run.events() if event.node == "s"] == ["running", "completed"]


def test_inputs_of_an_inner_pipeline_have_its_defaults(go):
    inner = pipeline("start > end", start={"defaults": {"language": "en"}})
    functions = {"a": lambda value: {"text": "t"}}
    assert go(around(inner), functions=functions).result == {"language": "en", "text": "t"}


def test_several_outputs_are_ports_with_the_names_of_their_nodes(go):
    inner = pipeline("start > one", "start > two", kinds={"one": "output", "two": "output"})
    node = as_subflow(inner, id="s", label="Inner")
    outer = pipeline("start", "end")
    graph = Graph(
        [*outer.nodes, node],
        [Edge("e1", "start", "s"), Edge("e2", "s", "end", source_handle="two")],
    )
    run = go(graph, {"n": 1})
    assert run.result == {"n": 1}
    assert run["s"].output == {"one": {"n": 1}, "two": {"n": 1}}


def test_pipelines_may_be_in_pipelines_in_pipelines(go):
    graph = pipeline("start > shout > end")
    for _ in range(5):
        graph = around(graph)
    run = go(graph, {"text": "hey"}, functions={"a": lambda text: text, "shout": shout})
    assert run.result == "HEY"
    assert run["s/s/s/s/s"].status == "completed"


def test_a_failure_inside_fails_the_subflow_and_skips_what_is_behind(go):
    def bad(value):
        raise ValueError("broken")

    run = go(around(pipeline("start > bad > end")), functions={"a": str, "bad": bad})
    assert run["s"].status == "failed"
    assert run["s"].message == '"bad" failed: ValueError: broken'
    assert run["end"].reason == 'because "bad" failed'


def test_a_subflow_behind_a_failure_is_skipped(go):
    def bad(value):
        raise ValueError("broken")

    run = go(around(pipeline("start > b > end")), functions={"a": bad, "b": str})
    assert (run["s"].status, run["s"].reason) == ("skipped", 'because "a" failed')


def test_a_muted_subflow_passes_on_what_arrives(go):
    inner = pipeline("start > nobody > end")
    run = go(around(inner, muted=True), {"text": "hey"}, functions={"a": lambda text: text})
    assert run.result == "hey"
    assert "s/nobody" not in run.nodes


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda n: n.set_in(("data", "policy"), {"retries": 2}), "can only be muted"),
        (
            lambda n: n.set_in(("data", "config", "inputs"), [{"name": "input", "node": "x"}]),
            "leads to a node that is not inside",
        ),
        (
            lambda n: n.set_in(("data", "config", "nodes"), []),
            'The subflow "Inner" cannot be read. Edge',
        ),
        (
            lambda n: n.set_in(("data", "config", "nodes"), "x"),
            "cannot be read: nodes is not valid",
        ),
        (lambda n: n.set_in(("data", "config", "outputs"), []), "which has no such port"),
    ],
)
def test_wrong_subflows_are_reasons_against_a_run(change, reason):
    graph = around(pipeline("start > end"))
    graph = Graph([change(node) if node.id == "s" else node for node in graph.nodes], graph.edges)
    found = reasons_against(graph, default_registry(), Functions({"a": str}))
    assert reason in " ".join(found)


def test_a_problem_inside_is_told_of_the_subflow_one_sees():
    from kaizen_widgets.engines import problems_of

    graph = around(pipeline("start > nobody > end"))
    [problem] = problems_of(graph, default_registry(), Functions({"a": str}))
    assert problem.node_id == "s"
    assert '"nobody" has no function' in problem.message


def test_a_graph_without_subflows_is_expanded_to_itself():
    graph = pipeline("start > end")
    assert expand(graph).graph is graph


def test_a_subflow_tells_which_of_its_outputs_gave_a_value(go):
    routes = {"routes": [{"name": "one", "when": "true"}]}
    graph = pipeline("start > route.one > a > end", "route.default > b > end", route=routes)
    functions = {"a": lambda value: [1, 2, 3], "b": str}
    run = go(group(graph, ["a", "b"], id="g"), {"n": 1}, functions=functions)
    ended = [event for event in run.events() if event.node == "g"][-1]
    assert ended.data["outputs"] == ["a"]
    assert run.output_ids("g") == ("a", "b")
    assert run.output_ids("start") == ()
    whole = go(group(graph, ["start", "route"], id="g"), {"n": 1}, functions=functions)
    assert whole["g"].output == {"one": {"n": 1}}
    outer = group(group(graph, ["start", "route"], id="g"), ["g", "b"], id="h")
    assert go(outer, {"n": 1}, functions=functions)["h"].output == {"one": {"n": 1}}
