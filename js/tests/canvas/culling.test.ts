import { describe, expect, test } from "vitest";
import { Culling, MANY } from "../../src/canvas/culling.ts";
import type { FlowEdge, FlowNode } from "../../src/canvas/flow.ts";

const node = (id: string, x: number, y: number, more: Partial<FlowNode> = {}): FlowNode => ({
  id,
  position: { x, y },
  type: "node",
  width: 200,
  height: 50,
  data: {
    node: { id, position: { x, y } },
    nodeKind: null,
    inContainer: false,
    ports: { inputs: [], outputs: [] },
    title: id,
    connected: new Set(),
  },
  ...more,
});
const edge = (id: string, source: string, target: string): FlowEdge => ({ id, source, target });
const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id);

/** A row of `count` nodes 1,000 units apart, each with an edge to the next. */
function row(count: number, gap = 1_000) {
  const nodes = Array.from({ length: count }, (_, index) => node(`n${index}`, index * gap, 0));
  const edges = nodes.slice(1).map(({ id }, index) => edge(`e${index}`, `n${index}`, id));
  return { nodes, edges };
}

function open(flow: ReturnType<typeof row>, zoom = 1) {
  const held = new Set<string>();
  const view = new Culling(held);
  view.show(flow);
  view.setViewport({ x: 0, y: 0, zoom, width: 1_000, height: 500 });
  return { held, view };
}

describe("what React Flow is given (trap 22)", () => {
  test("all of a small flow, without a culled layer", () => {
    const flow = row(MANY);
    const { view } = open(flow);
    expect(view.shown.get()).toMatchObject({ nodes: flow.nodes, edges: flow.edges, part: false });
    expect(view.culled.get()).toBeNull();
  });

  test("of a large one what is in view, and the other ends of its edges", () => {
    const { view } = open(row(MANY + 1));
    const { nodes, edges, far } = view.shown.get();
    expect([ids(nodes), ids(edges), far]).toEqual([["n0", "n1", "n2"], ["e0", "e1"], false]);
    const rest = view.culled.get();
    expect([...(rest?.nodeInPage.slice(0, 4) ?? [])]).toEqual([1, 1, 0, 0]);
    expect([...(rest?.edgeInPage.slice(0, 3) ?? [])]).toEqual([1, 1, 0]);
  });

  test("a short pan needs nothing new", () => {
    const { view } = open(row(MANY + 1));
    const before = view.shown.get();
    view.setViewport({ x: -100, y: 0, zoom: 1, width: 1_000, height: 500 });
    expect(view.shown.get()).toBe(before);
    view.setViewport({ x: -3_000, y: 0, zoom: 1, width: 1_000, height: 500 });
    expect(ids(view.shown.get().nodes)).toContain("n4");
  });

  test("a node together with its parents", () => {
    const flow = row(MANY + 1);
    flow.nodes.unshift(node("group", -9_000, 0, { width: 10, height: 10 }));
    flow.nodes.push(node("inner", 9_100, 0, { parentId: "group" }));
    expect(ids(open(flow).view.shown.get().nodes)).toEqual(["group", "n0", "n1", "n2", "inner"]);
  });

  test("at a small zoom only the node under the pointer; a dragged node leaves the culled layer", () => {
    const { held, view } = open(row(1_000, 300), 0.01);
    expect(view.shown.get()).toMatchObject({ nodes: [], edges: [], far: true });
    view.hover(610, 20);
    expect(ids(view.shown.get().nodes)).toEqual(["n2"]);
    expect(view.culled.get()?.nodeInPage[2]).toBe(0);
    held.add("n2");
    view.show(row(1_000, 300));
    expect([ids(view.shown.get().nodes), ids(view.shown.get().edges)]).toEqual([
      ["n1", "n2", "n3"],
      ["e1", "e2"],
    ]);
    expect(view.culled.get()?.nodeInPage[2]).toBe(1);
  });

  test("while a node is dragged, the culled layer stays the same", () => {
    const flow = row(1_000, 300);
    const { held, view } = open(flow, 0.01);
    held.add("n2");
    view.show({ ...flow, nodes: [...flow.nodes] });
    const picture = view.culled.get();
    const moved = flow.nodes.map((one) => (one.id === "n2" ? node("n2", 5, 5) : one));
    view.show({ ...flow, nodes: moved });
    expect(view.culled.get()).toBe(picture);
    view.show({ ...flow, nodes: moved.map((one) => (one.id === "n9" ? node("n9", 5, 5) : one)) });
    expect(view.culled.get()).not.toBe(picture);
  });
});
