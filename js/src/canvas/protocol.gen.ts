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
 * Ask for a snapshot: a view opens, or has missed something (S3).
 *
 * Attributes:
 *     client: Id of the view.
 *     version: The document it has, or null.
 *     kinds_hash: `Snapshot.kinds_hash` of the node kinds it has.
 */
export interface Hello {
  kind: "hello";
  client: string;
  version: DocumentVersion | null;
  kindsHash: string;
}
/**
 * Identifies the document that a view has; an equal one is not sent again.
 */
export interface DocumentVersion {
  epoch: string;
  rev: number;
  digest: number;
}
/**
 * An edit made in a view; request number ``n`` of that view, from 1 without gaps (S2).
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
 * Undo the newest step of the history; numbered like a push (S14).
 */
export interface Undo {
  kind: "undo";
  client: string;
  epoch: string;
  n: number;
}
/**
 * Redo the step undone last; numbered like a push (S14).
 */
export interface Redo {
  kind: "redo";
  client: string;
  epoch: string;
  n: number;
}
/**
 * The selection of a view; not part of the document and not answered (S12).
 *
 * Attributes:
 *     number: Counts the selections a view reports, so that one that arrives late is dropped.
 */
export interface Select {
  kind: "select";
  client: string;
  number: number;
  nodes: string[];
  edges: string[];
}
/**
 * A view closes: other views stop marking its selection (S12).
 */
export interface Leave {
  kind: "leave";
  client: string;
  number: number;
}
/**
 * A press of a button that is not an edit of the view; answered by a `CommandResult` of the same ``id``.
 *
 * Attributes:
 *     nodes: Ids of the selected nodes, for the buttons above them (S19).
 */
export interface Command {
  kind: "command";
  client: string;
  id: number;
  name:
    | ("run" | "cancel" | "save")
    | (
        | "run_from"
        | "run_to"
        | "pin"
        | "unpin"
        | "accept"
        | "approve"
        | "reject"
        | "group"
        | "ungroup"
      );
  nodes: string[];
}
/**
 * One comm message from the kernel.
 */
export interface KernelMail {
  messages: (
    | Snapshot
    | Applied
    | Handled
    | Refused
    | Expected
    | Heartbeat
    | StateChanged
    | NodeFactsChanged
    | ViewCommand
    | ShowSelection
    | PeerSelection
    | CommandResult
  )[];
}
/**
 * The whole document (S1); on the wire its elements are columns (`columns.py`).
 *
 * Attributes:
 *     handled: The last request of the receiving view that the kernel has handled.
 *     refusals: Those of its requests that were refused, as it may have missed the answers.
 *     nodes: Null, as ``edges``, when the view has this version of the document.
 *     kinds_hash: Identifies the node kinds.
 *     kinds: Null when the view has the kinds of that hash.
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
  kindsHash: string;
  kinds: KindInfo[] | null;
  seq: number;
  state: CanvasState;
  factsSeq: number;
  facts: {
    [k: string]: NodeFacts;
  };
}
/**
 * Request ``n`` of the receiving view was refused.
 */
export interface Refusal {
  n: number;
  problem: Problem;
}
/**
 * The reason of a refusal: a code for programs, a sentence, and what to do next.
 */
export interface Problem {
  code: string;
  message: string;
  hint: string;
  nodeId: string | null;
  edgeId: string | null;
}
/**
 * How nodes of one kind are drawn, and what the palette shows.
 *
 * ``outputs_from`` is the path to a list of ``{"name": ...}`` in the node's data (``("config",
 * "routes")``); each name is one more output, drawn before ``outputs``. ``inputs_from`` is the same for
 * inputs; where the list has any, they take the place of ``inputs``.
 */
export interface KindInfo {
  type: string;
  title: string;
  description: string;
  icon: string;
  color: string;
  inputs: PortInfo[];
  outputs: PortInfo[];
  outputsFrom: string[];
  inputsFrom: string[];
  defaults: unknown;
}
/**
 * A port of a node: where edges start or end, and the type of the values that pass.
 */
export interface PortInfo {
  id: string;
  label: string;
  type: "text" | "number" | "bool" | "list" | "dict" | "table" | "image" | "message" | "any";
}
/**
 * What a view shows besides the document; never part of it (D5).
 *
 * Attributes:
 *     node_commands: The buttons above selected nodes that the kernel carries out (S19).
 */
export interface CanvasState {
  title: string;
  canUndo: boolean;
  canRedo: boolean;
  undoLabel: string;
  redoLabel: string;
  canRun: boolean;
  nodeCommands: (
    "run_from" | "run_to" | "pin" | "unpin" | "accept" | "approve" | "reject" | "group" | "ungroup"
  )[];
  save: SaveState;
  run: RunState;
}
/**
 * Whether the document is saved; ``none`` when it is not saved anywhere.
 */
