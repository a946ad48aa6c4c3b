from __future__ import annotations

import json
import os

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kaizen_widgets.errors import GraphError
from kaizen_widgets.graph import Batch, Graph, apply, diff
from kaizen_widgets.graph.elements import VIEW_ONLY_KEYS
from tests.graph.builders import batches, exact, graphs

laws = settings(
    max_examples=int(os.environ.get("LAW_EXAMPLES", "60")),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


def applied_one_by_one(graph: Graph, batch: Batch) -> tuple[Graph, Batch]:
    """Return what the legal ones of some operations give, and those: random batches rarely fit whole."""
    legal = []
    for operation in batch:
        try:
            graph, _ = apply(graph, (operation,))
        except GraphError:
            continue
        legal.append(operation)
    return graph, tuple(legal)


def refusal(graph: Graph, batch: Batch) -> GraphError | None:
    try:
        apply(graph, batch)
    except GraphError as error:
        return error
    return None


def assert_sound(graph: Graph) -> None:
    """Assert that a graph is what its own list of elements makes, indexes included."""
    again = Graph(graph.nodes, graph.edges)
    for node in graph.nodes:
        assert graph.node(node.id) is node
        for index in ("edges_of", "children_of"):
            mine, theirs = (getattr(value, index)(node.id) for value in (graph, again))
            assert sorted(item.id for item in mine) == sorted(item.id for item in theirs)
    assert len(graph.nodes) == len(graph._nodes) == len(set(graph._nodes))


@laws
@given(graphs(), batches)
def test_inverse_of_a_batch_restores_the_graph(graph: Graph, batch: Batch) -> None:
    expected, legal = applied_one_by_one(graph, batch)
    after, inverse = apply(graph, legal)
    assert exact(after) == exact(expected)
    assert_sound(after)
    back, again = apply(after, inverse)
    assert exact(back) == exact(graph)
    assert exact(apply(back, again)[0]) == exact(after)


@laws
@given(graphs(), batches)
def test_refused_batch_leaves_the_graph_unchanged(graph: Graph, batch: Batch) -> None:
    before = json.dumps(graph.to_json())
    error = refusal(graph, batch)
    if error is not None:
        assert repr(error.node_id or error.edge_id) in str(error)
    assert json.dumps(graph.to_json()) == before
    assert_sound(graph)


@laws
@given(graphs(), batches)
def test_apply_of_a_batch_and_its_inverse_returns_the_same_graph(
    graph: Graph, batch: Batch
) -> None:
    _, legal = applied_one_by_one(graph, batch)
    after, inverse = apply(graph, legal)
    there_and_back = legal + inverse
    assert apply(graph, there_and_back) == (graph, ())
    assert apply(graph, there_and_back)[0] is graph
    assert (after is graph) == (exact(after) == exact(graph))


@laws
@given(graphs(), batches)
def test_apply_keeps_the_identity_of_untouched_elements(graph: Graph, batch: Batch) -> None:
    _, legal = applied_one_by_one(graph, batch)
    after, inverse = apply(graph, legal)
    touched = {(step.kind, step.item["id"] if step.op == "add" else step.id) for step in inverse}
    for kind, old, new in (("node", graph.nodes, after.nodes), ("edge", graph.edges, after.edges)):
        there = {element.id: element for element in new}
        for element in old:
            if (kind, element.id) not in touched:
                assert there[element.id] is element


@laws
@given(graphs(), graphs())
def test_diff_turns_one_graph_into_the_other(old: Graph, new: Graph) -> None:
    batch = diff(old, new)
    after, inverse = apply(old, batch)
    assert exact(after) == exact(new)
    assert exact(apply(after, inverse)[0]) == exact(old)


@laws
@given(graphs(), batches)
def test_diff_finds_the_changes_of_a_batch(graph: Graph, batch: Batch) -> None:
    after, _ = applied_one_by_one(graph, batch)
    assert exact(apply(graph, diff(graph, after))[0]) == exact(after)


@laws
@given(graphs(), st.data())
def test_diff_finds_a_new_order(graph: Graph, draw: st.DataObject) -> None:
    assume(not any(node.parent_id for node in graph.nodes))
    nodes = draw.draw(st.permutations(graph.nodes))
    edges = draw.draw(st.permutations(graph.edges))
    new = Graph(nodes, edges)
    batch = diff(graph, new)
    assert {operation.op for operation in batch} <= {"move"}
    assert exact(apply(graph, batch)[0]) == exact(new)


@laws
@given(graphs())
def test_diff_of_equal_graphs_is_empty(graph: Graph) -> None:
    assert diff(graph, graph) == ()
    assert diff(graph, Graph.from_json(json.loads(json.dumps(graph.to_json())))) == ()


@laws
@given(graphs(), st.sampled_from(sorted(VIEW_ONLY_KEYS)))
def test_diff_ignores_view_only_keys(graph: Graph, fact: str) -> None:
    noisy = Graph([dict(node) | {fact: {"width": 3}} for node in graph.nodes], graph.edges)
    assert diff(noisy, graph) == diff(graph, noisy) == ()


@laws
@given(graphs())
def test_graph_survives_json(graph: Graph) -> None:
    again = Graph.from_json(json.loads(json.dumps(graph.to_json())))
    assert exact(again) == exact(graph)
    assert again == graph
