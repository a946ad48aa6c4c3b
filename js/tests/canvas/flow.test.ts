import { expect, test } from "vitest";
import { apply, documentOf } from "../../src/canvas/document.ts";
import { type Flow, flowOf, NO_FLOW, titleOf } from "../../src/canvas/flow.ts";
import { heightOf } from "../../src/canvas/nodes/geometry.ts";
import { edge, move, node, nodeKind, set } from "./builders.ts";

const nodeKinds = new Map([nodeKind("agent")].map((kind) => [kind.type, kind]));
const document = documentOf([node("a"), node("b", 100)], [edge("ab", "a", "b")]);
const NOTHING: ReadonlySet<string> = new Set();
const draw = (next = document, drawn: Flow = NO_FLOW, held = NOTHING) =>
  flowOf(next, nodeKinds, drawn, held);

test("the same document gives the same elements", () => {
  const drawn = draw();
  expect(draw(document, drawn)).toEqual(drawn);
  expect(draw(document, drawn).nodes).toBe(drawn.nodes);
});

test("a change redraws only its node and keeps measured sizes and selection", () => {
  const drawn = draw();
  const measured = drawn.nodes.map((item) => ({
    ...item,
    measured: { width: 1, height: 2 },
    selected: true,
  }));
  const next = draw(apply(document, move("a", 5)), { ...drawn, nodes: measured });
  expect(next.nodes[0]).toMatchObject({
    position: { x: 5 },
    measured: { width: 1 },
    selected: true,
  });
  expect(next.nodes[1]).toBe(measured[1]);
  expect(next.edges).toBe(drawn.edges);
});

test("a dragged node keeps its position while its name changes (S6)", () => {
  const drawn = draw();
  const dragged = drawn.nodes.map((item) =>
    item.id === "a" ? { ...item, position: { x: 77, y: 7 } } : item,
  );
  const after = apply(apply(document, move("a", 5)), set("a", ["data", "label"], "Writer"));
  const next = draw(after, { ...drawn, nodes: dragged }, new Set(["a"]));
  expect(next.nodes[0]).toMatchObject({ position: { x: 77, y: 7 }, data: { title: "Writer" } });
  expect(draw(after, next).nodes[0]?.position).toEqual({ x: 5, y: 0 });
});

test("a node of an unknown kind has the handles that its edges use", () => {
  const foreign = documentOf(
    [node("a", 0, 0, { type: "note" }), node("b", 0, 0, { type: "note" })],
    [edge("1", "a", "b", { sourceHandle: "x" }), edge("2", "a", "b", { targetHandle: "y" })],
  );
  const [a, b] = draw(foreign).nodes;
  expect(a?.data.nodeKind).toBeNull();
  expect(a?.data.ports.outputs.map(({ id }) => id)).toEqual(["x"]);
  expect(b?.data.ports.inputs.map(({ id }) => id)).toEqual([null, "y"]);
});

test("an edge to a handle its kind does not have is drawn", () => {
  const odd = documentOf([node("a"), node("b")], [edge("1", "a", "b", { sourceHandle: "gone" })]);
  expect(draw(odd).nodes[0]?.data.ports.outputs.map(({ id }) => id)).toEqual(["output", "gone"]);
});

test("outputs named in the data come before those of the kind", () => {
  const router = nodeKind("router", { outputsFrom: ["config", "routes"] });
  const kinds = new Map([["router", router]]);
  const of = (routes: unknown) => {
    const made = documentOf(
      [node("r", 0, 0, { type: "router", data: { config: { routes } } })],
      [],
    );
    return flowOf(made, kinds, NO_FLOW, NOTHING).nodes[0];
  };
  expect(of([{ name: "yes" }, { name: "no" }])?.data.ports.outputs.map(({ id }) => id)).toEqual([
    "yes",
    "no",
    "output",
  ]);
  expect(of("nonsense")?.data.ports.outputs).toHaveLength(1);
  expect(of([{ name: "yes" }])?.initialHeight).toBe(heightOf(1, 2));
});

