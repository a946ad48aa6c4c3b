/**
 * The view's end of the canvas protocol (rules S1 to S6, S11): a replica that follows the kernel.
 *
 * A state machine without a wire: what the kernel said goes into `receive`, what the kernel is to hear
 * comes out of `send`. The shown document is the confirmed one with every unanswered request applied;
 * it is never merged across epochs. Time is handed in. Not one message is trusted to arrive.
 */
import type { Clock } from "./clock.ts";
import { apply, type Batch, type Document, documentOf, EMPTY } from "./document.ts";
import { same, share } from "./json.ts";
import type {
  Applied,
  CanvasState,
  Command,
  Expected,
  KernelMail,
  KindLook,
  Problem,
  Protocol,
  Snapshot,
} from "./protocol.gen.ts";
import { Retry } from "./retry.ts";
import { Store, type Unsubscribe } from "./store.ts";

export type KernelMessage = KernelMail["messages"][number];
export type ViewMessage = Protocol["view"];

/** An edit or a press of undo that the kernel has not answered yet. */
export type Request =
  | { readonly kind: "push"; readonly n: number; readonly batch: Batch }
  | { readonly kind: "undo" | "redo"; readonly n: number };

/**
 * `opening`: no document yet; `slow`: an answer takes its time; `lost`: it takes so long that the wire may
 * be cut; `gone`: the kernel ended, for good.
 */
export type Link = "opening" | "live" | "slow" | "lost" | "gone";

export interface ReplicaState {
  readonly epoch: string | null;
  readonly rev: number;
  /** The document with unanswered requests applied: what to draw. */
  readonly shown: Document;
  readonly kinds: readonly KindLook[];
  readonly canvas: CanvasState;
  readonly pending: readonly Request[];
  /** Requests made to a document the kernel has since replaced; the user decides (S5). */
  readonly orphans: readonly Batch[];
  readonly link: Link;
}

export interface Effects {
  /** Puts one message on the wire; false when there is no wire any more. */
  send(message: ViewMessage): boolean;
  /** Tells the user why something was refused. */
  notify(problem: Problem): void;
  /** Selects what Python selected. */
  select(nodes: readonly string[], edges: readonly string[]): void;
}

/** How long an answer may take before the view says that the kernel is busy (S11). */
export const SLOW_AFTER = 1_500;
/** And until it says that edits live only in this browser. */
export const LOST_AFTER = 20_000;

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

export class Replica {
  readonly store: Store<ReplicaState>;
  /** `stages[i]` is the document after the first `i` pending requests; `stages[0]` is confirmed. */
  private stages: Document[] = [EMPTY];
  private pending: Request[] = [];
  private next = 1;
  private seq = -1;
  private retired = new Set<string>();
  private forgotten = false;
  private commands = new Set<number>();
  private lastCommand = 0;
  private readonly helloRetry: Retry;
  private readonly requestRetry: Retry;
  private stopSlow: Unsubscribe | null = null;
  private stopped = false;

  constructor(
    readonly client: string,
    private readonly clock: Clock,
    private readonly effects: Effects,
  ) {
    this.store = new Store<ReplicaState>({
      epoch: null,
      rev: 0,
      shown: EMPTY,
      kinds: [],
      canvas: BLANK,
      pending: [],
      orphans: [],
      link: "opening",
    });
    this.helloRetry = new Retry(clock, () => this.put({ kind: "hello", client }));
    this.requestRetry = new Retry(clock, () => this.resend(this.pending.slice(0, 1)));
  }

  /** Shows what the notebook was saved with, until the kernel says what is; throws `DocumentError`. */
  preview(saved: Pick<Snapshot, "nodes" | "edges" | "kinds" | "state">): void {
    if (this.state.epoch !== null) return;
    this.stages = [documentOf(saved.nodes, saved.edges)];
    this.store.update({ shown: this.shown, kinds: saved.kinds, canvas: saved.state });
  }

  // ------------------------------------------------------------ from the view

  /** Asks for the document. */
  start(): void {
    this.hello();
  }

  /** Ends every timer; nothing is sent or received any more. */
  stop(): void {
    this.stopped = true;
    this.helloRetry.stop();
    this.requestRetry.stop();
    this.stopWatch();
  }

  /**
   * Applies a batch here and now and asks the kernel to; throws `DocumentError` when it cannot be done.
   * Returns false when there is nothing to do, or no document to do it to.
   */
  push(batch: Batch): boolean {
    if (this.state.epoch === null || this.stopped) return false;
    const after = apply(this.shown, batch);
    if (after === this.shown) return false;
    this.request({ kind: "push", n: this.next, batch }, after);
    return true;
  }

  undo(): void {
    if (this.state.epoch !== null) this.request({ kind: "undo", n: this.next }, this.shown);
  }

  redo(): void {
    if (this.state.epoch !== null) this.request({ kind: "redo", n: this.next }, this.shown);
  }

  command(name: Command["name"]): void {
    const id = ++this.lastCommand;
    this.commands.add(id);
    this.put({ kind: "command", client: this.client, id, name });
    this.watchSlow();
  }

