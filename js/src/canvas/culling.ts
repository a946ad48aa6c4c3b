/**
 * Chooses the part of a large flow that React Flow gets: what is in view, or, when that is too much, only what the
 * user points at, drags or has selected. `CulledLayer.tsx` draws the rest.
 *
 * The time of a frame grows with the number of elements in the page: 17 ms with 1,000 nodes, 180 ms with 10,000. React
 * Flow's own `onlyRenderVisibleElements` still visits every node in each frame. Knows no DOM.
 */
import { Store } from "../store.ts";
import type { Flow, FlowEdge, FlowNode } from "./flow.ts";
import { type Box, NodeBoxes } from "./node_boxes.ts";

/** Up to this many nodes, React Flow draws all of them. */
export const MANY = 300;
/** The most nodes in the page at the same time. */
const IN_PAGE = 400;
const EDGES_IN_PAGE = 800;
/** How far around the view nodes are in the page too, as a fraction of it, so that a short pan adds none. */
const MARGIN = 0.35;

export interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  /** Size of the board in px. */
  readonly width: number;
  readonly height: number;
}

export interface Shown {
  readonly nodes: FlowNode[];
  readonly edges: FlowEdge[];
  /** Whether React Flow has only a part, and `CulledLayer` draws the rest. */
  readonly part: boolean;
  /** Whether even the nodes in view are too many for React Flow. */
  readonly far: boolean;
}

/** What `CulledLayer` draws; a new object whenever part of it changed. */
export interface Culled {
  readonly boxes: NodeBoxes;
  /** For each node, and each edge, 1 when React Flow draws it. */
  readonly nodeInPage: Uint8Array;
  readonly edgeInPage: Uint8Array;
}

const NOTHING: Flow = { nodes: [], edges: [] };

export class Culling {
  readonly shown = new Store<Shown>({ nodes: [], edges: [], part: false, far: false });
  readonly culled = new Store<Culled | null>(null);
  private flow: Flow = NOTHING;
  private known = new NodeBoxes([], []);
  private viewport: Viewport | null = null;
  private ready: Box | null = null;
  private hovered: string | null = null;

  constructor(private readonly held: ReadonlySet<string>) {}

  get boxes(): NodeBoxes {
    return this.known;
  }

  /** Sets the flow. */
  show(flow: Flow): void {
    const { nodes, edges } = flow;
    if (nodes !== this.flow.nodes || edges !== this.flow.edges)
      this.known = new NodeBoxes(nodes, edges, this.known);
    this.flow = flow;
    this.choose();
  }

  /** Sets the viewport. */
  setViewport(viewport: Viewport): void {
    const zoomed = viewport.zoom !== this.viewport?.zoom;
    this.viewport = viewport;
    const { ready } = this;
    const seen = viewOf(viewport, 0);
    if (this.flow.nodes.length > MANY && (zoomed || ready === null || !contains(ready, seen)))
      this.choose();
  }

  /** Sets the pointer's position in flow units: React Flow draws the node under it, so that it can be dragged. */
  hover(x: number, y: number): void {
    if (!this.shown.get().far || this.held.size > 0) return;
    const place = this.known.at(x, y);
    const id = place === null ? null : (this.known.nodes[place]?.id ?? null);
    if (id === this.hovered) return;
    this.hovered = id;
    this.choose();
  }

