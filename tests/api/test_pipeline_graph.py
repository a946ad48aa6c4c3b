import json
import struct
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaizen_widgets.api import pipeline_graph
from kaizen_widgets.api.pipeline_graph import ServerIds, from_server
from kaizen_widgets.errors import DecodeError
from kaizen_widgets.graph import Edge, Graph, Node

WIRE = {"nodes", "connections"}
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(-1e9, 1e9)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
numbers = st.integers(-1000, 1000) | st.floats(-1e6, 1e6)
data = st.dictionaries(
    st.sampled_from(["label", "agentId", "config", "condition", "x"]), json_values
)
nodes = st.builds(
    lambda x, y, extra: {"position": {"x": x, "y": y}} | extra,
    numbers,
    numbers,
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.none() | st.sampled_from(["agent", "default", "None", ""]),
            "data": json_values | data,
            "width": st.floats(0, 500),
            "parentId": st.none(),
            "style": json_values,
            "set": json_values,
        },
    ),
)
edges = st.fixed_dictionaries(
    {},
    optional={
        "sourceHandle": st.none() | st.sampled_from(["output", "left", ""]),
        "targetHandle": st.none() | st.sampled_from(["input", "right", ""]),
        "data": json_values | data,
        "label": json_values,
        "animated": st.booleans(),
    },
)


def to_server(graph: Graph):
    return pipeline_graph.to_server(graph, ServerIds("p"))


def send(graph: Graph) -> Graph:
    """Through JSON and back, as a server that keeps everything would."""
    body = json.loads(json.dumps(to_server(graph)))
    return from_server(body["nodes"], body["connections"])


def send_to_public(graph: Graph) -> Graph:
    """Through JSON and back, as the public server does: objects as text, 32 bits, its own order."""
    body = json.loads(json.dumps(to_server(graph)))
    for row in body["nodes"]:
        row["config"] = json.dumps(row["config"])
        for column in ("position_x", "position_y"):
            row[column] = struct.unpack("f", struct.pack("f", row[column]))[0]
    for row in body["connections"]:
        row["condition"] = json.dumps(row["condition"])
    nodes, connections = (
        sorted(body[kind], key=lambda row: row["id"], reverse=True)
        for kind in ("nodes", "connections")
    )
    return from_server(nodes, connections)


@settings(deadline=None)  # a slow machine is no counterexample
@given(st.lists(nodes, min_size=1, max_size=4), st.lists(edges, max_size=4))
def test_every_graph_comes_back_equal(some_nodes, some_edges):
    graph = Graph(
        [{"id": f"n{i}", **node} for i, node in enumerate(some_nodes)],
        [
            {"id": f"e{i}", "source": "n0", "target": "n0", **edge}
            for i, edge in enumerate(some_edges)
        ],
    )
    assert send(graph) == graph
    assert send_to_public(graph) == graph


@settings(deadline=None)
@given(nodes, edges)
def test_no_column_is_null(node, edge):
    body = to_server(
        Graph([{"id": "n", **node}], [{"id": "e", "source": "n", "target": "n", **edge}])
    )
    for row in (*body["nodes"], *body["connections"]):
        assert None not in row.values()


NODE_ROW = {"id": "a", "label": "A", "node_type": "agent", "position_x": 1, "position_y": 0}


def test_fields_with_a_column_are_sent_in_it():
    node = Node(
        "a", (1, 2), type="agent", data={"label": "A", "agentId": "x", "config": {"k": None}}
    )
    edge = Edge(
        "e", "a", "a", source_handle="billing", target_handle="input", data={"condition": {"if": 1}}
    )
    body = to_server(Graph([node], [edge]))
    (row,), (link,) = body["nodes"], body["connections"]
    assert row == {
        "id": row["id"],
        "node_type": "agent",
        "label": "A",
        "agent_id": "x",
        "position_x": 1,
        "position_y": 2,
        "config": {"k": None, "$extra": {"place": 0, "id": "a"}},
    }
    assert link == {
        "id": link["id"],
        "source_node_id": row["id"],
        "target_node_id": row["id"],
        "source_handle": "billing",
        "target_handle": "input",
        "condition": {"if": 1, "$extra": {"place": 0, "id": "e"}},
    }


