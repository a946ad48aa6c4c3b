/**
 * One open view: the replica, the elements drawn of it, and the gestures of the user.
 *
 * Knows no DOM and no React component: the components read its stores and call its methods. `close` ends everything it
 * starts.
 */
import type { EdgeChange, NodeChange, OnConnectStartParams } from "@xyflow/react";
import { applyEdgeChanges, applyNodeChanges, type Connection } from "@xyflow/react";
import type { Clock } from "../clock.ts";
import { same } from "../json.ts";
import { type Readable, Store, type Unsubscribe } from "../store.ts";
import type { Channel, PaletteState, Traits } from "./channel.ts";
import { Commands } from "./commands.ts";
import { connectionProblem, type PortTypeOf } from "./connection_problem.ts";
import { Culling } from "./culling.ts";
import type { Batch, EdgeJson } from "./document.ts";
import { type Flow, type FlowEdge, type FlowNode, flowOf, NO_FLOW } from "./flow.ts";
import type { NewId, XY } from "./gestures.ts";
import * as gestures from "./gestures.ts";
import { insertion, type Through } from "./insertion.ts";
import { arrangement } from "./layout.ts";
import { nextTo, type Start } from "./new_node_place.ts";
import { HEIGHT, WIDTH } from "./nodes/geometry.ts";
import { isMuted } from "./nodes/node_face.ts";
import { handleOf } from "./nodes/ports.ts";
import { Notices } from "./notice_list.ts";
import { Peers } from "./peers.ts";
import { typeProblem } from "./port_types.ts";
import type { CanvasState, Command, KindInfo, ViewCommand } from "./protocol.gen.ts";
import { Replica } from "./replica.ts";
import type { ReplicaState } from "./replica_state.ts";
import type { UnsentEdits } from "./unsent_edits.ts";

export type NodeCommand = CanvasState["nodeCommands"][number];

export interface ViewState {
  /** The node whose name is being typed. */
  readonly editing: string | null;
  /** Whether the canvas has the focus: the wheel zooms only then. */
  readonly focused: boolean;
  /** The port from which the user is drawing an edge. */
  readonly drawing: DrawnPort | null;
  /** The edge under the pointer, which has buttons. */
  readonly hovered: string | null;
  /** The edge into which a node is inserted, and the place of the menu in px of the board. */
  readonly inserting: { readonly edge: string; readonly x: number; readonly y: number } | null;
}

export interface DrawnPort {
  readonly node: string;
  readonly side: "source" | "target";
  readonly handle: string | null;
  /** The edges of its node: only those can be the same as the drawn one. */
  readonly edges: readonly EdgeJson[];
  /** The id of the edge whose end is moved, if it is no new edge. */
  readonly edge: string | undefined;
}

/** Arrow keys move nodes in small steps; a pause of so many ms ends the gesture. */
const KEYBOARD_PAUSE = 400;
const SELECT_EVERY = 40;
/** How long, in ms, the buttons of an edge stay when the pointer leaves it, so that it can reach them. */
const LEAVE_AFTER = 300;

export class Session {
  readonly replica: Replica;
  readonly flow = new Store<Flow>(NO_FLOW);
  readonly view = new Store<ViewState>({
    editing: null,
    focused: false,
    drawing: null,
    hovered: null,
    inserting: null,
  });
  /** The selections of other views of this kernel. */
  readonly peers: Peers;
  readonly notices: Notices;
  /** When each running node was seen to start, in ms of the clock. */
  readonly starts = new Map<string, number>();
  readonly traits: Readable<Traits>;
  private nodeKinds: ReadonlyMap<string, KindInfo> = new Map();
  private drawn: Pick<ReplicaState, "shown" | "kinds"> | null = null;
  private readonly held = new Set<string>();
  /** The part of the flow that React Flow gets. */
  readonly culling = new Culling(this.held);
  private readonly arrows = new Set<string>();
  private endArrows: Unsubscribe | null = null;
  private reported: { nodes: string[]; edges: string[] } = { nodes: [], edges: [] };
  private endReport: Unsubscribe | null = null;
  private endHover: Unsubscribe | null = null;
  private isSelectingWithBox = false;
  private reconnecting: string | undefined;
  private timed: object | null = null;
  private mayHandOver = true;
  private mayTakeOver = true;
  private readonly commands: Commands;
  private readonly actors = new Set<(command: ViewCommand) => void>();
  private readonly ends = new Set<Unsubscribe>();