  private choose(): void {
    const { nodes, edges } = this.flow;
    if (nodes.length <= MANY) {
      this.ready = null;
      this.culled.set(null);
      this.publish({ nodes, edges, part: false, far: false });
      return;
    }
    if (this.viewport === null) return;
    this.ready = viewOf(this.viewport, MARGIN);
    const inView = this.known.within(this.ready);
    const far = inView.length > IN_PAGE;
    const places = new Set(far ? this.inUse() : inView);
    for (const id of this.held) this.include(places, id);
    const inPage = new Uint8Array(nodes.length);
    for (const place of places) inPage[place] = 1;
    const edgeInPage = new Uint8Array(edges.length);
    const chosen = this.edgesOf(inPage, edgeInPage, far);
    // An edge needs both its nodes, and a node its parents.
    for (const index of chosen)
      for (const side of [0, 1]) places.add(this.known.ends[index * 2 + side] as number);
    for (const place of [...places]) this.includeParents(places, place);
    const ordered = [...places].filter((place) => place >= 0).sort((one, other) => one - other);
    this.publish({
      nodes: ordered.flatMap((place) => nodes[place] ?? []),
      edges: chosen.flatMap((index) => edges[index] ?? []),
      part: true,
      far,
    });
    // At a small zoom the layer draws the node under the pointer too; only a dragged one has left its place.
    this.publishCulled(far ? this.heldPlaces() : inPage, edgeInPage);
  }

  /** The indices of the nodes that the user points at or has selected. */
  private inUse(): number[] {
    const places = new Set<number>();
    if (this.hovered !== null) this.include(places, this.hovered);
    const { nodes } = this.flow;
    for (let place = 0; place < nodes.length && places.size < IN_PAGE / 2; place += 1)
      if (nodes[place]?.selected) places.add(place);
    return [...places];
  }

  private include(places: Set<number>, id: string): void {
    const place = this.known.placeOf(id);
    if (place !== undefined) places.add(place);
  }

  private includeParents(places: Set<number>, place: number): void {
    let parent = this.flow.nodes[place]?.parentId;
    while (parent !== undefined) {
      const above = this.known.placeOf(parent);
      if (above === undefined || places.has(above)) return;
      places.add(above);
      parent = this.flow.nodes[above]?.parentId;
    }
  }

  private heldPlaces(): Uint8Array {
    const held = new Uint8Array(this.flow.nodes.length);
    for (const id of this.held) {
      const place = this.known.placeOf(id);
      if (place !== undefined) held[place] = 1;
    }
    return held;
  }

  /** The edges React Flow draws: those of nodes in the page; when `far` only those of dragged nodes. */
  private edgesOf(inPage: Uint8Array, edgeInPage: Uint8Array, far: boolean): number[] {
    const { ends } = this.known;
    const of = far ? this.heldPlaces() : inPage;
    const chosen: number[] = [];
    for (let index = 0; index < edgeInPage.length && chosen.length < EDGES_IN_PAGE; index += 1) {
      const [source, target] = [ends[index * 2] as number, ends[index * 2 + 1] as number];
      if (source < 0 || target < 0 || !(of[source] || of[target])) continue;
      chosen.push(index);
      edgeInPage[index] = 1;
    }
    return chosen;
  }

  private publish(next: Shown): void {
    const now = this.shown.get();
    const nodes = sameItems(now.nodes, next.nodes) ? now.nodes : next.nodes;
    const edges = sameItems(now.edges, next.edges) ? now.edges : next.edges;
    this.shown.update({ ...next, nodes, edges });
  }

  private publishCulled(nodeInPage: Uint8Array, edgeInPage: Uint8Array): void {
    const { known } = this;
    const old = this.culled.get();
    const same =
      old !== null &&
      old.boxes.edges === known.edges &&
      sameItems(old.nodeInPage, nodeInPage) &&
      sameItems(old.edgeInPage, edgeInPage) &&
      old.boxes.nodes.length === known.nodes.length &&
      known.nodes.every((node, place) => nodeInPage[place] || node === old.boxes.nodes[place]);
    if (!same) this.culled.set({ boxes: known, nodeInPage, edgeInPage });
  }
}

/** The part of the flow that is in view, extended by `margin` of it on each side. */
export function viewOf({ x, y, zoom, width, height }: Viewport, margin: number): Box {
  return {
    x: (-x - width * margin) / zoom,
    y: (-y - height * margin) / zoom,
    width: (width * (1 + 2 * margin)) / zoom,
    height: (height * (1 + 2 * margin)) / zoom,
  };
}

export function contains(outer: Box, inner: Box): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

function sameItems<T>(one: ArrayLike<T>, other: ArrayLike<T>): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false;
  return true;
}
