/** Inserts a node into an edge, as one batch: the edge keeps its id and leads to the node, a new edge leads on. Pure. */
import type { Json } from "../json.ts";
import type { Batch, Document, NodeJson, Operation } from "./document.ts";
import { parentKeyOf, parentOf } from "./document.ts";
import type { NewId, XY } from "./gestures.ts";
import type { Box } from "./node_boxes.ts";
import { HEIGHT, WIDTH } from "./nodes/geometry.ts";
import type { KindInfo } from "./protocol.gen.ts";

/** The ports by which an edge passes the inserted node. */
export interface Through {
  readonly input: string;
  readonly output: string;
}

/** The gap between two columns. */
const GAP = 44;

/** Returns the new node's id and the batch; `boxOf` has places and sizes as they are drawn, in one plane. */
export function insertion(
  document: Document,
  edgeId: string,
  nodeKind: KindInfo,
  { input, output }: Through,
  boxOf: (id: string) => Box,
  newId: NewId,
): { id: string; batch: Batch } {
  const edge = document.edges.get(edgeId);
  const source = document.nodes.get(edge?.source ?? "");
  const target = document.nodes.get(edge?.target ?? "");
  if (!edge || !source || !target) return { id: "", batch: [] };
  const id = `${nodeKind.type}-${newId()}`;
  const parent = parentOf(source) === parentOf(target) ? parentOf(source) : null;
  const [from, to] = [boxOf(source.id), boxOf(target.id)];
  const right = from.x + from.width;
  const gap = to.x - right;
  // An edge that leads back, or down, has room beside it.
  const isForward = gap >= 0 && parentOf(source) === parentOf(target);
  const push = isForward ? Math.max(Math.ceil(2 * GAP + WIDTH - gap), 0) : 0;
  const place = isForward
    ? { x: right + (gap + push - WIDTH) / 2, y: lane(document, source, target, boxOf) }
    : { x: (right + to.x - WIDTH) / 2, y: (from.y + to.y) / 2 + HEIGHT + GAP / 2 };
  const outer = parent === null ? { x: 0, y: 0 } : boxOf(parent);
  const position = { x: whole(place.x - outer.x), y: whole(place.y - outer.y) };
  const item: NodeJson = {
    id,
    type: nodeKind.type,
    position,
    ...(parent === null ? {} : { [parentKeyOf(source)]: parent }),
    data: { label: nodeKind.title, config: (nodeKind.defaults ?? {}) as Json },
  };
  const batch: Operation[] = [{ op: "add", kind: "node", item, before: null }];
  if (push > 0)
    for (const node of behind(document, target, to.x, boxOf)) {
      const value = { x: whole(node.position.x + push), y: node.position.y };
      batch.push({ op: "set", kind: "node", id: node.id, path: ["position"], value });
    }
  batch.push({ op: "set", kind: "edge", id: edge.id, path: ["target"], value: id });
  batch.push({ op: "set", kind: "edge", id: edge.id, path: ["targetHandle"], value: input });
  const onward: Record<string, string> = {
    id: `e-${newId()}`,
    source: id,
    sourceHandle: output,
    target: target.id,
  };
  if (typeof edge.targetHandle === "string" && edge.targetHandle !== "")
    onward.targetHandle = edge.targetHandle;
  // At the same place among the edges into the target: their order is that of what arrives there.
  batch.push({ op: "add", kind: "edge", item: onward, before: after(document, edge.id) });
  return { id, batch };
}

/** The row of the new node: that of its source, or that of its target where its source leads to several nodes. */
function lane(
  { edges }: Document,
  source: NodeJson,
  target: NodeJson,
  boxOf: (id: string) => XY,
): number {
  let count = 0;
  for (const edge of edges.values()) if (edge.source === source.id) count += 1;
  return boxOf(count > 1 ? target.id : source.id).y;
}

/** A node and those after it that are not left of it, in the same frame. */
function behind(
  { nodes, edges }: Document,
  first: NodeJson,
  left: number,
  boxOf: (id: string) => XY,
): NodeJson[] {
  const found = new Set([first.id]);
  for (const id of found)
    for (const { source, target } of edges.values()) {
      const next = source === id ? nodes.get(target) : undefined;
      if (next && parentOf(next) === parentOf(first) && boxOf(next.id).x >= left)
        found.add(next.id);
    }
  return [...found].flatMap((id) => nodes.get(id) ?? []);
}

function after({ edges }: Document, id: string): string | null {
  const ids = [...edges.keys()];
  return ids[ids.indexOf(id) + 1] ?? null;
}

function whole(value: number): number {
  // Adding 0 turns -0 into 0: JSON does not tell them apart.
  return Math.round(value) + 0;
}