  select(nodes: string[], edges: string[]): void {
    if (this.state.epoch !== null) this.put({ kind: "select", client: this.client, nodes, edges });
  }

  /** Makes the orphaned edits again on the document that is open now; what does not fit is left out. */
  reapplyOrphans(): void {
    const batches = this.state.orphans;
    this.discardOrphans();
    for (const batch of batches) {
      try {
        this.push(batch);
      } catch (error) {
        const message = `An edit does not fit this document: ${errorText(error)}`;
        this.effects.notify({ code: "orphan", message, hint: "", nodeId: null, edgeId: null });
      }
    }
  }

  discardOrphans(): void {
    this.store.update({ orphans: [] });
  }

  /** The wire is back: asks where the kernel stands and sends every unanswered request again. */
  reconnected(): void {
    this.sendHello();
    this.resend(this.pending);
  }

  // ---------------------------------------------------------- from the kernel

  receive(message: KernelMessage): void {
    if (this.stopped) return;
    if ("to" in message && message.to !== null && message.to !== this.client) return;
    this.heard();
    switch (message.kind) {
      case "snapshot":
        return this.onSnapshot(message);
      case "applied":
        return this.onApplied(message);
      case "handled":
        if (!this.isMyEpoch(message.epoch)) return;
        this.answered(message.n);
        if (message.rev > this.state.rev) this.hello();
        return;
      case "refused":
        if (!this.isMyEpoch(message.epoch)) return;
        if (this.answered(message.n)) this.effects.notify(message.problem);
        return;
      case "expected":
        if (this.isMyEpoch(message.epoch)) this.onExpected(message);
        return;
      case "heartbeat":
        if (!this.isMyEpoch(message.epoch)) return;
        if (message.rev > this.state.rev || message.seq > this.seq) this.hello();
        return;
      case "state":
        return this.onState(message.seq, message.state);
      case "selected":
        return this.effects.select(message.nodes, message.edges);
      case "answer":
        this.commands.delete(message.id);
        this.watchSlow();
        if (message.problem) this.effects.notify(message.problem);
        return;
      default:
        // A newer kernel may say more than this view knows.
        return;
    }
  }

  private onSnapshot(message: Snapshot): void {
    const { epoch, rev } = this.state;
    const mine = message.epoch === epoch;
    if (mine && message.rev < rev) return;
    // A late copy of an older document; only what was asked for may bring that one back.
    if (this.retired.has(message.epoch) && !(this.helloRetry.waiting && message.to !== null))
      return;
    let confirmed: Document;
    try {
      confirmed = documentOf(message.nodes, message.edges);
    } catch (error) {
      const text = `The document cannot be shown: ${errorText(error)}`;
      this.effects.notify({
        code: "snapshot",
        message: text,
        hint: "",
        nodeId: null,
        edgeId: null,
      });
      return;
    }
    this.helloRetry.stop();
    let { orphans } = this.state;
    if (!mine) {
      if (epoch !== null) this.retired.add(epoch);
      this.retired.delete(message.epoch);
      const batches = this.pending.flatMap((request) =>
        request.kind === "push" ? [request.batch] : [],
      );
      orphans = [...orphans, ...batches];
      this.pending = [];
      this.next = message.handled + 1;
      this.requestRetry.stop();
    } else if (message.to !== null) {
      for (const { n, problem } of message.refusals)
        if (this.pending.some((request) => request.n === n)) this.effects.notify(problem);
      this.dropUpTo(message.handled);
      if (this.forgotten) this.renumber(message.handled + 1);
    }
    this.forgotten = false;
    const newer = !mine || message.seq >= this.seq;
    if (newer) this.seq = message.seq;
    this.restage(shareDocument(this.stages[0] ?? EMPTY, confirmed));
    this.publish({
      epoch: message.epoch,
      rev: message.rev,
      kinds: share(this.state.kinds, message.kinds),
      canvas: newer ? share(this.state.canvas, message.state) : this.state.canvas,
      orphans,
    });
  }

  private onApplied(message: Applied): void {
    if (!this.isMyEpoch(message.epoch)) return;
    const mine = message.client === this.client && message.n !== null ? message.n : 0;
    if (message.rev <= this.state.rev) {
      this.answered(mine);
      return;
    }
    if (message.rev !== this.state.rev + 1) return this.hello();
    const first = this.pending[0];
    const asSent = first?.n === mine && first.kind === "push" && same(first.batch, message.batch);
    if (asSent && this.stages[1] && this.stages[1] !== this.stages[0]) {
      // The usual case: what is shown was right all along.
      this.stages.shift();
      this.pending = this.pending.slice(1);
      this.progressed();
    } else {
      let confirmed: Document;
      try {
        confirmed = apply(this.stages[0] ?? EMPTY, message.batch);
      } catch {
        return this.hello();
      }
      this.dropUpTo(mine);
      this.restage(confirmed);
    }
    this.publish({ rev: message.rev });
  }

  private onExpected(message: Expected): void {
    const first = this.pending[0];
    if (first && message.n < first.n) {
      // The kernel knows nothing of requests it answered: perhaps an old message, perhaps it forgot us.
      this.forgotten = true;
      return this.hello();
    }
    this.resend(this.pending);
  }

