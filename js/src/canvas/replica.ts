/**
 * The view's end of the canvas protocol (rules S1 to S6, S11): a replica of the kernel's document.
 *
 * A state machine without a connection: `receive` takes the kernel's messages, the effect `send` gets those for the
 * kernel. The shown document is the confirmed one with every unanswered request applied; edits are never merged
 * across epochs. Any message may be lost. The clock is a parameter.
 */

import type { Clock } from "../clock.ts";
import { share } from "../json.ts";
import { Store } from "../store.ts";
import type { Picture } from "./channel.ts";
import { digest } from "./digest.ts";
import { apply, type Batch, type Document, documentOf } from "./document.ts";
import type { Line } from "./host_kernel.ts";
import { kindsOf, knownKindsHash } from "./kind_cache.ts";
import { LinkWatch } from "./link.ts";
import { OptimisticDocument, type Request, shareElements } from "./optimistic.ts";
import type {
  Applied,
  CanvasState,
  Command,
  DocumentVersion,
  Expected,
  Heartbeat,
  Leave,
  NodeFactsChanged,
  Select,
  Snapshot,
} from "./protocol.gen.ts";
import {
  type Effects,
  type Facts,
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
  /** Number of the last change of the facts; -1 before the first snapshot. */
  private factsSeq = -1;
  /** The version of the confirmed document; null when the kernel does not have that document. */
  private version: DocumentVersion | null = null;
  private retired = new Set<string>();
  private forgotten = false;
  /** Whether a request was sent again since the last answer. */
  private resent = false;
  private commands = new Set<number>();
  /** Numbers messages that are not requests: commands and reports. */
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

  /** Shows a picture until the kernel sends the document; throws `DocumentError`. */
  showPicture({ nodes, edges, kinds, state }: Picture): void {
    if (this.state.epoch !== null) return;
    this.optimistic.rebase(documentOf(nodes, edges));
    this.store.update({ shown: this.optimistic.shown, kinds: kinds ?? [], canvas: state });
  }

  // ------------------------------------------------------------ from the view

  /** Asks for the document. */
  start(): void {
    this.hello();
  }

  /** Ends every timer and stops sending and receiving. */
  stop(): void {
    this.stopped = true;
    this.endRetries();
  }

  /**
   * Applies a batch immediately and sends it to the kernel; throws `DocumentError` when it cannot be applied.
   * Returns false when it changes nothing, or when there is no document or no kernel.
   */
  push(batch: Batch): boolean {
    if (!this.canRequest) return false;
    const after = apply(this.optimistic.shown, batch);
    if (after === this.optimistic.shown) return false;
    this.request({ kind: "push", n: this.next, batch }, after);
    return true;
  }

  undo(): void {
    if (this.canRequest) this.request({ kind: "undo", n: this.next }, this.optimistic.shown);
  }

  redo(): void {
    if (this.canRequest) this.request({ kind: "redo", n: this.next }, this.optimistic.shown);
  }

  command(name: Command["name"], nodes: readonly string[] = []): void {
    this.commands.add(++this.last);
    this.put({ kind: "command", client: this.client, id: this.last, name, nodes: [...nodes] });
    this.watch.look();
  }

  /** Applies the orphaned edits to the open document; those that cannot be applied are reported. */
  reapplyOrphans(): void {
    const batches = this.state.orphans;
    this.discardOrphans();
    for (const batch of batches) {
      try {
        this.push(batch);
      } catch (error) {
        this.effects.notify(
          ownProblem("orphan", "An edit cannot be applied to this document", error),
        );
      }
    }
  }

  /** Lets the user decide about edits that were made to this document but are not part of it. */
  offer(batches: readonly Batch[]): void {
    this.store.update({ orphans: [...this.state.orphans, ...batches] });
  }

  discardOrphans(): void {
    this.store.update({ orphans: [] });
  }

  /** Handles the state of the connection that the notebook reports. */
  line(line: Line): void {
    if (this.stopped) return;
    if (line === "dead") this.endRetries();
    if (this.watch.reported(line)) this.reconnected();
  }

  /** Reports the selection, or that this view closes; the kernel does not answer. */
  report(news: Omit<Select, "client" | "number"> | Omit<Leave, "client" | "number">): void {
    this.put({ ...news, client: this.client, number: ++this.last });
  }

  /** The connection is back: asks for the document and sends every unanswered request again. */
  reconnected(): void {
    this.sendHello();
    this.resend(this.optimistic.pending);
  }

  // ---------------------------------------------------------- from the kernel

  receive(message: KernelMessage): void {
    if (this.stopped) return;
    if ("to" in message && message.to !== null && message.to !== this.client) return;
    this.onContact();
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
      case "state_changed":
        return this.onState(message.seq, message.state);
      case "node_facts":
        return this.onFacts(message);
      case "view_command":
        return this.effects.command(message);
      case "show_selection":
        return this.effects.select(message.nodes, message.edges);
      case "peer_selection":
        if (message.client !== this.client)
          this.effects.peer(message.client, message.nodes, message.edges);
        return;
      case "command_result":
        this.commands.delete(message.id);
        this.watch.look();
        if (message.problem) this.effects.notify(message.problem);
        return;
      default: // A newer kernel may send messages that this view does not know.
    }
  }

  private onSnapshot(message: Snapshot): void {
    const { epoch, rev } = this.state;
    const mine = message.epoch === epoch;
    if (mine && message.rev < rev) return;
    // A late copy of an older document; only an answer to `hello` may open that one again.
    if (this.retired.has(message.epoch) && !(this.helloRetry.waiting && message.to !== null))
      return;
    const confirmed = this.documentIn(message);
    if (confirmed === null) return;
    const kinds = kindsOf(message);
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
    this.version = { epoch: message.epoch, rev: message.rev, digest: message.digest };
    this.optimistic.rebase(confirmed);
    this.publish({
      epoch: message.epoch,
      rev: message.rev,
      kinds: share(this.state.kinds, kinds),
      canvas: newer ? share(this.state.canvas, message.state) : this.state.canvas,
      facts: this.factsIn(message),
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
    const number = digest(this.version?.digest ?? 0, batch, this.optimistic.confirmed);
    this.version = this.version && { epoch, rev, digest: number };
    this.publish({ rev });
  }

  /** The document of a snapshot, or the one that the view has already; null when there is neither. */
  private documentIn(message: Snapshot): Document | null {
    const { nodes, edges, epoch, rev } = message;
    if (nodes === null || edges === null) {
      if (this.version?.epoch === epoch && this.version.rev === rev)
        return this.optimistic.confirmed;
      // It answers an older `hello`.
      this.version = null;
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

  private onFacts({ seq, facts }: NodeFactsChanged): void {
    if (seq <= this.factsSeq) return;
    if (seq !== this.factsSeq + 1) return this.hello();
    this.factsSeq = seq;
    const next = new Map(this.state.facts);
    for (const [id, fact] of Object.entries(facts)) {
      if (fact === null) next.delete(id);
      else next.set(id, fact);
    }
    this.store.update({ facts: next });
  }

  /** The facts of a snapshot; unchanged ones stay the same objects. */
  private factsIn({ facts, factsSeq }: Snapshot): Facts {
    if (factsSeq < this.factsSeq) return this.state.facts;
    this.factsSeq = factsSeq;
    const old = this.state.facts;
    const next = new Map(
      Object.entries(facts).map(([id, fact]) => {
        const known = old.get(id);
        return [id, known === undefined ? fact : share(known, fact)];
      }),
    );
    return old.size === 0 && next.size === 0 ? old : next;
  }

  private onHeartbeat({ epoch, rev, seq, factsSeq, digest }: Heartbeat): void {
    if (!this.isMyEpoch(epoch)) return;
    const differs = rev === this.version?.rev && digest !== this.version.digest;
    if (differs) this.version = null;
    if (differs || rev > this.state.rev || seq > this.seq || factsSeq > this.factsSeq) this.hello();
  }

  private onExpected(message: Expected): void {
    const first = this.optimistic.pending[0];
    if (first && message.n < first.n) {
      // The kernel expects a request that it has answered: the message is old, or the kernel forgot this view.
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

  private get canRequest(): boolean {
    return this.state.epoch !== null && this.state.link !== "gone" && !this.stopped;
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
    this.publish({}); // after sending: drawing a large document takes a while
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
    // One had to be sent again, so the others may be lost too.
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
    return this.put({
      kind: "hello",
      client: this.client,
      version: this.version,
      kindsHash: knownKindsHash(),
    });
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

  /** The kernel sent something, so repeated messages need not wait so long. */
  private onContact(): void {
    this.watch.received();
    this.helloRetry.hasten();
    this.requestRetry.hasten();
  }
}
