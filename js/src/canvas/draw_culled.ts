/**
 * Draws the nodes and edges of a large flow that React Flow does not draw: edges as curves, nodes as named boxes.
 *
 * Uses only a 2D context. Units: px of the board, scaled by the context.
 */

import { type Culled, type Viewport, viewOf } from "./culling.ts";
import type { FlowNode } from "./flow.ts";
import type { NodeBoxes } from "./node_boxes.ts";
import type { NodeRunState } from "./protocol.gen.ts";

export interface Colors {
  readonly wire: string;
  readonly card: string;
  readonly text: string;
  readonly line: string;
  readonly accent: string;
  readonly good: string;
  readonly bad: string;
  readonly warn: string;
}
type Runs = Readonly<Record<string, NodeRunState | undefined>>;

/** At a smaller zoom names cannot be read, and curves look like lines. */
const READABLE = 0.3;

export function drawCulled(
  context: CanvasRenderingContext2D,
  culled: Culled,
  viewport: Viewport,
  colors: Colors,
  runs: Runs,
): void {
  const { x, y, zoom } = viewport;
  const scale = context.getTransform().a;
  context.save();
  context.transform(zoom, 0, 0, zoom, x, y);
  drawEdges(context, culled, viewport, colors);
  drawNodes(context, culled, viewport, colors, runs, scale);
  context.restore();
}

function drawEdges(
  context: CanvasRenderingContext2D,
  { boxes, edgeInPage }: Culled,
  viewport: Viewport,
  colors: Colors,
): void {
  const view = viewOf(viewport, 0.02);
  const { rects, ends } = boxes;
  const curved = viewport.zoom >= READABLE;
  const right = view.x + view.width;
  const bottom = view.y + view.height;
  context.beginPath();
  for (let index = 0; index < edgeInPage.length; index += 1) {
    if (edgeInPage[index]) continue;
    const source = (ends[index * 2] as number) * 4;
    const target = (ends[index * 2 + 1] as number) * 4;
    if (source < 0 || target < 0) continue;
    const fromX = (rects[source] as number) + (rects[source + 2] as number);
    const fromY = (rects[source + 1] as number) + (rects[source + 3] as number) / 2;
    const toX = rects[target] as number;
    const toY = (rects[target + 1] as number) + (rects[target + 3] as number) / 2;
    if (fromX < view.x && toX < view.x) continue;
    if (fromX > right && toX > right) continue;
    if (fromY < view.y && toY < view.y) continue;
    if (fromY > bottom && toY > bottom) continue;
    context.moveTo(fromX, fromY);
    if (curved) {
      const bend = Math.max(Math.abs(toX - fromX) / 2, 30);
      context.bezierCurveTo(fromX + bend, fromY, toX - bend, toY, toX, toY);
    } else context.lineTo(toX, toY);
  }
  context.lineWidth = Math.max(1.75, 0.6 / viewport.zoom);
  context.strokeStyle = colors.wire;
  context.globalAlpha = curved ? 1 : 0.45;
  context.stroke();
  context.globalAlpha = 1;
}

function drawNodes(
  context: CanvasRenderingContext2D,
  { boxes, nodeInPage }: Culled,
  viewport: Viewport,
  colors: Colors,
  runs: Runs,
  scale: number,
): void {
  const readable = viewport.zoom >= READABLE;
  const least = 1.5 / (viewport.zoom * scale);
  for (const place of boxes.within(viewOf(viewport, 0.02))) {
    if (nodeInPage[place]) continue;
    const node = boxes.nodes[place];
    if (node) drawNode(context, boxes, place, node, colors, runs[node.id], readable, least);
  }
}

function drawNode(
  context: CanvasRenderingContext2D,
  boxes: NodeBoxes,
  place: number,
  node: FlowNode,
  colors: Colors,
  run: NodeRunState | undefined,
  readable: boolean,
  least: number,
): void {
  const { x, y, width, height } = boxes.box(place);
  const kind = node.data.nodeKind?.color ?? "#7d838f";
  const frame = node.type === "frame";
  context.fillStyle = colors.card;
  if (!frame) context.fillRect(x, y, width, height);
  context.globalAlpha = frame ? 0.08 : readable ? 0 : 0.4;
  context.fillStyle = kind;
  context.fillRect(x, y, width, Math.max(height, least));
  context.globalAlpha = 1;
  const outline = outlineOf(node, run, colors);
  if (outline !== null || readable) {
    context.lineWidth = outline === null ? 1 : Math.max(2, 2 * least);
    context.strokeStyle = outline ?? colors.line;
    context.strokeRect(x, y, width, height);
  }
  if (!readable) return;
  if (!frame) {
    context.fillStyle = kind;
    context.globalAlpha = 0.25;
    context.fillRect(x + 12, y + height / 2 - 15, 30, 30);
    context.globalAlpha = 1;
  }
  context.fillStyle = colors.text;
  context.font = "600 14px system-ui, sans-serif";
  context.textBaseline = "middle";
  const title = node.data.title.length > 18 ? `${node.data.title.slice(0, 17)}…` : node.data.title;
  context.fillText(title, x + (frame ? 12 : 52), frame ? y + 18 : y + height / 2);
}

function outlineOf(node: FlowNode, run: NodeRunState | undefined, colors: Colors): string | null {
  if (node.selected) return colors.accent;
  switch (run?.status) {
    case "running":
      return colors.warn;
    case "completed":
      return colors.good;
    case "failed":
      return colors.bad;
    default:
      return null;
  }
}
