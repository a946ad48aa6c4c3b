/**
 * Turns the document into React Flow's elements; unchanged ones keep their identity and are not drawn again.
 *
 * Pure. An element with the same JSON, kind and handles stays the same object, with all that React Flow measured;
 * a node that the user drags keeps its position (rule S6).
 */
import type { Edge, Node, NodeHandle, Position } from "@xyflow/react";
import { isObject } from "../json.ts";
import { type Document, type EdgeJson, type NodeJson, parentOf } from "./document.ts";
import { GROUP, HANDLE, handleY, heightOf, widthOf } from "./nodes/geometry.ts";
import {
  connectedInputs,
  handleOf,
  type Port,
  type Ports,
  portsOf,
  sameHandles,
  samePorts,
  type Touched,
  touchedBy,
} from "./nodes/ports.ts";
import { getIn } from "./path.ts";
import type { KindInfo } from "./protocol.gen.ts";

export type FlowNode = Node<
  {
    node: NodeJson;
    nodeKind: KindInfo | null;
    ports: Ports;
    title: string;
    /** The inputs to which edges lead. */
    connected: ReadonlySet<string | null>;
    /** Whether its parent is drawn as a frame. */
    inContainer: boolean;
  },
  "node" | "frame"
>;
export type FlowEdge = Edge<{ edge: EdgeJson }, "edge">;

export interface Flow {
  readonly nodes: FlowNode[];
  readonly edges: FlowEdge[];
  /** The document they were made from. */
  readonly document?: Document;
}

export const NO_FLOW: Flow = { nodes: [], edges: [] };