  private onState(seq: number, state: CanvasState): void {
    if (seq <= this.seq) return;
    this.seq = seq;
    this.store.update({ canvas: share(this.state.canvas, state) });
  }

  // -------------------------------------------------------------------- inside

  private get state(): ReplicaState {
    return this.store.get();
  }

  private get shown(): Document {
    return this.stages[this.stages.length - 1] ?? EMPTY;
  }

  private isMyEpoch(epoch: string): boolean {
    if (epoch === this.state.epoch) return true;
    if (!this.retired.has(epoch)) this.hello();
    return false;
  }

  private request(request: Request, after: Document): void {
    this.next += 1;
    this.pending = [...this.pending, request];
    this.stages.push(after);
    this.publish({});
    if (this.resend([request])) this.requestRetry.start();
    this.watchSlow();
  }

  /** Drops requests up to `n`; returns whether there were any. */
  private answered(n: number): boolean {
    if (!this.dropUpTo(n)) return false;
    this.restage(this.stages[0] ?? EMPTY);
    this.publish({});
    return true;
  }

  private dropUpTo(n: number): boolean {
    const rest = this.pending.filter((request) => request.n > n);
    if (rest.length === this.pending.length) return false;
    this.pending = rest;
    this.progressed();
    return true;
  }

  private progressed(): void {
    this.requestRetry.stop();
    if (this.pending.length > 0) this.requestRetry.start();
    this.stopWatch();
    this.watchSlow();
  }

  private renumber(from: number): void {
    const first = this.pending[0];
    if (!first || first.n <= from) return;
    this.pending = this.pending.map((request, index) => ({ ...request, n: from + index }));
    this.next = from + this.pending.length;
    this.resend(this.pending);
  }

  /** Applies the pending requests again, on top of another confirmed document. */
  private restage(confirmed: Document): void {
    let document = confirmed;
    this.stages = [confirmed];
    for (const request of this.pending) {
      if (request.kind === "push") {
        try {
          document = apply(document, request.batch);
        } catch {
          // It no longer fits; the kernel will find so too and say why.
        }
      }
      this.stages.push(document);
    }
  }

  private publish(change: Partial<ReplicaState>): void {
    const opened = this.state.link === "opening" && (change.epoch ?? this.state.epoch) !== null;
    const link = opened ? "live" : this.state.link;
    this.store.update({ ...change, shown: this.shown, pending: this.pending, link });
  }

  private resend(requests: readonly Request[]): boolean {
    const { epoch, rev } = this.state;
    if (epoch === null) return false;
    return requests.every((request) => {
      const head = { client: this.client, epoch, n: request.n };
      return request.kind === "push"
        ? this.put({ kind: "push", ...head, baseRev: rev, batch: request.batch })
        : this.put({ kind: request.kind, ...head });
    });
  }

  private hello(): void {
    if (!this.helloRetry.waiting) this.sendHello();
  }

  private sendHello(): void {
    if (this.put({ kind: "hello", client: this.client })) this.helloRetry.start();
    this.watchSlow();
  }

  private put(message: ViewMessage): boolean {
    if (this.stopped || this.state.link === "gone") return false;
    if (this.effects.send(message)) return true;
    this.helloRetry.stop();
    this.requestRetry.stop();
    this.stopWatch();
    this.store.update({ link: "gone" });
    return false;
  }

  /** Something came from the kernel: it is there. */
  private heard(): void {
    if (this.state.link === "slow" || this.state.link === "lost")
      this.store.update({ link: "live" });
    this.stopWatch();
    this.watchSlow();
    this.helloRetry.hasten();
    this.requestRetry.hasten();
  }

  private watchSlow(): void {
    const open = this.pending.length > 0 || this.commands.size > 0 || this.helloRetry.waiting;
    if (!open) return this.stopWatch();
    if (this.stopSlow !== null || this.stopped || this.state.link === "gone") return;
    const { link } = this.state;
    const [wait, then]: [number, Link] =
      link === "slow" ? [LOST_AFTER - SLOW_AFTER, "lost"] : [SLOW_AFTER, "slow"];
    if (link !== "live" && link !== "slow") return;
    this.stopSlow = this.clock.later(wait, () => {
      this.stopSlow = null;
      this.store.update({ link: then });
      this.watchSlow();
    });
  }

  private stopWatch(): void {
    this.stopSlow?.();
    this.stopSlow = null;
  }
}

/** Returns `next` with the elements of `previous` that equal theirs, so that they are not drawn anew. */
function shareDocument(previous: Document, next: Document): Document {
  return {
    nodes: shareMap(previous.nodes, next.nodes),
    edges: shareMap(previous.edges, next.edges),
  };
}

function shareMap<T>(previous: ReadonlyMap<string, T>, next: ReadonlyMap<string, T>) {
  const made = new Map<string, T>();
  for (const [id, item] of next) {
    const old = previous.get(id);
    made.set(id, old !== undefined && same(old, item) ? old : item);
  }
  return made;
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