  constructor(
    private readonly channel: Channel,
    client: string,
    private readonly clock: Clock,
    private readonly newId: NewId = gestures.randomHex,
    private readonly unsentEdits: UnsentEdits | null = null,
  ) {
    this.traits = channel.traits;
    this.peers = new Peers(clock);
    this.notices = new Notices(clock);
    this.replica = new Replica(client, clock, {
      send: (message) => channel.send(message),
      notify: (problem) => this.notices.add(problem),
      select: (nodes, edges) => this.show(nodes, edges),
      command: (command) => {
        for (const act of this.actors) act(command);
      },
      peer: (peer, nodes, edges) => this.peers.mark(peer, [...nodes, ...edges]),
    });
    this.commands = new Commands(this.replica);
    this.ends.add(this.commands.close);
    this.ends.add(this.replica.store.subscribe(() => this.draw()));
    this.ends.add(this.replica.store.subscribe(() => this.handOverUnsentEdits()));
    this.ends.add(this.replica.store.subscribe(() => this.timeRuns()));
    this.ends.add(this.flow.subscribe(() => this.culling.show(this.flow.get())));
  }

  /** Starts to listen, shows the saved picture, and asks the kernel for the document. */
  start(): void {
    this.channel.receive((message) => this.replica.receive(message));
    try {
      const picture = this.channel.picture();
      if (picture) this.replica.showPicture(picture);
    } catch {
      // A notebook saved by another version; the kernel will send the document.
    }
    this.draw();
    this.replica.start();
    const { kernel } = this.channel;
    this.ends.add(kernel.subscribe(() => this.replica.line(kernel.get())));
    this.replica.line(kernel.get());
  }

  close(): void {
    this.commitArrows();
    this.replica.report({ kind: "leave" });
    this.peers.close();
    this.notices.close();
    for (const end of this.ends) end();
    this.ends.clear();
    this.endReport?.();
    this.endHover?.();
    this.replica.stop();
    this.channel.close();
  }

  /** Whether the user can edit: not if Python forbids it, nor without a kernel to receive edits (rule S11). */
  get canEdit(): boolean {
    const { epoch, link } = this.replica.store.get();
    return !this.traits.get().readOnly && epoch !== null && link !== "gone";
  }

  // --------------------------------------------------- what React Flow reports

  readonly onNodesChange = (changes: NodeChange<FlowNode>[]): void => {
    const dropped = new Map<string, XY | undefined>();
    for (const change of changes) {
      if (change.type !== "position") continue;
      if (change.dragging) {
        this.held.add(change.id);
      } else if (this.held.has(change.id) && !this.arrows.has(change.id)) {
        dropped.set(change.id, change.position);
      } else if (change.position) {
        this.held.add(change.id);
        this.arrows.add(change.id);
      }
    }
    // Sent before anything is drawn: drawing ten thousand nodes takes longer than sending.
    if (dropped.size > 0) this.commitMoves(dropped.keys(), dropped);
    const known = changes
      .filter(({ type }) => type !== "remove" && type !== "add" && type !== "replace")
      // The position of a dropped node comes from the document.
      .map((change) =>
        "id" in change && dropped.has(change.id) ? withoutPosition(change) : change,
      );
    const flow = this.flow.get();
    this.flow.set({ ...flow, nodes: applyNodeChanges(known, flow.nodes) });
    if (this.arrows.size > 0) {
      this.endArrows?.();
      this.endArrows = this.clock.later(KEYBOARD_PAUSE, () => this.commitArrows());
    }
    this.reportSelection();
  };

  readonly onEdgesChange = (changes: EdgeChange<FlowEdge>[]): void => {
    const flow = this.flow.get();
    const allowed = this.isSelectingWithBox ? idsBetweenSelected(flow) : null;
    const known = changes.filter(
      (change) =>
        change.type === "select" && (!change.selected || (allowed?.has(change.id) ?? true)),
    );
    this.flow.set({ ...flow, edges: applyEdgeChanges(known, flow.edges) });
    this.reportSelection();
  };

