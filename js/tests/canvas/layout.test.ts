import { describe, expect, test } from "vitest";
import { apply, documentOf, type NodeJson } from "../../src/canvas/document.ts";
import { arrangement } from "../../src/canvas/layout.ts";
import { edge, node } from "./builders.ts";

const size = () => ({ width: 100, height: 40 });

function tidy(nodes: NodeJson[], ends: [string, string][], only?: string[]) {
  const edges = ends.map(([source, target], index) => edge(`e${index}`, source, target));
  const before = documentOf(nodes, edges);
  const batch = arrangement(before, size, new Set(only));
  const after = apply(before, batch);
  return { batch, at: (id: string) => after.nodes.get(id)?.position ?? { x: 0, y: 0 }, after };
}

describe("the arrangement", () => {
  test("arranging lets edges run from left to right and keeps the upper left corner", () => {
    const { at } = tidy(
      [node("c", 70, 50), node("b", 50, 90), node("a", 90, 70)],
      [
        ["a", "b"],
        ["b", "c"],
      ],
    );
    expect(at("a")).toEqual({ x: 50, y: 50 });
    expect(at("b").x).toBeGreaterThan(at("a").x + 100);
    expect(at("c").x).toBeGreaterThan(at("b").x + 100);
  });

  test("arranged nodes do not overlap, with or without edges", () => {
    const { at } = tidy([node("a"), node("b"), node("c")], []);
    const rows = ["a", "b", "c"].map((id) => at(id).y).sort((one, other) => one - other);
    expect((rows[1] ?? 0) - (rows[0] ?? 0)).toBeGreaterThanOrEqual(40);
    expect((rows[2] ?? 0) - (rows[1] ?? 0)).toBeGreaterThanOrEqual(40);
  });

  test("arranging a cycle ends", () => {
    const ends: [string, string][] = [
      ["a", "b"],
      ["b", "a"],
      ["a", "a"],
    ];
    expect(tidy([node("a"), node("b")], ends).at("b").x).not.toBe(0);
  });

  test("arranging moves only the selected nodes", () => {
    const nodes = [node("a", 0), node("b", 5), node("c", 9)];
    const { batch } = tidy(nodes, [["b", "c"]], ["b", "c"]);
    expect(batch.map((operation) => "id" in operation && operation.id)).not.toContain("a");
  });

  test("arranging resizes a group to its content", () => {
    const { at, after } = tidy(
      [
        node("group", 0, 0, { type: "group" }),
        node("x", 5, 5, { parentId: "group" }),
        node("y", 5, 5, { parentId: "group" }),
        node("after"),
      ],
      [
        ["x", "y"],
        ["y", "after"],
      ],
    );
    const group = after.nodes.get("group");
    expect(at("y").x + 100).toBeLessThan(Number(group?.width));
    expect(at("after").x).toBeGreaterThan(at("group").x + Number(group?.width));
  });

  test("arranging thousands of nodes takes less than a second", () => {
    const nodes = Array.from({ length: 3_000 }, (_, index) => node(`n${index}`));
    const ends = nodes.slice(1).map(({ id }, index): [string, string] => [`n${index >> 1}`, id]);
    const { at } = tidy(nodes, ends);
    expect(at("n2999").x).toBeGreaterThan(at("n0").x);
    expect(new Set(nodes.map(({ id }) => JSON.stringify(at(id)))).size).toBe(3_000);
  });

  test("arranging again changes nothing", () => {
    const { after } = tidy([node("a"), node("b")], [["a", "b"]]);
    expect(arrangement(after, size)).toEqual([]);
  });
});
