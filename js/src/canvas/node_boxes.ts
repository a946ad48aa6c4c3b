/**
 * The rectangles of all nodes, drawn or not, in flow coordinates, and which edges connect which.
 *
 * Pure. Arrays of numbers, because all are visited for each view of ten thousand nodes; they are computed for each new
 * list of nodes, in about a millisecond. Units: flow units.
 */

import type { FlowEdge, FlowNode } from "./flow.ts";
import { GROUP, HEIGHT, WIDTH } from "./nodes/geometry.ts";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export class NodeBoxes {
  /** x, y, width, height of each node, in the order of `nodes`. */
  readonly rects: Float64Array;
  /** For each edge the indices of its two nodes in `nodes`. */
  readonly ends: Int32Array;
  private readonly places: ReadonlyMap<string, number>;

  constructor(
    readonly nodes: readonly FlowNode[],
    readonly edges: readonly FlowEdge[],
    before?: NodeBoxes,
  ) {
    const sameIds = before !== undefined && haveSameIds(before.nodes, nodes);
    this.places = sameIds ? before.places : new Map(nodes.map(({ id }, place) => [id, place]));
    this.rects = rectsOf(nodes, this.places);
    this.ends = sameIds && before.edges === edges ? before.ends : endsOf(edges, this.places);
  }

  placeOf(id: string): number | undefined {
    return this.places.get(id);
  }

  box(place: number): Box {
    const [x = 0, y = 0, width = 0, height = 0] = this.rects.subarray(place * 4, place * 4 + 4);
    return { x, y, width, height };
  }

  /** Whether a node is at least partly inside a box. */
  isIn(place: number, within: Box): boolean {
    const { rects } = this;
    const at = place * 4;
    const [x, y] = [rects[at] as number, rects[at + 1] as number];
    return (
      x < within.x + within.width &&
      y < within.y + within.height &&
      x + (rects[at + 2] as number) > within.x &&
      y + (rects[at + 3] as number) > within.y
    );
  }

  /** The indices of the visible nodes that are at least partly inside a box, in drawing order. */
  within(box: Box): number[] {
    const found: number[] = [];
    for (let place = 0; place < this.nodes.length; place += 1)
      if (this.isIn(place, box) && this.nodes[place]?.hidden !== true) found.push(place);
    return found;
  }

  /** The index of the topmost visible node at a point; a node is above the group that contains it. */
  at(x: number, y: number): number | null {
    const point = { x, y, width: 0, height: 0 };
    for (let place = this.nodes.length - 1; place >= 0; place -= 1)
      if (this.isIn(place, point) && this.nodes[place]?.hidden !== true) return place;
    return null;
  }

  /** The leftmost visible node, where a flow begins; null when there are none. */
  firstBox(): Box | null {
    let first = -1;
    for (let place = 0; place < this.nodes.length; place += 1)
      if (!this.nodes[place]?.hidden && (first < 0 || this.x(place) < this.x(first))) first = place;
    return first < 0 ? null : this.box(first);
  }

  private x(place: number): number {
    return this.rects[place * 4] as number;
  }

  /** The rectangle around all visible nodes; null when there are none. */
  bounds(): Box | null {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let place = 0; place < this.nodes.length; place += 1) {
      if (this.nodes[place]?.hidden) continue;
      const { x, y, width, height } = this.box(place);
      left = Math.min(left, x);
      top = Math.min(top, y);
      right = Math.max(right, x + width);
      bottom = Math.max(bottom, y + height);
    }
    return left > right ? null : { x: left, y: top, width: right - left, height: bottom - top };
  }
}

function haveSameIds(old: readonly FlowNode[], next: readonly FlowNode[]): boolean {
  return (
    old === next ||
    (old.length === next.length &&
      next.every((node, place) => node === old[place] || node.id === old[place]?.id))
  );
}

function rectsOf(nodes: readonly FlowNode[], places: ReadonlyMap<string, number>): Float64Array {
  const rects = new Float64Array(nodes.length * 4);
  nodes.forEach((node, place) => {
    const at = place * 4;
    // Parents come before their children, so theirs is known.
    const outer = node.parentId === undefined ? undefined : places.get(node.parentId);
    const [x, y] = outer === undefined ? [0, 0] : rects.subarray(outer * 4, outer * 4 + 2);
    const frame = node.type === "frame";
    rects[at] = node.position.x + (x ?? 0);
    rects[at + 1] = node.position.y + (y ?? 0);
    rects[at + 2] =
      node.measured?.width ?? node.width ?? node.initialWidth ?? (frame ? GROUP.width : WIDTH);
    rects[at + 3] =
      node.measured?.height ?? node.height ?? node.initialHeight ?? (frame ? GROUP.height : HEIGHT);
  });
  return rects;
}

function endsOf(edges: readonly FlowEdge[], places: ReadonlyMap<string, number>): Int32Array {
  const ends = new Int32Array(edges.length * 2);
  edges.forEach(({ source, target }, index) => {
    ends[index * 2] = places.get(source) ?? -1;
    ends[index * 2 + 1] = places.get(target) ?? -1;
  });
  return ends;
}
