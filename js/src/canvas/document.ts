/**
 * The document as a view keeps it: nodes and edges by id, in order, immutable, changed by batches.
 *
 * Pure. `apply` does what `kaizen_widgets/graph/apply.py` does: a batch is applied completely or throws, elements it
 * does not name keep their identity, and a batch that changes nothing returns the same document. Ids are keys
 * of a `Map`, never of an object. Units: flow units, y goes down.
 */
import { check, checkId, checkKey, isObject, type JsonObject, same } from "../json.ts";
import { getIn, setIn, unsetIn } from "./path.ts";
import type { Push } from "./protocol.gen.ts";

export type Batch = Push["batch"];
export type Operation = Batch[number];
export type ElementKind = "node" | "edge";

/** A node as React Flow JSON; unknown keys are kept. */
export interface NodeJson extends JsonObject {
  id: string;
  position: { x: number; y: number };
}

/** An edge as React Flow JSON. */
export interface EdgeJson extends JsonObject {
  id: string;
  source: string;
  target: string;
}

export interface Document {
  readonly nodes: ReadonlyMap<string, NodeJson>;
  readonly edges: ReadonlyMap<string, EdgeJson>;
}

/** A batch that cannot be applied; `code` is that of Python's error for the same reason. */
export class DocumentError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "DocumentError";
  }
}

export const EMPTY: Document = { nodes: new Map(), edges: new Map() };

/** Keys that React Flow sets for one screen; they never enter the document (rule D5). */
export const VIEW_ONLY_KEYS: ReadonlySet<string> = new Set([
  "measured",
  "dragging",
  "resizing",
  "selected",
  "positionAbsolute",
  "handleBounds",
  "internals",
]);

/** Builds a document from lists with parents before children; throws `DocumentError`. */
export function documentOf(nodes: readonly unknown[], edges: readonly unknown[]): Document {
  const draft = new Draft(EMPTY);
  for (const item of nodes) draft.add("node", item, null);
  for (const item of edges) draft.add("edge", item, null);
  return draft.document();
}

/** Returns the document after a batch; throws `DocumentError` when the batch cannot be applied. */
export function apply(document: Document, batch: Batch): Document {
  const draft = new Draft(document);
  for (const operation of batch) draft.do(operation);
  return draft.document();
}

/** The keys that hold the id of a node's parent: React Flow 12's, then React Flow 11's. */
const PARENT_KEYS = ["parentId", "parentNode"] as const;

/** The key that holds the id of a node's parent; `parentId` when it has none. */
export function parentKeyOf(node: NodeJson): (typeof PARENT_KEYS)[number] {
  return PARENT_KEYS.find((key) => typeof node[key] === "string" && node[key] !== "") ?? "parentId";
}

/** The id of the node's parent, or null. */
export function parentOf(node: NodeJson): string | null {
  const parent = node[parentKeyOf(node)];
  return typeof parent === "string" && parent !== "" ? parent : null;
}

/** Every descendant of some nodes, themselves included, in the document's order. */
export function withDescendants(document: Document, ids: Iterable<string>): Set<string> {
  const found = new Set(ids);
  // Parents come before their children, so one pass finds every generation.
  for (const node of document.nodes.values()) {
    const parent = parentOf(node);
    if (parent !== null && found.has(parent)) found.add(node.id);
  }
  return found;
}

/** A document in the middle of a batch; each map is copied once, at the first change. */
class Draft {
  nodes: ReadonlyMap<string, NodeJson>;
  edges: ReadonlyMap<string, EdgeJson>;

  constructor(private readonly before: Document) {
    this.nodes = before.nodes;
    this.edges = before.edges;
  }

  document(): Document {
    const { nodes, edges, before } = this;
    return nodes === before.nodes && edges === before.edges ? before : { nodes, edges };
  }

  do(operation: Operation): void {
    switch (operation.op) {
      case "add":
        return this.add(operation.kind, operation.item, operation.before);
      case "remove":
        return operation.kind === "node"
          ? this.removeNode(operation.id)
          : this.removeEdge(operation.id);
      case "set":
        return this.set(operation.kind, operation.id, operation.path, operation.value);
      case "unset":
        return this.unset(operation.kind, operation.id, operation.path);
      case "move":
        return this.move(operation.kind, operation.id, operation.before);
      default:
        return never(operation);
    }
  }

