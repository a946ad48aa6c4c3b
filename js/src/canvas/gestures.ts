/** The batch of each gesture of the user (rule S7: one gesture, one batch). Pure; ids are parameters. */
import type { Connection } from "@xyflow/react";
import { isObject } from "../json.ts";
import {
  type Batch,
  type Document,
  type NodeJson,
  type Operation,
  parentKeyOf,
  parentOf,
  withDescendants,
} from "./document.ts";
import { titlePathOf } from "./flow.ts";
import type { Start } from "./new_node_place.ts";
import { isMuted } from "./nodes/node_face.ts";
import type { KindInfo } from "./protocol.gen.ts";

export interface XY {
  readonly x: number;
  readonly y: number;
}

/** Returns a random part of an id; hexadecimal. */
export type NewId = () => string;

export const randomHex: NewId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

/** Moves nodes to where they were dropped, in whole units; empty when all are there already. */
export function moves(document: Document, places: Iterable<readonly [string, XY]>): Batch {
  const batch: Operation[] = [];
  for (const [id, place] of places) {
    const node = document.nodes.get(id);
    const value = whole(place);
    if (node && (node.position.x !== value.x || node.position.y !== value.y))
      batch.push({ op: "set", kind: "node", id, path: ["position"], value });
  }
  return batch;
}

/** Adds a node, and an edge from an output to its first input. */
export function addition(
  nodeKind: KindInfo,
  at: XY,
  newId: NewId,
  from?: Start,
): { id: string; batch: Batch } {
  const id = `${nodeKind.type}-${newId()}`;
  const data = { label: nodeKind.title, config: nodeKind.defaults ?? {} };
  const item = { id, type: nodeKind.type, position: whole(at), data };
  const batch: Operation[] = [{ op: "add", kind: "node", item, before: null }];
  if (from) {
    const targetHandle = nodeKind.inputs[0]?.id ?? null;
    const wish = { source: from.node, sourceHandle: from.handle, target: id, targetHandle };
    batch.push(...connection(wish, newId));
  }
  return { id, batch };
}

export function connection(wish: Connection, newId: NewId): Batch {
  const item: Record<string, string> = {
    id: `e-${newId()}`,
    source: wish.source,
    target: wish.target,
  };
  if (wish.sourceHandle) item.sourceHandle = wish.sourceHandle;
  if (wish.targetHandle) item.targetHandle = wish.targetHandle;
  return [{ op: "add", kind: "edge", item, before: null }];
}

/** Changes the ends of an edge; the edge keeps its id. */
export function reconnection(document: Document, id: string, wish: Connection): Batch {
  const edge = document.edges.get(id);
  if (!edge) return [];
  return (["source", "target", "sourceHandle", "targetHandle"] as const).flatMap(
    (key): Operation[] => {
      const value = wish[key];
      if (value)
        return edge[key] === value ? [] : [{ op: "set", kind: "edge", id, path: [key], value }];
      return Object.hasOwn(edge, key) ? [{ op: "unset", kind: "edge", id, path: [key] }] : [];
    },
  );
}

/** Removes nodes and edges; what is removed together with a node is not named. */
export function deletion(
  document: Document,
  nodes: Iterable<string>,
  edges: Iterable<string>,
): Batch {
  const gone = new Set(nodes);
  const inner = (node: NodeJson | undefined): boolean => {
    const parent = node ? parentOf(node) : null;
    return parent !== null && (gone.has(parent) || inner(document.nodes.get(parent)));
  };
  const batch: Operation[] = [];
  for (const id of gone) {
    const node = document.nodes.get(id);
    if (node && !inner(node)) batch.push({ op: "remove", kind: "node", id });
  }
  for (const id of edges) {
    const edge = document.edges.get(id);
    if (!edge) continue;
    const goesAlong = [edge.source, edge.target].some(
      (end) => gone.has(end) || inner(document.nodes.get(end)),
    );
    if (!goesAlong) batch.push({ op: "remove", kind: "edge", id });
  }
  return batch;
}

/** Changes the name that a node shows, under the key where it is. */
export function renaming(node: NodeJson, label: string): Batch {
  if (!isObject(node.data))
    return [{ op: "set", kind: "node", id: node.id, path: ["data"], value: { label } }];
  const path = titlePathOf(node) ?? ["data", "label"];
  return [{ op: "set", kind: "node", id: node.id, path: [...path], value: label }];
}

/** Mutes nodes, which then pass on what arrives, or lets them work again. */
export function muting(document: Document, ids: Iterable<string>, muted: boolean): Batch {
  const batch: Operation[] = [];
  for (const id of ids) {
    const node = document.nodes.get(id);
    if (!node || isMuted(node) === muted) continue;
    if (!isObject(node.data)) {
      batch.push({ op: "set", kind: "node", id, path: ["data"], value: { policy: { muted } } });
      continue;
    }
    const { muted: _, ...policy } = isObject(node.data.policy) ? node.data.policy : {};
    const path = ["data", "policy"];
    if (muted) batch.push({ op: "set", kind: "node", id, path, value: { ...policy, muted } });
    else if (Object.keys(policy).length > 0)
      batch.push({ op: "set", kind: "node", id, path, value: policy });
    else batch.push({ op: "unset", kind: "node", id, path });
  }
  return batch;
}

/** Copies nodes with their descendants, a little lower and to the right, and the edges between them. */
export function duplication(
  document: Document,
  ids: Iterable<string>,
  newId: NewId,
): { ids: string[]; batch: Batch } {
  const wanted = withDescendants(document, ids);
  const copies = new Map<string, string>();
  const batch: Operation[] = [];
  for (const node of document.nodes.values()) {
    if (!wanted.has(node.id)) continue;
    const id = `${typeof node.type === "string" && node.type ? node.type : "node"}-${newId()}`;
    copies.set(node.id, id);
    const parent = parentOf(node);
    const copied = parent === null ? undefined : copies.get(parent);
    // Inside a copied parent the position is the same: the parent has moved already.
    const shift = copied === undefined ? 32 : 0;
    const position = { x: node.position.x + shift, y: node.position.y + shift };
    const item = {
      ...node,
      id,
      position,
      ...(copied === undefined ? {} : { [parentKeyOf(node)]: copied }),
    };
    batch.push({ op: "add", kind: "node", item, before: null });
  }
  for (const edge of document.edges.values()) {
    const [source, target] = [copies.get(edge.source), copies.get(edge.target)];
    if (source === undefined || target === undefined) continue;
    const item = { ...edge, id: `e-${newId()}`, source, target };
    batch.push({ op: "add", kind: "edge", item, before: null });
  }
  return { ids: [...ids].flatMap((id) => copies.get(id) ?? []), batch };
}

function whole({ x, y }: XY): XY {
  // Adding 0 turns -0 into 0: JSON does not tell them apart.
  return { x: Math.round(x) + 0, y: Math.round(y) + 0 };
}
