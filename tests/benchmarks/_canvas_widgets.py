"""The canvases that `canvas` compares: each as the cells of a notebook.

A cell ``MAKE`` defines ``make(n)``, which returns something to display, and ``edit(widget, text)``,
``add(widget)`` and ``moved``, a list of the times at which Python received a move.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass


def rows(n: int) -> tuple[list[tuple], list[tuple]]:
    """Return nodes (id, x, y, label) and one and a half times as many edges (id, source, target)."""
    width = max(int(n**0.5), 1)
    nodes = [(f"n{i}", i % width * 280, i // width * 130, f"Node {i}") for i in range(n)]
    edges = [
        (f"e{i}", f"n{i}", f"n{min(n - 1, i + (1 if i % 3 else width))}") for i in range(n - 1)
    ]
    edges += [(f"f{i}", f"n{i}", f"n{i + 1}") for i in range(n // 2 - 1)]
    return nodes, [edge for edge in edges if edge[1] != edge[2]]


GRAPH = f"import time\nmoved = []\n{inspect.getsource(rows)}"


@dataclass(frozen=True)
class Contender:
    """One way to show a graph in a notebook.

    Attributes:
        name: Name in the table.
        make: Source of the cell.
        node: A CSS selector of its nodes' elements; empty when they are not elements.
        peer: Whether it needs the peers' environment.
        largest: The most nodes it is asked to show; beyond it stalls for minutes.
        drags: The most nodes among which one is dragged, for the same reason.
    """

    name: str
    make: str
    node: str = ".react-flow__node"
    peer: bool = False
    largest: int = 10_000
    drags: int = 10_000


OURS = Contender(
    "kaizen-widgets",
    GRAPH
    + """
from kaizen_widgets import Canvas, Edge, Graph, Node
def make(n):
    nodes, edges = rows(n)
    canvas = Canvas(Graph(
        [Node(i, (x, y), type="agent", data={"label": label}) for i, x, y, label in nodes],
        [Edge(*edge) for edge in edges]), height=560, zoom_on_scroll="always")
    canvas.store.on_event(lambda event: moved.append(time.time()))
    return canvas
def edit(canvas, text):
    canvas.store.update_node_data("n1", {"label": text})
def add(canvas, text):
    canvas.store.add_node(Node("new", (140, 60), type="agent", data={"label": text}))
""",
)

WHOLE_LIST = Contender(
    "whole list in a trait",
    GRAPH
    + """
import anywidget, pathlib, traitlets
class Listed(anywidget.AnyWidget):
    _esm = pathlib.Path(BASELINE).read_text()
    nodes = traitlets.List().tag(sync=True)
    edges = traitlets.List().tag(sync=True)
def make(n):
    nodes, edges = rows(n)
    widget = Listed(
        nodes=[{"id": i, "position": {"x": x, "y": y}, "data": {"label": label}}
               for i, x, y, label in nodes],
        edges=[{"id": i, "source": s, "target": t} for i, s, t in edges])
    widget.observe(lambda change: moved.append(time.time()), "nodes")
    return widget
def edit(widget, text):
    widget.nodes = [{**node, "data": {"label": text}} if node["id"] == "n1" else node
                    for node in widget.nodes]
def add(widget, text):
    widget.nodes = [*widget.nodes,
                    {"id": "new", "position": {"x": 140, "y": 60}, "data": {"label": text}}]
""",
    drags=1_000,
)

PEERS = (
    Contender(
        "pynodewidget",
        GRAPH
        + """
from pynodewidget import NodeFlowWidget
def make(n):
    nodes, edges = rows(n)
    flow = NodeFlowWidget()
    flow.nodes = {i: {"id": i, "type": "default", "position": {"x": x, "y": y},
                      "data": {"label": label}} for i, x, y, label in nodes}
    flow.edges = [{"id": i, "source": s, "target": t} for i, s, t in edges]
    flow.observe(lambda change: moved.append(time.time()), "nodes")
    return flow
