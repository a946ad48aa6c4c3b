/** The kernel's end as rules S1 to S4 have it, and a wire that loses, repeats and reorders: a model. */
import { digest } from "../../src/canvas/digest.ts";
import { apply, type Batch, type Document, documentOf } from "../../src/canvas/document.ts";
import type { Refused, Snapshot } from "../../src/canvas/protocol.gen.ts";
import { Replica } from "../../src/canvas/replica.ts";
import type { KernelMessage, ViewMessage } from "../../src/canvas/replica_state.ts";
import { edge, FakeClock, node, snapshot } from "./builders.ts";

export class ModelKernel {
  epoch = "E";
  rev = 0;
  digest = 0;
  document: Document = documentOf([node("a"), node("b", 100)], [edge("ab", "a", "b")]);
  /** Every batch that was applied for a view, as "client/n". */
  readonly done: string[] = [];
  readonly handled = new Map<string, number>();
  readonly out: KernelMessage[] = [];
  private readonly refusals = new Map<string, Refused>();

  receive(message: ViewMessage): void {
    if (message.kind === "hello") return this.snap(message.client);
    if (message.kind === "select" || message.kind === "leave" || message.kind === "command") return;
    const { client, epoch, n } = message;
    if (epoch !== this.epoch) return this.snap(client);
    const handled = this.handled.get(client) ?? 0;
    const refusal = this.refusals.get(`${client}/${n}`);
    if (n > handled + 1) this.out.push({ kind: "expected", to: client, epoch, n: handled + 1 });
    else if (refusal) this.out.push(refusal);
    else if (n <= handled) this.out.push({ kind: "handled", to: client, epoch, n, rev: this.rev });
    else {
      this.handled.set(client, n);
      if (message.kind === "push") this.commit(message.batch, client, n);
      else this.out.push({ kind: "handled", to: client, epoch, n, rev: this.rev });
    }
  }

  commit(batch: Batch, client: string | null = null, n: number | null = null): void {
    let after: Document;
    const { epoch } = this;
    try {
      after = apply(this.document, batch);
    } catch (error) {
      if (client === null || n === null) throw error;
      const problem = { code: "x", message: String(error), hint: "", nodeId: null, edgeId: null };
      const refusal: Refused = { kind: "refused", to: client, epoch, n, problem };
      this.refusals.set(`${client}/${n}`, refusal);
      this.out.push(refusal);
      return;
    }
    if (client !== null) this.done.push(`${client}/${n}`);
    if (after === this.document) {
      if (client !== null && n !== null)
        this.out.push({ kind: "handled", to: client, epoch, n, rev: this.rev });
      return;
    }
    this.document = after;
    this.rev += 1;
    this.digest = digest(this.digest, batch, after);
    this.out.push({ kind: "applied", epoch, rev: this.rev, client, n, batch });
  }

  replace(epoch: string, document: Document): void {
    Object.assign(this, { epoch, rev: 0, digest: 0, document });
    this.handled.clear();
    this.refusals.clear();
    this.snap(null);
  }

  snap(to: string | null): void {
    this.out.push(this.snapshot(to));
  }

  snapshot(to: string | null): Snapshot {
    const { epoch, rev, digest, document } = this;
    const handled = to === null ? 0 : (this.handled.get(to) ?? 0);
    const refusals = [...this.refusals.values()].flatMap((refusal) =>
      refusal.to === to ? [{ n: refusal.n, problem: refusal.problem }] : [],
    );
    const [nodes, edges] = [[...document.nodes.values()], [...document.edges.values()]];
    return snapshot({ to, epoch, rev, digest, handled, refusals, nodes, edges });
  }

  beat(): void {
    const { epoch, rev, digest } = this;
    this.out.push({ kind: "heartbeat", epoch, rev, digest, seq: 0, factsSeq: 0 });
  }
}

/** Replicas and a kernel with nothing between them but what a test puts there. */
export class World {
  readonly clock = new FakeClock();
  readonly kernel = new ModelKernel();
  readonly views: Replica[];
  readonly up: ViewMessage[] = [];
  readonly problems: string[] = [];
  alive = true;

  constructor(...clients: string[]) {
    this.views = clients.map(
      (client) =>
        new Replica(client, this.clock, {
          send: (message) => {
            if (this.alive) this.up.push(structuredClone(message));
            return this.alive;
          },
          notify: (problem) => this.problems.push(problem.message),
          select: () => {},
          command: () => {},
          peer: () => {},
        }),
    );
    for (const view of this.views) view.start();
  }

  /** Delivers everything, in order, until nothing is on its way. */
  settle(): void {
    while (this.up.length > 0 || this.kernel.out.length > 0) {
      for (const message of this.up.splice(0)) this.kernel.receive(message);
      for (const message of this.kernel.out.splice(0))
        for (const view of this.views) view.receive(structuredClone(message));
    }
  }

  /** Settles as often as repeated requests need: `seconds` of virtual time. */
  calm(seconds: number): void {
    for (let second = 0; second < seconds; second += 1) {
      this.clock.advance(1_000);
      this.kernel.beat();
      this.settle();
    }
  }
}
