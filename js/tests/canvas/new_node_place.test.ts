import { expect, test } from "vitest";
import { documentOf } from "../../src/canvas/document.ts";
import { flowOf, NO_FLOW } from "../../src/canvas/flow.ts";
import { free } from "../../src/canvas/new_node_place.ts";
import { node } from "./builders.ts";

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