  add(kind: ElementKind, item: unknown, before: string | null): void {
    const json = object(item, `A ${kind}`);
    const id = guard(() => checkId(json.id, `The id of a ${kind}`));
    const name = nameOf(kind, id);
    guard(() => check(json, name));
    if (this.map(kind).has(id))
      fail("duplicate_id", `There is already a ${kind} with the id "${id}".`);
    if (kind === "node") {
      const node = checkNode(json, name);
      this.checkParent(node);
      this.nodes = insert(this.ownNodes(), id, node, before);
      if (before !== null) this.keepAfterParent(node);
    } else {
      const edge = checkEdge(json, name);
      this.checkEnds(edge);
      this.edges = insert(this.ownEdges(), id, edge, before);
    }
  }

  /** Removes a node with its edges and descendants. */
  private removeNode(id: string): void {
    this.find("node", id);
    const gone = withDescendants(this, [id]);
    for (const node of gone) this.ownNodes().delete(node);
    for (const { id: edge, source, target } of this.edges.values())
      if (gone.has(source) || gone.has(target)) this.ownEdges().delete(edge);
  }

  private removeEdge(id: string): void {
    this.find("edge", id);
    this.ownEdges().delete(id);
  }

  private set(kind: ElementKind, id: string, path: readonly string[], value: unknown): void {
    const element = this.find(kind, id);
    const name = nameOf(kind, id);
    checkPath(path, name);
    const json = guard(() => check(value, name));
    const [exists, old] = getIn(element, path);
    if (exists && same(old, json)) return;
    this.replace(
      kind,
      element,
      guard(() => setIn(element, path, json, name)),
      path,
    );
  }

  private unset(kind: ElementKind, id: string, path: readonly string[]): void {
    const element = this.find(kind, id);
    checkPath(path, nameOf(kind, id));
    if (getIn(element, path)[0]) this.replace(kind, element, unsetIn(element, path), path);
  }

  private move(kind: ElementKind, id: string, before: string | null): void {
    const element = this.find(kind, id);
    const old = following(this.map(kind), id);
    if (before === id || before === old) return;
    const known = before !== null && this.map(kind).has(before) ? before : null;
    if (known === old) return;
    if (kind === "edge") {
      this.ownEdges().delete(id);
      this.edges = insert(this.ownEdges(), id, element as EdgeJson, known);
      return;
    }
    const node = element as NodeJson;
    this.ownNodes().delete(id);
    this.nodes = insert(this.ownNodes(), id, node, known);
    if (before !== null) this.keepAfterParent(node);
    this.keepBeforeChildren(node);
  }

  private replace(
    kind: ElementKind,
    old: JsonObject,
    json: JsonObject,
    path: readonly string[],
  ): void {
    const id = old.id as string;
    const shaped = path[0] !== "data";
    if (kind === "edge") {
      const edge = shaped ? checkEdge(json, nameOf(kind, id)) : (json as EdgeJson);
      if (edge.source !== old.source || edge.target !== old.target) this.checkEnds(edge);
      this.ownEdges().set(id, edge);
      return;
    }
    const node = shaped ? checkNode(json, nameOf(kind, id)) : (json as NodeJson);
    const moved = parentOf(node) !== parentOf(old as NodeJson);
    if (moved) this.checkParent(node);
    this.ownNodes().set(id, node);
    if (moved) this.keepAfterParent(node);
  }

  private ownNodes(): Map<string, NodeJson> {
    if (this.nodes === this.before.nodes) this.nodes = new Map(this.nodes);
    return this.nodes as Map<string, NodeJson>;
  }

  private ownEdges(): Map<string, EdgeJson> {
    if (this.edges === this.before.edges) this.edges = new Map(this.edges);
    return this.edges as Map<string, EdgeJson>;
  }

  private map(kind: ElementKind): ReadonlyMap<string, JsonObject> {
    return kind === "node" ? this.nodes : this.edges;
  }

  private find(kind: ElementKind, id: string): JsonObject {
    const found = this.map(kind).get(id);
    return found ?? fail(`unknown_${kind}`, `There is no ${kind} "${id}".`);
  }

  private checkEnds(edge: EdgeJson): void {
    for (const side of ["source", "target"] as const) {
      if (this.nodes.has(edge[side])) continue;
      const name = nameOf("edge", edge.id);
      fail(
        "invalid_connection",
        `${name} has the ${side} "${edge[side]}", but there is no such node.`,
      );
    }
  }

