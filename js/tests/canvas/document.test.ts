import { describe, expect, test } from "vitest";
import {
  apply,
  type Batch,
  type Document,
  DocumentError,
  documentOf,
} from "../../src/canvas/document.ts";
import { add, edge, move, node, remove, set } from "./builders.ts";

const two = documentOf([node("a"), node("b", 100)], [edge("ab", "a", "b")]);
const nested = documentOf(
  [
    node("box"),
    node("in", 0, 0, { parentId: "box" }),
    node("deep", 0, 0, { parentId: "in" }),
    node("z"),
  ],
  [edge("e", "deep", "z"), edge("f", "z", "z")],
);
const ids = (document: Document) => [...document.nodes.keys()];

function codeOf(document: Document, batch: Batch): string {
  try {
    apply(document, batch);
  } catch (error) {
    if (error instanceof DocumentError) return error.code;
    throw error;
  }
  return "done";
}

describe("a change", () => {
  test("leaves untouched elements the same objects", () => {
    const after = apply(two, move("a", 5));
    expect(after.nodes.get("a")?.position).toEqual({ x: 5, y: 0 });
    expect(after.nodes.get("b")).toBe(two.nodes.get("b"));
    expect(after.edges).toBe(two.edges);
    expect(two.nodes.get("a")?.position).toEqual({ x: 0, y: 0 });
  });

  test("that changes nothing returns the same document", () => {
    expect(apply(two, move("a", 0))).toBe(two);
    expect(apply(two, [{ op: "unset", kind: "node", id: "a", path: ["none"] }])).toBe(two);
    expect(apply(two, [{ op: "move", kind: "node", id: "b", before: "gone" }])).toBe(two);
  });

  test("is applied whole or not at all", () => {
    expect(codeOf(two, [...move("a", 5), ...remove("nobody")])).toBe("unknown_node");
    expect(two.nodes.get("a")?.position.x).toBe(0);
  });
});

describe("removing a node", () => {
  test("removes its edges", () => {
    expect(apply(two, remove("a")).edges.size).toBe(0);
  });

  test("removes its descendants and their edges", () => {
    const after = apply(nested, remove("box"));
    expect(ids(after)).toEqual(["z"]);
    expect([...after.edges.keys()]).toEqual(["f"]);
  });
});

describe("order", () => {
  test("an added element is put before the one it names, or at the end", () => {
    expect(ids(apply(two, add(node("c"), "b")))).toEqual(["a", "c", "b"]);
    expect(ids(apply(two, add(node("c"), "gone")))).toEqual(["a", "b", "c"]);
    expect(ids(apply(two, add(node("c"))))).toEqual(["a", "b", "c"]);
  });

  test("a move changes the order", () => {
    expect(ids(apply(two, [{ op: "move", kind: "node", id: "b", before: "a" }]))).toEqual([
      "b",
      "a",
    ]);
    expect(ids(apply(two, [{ op: "move", kind: "node", id: "a", before: null }]))).toEqual([
      "b",
      "a",
    ]);
  });

  test("a node cannot come before its parent", () => {
    expect(codeOf(nested, [{ op: "move", kind: "node", id: "in", before: "box" }])).toBe(
      "invalid_connection",
    );
    expect(codeOf(nested, [{ op: "move", kind: "node", id: "box", before: null }])).toBe(
      "invalid_connection",
    );
    expect(codeOf(two, set("a", ["parentId"], "b"))).toBe("invalid_connection");
    expect(codeOf(two, set("b", ["parentId"], "a"))).toBe("done");
  });
});

describe("properties", () => {
  test("are set and unset by path", () => {
    const named = apply(two, set("a", ["data", "label"], "Writer"));
    expect(named.nodes.get("a")?.data).toEqual({ label: "Writer" });
    const bare = apply(named, [{ op: "unset", kind: "node", id: "a", path: ["data", "label"] }]);
    expect(bare.nodes.get("a")?.data).toEqual({});
  });

  test("need existing objects on their path", () => {
    expect(codeOf(two, set("a", ["data", "config", "model"], "x"))).toBe("invalid_value");
  });
});

test.each<[string, Batch, string]>([
  ["an unknown node", move("nobody", 1), "unknown_node"],
  ["an unknown edge", remove("nobody", "edge"), "unknown_edge"],
  ["a taken id", add(node("a")), "duplicate_id"],
  ["an edge to nowhere", add(edge("x", "a", "nobody")), "invalid_connection"],
  ["an edge end set to nowhere", set("ab", ["target"], "nobody", "edge"), "invalid_connection"],
  ["a node inside itself", set("a", ["parentId"], "a"), "invalid_connection"],
  ["an id of JavaScript's own", add(node("__proto__")), "invalid_value"],
  ["a path of JavaScript's own", set("a", ["data", "constructor"], 1), "invalid_value"],
  [
    "a key of JavaScript's own",
    set("a", ["data"], JSON.parse('{"x":{"__proto__":1}}')),
    "invalid_value",
  ],
  [
    "a position that is no number",
    set("a", ["position"], { x: Number.NaN, y: 0 }),
    "invalid_value",
  ],
  ["another id", set("a", ["id"], "c"), "invalid_value"],
  ["what belongs to a screen", set("a", ["measured"], { width: 1 }), "invalid_value"],
  ["half a surrogate pair", set("a", ["data", "label"], "\ud800"), "invalid_value"],
  ["a control character in an id", add(node("a\n")), "invalid_value"],
  ["too much text", set("a", ["data", "label"], "x".repeat(5_000_000)), "invalid_value"],
])("refuses %s", (_, batch, code) => {
  expect(codeOf(two, batch)).toBe(code);
});

test("ids that are names of object members work like others", () => {
  const made = documentOf([node("toString"), node("hasOwnProperty")], []);
  expect(ids(apply(made, remove("toString")))).toEqual(["hasOwnProperty"]);
});
