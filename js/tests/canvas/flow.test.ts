import { expect, test } from "vitest";
import { apply, documentOf } from "../../src/canvas/document.ts";
import { type Flow, flowOf, NO_FLOW, titleOf } from "../../src/canvas/flow.ts";
import { heightOf } from "../../src/canvas/nodes/geometry.ts";
import { edge, look, move, node, set } from "./builders.ts";

const looks = new Map([look("agent")].map((kind) => [kind.type, kind]));
const document = documentOf([node("a"), node("b", 100)], [edge("ab", "a", "b")]);
const NOTHING: ReadonlySet<string> = new Set();
const draw = (next = document, drawn: Flow = NO_FLOW, held = NOTHING) =>
  flowOf(next, looks, drawn, held);

test("drawing the same document again draws nothing", () => {
  const drawn = draw();
  expect(draw(document, drawn)).toEqual(drawn);
  expect(draw(document, drawn).nodes).toBe(drawn.nodes);
});

test("a change touches the node it is about, and keeps what was measured and selected", () => {
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

test("a node in the hand stays under it, and its name changes all the same (S6)", () => {
  const drawn = draw();
  const dragged = drawn.nodes.map((item) =>
    item.id === "a" ? { ...item, position: { x: 77, y: 7 } } : item,
  );
  const after = apply(apply(document, move("a", 5)), set("a", ["data", "label"], "Writer"));
  const next = draw(after, { ...drawn, nodes: dragged }, new Set(["a"]));
  expect(next.nodes[0]).toMatchObject({ position: { x: 77, y: 7 }, data: { title: "Writer" } });
  expect(draw(after, next).nodes[0]?.position).toEqual({ x: 5, y: 0 });
});

test("an unknown kind has the handles its edges ask for", () => {
  const foreign = documentOf(
    [node("a", 0, 0, { type: "note" }), node("b", 0, 0, { type: "note" })],
    [edge("1", "a", "b", { sourceHandle: "x" }), edge("2", "a", "b", { targetHandle: "y" })],
  );
  const [a, b] = draw(foreign).nodes;
  expect(a?.data.look).toBeNull();
  expect(a?.data.ports.outputs.map(({ id }) => id)).toEqual(["x"]);
  expect(b?.data.ports.inputs.map(({ id }) => id)).toEqual([null, "y"]);
});

test("an edge to a handle its kind does not have is drawn", () => {
  const odd = documentOf([node("a"), node("b")], [edge("1", "a", "b", { sourceHandle: "gone" })]);
  expect(draw(odd).nodes[0]?.data.ports.outputs.map(({ id }) => id)).toEqual(["output", "gone"]);
});

test("named outputs stand before those of the kind, and appear when they are named", () => {
  const router = look("router", { outputsFrom: ["config", "routes"] });
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

test.each([
  [{ label: "Own" }, "Own"],
  [{ node: { display_name: "Langflow's" } }, "Langflow's"],
  [{ name: "Flowise's" }, "Flowise's"],
  [{ label: " " }, "a"],
  [null, "a"],
])("a node with data %j is called %s", (data, title) => {
  expect(titleOf(node("a", 0, 0, { data }))).toBe(title);
});

test("a node with a width of its own has it, within what can be read", () => {
  const widths = [undefined, 150, 20, 9_000].map((width, index) => ({
    ...node(`w${index}`),
    ...(width === undefined ? {} : { width }),
  }));
  const drawn = draw(documentOf(widths, []));
  expect(drawn.nodes.map((item) => item.initialWidth)).toEqual([208, 150, 120, 480]);
});
