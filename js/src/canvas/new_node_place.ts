/** The position of a new node. Pure, except for the rectangle of the pane. */

import type { FlowNode } from "./flow.ts";
import type { XY } from "./gestures.ts";
import { HEIGHT, WIDTH } from "./nodes/geometry.ts";

type ToFlow = (point: XY) => XY;
const GAP = 20;
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
