"""`Graph.to_python`: the code makes an equal graph, and reads as a person would write it."""

from __future__ import annotations

import random
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from kaizen_widgets.errors import GraphWarning, InvalidValueError
from kaizen_widgets.graph import Edge, Graph, Node
from tests.graph.builders import exact
from tests.graph.test_files import DOCUMENTS
from tests.patterns.examples import EXAMPLES

TEXTS = (
    "",
    "label",
    "it's \"quoted\" and 'quoted'",
    'only "double" quotes',
    "back\\slash \\n \\' \\",
    "'); import os; os.system('true",
    "two lines\nand a tab\t and a return\r\n",
    "a prompt that is too long for a line, " * 6,
    "first line of a long prompt:\n\n- do this\n- 'and' \"that\"\n   indented, " * 3,
    "unbrokenandfartoolongforanylineinthisnotebook" * 4,
    "naïve 😀 漢字漢字漢字 \u202e\u200b\u0301 \x00\x7f",
    "{{ text | upper }} {% if x %} #{id} %s {0}",
)
IDS = ("agent-", "it_s ", 'ä"', "'", "x" * 70)
KEYS = (
    "label",
    "config",
    "maxIterations",
    "class",
    "from",
    "self",
    "id",
    "with space",
    "snake_key",
    "Ünï",
    'a"b',
    "x1y2",
    "HTTPServer",
    "_private",
    "",
)


def value(rng: random.Random, depth: int = 0) -> Any:
    match rng.randrange(9 if depth < 4 else 6):
        case 0:
            return rng.choice([None, True, False])
        case 1:
            return rng.choice([0, -7, 2**53 - 1, 10**12])
        case 2:
            return rng.choice([0.1, -2.5, 1e300, 1e-7, 5e-324, 1e16, 3.0])
        case 3 | 4 | 5:
            return rng.choice(TEXTS)
        case 6:
            return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
        case _:
            return {
                rng.choice([*KEYS, *TEXTS]): value(rng, depth + 1) for _ in range(rng.randrange(4))
            }


def keys_of(rng: random.Random) -> dict[str, Any]:
    """Return keys of an element that it may have besides those that a graph checks."""
    names = rng.sample([key for key in KEYS if key != "id"], rng.randrange(4))
    return {name: value(rng) for name in names}


def generated(seed: int) -> Graph:
    """Return a graph with the texts, keys, numbers, nesting and places that are hard to write as code."""
    rng = random.Random(seed)
    nodes: list[dict[str, Any]] = []
    for index in range(rng.randrange(9)):
        node_id = rng.choice(IDS) + str(index)
        number = rng.choice([0, 12, -340.5, 1 / 3, 1e7, -0.0])
        node: dict[str, Any] = {"id": node_id, "position": {"x": number, "y": index * 90}}
        node |= keys_of(rng)
        if rng.random() < 0.9:
            node["data"] = value(rng) if rng.random() < 0.3 else keys_of(rng)
        if rng.random() < 0.8:
            node["type"] = rng.choice(["agent", "input", "my kind", None])
        if rng.random() < 0.3:
            node |= {"width": rng.choice([176, 90.5, None]), "height": 98}
        if rng.random() < 0.1:
            node["position"]["z"] = 4
        if nodes and rng.random() < 0.3:
            node[rng.choice(["parentId", "parentNode"])] = rng.choice(nodes)["id"]
        nodes.append(node)
    edges: list[dict[str, Any]] = []
    for index in range(rng.randrange(9) if nodes else 0):
        ends = {"source": rng.choice(nodes)["id"], "target": rng.choice(nodes)["id"]}
        edge = {"id": f"edge {index}", **ends, **keys_of(rng)}
        if rng.random() < 0.6:
            edge |= {"sourceHandle": rng.choice(["output", "it's", None]), "targetHandle": "input"}
        if rng.random() < 0.3:
            edge["data"] = {"maxIterations": 3}
        edges.append(edge)
    return Graph(nodes, edges)


