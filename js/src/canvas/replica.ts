/**
 * The view's end of the canvas protocol (rules S1 to S6, S11): a replica that follows the kernel.
 *
 * A state machine without a wire: what the kernel said goes into `receive`, what the kernel is to hear
 * comes out of `send`. The shown document is the confirmed one with every unanswered request applied;
 * it is never merged across epochs. Time is handed in. Not one message is trusted to arrive.
 */

import type { Clock } from "../clock.ts";
import { share } from "../json.ts";
import { Store } from "../store.ts";
import type { Preview } from "./channel.ts";
import { digest } from "./digest.ts";
import { apply, type Batch, type Document, documentOf } from "./document.ts";
import type { Line } from "./host_kernel.ts";
import { kindsIn, newestLooks } from "./kind_cache.ts";
import { LinkWatch } from "./link.ts";
import { OptimisticDocument, type Request, shareElements } from "./optimistic.ts";
import type {
  Applied,
  CanvasState,
  Command,
  Expected,
  Have,
  Heartbeat,
  Leave,
  Select,
  Snapshot,
} from "./protocol.gen.ts";
import {
  type Effects,
  type KernelMessage,
  messageOf,
  NOTHING_YET,
  ownProblem,
  type ReplicaState,
  type ViewMessage,
} from "./replica_state.ts";
import { Retry } from "./retry.ts";

export class Replica {
  readonly store: Store<ReplicaState>;
  private readonly optimistic = new OptimisticDocument();
  private next = 1;
  private seq = -1;
  /** Which document is confirmed; null when it is none of the kernel's, or not as the kernel has it. */
  private have: Have | null = null;
  private retired = new Set<string>();
  private forgotten = false;
  /** Whether a request was sent again since the last answer. */
  private resent = false;
  private commands = new Set<number>();
  /** Numbers what is no request: commands, and what is told. */
  private last = 0;
  private readonly helloRetry: Retry;
  private readonly requestRetry: Retry;
  private readonly watch: LinkWatch;
  private stopped = false;

  constructor(
    readonly client: string,
    clock: Clock,
    private readonly effects: Effects,
  ) {
    this.store = new Store<ReplicaState>(NOTHING_YET);
    this.helloRetry = new Retry(clock, () => this.putHello());
    this.requestRetry = new Retry(clock, () => {
      this.resent = true;
      return this.resend(this.optimistic.pending.slice(0, 1));
    });
    this.watch = new LinkWatch(clock, {
      link: () => this.state.link,
      setLink: (link) => this.store.update({ link }),
      waiting: () =>
        this.optimistic.pending.length > 0 || this.commands.size > 0 || this.helloRetry.waiting,
    });
  }

  /** Shows what the notebook was saved with, until the kernel says what is; throws `DocumentError`. */
  preview(saved: Preview): void {
    if (this.state.epoch !== null) return;
    const { epoch, rev, digest } = saved;
    this.optimistic.rebase(documentOf(saved.nodes, saved.edges));
    this.have = { epoch, rev, digest };
    const kinds = saved.kinds ?? [];
    this.store.update({ shown: this.optimistic.shown, kinds, canvas: saved.state });
  }

  // ------------------------------------------------------------ from the view

  /** Asks for the document. */
  start(): void {
    this.hello();
  }

  /** Ends every timer; nothing is sent or received any more. */
  stop(): void {
    this.stopped = true;
    this.endRetries();
  }

  /**
   * Applies a batch here and now and asks the kernel to; throws `DocumentError` when it cannot be done.
   * Returns false when there is nothing to do, or no document to do it to.
   */
  push(batch: Batch): boolean {
    if (this.state.epoch === null || this.stopped) return false;
    const after = apply(this.optimistic.shown, batch);
    if (after === this.optimistic.shown) return false;
    this.request({ kind: "push", n: this.next, batch }, after);
    return true;
  }

  undo(): void {
    if (this.state.epoch !== null)
      this.request({ kind: "undo", n: this.next }, this.optimistic.shown);
  }

