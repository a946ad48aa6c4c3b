/** Small things that tests are made of. */

import type { Batch, EdgeJson, NodeJson } from "../../src/canvas/document.ts";
import type { KindInfo, NodeFacts, NodeRunState, Snapshot } from "../../src/canvas/protocol.gen.ts";
import { BLANK } from "../../src/canvas/replica_state.ts";
import type { Clock } from "../../src/clock.ts";

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  private time = 0;
  private readonly timers = new Set<{ at: number; call: () => void }>();

  now = () => this.time;

  later = (milliseconds: number, call: () => void) => {
    const timer = { at: this.time + milliseconds, call };
    this.timers.add(timer);
    return () => {
      this.timers.delete(timer);
    };
  };

  get waiting(): number {
    return this.timers.size;
  }

  advance(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      const next = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers.delete(next);
      this.time = next.at;
      next.call();
    }
    this.time = end;
  }
}

export const node = (id: string, x = 0, y = 0, more: object = {}): NodeJson => ({
  id,
  type: "agent",
  position: { x, y },
  data: { label: id },
  ...more,
});

export const edge = (id: string, source: string, target: string, more: object = {}): EdgeJson => ({
  id,
  source,
  target,
  ...more,
});

export const set = (
  id: string,
  path: string[],
  value: unknown,
  kind: "node" | "edge" = "node",
): Batch => [{ op: "set", kind, id, path, value }];
export const move = (id: string, x: number, y = 0): Batch => set(id, ["position"], { x, y });
export const remove = (id: string, kind: "node" | "edge" = "node"): Batch => [
  { op: "remove", kind, id },
];
export const add = (item: NodeJson | EdgeJson, before: string | null = null): Batch => [
  { op: "add", kind: "source" in item ? "edge" : "node", item, before },
];

export const nodeRun = (
  status: NodeRunState["status"],
  more: Partial<NodeRunState> = {},
): NodeRunState => ({
  status,
  message: "",
  preview: "",
  seconds: null,
  outputs: null,
  cost: null,
  type: null,
  count: null,
  parts: null,
  ...more,
});

export const facts = (more: Partial<NodeFacts> = {}): NodeFacts => ({
  calls: "",
  problem: null,
  severity: "error",
  hint: "",
  value: "",
  details: [],
  mark: null,
  reason: "",
  difference: null,
  ...more,
});

export const nodeKind = (type: string, more: Partial<KindInfo> = {}): KindInfo => ({
  type,
  title: type,
  description: "",
  icon: type,
  color: "#3b74f0",
  inputs: [{ id: "input", label: "", type: "any" }],
  outputs: [{ id: "output", label: "", type: "any" }],
  outputsFrom: [],
  inputsFrom: [],
  defaults: {},
  ...more,
});

export const snapshot = (more: Partial<Snapshot> = {}): Snapshot => ({
  kind: "snapshot",
  to: null,
  epoch: "E",
  rev: 0,
  handled: 0,
  refusals: [],
  digest: 0,
  nodes: [node("a"), node("b", 100)],
  edges: [edge("ab", "a", "b")],
  kindsHash: "L",
  kinds: [nodeKind("agent")],
  seq: 0,
  state: BLANK,
  factsSeq: 0,
  facts: {},
  ...more,
});