def run(code: str) -> Any:
    namespace: dict[str, Any] = {}
    exec(compile(code, "cell", "exec"), namespace)
    return namespace


def ruff(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", "ruff", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.fixture(scope="module")
def cells() -> list[tuple[Graph, str]]:
    """1,000 graphs, each with its code."""
    graphs = [generated(seed) for seed in range(1000)]
    return [(graph, graph.to_python()) for graph in graphs]


def test_code_of_1000_generated_graphs_makes_equal_graphs(cells: list[tuple[Graph, str]]) -> None:
    assert sum(graph.node_count for graph, _ in cells) > 3000
    for graph, code in cells:
        made = run(code)["graph"]
        assert made == graph
        assert exact(made) == exact(graph)


def test_code_passes_the_linter_and_the_formatter(
    cells: list[tuple[Graph, str]], tmp_path: Path
) -> None:
    codes = [code for _, code in cells]
    codes += [graph.to_python() for graph, _ in EXAMPLES.values()]
    for index, code in enumerate(codes):
        (tmp_path / f"cell_{index}.py").write_text(code, "utf-8")
    assert ruff("check", "--isolated", "--no-cache", tmp_path) == ""
    ours = ("--select", "E,F,W,I,B,C4,SIM,UP,RUF", "--ignore", "E501,RUF001")
    assert ruff("check", "--isolated", "--no-cache", *ours, tmp_path) == ""
    assert ruff("format", "--isolated", "--no-cache", "--diff", tmp_path) == ""


@pytest.mark.parametrize("name", EXAMPLES)
def test_code_of_every_pattern_makes_an_equal_graph(name: str) -> None:
    graph, _ = EXAMPLES[name]
    assert exact(run(graph.to_python())["graph"]) == exact(graph)


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_code_of_a_file_of_another_tool_makes_an_equal_graph(document: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphWarning)
        graph = Graph.from_json(document)
    assert exact(run(graph.to_python())["graph"]) == exact(graph)


def test_code_reads_as_a_person_would_write_it() -> None:
    graph = Graph(
        [
            Node("input", type="input"),
            Node(
                "billing",
                (320.0, -80.5),
                type="agent",
                data={"label": "Billing", "config": {"prompt": "Answer in one sentence.\n" * 4}},
            ),
        ],
        [Edge("e1", "input", "billing", label="invoices")],
    )
    assert (
        graph.to_python()
        == """\
from kaizen_widgets import Edge, Graph, Node

graph = Graph(
    nodes=[
        Node("input", type="input"),
        Node(
            "billing",
            type="agent",
            data={
                "label": "Billing",
                "config": {
                    "prompt": (
                        "Answer in one sentence.\\n"
                        "Answer in one sentence.\\n"
                        "Answer in one sentence.\\n"
                        "Answer in one sentence.\\n"
                    ),
                },
            },
        ),
    ],
    edges=[
        Edge("e1", "input", "billing", label="invoices"),
    ],
)
layout = {
    "input": (0, 0),
    "billing": (320, -80.5),
}
graph = graph.with_layout(layout)
"""
    )


def test_edited_code_moves_no_node_that_stays() -> None:
    graph, _ = EXAMPLES["sequential"]
    what, layout = graph.to_python().split("layout = {")
    edited = run(what.replace('"agent-1"', '"extra"') + "layout = {" + layout)["graph"]
    assert edited.has_node("extra")
    assert not edited.has_node("agent-1")
    stay = [node for node in graph.nodes if node.id != "agent-1"]
    assert [edited.node(node.id).position for node in stay] == [node.position for node in stay]


def test_layout_is_refused_with_the_name_of_the_node() -> None:
    graph = Graph([Node("a")])
    with pytest.raises(InvalidValueError, match="Node 'a' needs a position"):
        graph.with_layout({"a": (1, 2, 3)})
    assert graph.with_layout({"other": (1, 2)}) == graph
