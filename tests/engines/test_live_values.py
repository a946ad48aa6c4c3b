"""What arrived at nodes and went over edges, as live objects."""

from __future__ import annotations

import pytest

from kaizen_widgets.engines.edge_value import size_of
from kaizen_widgets.errors import RunError, UnknownEdgeError
from tests.engines.builders import pipeline

ROUTES = {"routes": [{"name": "x", "when": "true"}]}


def test_inputs_and_outputs_are_the_objects_themselves(go):
    made = object()
    run = go(
        pipeline("start > a > b", "start > b"), {"n": 1}, functions={"a": lambda v: made, "b": id}
    )
    assert run["start"].inputs == {"n": 1}
    assert run["a"].output is made
    assert run["b"].inputs["a"] is made
    assert list(run["b"].inputs) == ["a", "start"]


def test_a_node_that_never_began_has_no_inputs(go):
    def bad(value):
        raise ValueError("broken")

    run = go(pipeline("start > bad > b"), functions={"bad": bad, "b": str})
    with pytest.raises(RunError, match='Nothing has arrived at "b": it was skipped because "bad"'):
        run["b"].inputs  # noqa: B018


def test_an_edge_has_the_value_that_went_over_it(go):
    graph = pipeline("start > route.x > a", "route.default > b", route=ROUTES)
    run = go(graph, {"text": "hey"}, functions={"a": str, "b": str})
    edges = {(edge.source, edge.target): edge.id for edge in graph.edges}
    over = run.edge(edges["route", "a"])
    assert over.value is run["route"].output
    assert (over.type, over.size, over.code) == ("a dict", "1 field", "run['route'].output")
    assert over.preview == "text: hey"
    with pytest.raises(RunError, match='Nothing went over this edge: "route" took "x"'):
        run.edge(edges["route", "b"])
    with pytest.raises(UnknownEdgeError):
        run.edge("nowhere")


@pytest.mark.parametrize(
    ("value", "size"),
    [("a", "1 character"), (b"x" * 1500, "1.5 kB"), ([1, 2], "2 items"), (3, ""), (None, "")],
)
def test_sizes_are_in_the_unit_of_the_type(value, size):
    assert size_of(value) == size


def test_the_size_of_a_table_is_its_shape():
    pd = pytest.importorskip("pandas")
    assert size_of(pd.DataFrame({"a": [1, 2, 3]})) == "3 × 1"


def test_a_run_becomes_a_table_with_a_row_a_node(go):
    def bad(value):
        raise ValueError("broken")

    run = go(pipeline("start > bad > b"), functions={"bad": bad, "b": str})
    frame = run.to_frame()
    assert list(frame.node) == ["start", "bad", "b"]
    assert list(frame.status) == ["completed", "failed", "skipped"]
    assert list(frame.origin) == ["run", "run", ""]
    assert frame.error[1] == "ValueError: broken"
