/** The state of a replica, and its messages: types, and the initial state. */
import { type Batch, type Document, EMPTY } from "./document.ts";
import type { Link } from "./link.ts";
import type { Request } from "./optimistic.ts";
import type {
  CanvasProtocol,
  CanvasState,
  KernelMail,
  KindInfo,
  NodeFacts,
  Problem,
  ViewCommand,
} from "./protocol.gen.ts";

export type KernelMessage = KernelMail["messages"][number];
export type ViewMessage = CanvasProtocol["view"];

export type Facts = ReadonlyMap<string, NodeFacts>;

/** What a view knows at a moment. */
export interface ReplicaState {
  readonly epoch: string | null;
  readonly rev: number;
  /** The document with unanswered requests applied: what to draw. */
  readonly shown: Document;
  readonly kinds: readonly KindInfo[];
  readonly canvas: CanvasState;
  /** What the kernel knows of nodes besides the document (S17), by node id. */
  readonly facts: Facts;
  readonly pending: readonly Request[];
  /** Edits that are not part of the document, which the kernel opened without them; the user decides (S5, S11). */
  readonly orphans: readonly Batch[];
  readonly link: Link;
}

/** What a replica calls. */
export interface Effects {
  /** Sends one message; false when the kernel is gone. */
  send(message: ViewMessage): boolean;
  /** Shows the user why something was refused. */
  notify(problem: Problem): void;
  /** Selects what Python selected. */
  select(nodes: readonly string[], edges: readonly string[]): void;
  /** Acts as a button of the view does (S18). */
  command(command: ViewCommand): void;
  /** Marks the selection of another view; empty when that view closed. */
  peer(client: string, nodes: readonly string[], edges: readonly string[]): void;
}

/** The state before the kernel has sent one. */
export const BLANK: CanvasState = {
  title: "",
  canUndo: false,
  canRedo: false,
  undoLabel: "",
  redoLabel: "",
  canRun: false,
  nodeCommands: [],
  save: { status: "none", message: "" },
  run: { status: "idle", message: "", progress: 0, nodes: {} },
};

export const NOTHING_YET: ReplicaState = {
  epoch: null,
  rev: 0,
  shown: EMPTY,
  kinds: [],
  canvas: BLANK,
  facts: new Map(),
  pending: [],
  orphans: [],
  link: "opening",
};

/** Whether the kernel has received all requests, or never will. */
export function isReceived({ pending, link }: ReplicaState): boolean {
  return pending.length === 0 || link === "gone";
}

/** A problem found by the view. */
export function ownProblem(code: string, what: string, error: unknown): Problem {
  const why = error instanceof Error ? error.message : String(error);
  return { code, message: `${what}: ${why}`, hint: "", nodeId: null, edgeId: null };
}

/** A request as a message. */
export function messageOf(
  request: Request,
  client: string,
  epoch: string,
  baseRev: number,
): ViewMessage {
  const head = { client, epoch, n: request.n };
  return request.kind === "push"
    ? { kind: "push", ...head, baseRev, batch: request.batch }
    : { kind: request.kind, ...head };
}
