/** What a replica knows, and the words it speaks with the kernel: types, and the state to begin with. */
import { type Batch, type Document, EMPTY } from "./document.ts";
import type { Link } from "./link.ts";
import type { Request } from "./optimistic.ts";
import type { CanvasProtocol, CanvasState, KernelMail, KindInfo, Problem } from "./protocol.gen.ts";

export type KernelMessage = KernelMail["messages"][number];
export type ViewMessage = CanvasProtocol["view"];

/** What a view knows at a moment. */
export interface ReplicaState {
  readonly epoch: string | null;
  readonly rev: number;
  /** The document with unanswered requests applied: what to draw. */
  readonly shown: Document;
  readonly kinds: readonly KindInfo[];
  readonly canvas: CanvasState;
  readonly pending: readonly Request[];
  /** Requests made to a document the kernel has since replaced; the user decides (S5). */
  readonly orphans: readonly Batch[];
  readonly link: Link;
}

/** What a replica has others do. */
export interface Effects {
  /** Puts one message on the wire; false when there is no wire any more. */
  send(message: ViewMessage): boolean;
  /** Tells the user why something was refused. */
  notify(problem: Problem): void;
  /** Selects what Python selected. */
  select(nodes: readonly string[], edges: readonly string[]): void;
  /** Shows what another view of this kernel has selected; nothing when it is gone. */
  peer(client: string, nodes: readonly string[], edges: readonly string[]): void;
}

/** Around a document nobody has said anything of yet. */
export const BLANK: CanvasState = {
  title: "",
  canUndo: false,
  canRedo: false,
  undoLabel: "",
  redoLabel: "",
  canRun: false,
  save: { status: "none", message: "" },
  run: { status: "idle", message: "", progress: 0, nodes: {} },
};

export const NOTHING_YET: ReplicaState = {
  epoch: null,
  rev: 0,
  shown: EMPTY,
  kinds: [],
  canvas: BLANK,
  pending: [],
  orphans: [],
  link: "opening",
};

/** Whether the kernel has heard all that was asked, or never will. */
export function isHeard({ pending, link }: ReplicaState): boolean {
  return pending.length === 0 || link === "gone";
}

/** A problem that was found on this side. */
export function ownProblem(code: string, what: string, error: unknown): Problem {
  const why = error instanceof Error ? error.message : String(error);
  return { code, message: `${what}: ${why}`, hint: "", nodeId: null, edgeId: null };
}

/** A request as the wire has it. */
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
