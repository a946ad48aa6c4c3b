/**
 * Positions of nodes so that edges run from left to right; nodes in a group stay in it.
 *
 * Pure. Uses dagre for up to some hundred nodes; it takes a minute for thousands, which are put in columns by their
 * distance from a start instead. Units: flow units. The upper left corner of the whole does not move.
 */
import { layout as dagre, Graph } from "@dagrejs/dagre";
import { type Batch, type Document, type NodeJson, parentOf } from "./document.ts";
import { moves, type XY } from "./gestures.ts";
import { GROUP } from "./nodes/geometry.ts";

export interface Size {
  readonly width: number;
  readonly height: number;
}
type Ends = readonly [string, string];

/** For more nodes dagre is too slow. */
const DAGRE_NODES = 200;
const GAP = { column: 44, row: 36 };
/** The gap of columns where edges have labels. */
const LABELED = 88;
/** The space inside a group around its nodes; its name is at the top. */
const INSIDE = { left: 28, top: 56, right: 28, bottom: 28 };

/** Returns the moves of nodes and the new sizes of groups, as one batch. */
export function arrangement(
  document: Document,
  sizeOf: (id: string) => Size,
  only: ReadonlySet<string> = new Set(),
): Batch {
  const families = new Map<string | null, NodeJson[]>();
  for (const node of document.nodes.values()) {
    if (node.hidden === true) continue;
    const parent = parentOf(node);
    families.set(parent, [...(families.get(parent) ?? []), node]);
  }
  const hasLabels = [...document.edges.values()].some(({ label }) => label != null && label !== "");
  const gap = hasLabels ? LABELED : GAP.column;
  const places = new Map<string, XY>();
  const sizes = new Map<string, Size>();
  const size = (id: string) => sizes.get(id) ?? sizeOf(id);
  // Parents come before their children, so in reverse order each group gets its size before its position.
  for (const [parent, nodes] of [...families].reverse()) {
    const family = only.size > 1 ? nodes.filter(({ id }) => only.has(id)) : nodes;
    if (family.length < 2 && (parent === null || family.length === 0)) continue;
    const found = arrange(family, edgesAmong(document, family), size, gap);
    const corner = parent === null || only.size > 1 ? cornerOf(family) : null;
    const origin = corner ?? { x: INSIDE.left, y: INSIDE.top };
    let [right, bottom] = [0, 0];
    for (const [id, { x, y }] of found) {
      const at = { x: x + origin.x, y: y + origin.y };
      places.set(id, at);
      right = Math.max(right, at.x + size(id).width);
      bottom = Math.max(bottom, at.y + size(id).height);
    }
    if (parent !== null && corner === null)
      sizes.set(parent, {
        width: Math.max(GROUP.width / 2, Math.round(right + INSIDE.right)),
        height: Math.max(GROUP.height / 2, Math.round(bottom + INSIDE.bottom)),
      });
  }
  const resized = [...sizes].flatMap(([id, { width, height }]): Batch => {
    const node = document.nodes.get(id);
    if (!node || (node.width === width && node.height === height)) return [];
    return [
      { op: "set", kind: "node", id, path: ["width"], value: width },
      { op: "set", kind: "node", id, path: ["height"], value: height },
    ];
  });
  return [...moves(document, places), ...resized];
}

/** Edges between nodes of one parent; an end deeper inside counts as the node that contains it. */
function edgesAmong(document: Document, family: readonly NodeJson[]): Ends[] {
  const members = new Set(family.map(({ id }) => id));
  const member = (id: string): string | null => {
    let at: string | null = id;
    while (at !== null && !members.has(at)) {
      const node = document.nodes.get(at);
      at = node ? parentOf(node) : null;
    }
    return at;
  };
  return [...document.edges.values()].flatMap((edge): Ends[] => {
    const [source, target] = [member(edge.source), member(edge.target)];
    return source === null || target === null || source === target ? [] : [[source, target]];
  });
}

function arrange(
  family: readonly NodeJson[],
  edges: readonly Ends[],
  size: (id: string) => Size,
  gap: number,
): Map<string, XY> {
  if (family.length > DAGRE_NODES) return inColumns(family, edges, size, gap);
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: GAP.row, ranksep: gap });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of family) graph.setNode(id, { ...size(id) });
  for (const [source, target] of edges) graph.setEdge(source, target);
  dagre(graph);
  const places = new Map<string, XY>();
  for (const { id } of family) {
    const { x = 0, y = 0, width, height } = graph.node(id) as XY & Size;
    // dagre returns centers.
    places.set(id, { x: x - width / 2, y: y - height / 2 });
  }
  return places;
}

/** Columns by the longest path from a start; rows ordered by the positions of the predecessors. */
function inColumns(
  family: readonly NodeJson[],
  edges: readonly Ends[],
  size: (id: string) => Size,
  gap: number,
): Map<string, XY> {
  const after = new Map<string, string[]>(family.map(({ id }) => [id, []]));
  const before = new Map<string, string[]>(family.map(({ id }) => [id, []]));
  for (const [source, target] of edges) {
    after.get(source)?.push(target);
    before.get(target)?.push(source);
  }
  const column = new Map<string, number>();
  const waiting = new Map([...before].map(([id, sources]) => [id, sources.length]));
  const ready = family.flatMap(({ id }) => (waiting.get(id) === 0 ? [id] : []));
  const visit = (id: string) => {
    const own = column.get(id) ?? 0;
    column.set(id, own);
    for (const next of after.get(id) ?? []) {
      const left = (waiting.get(next) ?? 0) - 1;
      waiting.set(next, left);
      column.set(next, Math.max(column.get(next) ?? 0, own + 1));
      if (left === 0) ready.push(next);
    }
  };
  for (const id of ready) visit(id);
  // The remaining nodes are on cycles; each cycle starts at its first node.
  for (const { id } of family) if (!column.has(id)) visit(id);
  const columns: string[][] = [];
  for (const { id } of family) {
    const index = column.get(id) ?? 0;
    columns[index] = [...(columns[index] ?? []), id];
  }
  const places = new Map<string, XY>();
  let x = 0;
  for (const ids of columns) {
    const middle = (id: string) => {
      const rows = (before.get(id) ?? []).flatMap((source) => places.get(source)?.y ?? []);
      return rows.reduce((sum, row) => sum + row, 0) / Math.max(rows.length, 1);
    };
    let y = 0;
    let width = 0;
    for (const [id] of (ids ?? [])
      .map((id) => [id, middle(id)] as const)
      .sort((one, other) => one[1] - other[1])) {
      places.set(id, { x, y });
      y += size(id).height + GAP.row;
      width = Math.max(width, size(id).width);
    }
    x += width + gap;
  }
  return places;
}

function cornerOf(nodes: readonly NodeJson[]): XY {
  return {
    x: Math.min(...nodes.map(({ position }) => position.x)),
    y: Math.min(...nodes.map(({ position }) => position.y)),
  };
}