def edit(flow, text):
    node = flow.nodes["n1"]
    flow.nodes = {**flow.nodes, "n1": {**node, "data": {"label": text}}}
def add(flow, text):
    node = {"id": "new", "type": "default", "position": {"x": 140, "y": 60}, "data": {"label": text}}
    flow.nodes = {**flow.nodes, "new": node}
""",
        peer=True,
        largest=1_000,
    ),
    Contender(
        "panel-reactflow",
        GRAPH
        + """
import panel as pn
pn.extension()
from panel_reactflow import ReactFlow
def make(n):
    nodes, edges = rows(n)
    flow = ReactFlow(
        nodes=[{"id": i, "type": "panel", "position": {"x": x, "y": y}, "label": label, "data": {}}
               for i, x, y, label in nodes],
        edges=[{"id": i, "source": s, "target": t} for i, s, t in edges],
        editor_mode="side", sizing_mode="stretch_width", height=560)
    flow.on("node_moved", lambda event: moved.append(time.time()))
    return flow
def edit(flow, text):
    flow.patch_node_props("n1", {"label": text})
def add(flow, text):
    flow.add_node({"id": "new", "type": "panel", "position": {"x": 140, "y": 60}, "label": text,
                   "data": {}})
""",
        peer=True,
        largest=1_000,
    ),
    Contender(
        "ipycytoscape",
        GRAPH
        + """
import ipycytoscape
def make(n):
    nodes, edges = rows(n)
    view = ipycytoscape.CytoscapeWidget()
    view.graph.add_graph_from_json({
        "nodes": [{"data": {"id": i, "label": label}, "position": {"x": x, "y": y}}
                  for i, x, y, label in nodes],
        "edges": [{"data": {"id": i, "source": s, "target": t}} for i, s, t in edges]})
    view.set_layout(name="preset")
    return view
def edit(view, text):
    view.graph.nodes[1].data["label"] = text
def add(view, text):
    view.graph.add_node(ipycytoscape.Node(data={"id": "new", "label": text}))
""",
        node="",
        peer=True,
        largest=1_000,
    ),
)
"""Their packages, for a temporary environment."""
PEER_PACKAGES = ("pynodewidget", "panel-reactflow", "ipycytoscape", "jupyterlab", "anywidget")

BASELINE_JS = """
import { createElement as h, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { applyNodeChanges, ReactFlow } from "@xyflow/react";
import css from "@xyflow/react/dist/style.css";
function addStyles() {
  if (document.getElementById("baseline-css")) return;
  const style = document.createElement("style");
  document.head.append(Object.assign(style, { id: "baseline-css", textContent: css }));
}
function Listed({ model }) {
  const [nodes, setNodes] = useState(model.get("nodes"));
  const [edges, setEdges] = useState(model.get("edges"));
  useEffect(() => {
    model.on("change:nodes", () => setNodes(model.get("nodes")));
    model.on("change:edges", () => setEdges(model.get("edges")));
  }, [model]);
  const onNodesChange = (changes) => setNodes((now) => {
    const next = applyNodeChanges(changes, now);
    if (changes.some(({ type }) => type === "position")) {
      model.set("nodes", next.map(({ measured, selected, dragging, ...node }) => node));
      model.save_changes();
    }
    return next;
  });
  const view = { minZoom: 0.01, defaultViewport: { x: 20, y: 20, zoom: 0.4 } };
  return h(ReactFlow, { nodes, edges, onNodesChange, ...view });
}
function render({ model, el }) {
  addStyles();
  const host = Object.assign(document.createElement("div"), { style: "height:560px" });
  el.append(host);
  const root = createRoot(host);
  root.render(h(Listed, { model }));
  return () => root.unmount();
}
/** The floor: the same in a page of its own, without a notebook. */
globalThis.plainReactFlow = (nodes, edges) => {
  const model = { get: (name) => ({ nodes, edges })[name], on() {}, set() {}, save_changes() {} };
  render({ model, el: document.body });
};
export default { render };
"""
