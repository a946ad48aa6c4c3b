// Generated from kaizen_widgets/sync/canvas/messages.py: do not edit.
// To make it again: npm --prefix js run codegen

/**
 * The messages of a canvas.
 */
export interface CanvasProtocol {
  view: Hello | Push | Undo | Redo | Select | Leave | Command;
  kernel: KernelMail;
}
/**
 * A view opens, or has lost the thread: it asks for a snapshot (S3).
 *
 * ``have`` is the document it holds, ``looks`` the `Snapshot.looks` whose kinds it knows.
 */
export interface Hello {
  kind: "hello";
  client: string;
  have: Have | null;
  looks: string;
}
/**
 * The document a view holds: what equals the kernel's need not be sent again.
 */
export interface Have {
  epoch: string;
  rev: number;
  digest: number;
}
/**
 * A batch made by hand, the ``n``-th request of this view, from 1 without gaps (S2).
 */
export interface Push {
  kind: "push";
  client: string;
  epoch: string;
  n: number;
  baseRev: number;
  batch: (AddElement | RemoveElement | SetProperty | UnsetProperty | MoveElement)[];
}
/**
 * Add an element whose id is not used yet.
 */
export interface AddElement {
  op: "add";
  kind: "node" | "edge";
  item: unknown;
  before: string | null;
}
/**
 * Remove an element; with a node its edges and the nodes inside it.
 */
export interface RemoveElement {
  op: "remove";
  kind: "node" | "edge";
  id: string;
}
/**
 * Set one property: ``("position",)``, ``("data", "label")``.
 */
export interface SetProperty {
  op: "set";
  kind: "node" | "edge";
  id: string;
  /**
   * @minItems 1
   * @maxItems 64
   */
  path: string[];
  value: unknown;
}
/**
 * Remove one property; no effect when the element does not have it.
 */
export interface UnsetProperty {
  op: "unset";
  kind: "node" | "edge";
  id: string;
  /**
   * @minItems 1
   * @maxItems 64
   */
  path: string[];
}
/**
 * Move an element in the order.
 */
export interface MoveElement {
  op: "move";
  kind: "node" | "edge";
  id: string;
  before: string | null;
}
/**
 * Take back the newest step of the one history; numbered like a push (S14).
 */
export interface Undo {
  kind: "undo";
  client: string;
  epoch: string;
  n: number;
}
/**
 * Do again what was taken back last; numbered like a push (S14).
 */
export interface Redo {
  kind: "redo";
  client: string;
  epoch: string;
  n: number;
}
/**
 * What is selected in this view; not document, not answered, the last one told wins (S12).
 *
 * Attributes:
 *     at: Counts what the view told, so that one that was overtaken is let go.
 */
export interface Select {
  kind: "select";
  client: string;
  at: number;
  nodes: string[];
  edges: string[];
}
/**
 * The view goes: nothing of it is to be marked in others any more (S12).
 */
export interface Leave {
  kind: "leave";
  client: string;
  at: number;
}
/**
 * A button that is no edit; answered with an `Answer` of the same ``id``.
 */
export interface Command {
  kind: "command";
  client: string;
  id: number;
  name: "run" | "cancel" | "save";
}
/**
 * What one comm message from the kernel holds.
 */
export interface KernelMail {
  messages: (
    Snapshot | Applied | Handled | Refused | Expected | Heartbeat | State | Selected | Peer | Answer
  )[];
}
/**
 * The whole document (S1).
 *
 * ``handled`` is the receiver's last request that was dealt with; those of ``refusals`` were refused,
 * which the receiver may not have heard. ``nodes``, ``edges`` and ``kinds`` are null where the receiver
 * said that it has them. On the wire the elements are columns (`columns.py`).
 */
export interface Snapshot {
  kind: "snapshot";
  to: string | null;
  epoch: string;
  rev: number;
  handled: number;
  refusals: Refusal[];
  digest: number;
  nodes: unknown[] | null;
  edges: unknown[] | null;
  looks: string;
  kinds: KindInfo[] | null;
  seq: number;
  state: CanvasState;
}
/**
 * Request ``n`` of the receiver was refused.
 */
