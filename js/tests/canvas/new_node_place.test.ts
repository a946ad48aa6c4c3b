import { expect, test } from "vitest";
import { documentOf } from "../../src/canvas/document.ts";
import { flowOf, NO_FLOW } from "../../src/canvas/flow.ts";
import { free, nextTo } from "../../src/canvas/new_node_place.ts";
import { edge, node, nodeKind } from "./builders.ts";

const drawn = (...places: [number, number][]) =>
  flowOf(
    documentOf(
      places.map(([x, y], index) => node(`n${index}`, x, y)),
      [],
    ),
    new Map(),
    NO_FLOW,
    new Set(),
  ).nodes;

test("a new node is placed in the center of an empty canvas", () => {
  expect(free({ x: 0, y: 0 }, drawn([300, 0], [0, 200]))).toEqual({ x: 0, y: 0 });
});

test("a new node does not cover another one", () => {
  expect(free({ x: 0, y: 0 }, drawn([10, 5]))).toEqual({ x: 0, y: 118 });
  expect(free({ x: 0, y: 0 }, drawn([10, 5], [0, 80]))).toEqual({ x: 0, y: -118 });
});

test("a new node is placed in the center when there is no free place", () => {
  const wall = drawn(
    ...Array.from({ length: 60 }, (_, row): [number, number] => [0, (row - 30) * 50]),
  );
  expect(free({ x: 0, y: 0 }, wall)).toEqual({ x: 0, y: 0 });
});

const router = nodeKind("router", { outputsFrom: ["config", "routes"] });
const routed = node("r", 0, 0, {
  type: "router",
  data: { config: { routes: [{ name: "billing", when: "true" }] } },
});
const next = (edges: ReturnType<typeof edge>[], kind = nodeKind("agent")) => {
  const document = documentOf([routed, node("a", 220, 0)], edges);
  const { nodes } = flowOf(document, new Map([["router", router]]), NO_FLOW, new Set());
  return nodes[0] && nextTo(nodes[0], kind, nodes, edges);
};

test("a node after a router takes its first free route, below what is there", () => {
  expect(next([])?.from).toEqual({ node: "r", handle: "billing" });
  const taken = next([edge("1", "r", "a", { sourceHandle: "billing" })]);
  expect(taken).toEqual({ at: { x: 220, y: 118 }, from: { node: "r", handle: "output" } });
});

test("a node is not connected when all routes are taken, or the types do not fit", () => {
  const both = ["billing", "output"].map((sourceHandle, index) =>
    edge(String(index), "r", "a", { sourceHandle }),
  );
  expect(next(both)).toBeNull();
  const numbers = nodeKind("sum", { inputs: [{ id: "n", label: "", type: "number" }] });
  const texts = nodeKind("agent", { outputs: [{ id: "output", label: "", type: "text" }] });
  const { nodes } = flowOf(
    documentOf([node("a")], []),
    new Map([["agent", texts]]),
    NO_FLOW,
    new Set(),
  );
  expect(nodes[0] && nextTo(nodes[0], numbers, nodes, [])).toBeNull();
});