  selectWithBox(isSelecting: boolean): void {
    this.isSelectingWithBox = isSelecting;
  }

  readonly mayConnect = (wish: Connection | FlowEdge): boolean => {
    const { source, target, sourceHandle = null, targetHandle = null } = wish;
    return this.connectionProblem({ source, target, sourceHandle, targetHandle }) === null;
  };

  /** Why an edge cannot be drawn, or null; the edge whose end is being moved does not count. */
  connectionProblem(wish: Connection): string | null {
    const { drawing } = this.view.get();
    const edges = drawing?.edges ?? this.replica.store.get().shown.edges.values();
    return connectionProblem(edges, this.portTypeOf, wish, drawing?.edge);
  }

  /** Starts to move an end of an edge; React Flow reports the other end to `startDrawing` right after. */
  startReconnecting(edge: string): void {
    this.reconnecting = edge;
  }

  readonly startDrawing = (port: OnConnectStartParams): void => {
    const { nodeId: node, handleId: handle, handleType: side } = port;
    const edge = this.reconnecting;
    if (node === null || side === null) return;
    const { edges } = this.replica.store.get().shown;
    const own = [...edges.values()].filter((each) => each[side] === node);
    this.view.update({ drawing: { node, side, handle, edges: own, edge } });
  };

  readonly endDrawing = (): void => {
    this.reconnecting = undefined;
    this.view.update({ drawing: null });
  };

  private readonly portTypeOf: PortTypeOf = (node, side, handle) => {
    const place = this.culling.boxes.placeOf(node);
    const ports = place === undefined ? undefined : this.culling.boxes.nodes[place]?.data.ports;
    const list = side === "source" ? ports?.outputs : ports?.inputs;
    const port = handle === null ? list?.[0] : list?.find(({ id }) => id === handle);
    return port?.type ?? "any";
  };

  readonly connect = (wish: Connection): void => {
    if (this.mayConnect(wish)) this.edit(() => gestures.connection(wish, this.newId));
  };

  readonly reconnect = (edge: FlowEdge, wish: Connection): void => {
    this.edit((document) => gestures.reconnection(document, edge.id, wish));
  };

  // ---------------------------------------------------------- edges and their buttons

  hoverEdge(id: string): void {
    this.endHover?.();
    this.endHover = null;
    if (this.view.get().hovered !== id && this.view.get().drawing === null)
      this.view.update({ hovered: id });
  }

  leaveEdge(id: string): void {
    if (this.view.get().hovered !== id) return;
    this.endHover?.();
    this.endHover = this.clock.later(LEAVE_AFTER, () => {
      this.endHover = null;
      this.view.update({ hovered: null });
    });
  }

  startInserting(inserting: NonNullable<ViewState["inserting"]>): void {
    if (this.canEdit) this.view.update({ inserting });
  }

  endInserting(): void {
    if (this.view.get().inserting !== null) this.view.update({ inserting: null });
  }

  /** The ports by which an edge could pass a node of a kind; null when none fit. */
  insertionPorts(edgeId: string, { inputs, outputs }: KindInfo): Through | null {
    const edge = this.replica.store.get().shown.edges.get(edgeId);
    if (!edge) return null;
    const given = this.portTypeOf(edge.source, "source", handleOf(edge.sourceHandle));
    const taken = this.portTypeOf(edge.target, "target", handleOf(edge.targetHandle));
    const input = inputs.find(({ type }) => typeProblem(given, type) === null);
    const output = outputs.find(({ type }) => typeProblem(type, taken) === null);
    return input && output ? { input: input.id, output: output.id } : null;
  }

