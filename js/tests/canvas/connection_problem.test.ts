import { expect, test } from "vitest";
import { connectionProblem } from "../../src/canvas/connection_problem.ts";
import type { PortType } from "../../src/canvas/port_types.ts";
import { edge } from "./builders.ts";

const wish = (source: string, target: string, targetHandle: string | null = null) => ({
  source,
  target,
  sourceHandle: null,
  targetHandle,
});
const problem = (
  edges: ReturnType<typeof edge>[],
  wanted: ReturnType<typeof wish>,
  types: Record<string, PortType> = {},
  except?: string,
) => connectionProblem(edges, (node, side) => types[`${node} ${side}`] ?? "any", wanted, except);

test("a node cannot be connected to itself, nor two ports twice", () => {
  const edges = [edge("ab", "a", "b")];
  expect(problem(edges, wish("a", "a"))).toContain("itself");
  expect(problem(edges, wish("a", "b"))).toContain("already");
  expect(problem(edges, wish("a", "b", "other"))).toBeNull();
  expect(problem(edges, wish("b", "a"))).toBeNull();
});

test("an edge whose end is moved may go back to where it was", () => {
  expect(problem([edge("ab", "a", "b")], wish("a", "b"), {}, "ab")).toBeNull();
});

test("types that do not fit are named", () => {
  const types = { "a source": "table", "b target": "number" } as const;
  expect(problem([], wish("a", "b"), types)).toBe(
    "The output gives a table, and the input takes a number.",
  );
  expect(problem([], wish("a", "b"), { ...types, "b target": "table" })).toBeNull();
});
