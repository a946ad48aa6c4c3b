/**
 * The document as React Flow's elements: what is drawn, merged so that what did not change is not drawn.
 *
 * Pure. An element whose JSON, look and handles are the same keeps its identity, with all that React Flow
 * measured; a node the user holds keeps its place under the hand (rule S6, trap 24).
 */
import type { Edge, Node, NodeHandle, Position } from "@xyflow/react";
import { isObject } from "../json.ts";
import { type Document, type EdgeJson, type NodeJson, parentOf } from "./document.ts";
import { GROUP, HANDLE, handleY, heightOf, widthOf } from "./nodes/geometry.ts";
import {
  handleOf,
  type Port,
  type Ports,
  portsOf,
  samePorts,
  type Touched,
  touchedBy,
} from "./nodes/ports.ts";
import type { KindInfo } from "./protocol.gen.ts";

export type FlowNode = Node<
  { node: NodeJson; look: KindInfo | null; ports: Ports; title: string },
  "node" | "frame"
>;
export type FlowEdge = Edge<{ edge: EdgeJson }, "edge">;

export interface Flow {
  readonly nodes: FlowNode[];
  readonly edges: FlowEdge[];
  /** The document they were drawn from. */
  readonly document?: Document;
}

export const NO_FLOW: Flow = { nodes: [], edges: [] };

/** Returns what to draw of a document, given what is drawn now and the nodes in the user's hand. */
export function flowOf(
  document: Document,
  looks: ReadonlyMap<string, KindInfo>,
  drawn: Flow,
  held: ReadonlySet<string>,
): Flow {
  const sameEdges = drawn.document?.edges === document.edges;
  // Asked for only when some node is not as it was.
  let touched: Touched | null = null;
  const oldNode = finder(drawn.nodes);
  const nodes = Array.from(document.nodes.values(), (node, place) => {
    const look = looks.get(typeOf(node)) ?? null;
    const old = oldNode(node.id, place);
    const inHand = held.has(node.id);
    if (old && sameEdges && isAsDrawn(old, node, look, inHand)) return old;
    touched ??= touchedByEdges(document.edges);
    return nodeOf(node, look, portsOf(node, look, touched), old, inHand);
  });
  let { edges } = drawn;
  if (!sameEdges) {
    const oldEdge = finder(edges);
    edges = Array.from(document.edges.values(), (edge, place) =>
      edgeOf(edge, oldEdge(edge.id, place)),
    );
  }
  return {
    nodes: sameList(drawn.nodes, nodes),
    edges: sameList(drawn.edges, edges),
    document,
  };
}

const touchedIn = new WeakMap<Document["edges"], Touched>();

/** One pass over all edges, made once for as long as none changes. */
function touchedByEdges(edges: Document["edges"]): Touched {
  const known = touchedIn.get(edges) ?? touchedBy(edges.values());
  touchedIn.set(edges, known);
  return known;
}

/** Finds an element by its id: mostly in the place where it was, so that a map is seldom made. */
function finder<T extends { id: string }>(drawn: readonly T[]) {
  let byId: Map<string, T> | null = null;
  return (id: string, place: number): T | undefined => {
    const there = drawn[place];
    if (there?.id === id) return there;
    byId ??= new Map(drawn.map((item) => [item.id, item]));
    return byId.get(id);
  };
}

function isAsDrawn(old: FlowNode, node: NodeJson, look: KindInfo | null, held: boolean): boolean {
  return old.data.node === node && old.data.look === look && (held || isAt(old, node.position));
}

function isAt(old: FlowNode, { x, y }: { x: number; y: number }): boolean {
  return old.position.x === x && old.position.y === y;
}

/** Other tools keep a node's name in other places. */
export function titleOf(node: NodeJson): string {
  const data = isObject(node.data) ? node.data : {};
  const inner = isObject(data.node) ? data.node : {};
  for (const name of [data.label, data.title, data.name, inner.display_name, data.display_name])
    if (typeof name === "string" && name.trim() !== "") return name;
  return node.id;
}

export function typeOf(node: NodeJson): string {
  return typeof node.type === "string" && node.type !== "" ? node.type : "default";
}

function nodeOf(
  node: NodeJson,
  look: KindInfo | null,
  ports: Ports,
  old: FlowNode | undefined,
  held: boolean,
): FlowNode {
  const position = held && old ? old.position : node.position;
  const samePlace = old !== undefined && isAt(old, position);
  const sameData =
    old?.data.node === node && old.data.look === look && samePorts(old.data.ports, ports);
  if (old && samePlace && sameData) return old;
  const title = titleOf(node);
  const kind = look?.title ?? `unknown kind ${typeOf(node)}`;
  return {
    ...old,
    id: node.id,
    position: samePlace && old ? old.position : { x: position.x, y: position.y },
    parentId: parentOf(node) ?? undefined,
    extent: node.extent === "parent" && parentOf(node) !== null ? "parent" : undefined,
    hidden: node.hidden === true,
    data: sameData && old ? old.data : { node, look, ports, title },
    ariaLabel: `${title}, ${kind}`,
    ...(look === null && typeOf(node) === "group"
      ? groupShape(node)
      : shape(ports, widthOf(node.width))),
  };
}

type Shape = Pick<FlowNode, "type"> & Partial<FlowNode>;

function shape(ports: Ports, width: number): Shape {
  return {
    type: "node",
    initialWidth: width,
    initialHeight: heightOf(ports.inputs.length, ports.outputs.length),
    handles: [
      ...handlesOf(ports.inputs, "target", "left" as Position.Left, -HANDLE / 2),
      ...handlesOf(ports.outputs, "source", "right" as Position.Right, width - HANDLE / 2),
    ],
  };
}

function groupShape(node: NodeJson): Shape {
  const style = isObject(node.style) ? node.style : {};
  const size = (side: "width" | "height") => {
    const value = node[side] ?? style[side];
    return typeof value === "number" ? value : GROUP[side];
  };
  return { type: "frame", width: size("width"), height: size("height") };
}

function handlesOf(
  ports: readonly Port[],
  type: "source" | "target",
  position: Position,
  x: number,
): NodeHandle[] {
  return ports.map((port, index) => ({
    id: port.id,
    type,
    position,
    x,
    y: handleY(index, ports.length) - HANDLE / 2,
    width: HANDLE,
    height: HANDLE,
  }));
}

function edgeOf(edge: EdgeJson, old: FlowEdge | undefined): FlowEdge {
  if (old?.data?.edge === edge) return old;
  return {
    ...old,
    id: edge.id,
    type: "edge",
    source: edge.source,
    target: edge.target,
    sourceHandle: handleOf(edge.sourceHandle),
    targetHandle: handleOf(edge.targetHandle),
    label: typeof edge.label === "string" ? edge.label : undefined,
    hidden: edge.hidden === true,
    data: { edge },
  };
}

function sameList<T>(old: T[], next: T[]): T[] {
  return old.length === next.length && next.every((item, index) => item === old[index])
    ? old
    : next;
}