/** Returns the elements of a document, given those drawn now and the ids of the nodes being dragged. */
export function flowOf(
  document: Document,
  nodeKinds: ReadonlyMap<string, KindInfo>,
  drawn: Flow,
  held: ReadonlySet<string>,
): Flow {
  const sameEdges = drawn.document?.edges === document.edges;
  const containers = containersIn(document);
  // Computed only when a node has changed.
  let touched: Touched | null = null;
  const oldNode = finder(drawn.nodes);
  const nodes = Array.from(document.nodes.values(), (node, place) => {
    const nodeKind = nodeKinds.get(typeOf(node)) ?? null;
    const old = oldNode(node.id, place);
    const inHand = held.has(node.id);
    const type = containers.has(node.id) ? "frame" : "node";
    const inContainer = containers.has(parentOf(node) ?? "");
    if (old && sameEdges && isAsDrawn(old, node, nodeKind, inHand, type, inContainer)) return old;
    touched ??= touchedByEdges(document.edges);
    const connected = connectedInputs(node.id, touched);
    const ports = portsOf(node, nodeKind, touched);
    return nodeOf(node, nodeKind, ports, connected, old, inHand, type, inContainer);
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

/** The handles that edges use; computed once until an edge changes. */
function touchedByEdges(edges: Document["edges"]): Touched {
  const known = touchedIn.get(edges) ?? touchedBy(edges.values());
  touchedIn.set(edges, known);
  return known;
}

/** Finds an element by id; it is mostly at its old index, so a map is rarely needed. */
function finder<T extends { id: string }>(drawn: readonly T[]) {
  let byId: Map<string, T> | null = null;
  return (id: string, place: number): T | undefined => {
    const element = drawn[place];
    if (element?.id === id) return element;
    byId ??= new Map(drawn.map((item) => [item.id, item]));
    return byId.get(id);
  };
}

const containersOf = new WeakMap<Document["nodes"], ReadonlySet<string>>();

/** The ids of the nodes that are drawn as frames: groups, and all nodes that have children and a size. */
function containersIn({ nodes }: Document): ReadonlySet<string> {
  const known = containersOf.get(nodes);
  if (known) return known;
  const found = new Set<string>();
  for (const node of nodes.values()) {
    if (typeOf(node) === "group") found.add(node.id);
    const parent = nodes.get(parentOf(node) ?? "");
    if (parent && sizeIn(parent, "width") !== null && sizeIn(parent, "height") !== null)
      found.add(parent.id);
  }
  containersOf.set(nodes, found);
  return found;
}

function isAsDrawn(
  old: FlowNode,
  node: NodeJson,
  nodeKind: KindInfo | null,
  held: boolean,
  type: FlowNode["type"],
  inContainer: boolean,
): boolean {
  return (
    old.data.node === node &&
    old.data.nodeKind === nodeKind &&
    old.type === type &&
    old.data.inContainer === inContainer &&
    (held || isAt(old, node.position))
  );
}

function isAt(old: FlowNode, { x, y }: { x: number; y: number }): boolean {
  return old.position.x === x && old.position.y === y;
}

/** Paths where tools store a node's displayed name; the first one that is set is shown. */
const TITLE_PATHS = [
  ["data", "label"],
  ["data", "title"],
  ["data", "name"],
  ["data", "node", "display_name"],
  ["data", "display_name"],
] as const;

/** A label as text; empty when it is neither text nor a number. */
export function labelOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** The path of the name that a node shows; null when it shows its id. */
export function titlePathOf(node: NodeJson): readonly string[] | null {
  return TITLE_PATHS.find((path) => labelOf(getIn(node, path)[1]).trim() !== "") ?? null;
}

export function titleOf(node: NodeJson): string {
  const path = titlePathOf(node);
  return path ? labelOf(getIn(node, path)[1]) : node.id;
}

export function typeOf(node: NodeJson): string {
  return typeof node.type === "string" && node.type !== "" ? node.type : "default";
}

function nodeOf(
  node: NodeJson,
  nodeKind: KindInfo | null,
  ports: Ports,
  connected: ReadonlySet<string | null>,
  old: FlowNode | undefined,
  held: boolean,
  type: "node" | "frame",
  inContainer: boolean,
): FlowNode {
  const position = held && old ? old.position : node.position;
  const samePlace = old !== undefined && isAt(old, position);
  const sameData =
    old?.data.node === node &&
    old.data.nodeKind === nodeKind &&
    old.data.inContainer === inContainer &&
    sameHandles(old.data.connected, connected) &&
    samePorts(old.data.ports, ports);
  if (old && samePlace && sameData && old.type === type) return old;
  const title = titleOf(node);
  const kind = nodeKind?.title ?? `unknown kind ${typeOf(node)}`;
  return {
    ...old,
    id: node.id,
    position: samePlace && old ? old.position : { x: position.x, y: position.y },
    parentId: parentOf(node) ?? undefined,
    // In a parent that is drawn as a card, a drag would move the node into the card.
    extent: node.extent === "parent" && inContainer ? "parent" : undefined,
    hidden: node.hidden === true,
    data: sameData && old ? old.data : { node, nodeKind, ports, title, connected, inContainer },
    ariaLabel: `${title}, ${kind}`,
    ...(type === "frame" ? frameShape(node, ports) : cardShape(ports, widthOf(node.width))),
  };
}

type Shape = Pick<FlowNode, "type"> & Partial<FlowNode>;

function cardShape(ports: Ports, width: number): Shape {
  return {
    type: "node",
    width: undefined,
    height: undefined,
    initialWidth: width,
    initialHeight: heightOf(ports.inputs.length, ports.outputs.length),
    handles: [
      ...handlesOf(ports.inputs, "target", "left" as Position.Left, -HANDLE / 2),
      ...handlesOf(ports.outputs, "source", "right" as Position.Right, width - HANDLE / 2),
    ],
  };
}

function frameShape(node: NodeJson, ports: Ports): Shape {
  const width = sizeIn(node, "width") ?? GROUP.width;
  const height = sizeIn(node, "height") ?? GROUP.height;
  return {
    type: "frame",
    width,
    height,
    initialWidth: undefined,
    initialHeight: undefined,
    handles: [
      ...handlesOf(ports.inputs, "target", "left" as Position.Left, -HANDLE / 2),
      ...handlesOf(ports.outputs, "source", "right" as Position.Right, width - HANDLE / 2),
    ],
  };
}

/** A node's size in its JSON: set, styled (`400` or "400px") or measured by the tool that wrote it. */
function sizeIn(node: NodeJson, side: "width" | "height"): number | null {
  const style = isObject(node.style) ? node.style[side] : undefined;
  const measured = isObject(node.measured) ? node.measured[side] : undefined;
  for (const value of [node[side], style, measured]) {
    const size =
      typeof value === "string" && /^\d+(\.\d+)?px$/.test(value) ? parseFloat(value) : value;
    if (typeof size === "number" && size > 0) return size;
  }
  return null;
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
    label: labelOf(edge.label) || undefined,
    animated: edge.animated === true,
    hidden: edge.hidden === true,
    data: { edge },
  };
}

function sameList<T>(old: T[], next: T[]): T[] {
  return old.length === next.length && next.every((item, index) => item === old[index])
    ? old
    : next;
}