def test_ids_are_uuids_on_the_server_and_other_ones_in_each_pipeline():
    graph, own = Graph([Node("input-1"), Node(str(uuid.UUID(int=7)))]), str(uuid.UUID(int=7))
    one, other = (
        [row["id"] for row in pipeline_graph.to_server(graph, ServerIds(name))["nodes"]]
        for name in ("one", "other")
    )
    assert one[0] != other[0]
    assert [str(uuid.UUID(id)) for id in (one[0], other[0])] == [one[0], other[0]]
    assert one[1] == other[1] == own


def test_a_node_moved_elsewhere_stays_where_it_was_moved_to():
    (row,) = to_server(Graph([Node("a", (0.123456789, 0))]))["nodes"]
    assert from_server([row], []).node("a").position.x == 0.123456789
    row["position_x"] = 50.0
    assert from_server([row], []).node("a").position.x == 50.0


def test_an_edge_without_handles_stays_without():
    graph = Graph([Node("a")], [Edge("e", "a", "a")])
    (row,) = to_server(graph)["connections"]
    assert (row["source_handle"], row["target_handle"]) == ("output", "input")
    assert send(graph).edge("e") == Edge("e", "a", "a")


def test_text_conditions_are_sent_as_expressions():
    graph = Graph([Node("a")], [Edge("e", "a", "a", data={"condition": "x > 1"})])
    condition = to_server(graph)["connections"][0]["condition"]
    assert condition["expression"] == "x > 1"
    assert send(graph) == graph


def test_children_keep_their_parents():
    graph = Graph([Node("group", type="group"), Node("a", parent_id="group", extent="parent")])
    assert send(graph) == graph


def test_what_the_public_server_makes_of_a_graph_is_read():
    node = {
        "id": "a",
        "pipeline_id": "p",
        "node_type": "agent",
        "agent_id": "None",
        "label": "A",
        "position_x": 0.10000000149011612,
        "position_y": 3.0,
        "config": '{"temperature": 0.7}',
        "created_at": "2026-01-01T00:00:00.38",
    }
    connection = {
        "id": "e",
        "source_node_id": "a",
        "target_node_id": "a",
        "source_handle": "output",
        "target_handle": "input",
        "condition": "None",
    }
    graph = from_server([node], [connection])
    assert graph.node("a") == {
        "id": "a",
        "type": "agent",
        "position": {"x": 0.1, "y": 3.0},
        "data": {"label": "A", "config": {"temperature": 0.7}},
    }
    assert "data" not in graph.edge("e")
    again = from_server(
        **{"nodes": to_server(graph)["nodes"], "connections": to_server(graph)["connections"]}
    )
    assert again == graph


def test_a_connection_without_its_node_is_left_out_and_logged(caplog):
    rows = to_server(Graph([Node("a"), Node("b")], [Edge("e", "a", "b")]))
    graph = from_server(rows["nodes"][:1], rows["connections"])
    assert graph == Graph([Node("a")])
    assert "left out" in caplog.text


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "A node of the server's answer has no "),
        ({"id": "a"}, "A node 'a' of the server's answer has no "),
        (NODE_ROW | {"id": ["a"]}, r"cannot be read \(The id of a node must be text, not list\)"),
        (NODE_ROW | {"position_x": "1"}, r"cannot be read \(a position of str\)"),
        (NODE_ROW | {"config": "{"}, "holds text that is not JSON"),
        (NODE_ROW | {"config": "[1]"}, r"cannot be read \(expected an object, not list\)"),
        (None, "A node of the server's answer is not an object"),
        ("a", "A node of the server's answer is not an object"),
    ],
)
def test_rows_that_are_no_nodes_raise_a_typed_error(row, said: str):
    with pytest.raises(DecodeError, match=said) as caught:
        from_server([row], [])
    assert caught.value.__suppress_context__


def test_rows_without_a_label_are_named():
    row = {name: value for name, value in NODE_ROW.items() if name != "label"}
    with pytest.raises(DecodeError) as caught:
        from_server([row], [])
    assert str(caught.value) == (
        "A node 'a' of the server's answer has no label; the pipeline was not loaded."
    )


def test_an_extra_of_somebody_else_is_ignored():
    (row,) = to_server(Graph([Node("a", type="agent", data={"label": "A", "config": {}})]))["nodes"]
    row["config"]["$extra"] = {
        "id": 7,
        "place": "first",
        "set": {"id": "b", "z": 1},
        "unset": [[], ["nothing"], ["data", "none"], 5],
        "more": 1,
    }
    (node,) = from_server([row], []).nodes
    assert node["z"] == 1
