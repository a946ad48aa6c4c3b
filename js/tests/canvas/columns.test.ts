import { describe, expect, test } from "vitest";
import { type Columns, rowsOf } from "../../src/canvas/columns.ts";

const columns = (more: Partial<Columns> = {}): Columns => ({
  ids: ["a", "b"],
  types: ["agent", null],
  nodes: [{ data: { label: "A" } }, null],
  positions: new DataView(new Float64Array([1.5, -2, 3, 4]).buffer),
  edgeIds: ["ab"],
  sources: [0],
  targets: [1],
  edges: [{ sourceHandle: "output" }],
  ...more,
});

describe("a snapshot's columns (S13)", () => {
  test("become rows", () => {
    expect(rowsOf(columns())).toEqual({
      nodes: [
        { id: "a", type: "agent", position: { x: 1.5, y: -2 }, data: { label: "A" } },
        { id: "b", position: { x: 3, y: 4 } },
      ],
      edges: [{ id: "ab", source: "a", target: "b", sourceHandle: "output" }],
    });
  });

  test("a position with more than two keys is among the other keys", () => {
    const positions = new DataView(new Float64Array([Number.NaN, Number.NaN, 0, 0]).buffer);
    const position = { x: 1, y: 2, z: 3 };
    const { nodes } = rowsOf(columns({ positions, nodes: [{ position }, null] }));
    expect(nodes[0]).toEqual({ id: "a", type: "agent", position });
  });

  test("too few positions are refused", () => {
    const positions = new DataView(new ArrayBuffer(16));
    expect(() => rowsOf(columns({ positions }))).toThrow("2 nodes have 16 bytes");
  });
});