  /** Inserts a node into an edge, with room for it, as one step of the history; selects it. */
  insert(edgeId: string, nodeKind: KindInfo): void {
    this.endInserting();
    const through = this.insertionPorts(edgeId, nodeKind);
    if (through === null) return;
    const { boxes } = this.culling;
    const boxOf = (id: string) => boxes.box(boxes.placeOf(id) ?? 0);
    let made = "";
    const done = this.edit((document) => {
      const { id, batch } = insertion(document, edgeId, nodeKind, through, boxOf, this.newId);
      made = id;
      return batch;
    });
    if (done) this.selectOnly([made]);
  }

  // ------------------------------------------------------------------- commands

  /** Adds a node and selects it; returns its id, or null where nothing may be edited. */
  add(nodeKind: KindInfo, at: XY, from?: Start): string | null {
    const { id, batch } = gestures.addition(nodeKind, at, this.newId, from);
    if (!this.edit(() => batch)) return null;
    this.selectOnly([id]);
    return id;
  }

  /** Adds a node right of the only selected one and connects it, or else at a place of its own. */
  addNext(nodeKind: KindInfo, elsewhere: () => XY): string | null {
    const { nodes } = this.flow.get();
    const selected = nodes.find(({ id }) => id === this.onlySelected());
    const { edges } = this.replica.store.get().shown;
    const next = selected && nextTo(selected, nodeKind, nodes, edges.values());
    return next ? this.add(nodeKind, next.at, next.from) : this.add(nodeKind, elsewhere());
  }

  delete(): void {
    const { nodes, edges } = this.selection();
    this.edit((document) => gestures.deletion(document, nodes, edges));
  }

  duplicate(): void {
    let copies: string[] = [];
    const done = this.edit((document) => {
      const { ids, batch } = gestures.duplication(document, this.selection().nodes, this.newId);
      copies = ids;
      return batch;
    });
    if (done) this.selectOnly(copies);
  }

  /** Mutes the selected nodes, or lets them work again when all of them are muted. */
  toggleMute(): void {
    this.edit((document) => {
      const { nodes } = this.selection();
      return gestures.muting(document, nodes, !this.isSelectionMuted(document));
    });
  }

  isSelectionMuted(document = this.replica.store.get().shown): boolean {
    const nodes = this.selection().nodes.flatMap((id) => document.nodes.get(id) ?? []);
    return nodes.length > 0 && nodes.every(isMuted);
  }

  /** Removes one edge, whatever is selected. */
  deleteEdge(id: string): void {
    this.edit((document) => gestures.deletion(document, [], [id]));
  }

  /** Arranges the selected nodes, or all nodes, along their edges, as one step of the history. */
  arrange(): boolean {
    const drawn = new Map(this.flow.get().nodes.map((node) => [node.id, node]));
    const sizeOf = (id: string) => {
      const node = drawn.get(id);
      return {
        width: node?.measured?.width ?? node?.width ?? node?.initialWidth ?? WIDTH,
        height: node?.measured?.height ?? node?.height ?? node?.initialHeight ?? HEIGHT,
      };
    };
    const only = new Set(this.selection().nodes);
    return this.edit((document) => arrangement(document, sizeOf, only));
  }

  startRename(id: string | undefined = this.onlySelected()): void {
    if (this.canEdit && id !== undefined && this.replica.store.get().shown.nodes.has(id))
      this.view.update({ editing: id });
  }

  /** Ends the editing of a name; null keeps the old name. */
  endRename(id: string, label: string | null): void {
    if (this.view.get().editing !== id) return;
    this.view.update({ editing: null });
    const text = label?.trim();
    if (!text) return;
    this.edit((document) => {
      const node = document.nodes.get(id);
      return node ? gestures.renaming(node, text) : [];
    });
  }

  undo(): void {
    this.commitArrows();
    // Also if the history looks empty: the newest edit may not be known yet.
    if (this.canEdit) this.replica.undo();
  }

  redo(): void {
    this.commitArrows();
    if (this.canEdit) this.replica.redo();
  }

  get canUndo(): boolean {
    const { canvas, pending } = this.replica.store.get();
    return canvas.canUndo || pending.some((request) => request.kind === "push");
  }

  command(name: Command["name"]): void {
    this.commitArrows();
    this.commands.send(name);
  }

