import { expect, test } from "vitest";
import { apply, documentOf } from "../../src/canvas/document.ts";
import { insertion } from "../../src/canvas/insertion.ts";
import { edge, node, nodeKind } from "./builders.ts";

const SIZE = { width: 176, height: 98 };
const THROUGH = { input: "in", output: "out" };

/** Inserts a node of the kind `check` into an edge; its id is `check-1`. */
function insert(document: ReturnType<typeof documentOf>, id: string) {
  let count = 0;
  const boxOf = (of: string) => ({
    ...(document.nodes.get(of)?.position ?? { x: 0, y: 0 }),
    ...SIZE,
  });
  const made = insertion(document, id, nodeKind("check"), THROUGH, boxOf, () => `${++count}`);
  return { ...made, after: apply(document, made.batch) };
}
const places = ({ nodes }: ReturnType<typeof documentOf>) =>
  Object.fromEntries([...nodes.values()].map(({ id, position }) => [id, [position.x, position.y]]));

test("the edge keeps its id, source and condition, and a new edge leads on", () => {
  const kept = { sourceHandle: "yes", targetHandle: "text", label: "if yes" };
  const before = documentOf([node("a"), node("b", 600)], [edge("ab", "a", "b", kept)]);
  const { id, after } = insert(before, "ab");
  expect(id).toBe("check-1");
  expect([...after.edges.values()]).toEqual([
    { ...edge("ab", "a", "check-1", kept), targetHandle: "in" },
    { ...edge("e-2", "check-1", "b"), sourceHandle: "out", targetHandle: "text" },
  ]);
});

test("what arrives at the next node keeps its order", () => {
  const nodes = [node("a"), node("b", 0, 200), node("c", 600)];
  const before = documentOf(nodes, [edge("ac", "a", "c"), edge("bc", "b", "c")]);
  const { after } = insert(before, "ac");
  const into = [...after.edges.values()].filter(({ target }) => target === "c");
  expect(into.map(({ id }) => id)).toEqual(["e-2", "bc"]);
});

test("where there is no room, the nodes behind make room and the others stay", () => {
  const nodes = [node("a"), node("b", 220), node("c", 440), node("aside", 220, 200)];
  const edges = [edge("ab", "a", "b"), edge("bc", "b", "c"), edge("up", "a", "aside")];
  expect(places(insert(documentOf(nodes, edges), "ab").after)).toEqual({
    a: [0, 0],
    b: [440, 0],
    c: [660, 0],
    aside: [220, 200],
    "check-1": [220, 0],
  });
});

test("where there is room, nothing else moves", () => {
  const before = documentOf([node("a"), node("b", 600)], [edge("ab", "a", "b")]);
  expect(places(insert(before, "ab").after)).toEqual({
    a: [0, 0],
    b: [600, 0],
    "check-1": [300, 0],
  });
});

test("in a frame the new node is in it too, and its nodes make room", () => {
  const inner = { parentId: "f" };
  const nodes = [
    node("f", 50, 50, { type: "group" }),
    node("a", 0, 0, inner),
    node("b", 220, 0, inner),
  ];
  const { after, id } = insert(documentOf(nodes, [edge("ab", "a", "b")]), "ab");
  expect(after.nodes.get(id)).toMatchObject({ parentId: "f" });
  expect(after.nodes.get("b")?.position.x).toBe(440);
});

test("a loop stays one: a node in the edge that leads back is below both", () => {
  const back = edge("ba", "b", "a", { data: { maxIterations: 3 } });
  const before = documentOf([node("a"), node("b", 220)], [edge("ab", "a", "b"), back]);
  const { after, id } = insert(before, "ba");
  expect(after.edges.get("ba")).toMatchObject({ target: id, data: { maxIterations: 3 } });
  expect(after.nodes.get(id)?.position.y).toBeGreaterThan(98);
  expect(after.nodes.get("b")?.position.x).toBe(220);
});

test("an edge that is gone is left alone", () => {
  expect(insert(documentOf([node("a")], []), "gone").batch).toEqual([]);
});