  redo(): void {
    if (this.state.epoch !== null)
      this.request({ kind: "redo", n: this.next }, this.optimistic.shown);
  }

  command(name: Command["name"]): void {
    this.commands.add(++this.last);
    this.put({ kind: "command", client: this.client, id: this.last, name });
    this.watch.look();
  }

  /** Makes the orphaned edits again on the document that is open now; what does not fit is left out. */
  reapplyOrphans(): void {
    const batches = this.state.orphans;
    this.discardOrphans();
    for (const batch of batches) {
      try {
        this.push(batch);
      } catch (error) {
        this.effects.notify(ownProblem("orphan", "An edit does not fit this document", error));
      }
    }
  }

  discardOrphans(): void {
    this.store.update({ orphans: [] });
  }

  /** The notebook says how the line to the kernel is. */
  line(line: Line): void {
    if (this.stopped) return;
    if (line === "dead") this.endRetries();
    if (this.watch.told(line)) this.reconnected();
  }

  /** Tells what is selected here, or that this view goes; nobody answers that. */
  tell(news: Omit<Select, "client" | "at"> | Omit<Leave, "client" | "at">): void {
    if (this.state.epoch !== null) this.put({ ...news, client: this.client, at: ++this.last });
  }

  /** The wire is back: asks where the kernel stands and sends every unanswered request again. */
  reconnected(): void {
    this.sendHello();
    this.resend(this.optimistic.pending);
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
        return this.onHeartbeat(message);
      case "state":
        return this.onState(message.seq, message.state);
      case "selected":
        return this.effects.select(message.nodes, message.edges);
      case "peer":
        if (message.client !== this.client)
          this.effects.peer(message.client, message.nodes, message.edges);
        return;
      case "answer":
        this.commands.delete(message.id);
        this.watch.look();
        if (message.problem) this.effects.notify(message.problem);
        return;
      default: // A newer kernel may say more than this view knows.
    }
  }

  private onSnapshot(message: Snapshot): void {
    const { epoch, rev } = this.state;
    const mine = message.epoch === epoch;
    if (mine && message.rev < rev) return;
    // A late copy of an older document; only what was asked for may bring that one back.
    if (this.retired.has(message.epoch) && !(this.helloRetry.waiting && message.to !== null))
      return;
    const confirmed = this.documentIn(message);
    if (confirmed === null) return;
    const kinds = kindsIn(message);
    this.helloRetry.stop();
    let { orphans } = this.state;
    if (!mine) {
      if (epoch !== null) this.retired.add(epoch);
      this.retired.delete(message.epoch);
      orphans = [...orphans, ...this.optimistic.takeAll()];
      this.next = message.handled + 1;
      this.requestRetry.stop();
    } else if (message.to !== null) {
      for (const { n, problem } of message.refusals)
        if (this.optimistic.pending.some((request) => request.n === n))
          this.effects.notify(problem);
      this.dropUpTo(message.handled);
      if (this.forgotten && this.optimistic.renumber(message.handled + 1)) {
        this.next = message.handled + 1 + this.optimistic.pending.length;
        this.resend(this.optimistic.pending);
      }
    }
    this.forgotten = false;
    const newer = !mine || message.seq >= this.seq;
    if (newer) this.seq = message.seq;
    this.have = { epoch: message.epoch, rev: message.rev, digest: message.digest };
    this.optimistic.rebase(confirmed);
    this.publish({
      epoch: message.epoch,
      rev: message.rev,
      kinds: share(this.state.kinds, kinds),
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
    if (this.optimistic.confirmFirst(mine, message.batch)) {
      this.progressed();
    } else {
      let confirmed: Document;
      try {
        confirmed = apply(this.optimistic.confirmed, message.batch);
      } catch {
        return this.hello();
      }
      this.dropUpTo(mine);
      this.optimistic.rebase(confirmed);
    }
    const { epoch, rev, batch } = message;
    const number = digest(this.have?.digest ?? 0, batch, this.optimistic.confirmed);
    this.have = this.have && { epoch, rev, digest: number };
    this.publish({ rev });
  }

  /** The document a snapshot holds, or the one that is here if it says so; null when there is neither. */
  private documentIn(message: Snapshot): Document | null {
    const { nodes, edges, epoch, rev } = message;
    if (nodes === null || edges === null) {
      if (this.have?.epoch === epoch && this.have.rev === rev) return this.optimistic.confirmed;
      // It answers an older question.
      this.have = null;
      this.putHello();
      return null;
    }
    try {
      return shareElements(this.optimistic.confirmed, documentOf(nodes, edges));
    } catch (error) {
      this.effects.notify(ownProblem("snapshot", "The document cannot be shown", error));
      return null;
    }
  }

  private onHeartbeat({ epoch, rev, seq, digest }: Heartbeat): void {
    if (!this.isMyEpoch(epoch)) return;
    const differs = rev === this.have?.rev && digest !== this.have.digest;
    if (differs) this.have = null;
    if (differs || rev > this.state.rev || seq > this.seq) this.hello();
  }

  private onExpected(message: Expected): void {
    const first = this.optimistic.pending[0];
    if (first && message.n < first.n) {
      // The kernel knows nothing of requests it answered: perhaps an old message, perhaps it forgot us.
      this.forgotten = true;
      return this.hello();
    }
    this.resend(this.optimistic.pending);
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

  private isMyEpoch(epoch: string): boolean {
    if (epoch === this.state.epoch) return true;
    if (!this.retired.has(epoch)) this.hello();
    return false;
  }

  private request(request: Request, after: Document): void {
    this.next += 1;
    this.optimistic.add(request, after);
    if (this.resend([request])) this.requestRetry.start();
    this.publish({}); // after it is sent: drawing a large document takes a while
    this.watch.look();
  }

  /** Drops requests up to `n`; returns whether there were any. */
  private answered(n: number): boolean {
    if (!this.dropUpTo(n)) return false;
    this.optimistic.rebase();
    this.publish({});
    return true;
  }

  private dropUpTo(n: number): boolean {
    if (!this.optimistic.dropUpTo(n)) return false;
    this.progressed();
    return true;
  }

  private progressed(): void {
    this.requestRetry.stop();
    const { pending } = this.optimistic;
    // One had to be sent again, so the others may be lost as well.
    if (this.resent) this.resend(pending);
    this.resent = false;
    if (pending.length > 0) this.requestRetry.start();
    this.watch.again();
  }

  private publish(change: Partial<ReplicaState>): void {
    const opened = this.state.link === "opening" && (change.epoch ?? this.state.epoch) !== null;
    const link = opened ? "live" : this.state.link;
    const { shown, pending } = this.optimistic;
    this.store.update({ ...change, shown, pending, link });
  }

  private resend(requests: readonly Request[]): boolean {
    const { epoch, rev } = this.state;
    if (epoch === null) return false;
    return requests.every((request) => this.put(messageOf(request, this.client, epoch, rev)));
  }

  private hello(): void {
    if (!this.helloRetry.waiting) this.sendHello();
  }

  private sendHello(): void {
    if (this.putHello()) this.helloRetry.start();
    this.watch.look();
  }

  private putHello(): boolean {
    return this.put({ kind: "hello", client: this.client, have: this.have, looks: newestLooks() });
  }

  private put(message: ViewMessage): boolean {
    if (this.stopped || this.state.link === "gone") return false;
    if (this.effects.send(message)) return true;
    this.endRetries();
    this.store.update({ link: "gone" });
    return false;
  }

  private endRetries(): void {
    for (const part of [this.helloRetry, this.requestRetry, this.watch]) part.stop();
  }

  /** Something came from the kernel: what is asked of it again may be asked sooner. */
  private heard(): void {
    this.watch.heard();
    this.helloRetry.hasten();
    this.requestRetry.hasten();
  }
}
