/**
 * The handles of a node: those of its kind, those its data adds, and those its edges use.
 *
 * Because of the last, edges of other tools' documents are drawn even if no kind declares their handles. Pure.
 */

import { isObject } from "../../json.ts";
import type { EdgeJson, NodeJson } from "../document.ts";
import type { PortType } from "../port_types.ts";
import type { KindInfo } from "../protocol.gen.ts";

/** The handle with `id` null is for edges that name none. */
export interface Port {
  readonly id: string | null;
  readonly label: string;
  readonly type: PortType;
  /** When a value goes through an output: the condition of a route. */
  readonly when?: string;
}

export interface Ports {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** The handles that edges use, by node. */
export type Touched = ReadonlyMap<
  string,
  { inputs: Set<string | null>; outputs: Set<string | null> }
>;

export function touchedBy(edges: Iterable<EdgeJson>): Touched {
  const made = new Map<string, { inputs: Set<string | null>; outputs: Set<string | null> }>();
  const at = (id: string) => {
    const known = made.get(id) ?? { inputs: new Set(), outputs: new Set() };
    made.set(id, known);
    return known;
  };
  for (const edge of edges) {
    at(edge.source).outputs.add(handleOf(edge.sourceHandle));
    at(edge.target).inputs.add(handleOf(edge.targetHandle));
  }
  return made;
}

/** A handle's id for React Flow: null when it is missing or empty. */
export function handleOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

export function portsOf(node: NodeJson, nodeKind: KindInfo | null, touched: Touched): Ports {
  const edges = touched.get(node.id);
  if (nodeKind && nodeKind.outputsFrom.length === 0 && !nodeKind.inputsFrom?.length) {
    // The usual case; all nodes of the kind share the object.
    const own: Ports = nodeKind;
    if (suffices(own.inputs, edges?.inputs) && suffices(own.outputs, edges?.outputs)) return own;
  }
  // A saved picture of an older version has no `inputsFrom`.
  const named = nodeKind ? namedPorts(node, nodeKind.inputsFrom ?? []) : [];
  const inputs: Port[] = named.length > 0 ? named : [...(nodeKind?.inputs ?? [])];
  const outputs: Port[] = nodeKind
    ? [...namedPorts(node, nodeKind.outputsFrom), ...nodeKind.outputs]
    : [];
  return { inputs: complete(inputs, edges?.inputs), outputs: complete(outputs, edges?.outputs) };
}

const NONE: ReadonlySet<string | null> = new Set();

/** The inputs of a node to which edges lead; an edge that names none leads to the first. */
export function connectedInputs(id: string, touched: Touched): ReadonlySet<string | null> {
  return touched.get(id)?.inputs ?? NONE;
}

export function sameHandles(
  one: ReadonlySet<string | null>,
  other: ReadonlySet<string | null>,
): boolean {
  return one === other || (one.size === other.size && [...one].every((id) => other.has(id)));
}

function suffices(ports: readonly Port[], wanted: ReadonlySet<string | null> | undefined): boolean {
  for (const id of wanted ?? []) {
    if (id === null ? ports.length === 0 : !ports.some((port) => port.id === id)) return false;
  }
  return true;
}

export function samePorts(one: Ports, other: Ports): boolean {
  if (one === other) return true;
  const same = (a: readonly Port[], b: readonly Port[]) =>
    a.length === b.length &&
    a.every((port, index) => {
      const other = b[index];
      return (
        port.id === other?.id &&
        port.label === other?.label &&
        port.type === other?.type &&
        port.when === other?.when
      );
    });
  return same(one.inputs, other.inputs) && same(one.outputs, other.outputs);
}

/** The ports that a list in the node's data names. */
function namedPorts(node: NodeJson, path: readonly string[]): Port[] {
  if (path.length === 0) return [];
  let value: unknown = node.data;
  for (const part of path) value = isObject(value) ? value[part] : undefined;
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    const { name, when } = isObject(item) ? item : {};
    if (typeof name !== "string" || name === "") return [];
    const condition = typeof when === "string" && when !== "" ? { when } : {};
    return [{ id: name, label: name, type: "any" as const, ...condition }];
  });
}

function complete(ports: readonly Port[], wanted: ReadonlySet<string | null> | undefined): Port[] {
  const made: Port[] = [];
  const seen = new Set<string | null>();
  const add = (port: Port) => {
    if (!seen.has(port.id)) made.push(port);
    seen.add(port.id);
  };
  for (const port of ports) add(port);
  for (const id of wanted ?? []) {
    // An edge that names no handle uses the first one.
    if (id !== null || made.length === 0)
      add({ id, label: id !== null && isShort(id) ? id : "", type: "any" });
  }
  return made;
}

/** Other tools put whole JSON objects into handle ids; those are not shown as labels. */
function isShort(id: string): boolean {
  return /^[\w .-]{1,24}$/.test(id);
}