  private checkParent(node: NodeJson): void {
    let above = parentOf(node);
    const name = nameOf("node", node.id);
    if (above !== null && !this.nodes.has(above) && above !== node.id)
      fail("invalid_connection", `${name} cannot be inside "${above}": there is no such node.`);
    while (above !== null) {
      if (above === node.id) fail("invalid_connection", `${name} cannot be inside itself.`);
      const parent: NodeJson | undefined = this.nodes.get(above);
      above = parent ? parentOf(parent) : null;
    }
  }

  /** Refuses an order in which a node comes before its parent (rule D1). */
  private keepAfterParent(node: NodeJson): void {
    const parent = parentOf(node);
    if (parent !== null && comesBefore(this.nodes, node.id, parent)) wrongOrder(node.id);
  }

  private keepBeforeChildren(node: NodeJson): void {
    for (const other of this.nodes.values()) {
      if (other.id === node.id) return;
      if (parentOf(other) === node.id) wrongOrder(other.id);
    }
  }
}

function wrongOrder(id: string): never {
  fail("invalid_connection", `Node "${id}" would come before its parent.`);
}

function checkNode(json: JsonObject, name: string): NodeJson {
  const { position } = json;
  if (!isObject(position) || !isFiniteNumber(position.x) || !isFiniteNumber(position.y))
    fail("invalid_value", `${name} needs a position of two finite numbers.`);
  for (const key of ["width", "height"]) {
    const size = json[key];
    if (size != null && !(isFiniteNumber(size) && size >= 0))
      fail("invalid_value", `${name}: ${key} must be a number of at least 0.`);
  }
  checkTexts(json, ["type", ...PARENT_KEYS], name);
  return json as NodeJson;
}

function checkEdge(json: JsonObject, name: string): EdgeJson {
  guard(() => checkId(json.source, `${name}: source`));
  guard(() => checkId(json.target, `${name}: target`));
  checkTexts(json, ["sourceHandle", "targetHandle", "type"], name);
  return json as EdgeJson;
}

function checkTexts(json: JsonObject, keys: readonly string[], name: string): void {
  for (const key of keys) {
    if (json[key] != null && typeof json[key] !== "string")
      fail("invalid_value", `${name}: ${key} must be text.`);
  }
}

function checkPath(path: readonly string[], name: string): void {
  if (path.length === 0) fail("invalid_value", `${name}: a property path cannot be empty.`);
  for (const part of path) guard(() => checkKey(part, name));
  if (path[0] === "id") fail("invalid_value", `${name}: the id cannot change.`);
  if (path[0] !== undefined && VIEW_ONLY_KEYS.has(path[0]))
    fail("invalid_value", `${name}: "${path[0]}" belongs to one view, not to the document.`);
}

/** Adds an item at the end in place, or returns a new map with the item in front of another. */
function insert<T>(
  map: Map<string, T>,
  id: string,
  item: T,
  before: string | null,
): Map<string, T> {
  if (before === null || !map.has(before)) return map.set(id, item);
  const made = new Map<string, T>();
  for (const [key, value] of map) {
    if (key === before) made.set(id, item);
    made.set(key, value);
  }
  return made;
}

/** The id of the element after another, or null. */
export function following(map: ReadonlyMap<string, unknown>, id: string): string | null {
  let found = false;
  for (const key of map.keys()) {
    if (found) return key;
    found = key === id;
  }
  return null;
}

function comesBefore(map: ReadonlyMap<string, unknown>, one: string, other: string): boolean {
  for (const key of map.keys()) {
    if (key === one) return true;
    if (key === other) return false;
  }
  return false;
}

function nameOf(kind: ElementKind, id: string): string {
  const brief = id.length <= 60 ? id : `${id.slice(0, 57)}...`;
  return `${kind === "node" ? "Node" : "Edge"} "${brief}"`;
}

function object(value: unknown, name: string): JsonObject {
  return isObject(value) ? value : fail("invalid_value", `${name} must be an object.`);
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Turns an error of `json.ts` into a `DocumentError`. */
function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    return fail("invalid_value", error instanceof Error ? error.message : String(error));
  }
}

function fail(code: string, message: string): never {
  throw new DocumentError(code, message);
}

function never(operation: never): never {
  fail("invalid_value", `Unknown operation: ${JSON.stringify(operation)}.`);
}