test("inputs named in the data take the place of those of the kind", () => {
  const subflow = nodeKind("subflow", { inputsFrom: ["config", "inputs"] });
  const of = (inputs: unknown) => {
    const data = { config: { inputs } };
    const made = documentOf([node("s", 0, 0, { type: "subflow", data })], []);
    const [drawn] = flowOf(made, new Map([["subflow", subflow]]), NO_FLOW, NOTHING).nodes;
    return drawn?.data.ports.inputs.map(({ id }) => id);
  };
  expect(of([{ name: "text" }, { name: "rows" }, { name: "text" }])).toEqual(["text", "rows"]);
  expect(of([])).toEqual(["input"]);
  expect(of("nonsense")).toEqual(["input"]);
});

test.each([
  [{ label: "Own" }, "Own"],
  [{ node: { display_name: "Langflow's" } }, "Langflow's"],
  [{ name: "Flowise's" }, "Flowise's"],
  [{ label: 7 }, "7"],
  [{ label: 0.7 }, "0.7"],
  [{ label: true, title: "Title" }, "Title"],
  [{ label: " " }, "a"],
  [null, "a"],
])("a node with data %j is called %s", (data, title) => {
  expect(titleOf(node("a", 0, 0, { data }))).toBe(title);
});

test("a node has the width of its JSON, within limits", () => {
  const widths = [undefined, 150, 20, 9_000].map((width, index) => ({
    ...node(`w${index}`),
    ...(width === undefined ? {} : { width }),
  }));
  const drawn = draw(documentOf(widths, []));
  expect(drawn.nodes.map((item) => item.initialWidth)).toEqual([176, 150, 120, 480]);
});

test("an edge label may be a number", () => {
  const labels = [7, 0.7, "x", "", null, true].map((label, index) =>
    edge(`${index}`, "a", "b", { label }),
  );
  const { edges } = draw(documentOf([node("a"), node("b")], labels));
  expect(edges.map(({ label }) => label)).toEqual([
    "7",
    "0.7",
    "x",
    undefined,
    undefined,
    undefined,
  ]);
});

const sized = { width: 500, height: 300 };

test.each([
  ["width and height", sized],
  ["a style", { style: { width: "500px", height: 300 } }],
  ["a measured size", { measured: sized }],
])("a node with children and %s is drawn as a container of that size", (_, size) => {
  const [loop, step] = draw(
    documentOf(
      [
        node("loop", 0, 0, { type: "custom", ...size }),
        node("step", 400, 200, { parentNode: "loop", extent: "parent" }),
      ],
      [],
    ),
  ).nodes;
  expect(loop).toMatchObject({ type: "frame", width: 500, height: 300 });
  expect(step).toMatchObject({ type: "node", parentId: "loop", extent: "parent" });
});

test("a container of a known kind keeps its handles, so that its edges are drawn", () => {
  const [loop] = draw(
    documentOf(
      [node("loop", 0, 0, sized), node("step", 0, 0, { parentId: "loop" })],
      [edge("e", "step", "loop", { targetHandle: "input" })],
    ),
  ).nodes;
  expect(loop).toMatchObject({ type: "frame" });
  expect(loop?.handles?.map(({ id, x }) => [id, x])).toEqual([
    ["input", -6],
    ["output", 494],
  ]);
});

test("a node in a parent without a size is not confined to the parent's card", () => {
  const [parent, child] = draw(
    documentOf([node("p"), node("c", 700, 500, { parentId: "p", extent: "parent" })], []),
  ).nodes;
  expect(parent?.type).toBe("node");
  expect(child?.extent).toBeUndefined();
});

test("a node becomes a container with its first child, and a card again without it", () => {
  const before = documentOf([node("loop", 0, 0, sized), node("step")], []);
  const inside = apply(before, set("step", ["parentId"], "loop"));
  const first = draw(before);
  expect(first.nodes[0]).toMatchObject({ type: "node", initialHeight: heightOf(1, 1) });
  const second = draw(inside, first);
  expect(second.nodes[0]).toMatchObject({ type: "frame", height: 300 });
  const third = draw(before, second);
  expect(third.nodes[0]).toMatchObject({ type: "node", initialHeight: heightOf(1, 1) });
  expect(third.nodes[0]?.height).toBeUndefined();
});