  /** Sends a command for the selected nodes. */
  nodeCommand(name: NodeCommand, nodes: readonly string[] = this.selection().nodes): void {
    if (!this.canEdit || nodes.length === 0) return;
    this.commitArrows();
    this.commands.send(name, nodes);
  }

  /** Calls `act` with what the kernel asks of this view (S18). */
  onViewCommand(act: (command: ViewCommand) => void): Unsubscribe {
    this.actors.add(act);
    return () => this.actors.delete(act);
  }

  setPalette(palette: PaletteState): void {
    this.channel.setPalette(palette);
  }

  selectAll(): void {
    const { nodes, edges } = this.flow.get();
    this.select(new Set(nodes.map(({ id }) => id)), new Set(edges.map(({ id }) => id)));
    this.reportSelection();
  }

  /** Clears the selection; returns whether anything was selected. */
  clearSelection(): boolean {
    const { nodes, edges } = this.selection();
    if (nodes.length === 0 && edges.length === 0) return false;
    this.select(new Set(), new Set());
    this.reportSelection();
    return true;
  }

  // -------------------------------------------------------------------- inside

  /** Applies a batch; an error is shown, not thrown. Returns whether anything changed. */
  private edit(make: (document: ReplicaState["shown"]) => Batch): boolean {
    if (!this.canEdit) return false;
    this.commitArrows();
    try {
      return this.replica.push(make(this.replica.store.get().shown));
    } catch (error) {
      this.notices.add({
        message: error instanceof Error ? error.message : String(error),
        hint: "",
      });
      return false;
    }
  }

  private commitArrows(): void {
    this.endArrows?.();
    this.endArrows = null;
    const ids = [...this.arrows];
    this.arrows.clear();
    if (ids.length > 0) this.commitMoves(ids);
  }

  /** Moves nodes to where they are drawn, or to newer positions that are not drawn yet. */
  private commitMoves(
    ids: Iterable<string>,
    newer: ReadonlyMap<string, XY | undefined> = new Map(),
  ): void {
    const moved = new Set(ids);
    for (const id of moved) this.held.delete(id);
    const nodes = this.flow.get().nodes.filter(({ id }) => moved.has(id));
    const places = new Map<string, XY>(
      nodes.map(({ id, position }) => [id, newer.get(id) ?? position]),
    );
    const changed = this.edit((document) =>
      gestures.moves(document, [...places, ...this.culledMoves(document, nodes, places)]),
    );
    // Unchanged, or not allowed: draws the nodes where the document has them.
    if (!changed) this.redraw();
  }

  /** The new positions of selected nodes that React Flow does not have and so did not move with the others. */
  private culledMoves(
    document: ReplicaState["shown"],
    moved: readonly FlowNode[],
    places: ReadonlyMap<string, XY>,
  ): Iterable<readonly [string, XY]> {
    const [lead] = moved;
    const from = lead && document.nodes.get(lead.id)?.position;
    const to = lead && places.get(lead.id);
    if (!lead?.selected || !from || !to || !this.culling.shown.get().part) return [];
    const others = this.flow.get().nodes.filter(({ id, selected }) => selected && !places.has(id));
    const ids = new Set([...others.map(({ id }) => id), ...places.keys()]);
    return others.flatMap(({ id, parentId, position: { x, y } }): [string, XY][] =>
      parentId !== undefined && ids.has(parentId)
        ? []
        : [[id, { x: x + to.x - from.x, y: y + to.y - from.y }]],
    );
  }

  private draw(): void {
    const { shown, kinds } = this.replica.store.get();
    if (shown === this.drawn?.shown && kinds === this.drawn.kinds) return;
    if (kinds !== this.drawn?.kinds)
      this.nodeKinds = new Map(kinds.map((nodeKind) => [nodeKind.type, nodeKind]));
    this.drawn = { shown, kinds };
    const { editing } = this.view.get();
    if (editing !== null && !shown.nodes.has(editing)) this.view.update({ editing: null });
    for (const id of this.held) {
      if (shown.nodes.has(id)) continue;
      this.held.delete(id);
      this.arrows.delete(id);
    }
    this.redraw();
    this.reportSelection();
  }