export interface Refusal {
  n: number;
  problem: Problem;
}
/**
 * Why something was refused: a word for programs, a sentence, what to do next.
 */
export interface Problem {
  code: string;
  message: string;
  hint: string;
  nodeId: string | null;
  edgeId: string | null;
}
/**
 * How nodes of one kind are drawn, and what the palette says of them.
 *
 * ``outputs_from`` names a list of ``{"name": ...}`` in the node's data (``("config", "routes")``);
 * each gives one more output, drawn before ``outputs``.
 */
export interface KindInfo {
  type: string;
  title: string;
  description: string;
  icon: string;
  color: string;
  inputs: HandleInfo[];
  outputs: HandleInfo[];
  outputsFrom: string[];
  defaults: unknown;
}
/**
 * One place on a node where edges end.
 */
export interface HandleInfo {
  id: string;
  label: string;
}
/**
 * What a view shows around the document; never part of it (D5).
 */
export interface CanvasState {
  title: string;
  canUndo: boolean;
  canRedo: boolean;
  undoLabel: string;
  redoLabel: string;
  canRun: boolean;
  save: SaveState;
  run: RunState;
}
/**
 * Where the document stands against what is stored; ``none`` when nothing stores it.
 */
export interface SaveState {
  status: "none" | "saved" | "dirty" | "saving" | "failed" | "conflict";
  message: string;
}
/**
 * The newest run; ``progress`` goes from 0 to 1.
 */
export interface RunState {
  status: "idle" | "running" | "completed" | "failed" | "cancelled";
  message: string;
  progress: number;
  nodes: {
    [k: string]: NodeRunState;
  };
}
/**
 * One node of the newest run.
 */
export interface NodeRunState {
  status: "pending" | "running" | "completed" | "failed" | "skipped" | "cancelled";
  message: string;
  preview: string;
  seconds: number | null;
}
/**
 * Batch number ``rev``; ``client`` and ``n`` say whose request it was, if a view's (S2).
 */
export interface Applied {
  kind: "applied";
  epoch: string;
  rev: number;
  client: string | null;
  n: number | null;
  batch: (AddElement | RemoveElement | SetProperty | UnsetProperty | MoveElement)[];
}
/**
 * Request ``n`` is done and made no batch of its own, or was done before; up to ``rev`` (S2).
 */
export interface Handled {
  kind: "handled";
  to: string;
  epoch: string;
  n: number;
  rev: number;
}
/**
 * Request ``n`` was refused; nothing of it was applied (S2).
 */
export interface Refused {
  kind: "refused";
  to: string;
  epoch: string;
  n: number;
  problem: Problem;
}
/**
 * A request is missing in between: send again from ``n`` on.
 */
export interface Expected {
  kind: "expected";
  to: string;
  epoch: string;
  n: number;
}
/**
 * Where the kernel stands: the only thing that finds a lost last message (S4).
 *
 * ``digest`` finds what was applied differently (`graph.digest`).
 */
export interface Heartbeat {
  kind: "heartbeat";
  epoch: string;
  rev: number;
  digest: number;
  seq: number;
}
/**
 * What surrounds the document, whole; ``seq`` counts its changes.
 */
export interface State {
  kind: "state";
  seq: number;
  state: CanvasState;
}
/**
 * Python selected these; each view that shows them does so too.
 */
export interface Selected {
  kind: "selected";
  nodes: string[];
  edges: string[];
}
/**
 * What one view has selected, for all others to mark; nothing once it is gone (S12).
 */
export interface Peer {
  kind: "peer";
  client: string;
  nodes: string[];
  edges: string[];
}
/**
 * The end of a `Command`.
 */
export interface Answer {
  kind: "answer";
  to: string;
  id: number;
  problem: Problem | null;
}
