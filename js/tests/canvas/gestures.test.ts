import { expect, test } from "vitest";
import { apply, documentOf } from "../../src/canvas/document.ts";
import * as gestures from "../../src/canvas/gestures.ts";
import { edge, node, nodeKind } from "./builders.ts";

const document = documentOf(
  [node("a"), node("b", 100), node("box"), node("in", 5, 5, { parentId: "box" })],
  [edge("ab", "a", "b", { sourceHandle: "output", targetHandle: "input" }), edge("ib", "in", "b")],
);
const wish = (source: string, target: string, sourceHandle = "output", targetHandle = "input") => ({
  source,
  target,
  sourceHandle,
  targetHandle,
});
const counter = () => {
  let count = 0;
  return () => String(++count);
};

test("a drop is one batch of the moved nodes, in whole units", () => {
  const batch = gestures.moves(document, [
    ["a", { x: 1.4, y: -0.2 }],
    ["b", { x: 100.3, y: 0 }],
    ["gone", { x: 1, y: 1 }],
  ]);
  expect(batch).toEqual([
    { op: "set", kind: "node", id: "a", path: ["position"], value: { x: 1, y: 0 } },
  ]);
});

test("a reconnected edge keeps its id and changes the ends that differ", () => {
  expect(gestures.reconnection(document, "ab", wish("a", "box"))).toEqual([
    { op: "set", kind: "edge", id: "ab", path: ["target"], value: "box" },
  ]);
  expect(gestures.reconnection(document, "ab", { ...wish("a", "b"), sourceHandle: null })).toEqual([
    { op: "unset", kind: "edge", id: "ab", path: ["sourceHandle"] },
  ]);
});

test("a deletion does not name what is removed with its node", () => {
  const batch = gestures.deletion(document, ["box", "in", "a"], ["ab", "ib"]);
  expect(batch.map((operation) => "id" in operation && operation.id)).toEqual(["box", "a"]);
  expect([...apply(document, batch).nodes.keys()]).toEqual(["b"]);
});

test("a copy has new ids and its own edges, and children stay in their parent", () => {
  const { ids, batch } = gestures.duplication(document, ["a", "b", "box", "in"], counter());
  const after = apply(document, batch);
  expect(ids).toEqual(["agent-1", "agent-2", "agent-3", "agent-4"]);
  expect(after.nodes.get("agent-1")?.position).toEqual({ x: 32, y: 32 });
  expect(after.nodes.get("agent-4")).toMatchObject({
    parentId: "agent-3",
    position: { x: 5, y: 5 },
  });
  expect(after.edges.get("e-5")).toMatchObject({ source: "agent-1", target: "agent-2" });
});

test("a new node has the title and defaults of its kind", () => {
  const { id, batch } = gestures.addition(
    nodeKind("agent", { defaults: { model: "m" } }),
    { x: 1.6, y: 2 },
    counter(),
  );
  expect(id).toBe("agent-1");
  expect(batch[0]).toMatchObject({
    op: "add",
    item: {
      type: "agent",
      position: { x: 2, y: 2 },
      data: { label: "agent", config: { model: "m" } },
    },
  });
});

test("a copy of a group includes the nodes in it, at any depth, and selects only the group", () => {
  const nested = documentOf(
    [
      node("box"),
      node("in", 5, 5, { parentNode: "box" }),
      node("deep", 1, 1, { parentId: "in" }),
      node("other"),
    ],
    [edge("1", "in", "deep"), edge("2", "deep", "other")],
  );
  const { ids, batch } = gestures.duplication(nested, ["box"], counter());
  const after = apply(nested, batch);
  expect(ids).toEqual(["agent-1"]);
  expect(after.nodes.get("agent-2")).toMatchObject({ parentNode: "agent-1" });
  expect(after.nodes.get("agent-2")?.parentId).toBeUndefined();
  expect(after.nodes.get("agent-3")).toMatchObject({ parentId: "agent-2", position: { x: 1 } });
  expect([...after.edges.values()].slice(2)).toMatchObject([
    { source: "agent-2", target: "agent-3" },
  ]);
});

test.each([
  [{ label: "A" }, ["data", "label"]],
  [{ label: 7, title: "T" }, ["data", "label"]],
  [{ title: "T" }, ["data", "title"]],
  [{ label: " ", name: "N" }, ["data", "name"]],
  [{ node: { display_name: "D" } }, ["data", "node", "display_name"]],
  [{ display_name: "D" }, ["data", "display_name"]],
  [{ other: 1 }, ["data", "label"]],
])("renaming a node with data %j changes the key that is shown", (data, path) => {
  const [operation] = gestures.renaming(node("a", 0, 0, { data }), "New");
  expect(operation).toEqual({ op: "set", kind: "node", id: "a", path, value: "New" });
});

test("renaming a node without data creates the data", () => {
  expect(gestures.renaming({ ...node("a"), data: null }, "x")[0]).toMatchObject({
    path: ["data"],
    value: { label: "x" },
  });
});

test("muting keeps the rest of a node's policy, and unmuting leaves nothing behind", () => {
  const two = documentOf(
    [
      node("a", 0, 0, { data: { policy: { retries: 2 } } }),
      node("b", 0, 0, { data: { policy: { muted: true } } }),
    ],
    [],
  );
  const path = ["data", "policy"];
  expect(gestures.muting(two, ["a", "b"], true)).toEqual([
    { op: "set", kind: "node", id: "a", path, value: { retries: 2, muted: true } },
  ]);
  expect(gestures.muting(two, ["a", "b"], false)).toEqual([
    { op: "unset", kind: "node", id: "b", path },
  ]);
});
