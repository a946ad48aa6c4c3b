/** The position of a new node. Pure, except for the rectangle of the pane. */

import type { EdgeJson } from "./document.ts";
import type { FlowNode } from "./flow.ts";
import type { XY } from "./gestures.ts";
import { HEIGHT, WIDTH, widthOf } from "./nodes/geometry.ts";
import { handleOf, type Port } from "./nodes/ports.ts";
import { typeProblem } from "./port_types.ts";
import type { KindInfo } from "./protocol.gen.ts";

type ToFlow = (point: XY) => XY;
const GAP = 20;
/** From column to column, as `Arrange` has it. */
const COLUMN = 44;
/** How many places to try, below and above the middle in turn. */
const TRIES = 24;

/** The top left of a node whose center is at a point. */
export function around({ x, y }: XY): XY {
  return { x: x - WIDTH / 2, y: y - HEIGHT / 2 };
}

/** The center of the visible part, or the nearest place below or above it without another node. */
export function middleOf(pane: Element, toFlow: ToFlow, nodes: readonly FlowNode[]): XY {
  const { left, top, width, height } = pane.getBoundingClientRect();
  return free(around(toFlow({ x: left + width / 2, y: top + height / 2 })), nodes);
}

/** An output of a node. */
export interface Start {
  readonly node: string;
  readonly handle: string | null;
}

/**
 * Where a node of a kind continues the flow of another: right of it, with the output to connect it to. Null when no
 * output is free, or its values do not fit.
 */
export function nextTo(
  { id, parentId, position, width, measured, data: { ports } }: FlowNode,
  nodeKind: KindInfo,
  nodes: readonly FlowNode[],
  edges: Iterable<EdgeJson>,
): { at: XY; from: Start } | null {
  const input = nodeKind.inputs[0];
  if (parentId !== undefined || input === undefined) return null;
  const used = new Set<string | null>();
  for (const edge of edges)
    if (edge.source === id) used.add(handleOf(edge.sourceHandle) ?? ports.outputs[0]?.id ?? null);
  const isFree = (port: Port) => !used.has(port.id) && typeProblem(port.type, input.type) === null;
  // A single output may go to several nodes, but of several the user says which.
  const [only] = ports.outputs;
  const output =
    ports.outputs.find(isFree) ??
    (only && ports.outputs.length === 1 && typeProblem(only.type, input.type) === null
      ? only
      : undefined);
  if (output === undefined) return null;
  const x = position.x + (measured?.width ?? widthOf(width)) + COLUMN;
  return { at: free({ x, y: position.y }, nodes), from: { node: id, handle: output.id } };
}

export function free(middle: XY, nodes: readonly FlowNode[]): XY {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const steps = Math.ceil(tries / 2) * (tries % 2 === 1 ? 1 : -1);
    const place = { x: middle.x, y: middle.y + steps * (HEIGHT + GAP) };
    if (!nodes.some((node) => covers(place, node))) return place;
  }
  return middle;
}

function covers(
  { x, y }: XY,
  { position, measured, initialHeight = HEIGHT, type }: FlowNode,
): boolean {
  // A new node may be on a group.
  if (type === "frame") return false;
  const height = measured?.height ?? initialHeight;
  return (
    Math.abs(position.x - x) < WIDTH + GAP / 2 && y + HEIGHT > position.y && y < position.y + height
  );
}