export interface SaveState {
  status: "none" | "saved" | "dirty" | "saving" | "failed" | "conflict";
  message: string;
}
/**
 * The newest run; ``progress`` is between 0 and 1.
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
 * The state of one node in the newest run.
 *
 * Attributes:
 *     outputs: The ids of the outputs by which its value left; null when by all.
 *     cost: US dollars that models took; null when there is no price.
 *     type: Type of what it gave, as a port has it; null until it has given something.
 *     count: How many items, keys or rows that has; 1 for a value without parts.
 *     parts: The same for each output, by its id, where each gives a value of its own; else null.
 */
export interface NodeRunState {
  status: "pending" | "running" | "waiting" | "completed" | "failed" | "skipped" | "cancelled";
  message: string;
  preview: string;
  seconds: number | null;
  outputs: string[] | null;
  cost: number | null;
  type:
    ("text" | "number" | "bool" | "list" | "dict" | "table" | "image" | "message" | "any") | null;
  count: number | null;
  parts: {
    [k: string]: PartCount;
  } | null;
}
/**
 * What one of several outputs gave: its type, and how many items, keys or rows it has.
 */
export interface PartCount {
  type: "text" | "number" | "bool" | "list" | "dict" | "table" | "image" | "message" | "any";
  count: number;
}
/**
 * What the kernel knows of a node besides the document and the run (S17); empty parts are not shown.
 *
 * Attributes:
 *     calls: What the node calls: the second line of its card, such as "billing() · your function".
 *     problem: Why it cannot run, in at most a few words; shown with a warning badge.
 *     severity: ``warning`` where the pipeline is not wrong, but something is missing in the kernel.
 *     hint: A whole sentence about the problem, shown by hovering.
 *     value: The value line before any run, such as the beginning of a prompt.
 *     details: At most two facts of its config for the foot before any run ("30 s", "retry 1").
 *     mark: A state that a run does not have: muted, waiting (for a person), stale, pinned or cached.
 *     reason: Why it has the mark ("Prompt changed"); for ``cached`` what was saved.
 *     difference: In a comparison of two versions: what became of it. Edges may have it too.
 */
export interface NodeFacts {
  calls: string;
  problem: string | null;
  severity: "error" | "warning";
  hint: string;
  value: string;
  /**
   * @maxItems 2
   */
  details: string[];
  mark: ("muted" | "waiting" | "stale" | "pinned" | "cached") | null;
  reason: string;
  difference: ("added" | "removed" | "changed" | "moved") | null;
}
/**
 * Batch number ``rev`` was applied; ``client`` and ``n`` name the view's request, if it was one (S2).
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
 * Request ``n`` changed nothing or was handled before; the document is at ``rev`` (S2).
 */
export interface Handled {
  kind: "handled";
  to: string;
  epoch: string;
  n: number;
  rev: number;
}
/**
 * Request ``n`` was refused as a whole (S2).
 */
export interface Refused {
  kind: "refused";
  to: string;
  epoch: string;
  n: number;
  problem: Problem;
}
/**
 * A request is missing: send all from ``n`` on again.
 */
export interface Expected {
  kind: "expected";
  to: string;
  epoch: string;
  n: number;
}
/**
 * The kernel's version of document, state and facts: reveals a lost last message (S4).
 *
 * ``digest`` reveals a batch that a view applied differently (`graph.digest`).
 */
export interface Heartbeat {
  kind: "heartbeat";
  epoch: string;
  rev: number;
  digest: number;
  seq: number;
  factsSeq: number;
}
/**
 * The whole `CanvasState` after a change; ``seq`` counts the changes.
 */
export interface StateChanged {
  kind: "state_changed";
  seq: number;
  state: CanvasState;
}
/**
 * The facts of the nodes whose facts changed; null where a node has none any more (S17).
 */
export interface NodeFactsChanged {
  kind: "node_facts";
  seq: number;
  facts: {
    [k: string]: NodeFacts | null;
  };
}
/**
 * Ask views, or the one in ``to``, to do what one of their buttons does (S18).
 *
 * Attributes:
 *     zoom: For ``zoom_to``: 1 is the size of the flow units; else null.
 */
export interface ViewCommand {
  kind: "view_command";
  to: string | null;
  name: "fit" | "zoom_in" | "zoom_out" | "zoom_to" | "arrange";
  zoom: number | null;
}
/**
 * Python changed the selection: every view selects these elements.
 */
export interface ShowSelection {
  kind: "show_selection";
  nodes: string[];
  edges: string[];
}
/**
 * The selection of one view, which all other views mark; empty when it closed (S12).
 */
export interface PeerSelection {
  kind: "peer_selection";
  client: string;
  nodes: string[];
  edges: string[];
}
/**
 * The answer to a `Command`.
 */
export interface CommandResult {
  kind: "command_result";
  to: string;
  id: number;
  problem: Problem | null;
}