  /** Milliseconds since a running node was seen to start. */
  elapsed(id: string): number {
    const start = this.starts.get(id);
    return start === undefined ? 0 : this.clock.now() - start;
  }

  private timeRuns(): void {
    const { nodes } = this.replica.store.get().canvas.run;
    if (nodes === this.timed) return;
    this.timed = nodes;
    for (const id of this.starts.keys())
      if (!Object.hasOwn(nodes, id) || nodes[id]?.status !== "running") this.starts.delete(id);
    for (const [id, { status }] of Object.entries(nodes))
      if (status === "running" && !this.starts.has(id)) this.starts.set(id, this.clock.now());
  }

  /** Keeps unconfirmed edits when the kernel ends; offers those of an earlier view once there is a document. */
  private handOverUnsentEdits(): void {
    const { epoch, link, pending, shown } = this.replica.store.get();
    if (link === "gone" && this.mayHandOver) {
      this.mayHandOver = false;
      this.unsentEdits?.keep(pending.flatMap((one) => (one.kind === "push" ? [one.batch] : [])));
    } else if (epoch !== null && this.mayTakeOver) {
      this.mayTakeOver = false;
      const batches = this.unsentEdits?.take(shown) ?? [];
      if (batches.length > 0) this.replica.offer(batches);
    }
  }

  private redraw(): void {
    const drawn = this.flow.get();
    const next = flowOf(this.replica.store.get().shown, this.nodeKinds, drawn, this.held);
    this.flow.set(next);
    // Also when the flow is the same: other nodes may be dragged now.
    this.culling.show(next);
  }

  private selection(): { nodes: string[]; edges: string[] } {
    const { nodes, edges } = this.flow.get();
    const chosen = (list: readonly (FlowNode | FlowEdge)[]) =>
      list.filter(({ selected }) => selected).map(({ id }) => id);
    return { nodes: chosen(nodes), edges: chosen(edges) };
  }

  private onlySelected(): string | undefined {
    const { nodes } = this.selection();
    return nodes.length === 1 ? nodes[0] : undefined;
  }

  private select(nodes: ReadonlySet<string>, edges: ReadonlySet<string>): void {
    const mark = <T extends FlowNode | FlowEdge>(list: T[], chosen: ReadonlySet<string>): T[] =>
      list.map((item) =>
        Boolean(item.selected) === chosen.has(item.id)
          ? item
          : { ...item, selected: chosen.has(item.id) },
      );
    const flow = this.flow.get();
    this.flow.set({
      ...flow,
      nodes: mark(flow.nodes, nodes),
      edges: mark(flow.edges, edges),
    });
  }

  /** Handles a click on one node of a selection of which React Flow has only a part. */
  selectOne(id: string): void {
    if (this.culling.shown.get().part) this.selectOnly([id]);
  }

  private selectOnly(nodes: readonly string[]): void {
    this.select(new Set(nodes), new Set());
    this.reportSelection();
  }

  /** Selects what Python selected, without reporting it back. */
  private show(nodes: readonly string[], edges: readonly string[]): void {
    this.select(new Set(nodes), new Set(edges));
    this.reported = this.selection();
  }

  private reportSelection(): void {
    if (this.endReport !== null || same(this.selection(), this.reported)) return;
    this.endReport = this.clock.later(SELECT_EVERY, () => {
      this.endReport = null;
      const now = this.selection();
      if (same(now, this.reported)) return;
      this.reported = now;
      this.replica.report({ kind: "select", nodes: now.nodes, edges: now.edges });
    });
  }
}

/** React Flow selects with a box all edges of its nodes; Delete would then remove edges that leave the box. */
function idsBetweenSelected({ nodes, edges }: Flow): ReadonlySet<string> {
  const selected = new Set(nodes.filter((node) => node.selected).map(({ id }) => id));
  return new Set(
    edges.flatMap(({ id, source, target }) =>
      selected.has(source) && selected.has(target) ? [id] : [],
    ),
  );
}

function withoutPosition(change: NodeChange<FlowNode>): NodeChange<FlowNode> {
  if (change.type !== "position") return change;
  const { id, type, dragging = false } = change;
  return { id, type, dragging };
}
