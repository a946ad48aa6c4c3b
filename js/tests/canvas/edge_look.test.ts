import type { Position } from "@xyflow/react";
import { describe, expect, test } from "vitest";
import {
  angleOf,
  chipOf,
  edgePath,
  edgeState,
  headOf,
  loopLimit,
  styleOf,
} from "../../src/canvas/edge_look.ts";
import type { NodeRunState } from "../../src/canvas/protocol.gen.ts";
import { edge, nodeRun } from "./builders.ts";

const run = (status: NodeRunState["status"], outputs: string[] | null = null) =>
  nodeRun(status, { outputs });
const ends = {
  sourceX: 0,
  sourceY: 0,
  sourcePosition: "right" as Position,
  targetX: 100,
  targetY: 50,
  targetPosition: "left" as Position,
};

describe("what a run did with an edge", () => {
  test("follows the states of its two nodes", () => {
    expect(edgeState(undefined, undefined, null)).toBe("plain");
    expect(edgeState(run("running"), run("pending"), null)).toBe("plain");
    expect(edgeState(run("completed"), run("running"), null)).toBe("running");
    expect(edgeState(run("completed"), run("completed"), null)).toBe("taken");
    expect(edgeState(run("completed"), run("skipped"), null)).toBe("not");
    expect(edgeState(run("skipped"), run("completed"), null)).toBe("not");
    expect(edgeState(run("failed"), run("skipped"), null)).toBe("failed");
  });

  test("of a router only the outputs it took are taken, though both lead to one node", () => {
    const router = run("completed", ["billing"]);
    expect(edgeState(router, run("completed"), "billing")).toBe("taken");
    expect(edgeState(router, run("completed"), "default")).toBe("not");
    expect(edgeState(router, run("skipped"), "billing")).toBe("taken");
  });

  test("of a saved picture of an older version nothing more is known", () => {
    const { outputs: _, ...older } = run("completed");
    expect(edgeState(older as NodeRunState, run("completed"), "x")).toBe("taken");
  });
});

describe("the chip of an edge", () => {
  test("is what the run sent over it: type and count", () => {
    const table = nodeRun("completed", { type: "table", count: 120 });
    expect(chipOf("taken", table)).toEqual({
      type: "table",
      text: "120",
      words: "120 rows of a table went over this edge",
    });
    expect(chipOf("taken", nodeRun("completed", { type: "text", count: 1 }))?.text).toBe("1");
    expect(chipOf("taken", nodeRun("completed", { type: "list", count: 48_200 }))?.text).toBe(
      "48K",
    );
  });

  test("of a node with several outputs is what its own output gave", () => {
    const parts = { rows: { type: "table" as const, count: 9 } };
    const subflow = nodeRun("completed", { type: "dict", count: 2, parts });
    expect(chipOf("taken", subflow, "rows")).toMatchObject({ type: "table", text: "9" });
    expect(chipOf("taken", subflow, "other")).toMatchObject({ type: "dict", text: "2" });
  });

  test("of a failed node is 0, and there is none where nothing is known", () => {
    expect(chipOf("failed", nodeRun("failed"))).toMatchObject({ type: null, text: "0" });
    expect(chipOf("taken", nodeRun("completed"))).toBeNull();
    expect(chipOf("not", nodeRun("completed", { type: "text", count: 1 }))).toBeNull();
  });
});

test("an edge to a node that waits for a person is taken", () => {
  expect(edgeState(run("completed"), run("waiting"), null)).toBe("taken");
  expect(edgeState(run("waiting"), run("pending"), null)).toBe("plain");
});

test("a loop goes over its nodes and has its limit", () => {
  const loop = edge("l", "b", "a", { data: { maxIterations: 3 } });
  const back = { ...ends, sourceX: 300, targetX: 0 };
  expect(loopLimit(loop)).toBe(3);
  expect(edgePath(loop, back).labelY).toBeLessThan(0);
  expect(edgePath(edge("f", "a", "b"), ends).path).toMatch(/^M0,0 C/);
});

test("types, styles and markers are those of React Flow", () => {
  expect(edgePath(edge("e", "a", "b", { type: "straight" }), ends).path).toBe("M 0,0L 100,50");
  const styled = edge("e", "a", "b", {
    style: { stroke: "red", strokeWidth: 3, strokeDasharray: "4 2", position: "fixed" },
    markerEnd: { type: "arrow", color: "#f00" },
    markerStart: { type: "arrowclosed" },
  });
  expect(styleOf(styled)).toEqual({ stroke: "red", strokeWidth: 3, strokeDasharray: "4 2" });
  expect(headOf(styled, "markerEnd")).toEqual({ shape: "open", color: "#f00" });
  expect(headOf(styled, "markerStart")).toEqual({ shape: "closed", color: undefined });
  expect(headOf(edge("e", "a", "b"), "markerStart")).toBeNull();
  expect(headOf(edge("e", "a", "b"), "markerEnd")).toEqual({ shape: "closed", color: undefined });
});

test("nothing in a style or a marker loads anything", () => {
  const bad = edge("e", "a", "b", {
    style: { stroke: "url(https://x)", strokeWidth: "u\\72l(x)", opacity: {} },
    markerEnd: { type: "arrow", color: "red;background:url(x)" },
  });
  expect(styleOf(bad)).toEqual({});
  expect(headOf(bad, "markerEnd")?.color).toBeUndefined();
});

test("a head points along its line", () => {
  expect(angleOf(edge("e", "a", "b"), ends, "markerEnd")).toBe(0);
  expect(angleOf(edge("e", "a", "b"), ends, "markerStart")).toBe(180);
  const straight = edge("e", "a", "b", { type: "straight" });
  expect(angleOf(straight, { ...ends, targetY: 100 }, "markerEnd")).toBeCloseTo(45);
});
