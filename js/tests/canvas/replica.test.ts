import { describe, expect, test } from "vitest";
import { documentOf } from "../../src/canvas/document.ts";
import { LOST_AFTER, SLOW_AFTER } from "../../src/canvas/link.ts";
import type { Replica } from "../../src/canvas/replica.ts";
import { add, edge, facts, move, node, nodeRun, remove, set, snapshot } from "./builders.ts";
import { World } from "./kernel.ts";

function open(...clients: string[]): [World, Replica, Replica] {
  const world = new World(...(clients.length > 0 ? clients : ["me"]));
  world.settle();
  const [one, other = world.views[0]] = world.views;
  if (!one || !other) throw new Error("no view");
  return [world, one, other];
}
const x = (view: Replica, id: string) => view.store.get().shown.nodes.get(id)?.position.x;
const pending = (view: Replica) => view.store.get().pending.map(({ n }) => n);
const hellos = (world: World) => world.up.filter(({ kind }) => kind === "hello").length;

describe("opening", () => {
  test("asks for the document and shows it", () => {
    const world = new World("me");
    expect(world.up).toMatchObject([{ kind: "hello", client: "me", version: null }]);
    expect(world.views[0]?.store.get().link).toBe("opening");
    world.settle();
    expect(world.views[0]?.store.get()).toMatchObject({ epoch: "E", rev: 0, link: "live" });
  });

  test("asks again after 2, 4, 8 and at most 30 seconds", () => {
    const world = new World("me");
    const seen = [1, 2, 4, 8, 16, 30, 30].map((seconds) => {
      world.clock.advance(seconds * 1_000);
      return hellos(world);
    });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("ignores a snapshot for another view", () => {
    const world = new World("me");
    world.views[0]?.receive(snapshot({ to: "you" }));
    expect(world.views[0]?.store.get().epoch).toBeNull();
  });

  test("a saved picture is shown until the kernel answers, and cannot be edited", () => {
    const world = new World("me");
    const view = world.views[0] as Replica;
    view.showPicture({ ...snapshot(), nodes: [node("old")], edges: [] });
    expect([...view.store.get().shown.nodes.keys()]).toEqual(["old"]);
    expect(view.push(move("old", 9))).toBe(false);
    world.settle();
    expect([...view.store.get().shown.nodes.keys()]).toEqual(["a", "b"]);
  });
});

describe("an own edit (S2, S5)", () => {
  test("is shown immediately and confirmed without being drawn again", () => {
    const [world, view] = open();
    view.push(move("a", 7));
    const shown = view.store.get().shown;
    expect(x(view, "a")).toBe(7);
    world.settle();
    expect(view.store.get().shown).toBe(shown);
    expect(view.store.get()).toMatchObject({ rev: 1, pending: [] });
  });

  test("that changes nothing is not sent", () => {
    const [world, view] = open();
    expect(view.push(move("a", 0))).toBe(false);
    expect(world.up).toEqual([]);
  });

  test("is kept when another view edits another property", () => {
    const [world, one, other] = open("one", "other");
    one.push(move("a", 7));
    other.push(set("a", ["data", "label"], "Writer"));
    world.settle();
    for (const view of [one, other])
      expect(view.store.get().shown.nodes.get("a")).toMatchObject({
        position: { x: 7 },
        data: { label: "Writer" },
      });
  });

  test("loses against a later one of another view (S6)", () => {
    const [world, one, other] = open("one", "other");
    other.push(move("a", 1));
    one.push(move("a", 2));
    world.settle();
    expect([x(one, "a"), x(other, "a")]).toEqual([2, 2]);
  });

  test("that is refused is rolled back with a reason", () => {
    const [world, view] = open();
    world.kernel.commit(remove("b"));
    view.push(set("b", ["data", "label"], "late"));
    view.push(move("a", 3));
    world.settle();
    expect(world.problems).toHaveLength(1);
    expect(x(view, "a")).toBe(3);
    expect(view.store.get().pending).toEqual([]);
  });

  test("whose refusal was lost is explained by the snapshot", () => {
    const [world, view] = open();
    world.kernel.commit(remove("b"));
    view.push(set("b", ["data", "label"], "late"));
    for (const message of world.up.splice(0)) world.kernel.receive(message);
    world.kernel.out.length = 0;
    world.kernel.beat();
    world.settle();
    expect([world.problems.length, pending(view)]).toEqual([1, []]);
  });

  test("that no longer applies is not shown but waits for its answer", () => {
    const [world, view] = open();
    view.push(set("b", ["data", "label"], "late"));
    world.up.length = 0;
    world.kernel.commit(remove("b"));
    world.settle();
    expect(view.store.get().shown.nodes.has("b")).toBe(false);
    expect(pending(view)).toEqual([1]);
  });

  test("whose answer was lost is sent again, and counts once", () => {
    const [world, view] = open();
    view.push(move("a", 7));
    for (const message of world.up.splice(0)) world.kernel.receive(message);
    world.kernel.out.length = 0;
    world.clock.advance(2_000);
    world.settle();
    expect(world.kernel.done).toEqual(["me/1"]);
    expect(view.store.get()).toMatchObject({ rev: 1, pending: [] });
  });

  test("that overtook another one is sent again in order", () => {
    const [world, view] = open();
    view.push(move("a", 1));
    view.push(move("a", 2));
    world.up.reverse();
    world.settle();
    expect(world.kernel.done).toEqual(["me/1", "me/2"]);
    expect(x(view, "a")).toBe(2);
  });

  test("undo and redo are numbered with the edits", () => {
    const [world, view] = open();
    view.push(move("a", 1));
    view.undo();
    expect(world.up.map((message) => ("n" in message ? [message.kind, message.n] : []))).toEqual([
      ["push", 1],
      ["undo", 2],
    ]);
  });
});

describe("losing the thread (S3, S4)", () => {
  test("a gap in the revisions asks for a snapshot once", () => {
    const [world, view] = open();
    for (const rev of [3, 4])
      view.receive({
        kind: "applied",
        epoch: "E",
        rev,
        client: null,
        n: null,
        batch: move("a", rev),
      });
    expect(hellos(world)).toBe(1);
    expect(x(view, "a")).toBe(0);
  });

  test("a heartbeat finds a lost last message", () => {
    const [world, view] = open();
    world.kernel.commit(move("a", 9));
    world.kernel.out.length = 0;
    world.kernel.beat();
    world.settle();
    expect(x(view, "a")).toBe(9);
  });

  test("a late heartbeat causes no request", () => {
    const [world, view] = open();
    world.kernel.commit(move("a", 9));
    world.settle();
    view.receive({ kind: "heartbeat", epoch: "E", rev: 0, digest: 0, seq: 0, factsSeq: 0 });
    expect(world.up).toEqual([]);
  });

  test("an old batch is not applied twice", () => {
    const [world, view] = open();
    world.kernel.commit(add(node("c")));
    const copy = structuredClone(world.kernel.out);
    world.settle();
    for (const message of copy) view.receive(message);
    expect(view.store.get().shown.nodes.size).toBe(3);
    expect(world.up).toEqual([]);
  });

  test("an old snapshot is ignored", () => {
    const [world, view] = open();
    const old = world.kernel.snapshot("me");
    world.kernel.commit(move("a", 9));
    world.settle();
    view.receive(old);
    expect(x(view, "a")).toBe(9);
  });

  test("a snapshot keeps the identity of equal elements", () => {
    const [world, view] = open();
    const before = view.store.get().shown.nodes.get("b");
    world.kernel.commit(move("a", 9));
    world.kernel.out.length = 0;
    view.reconnected();
    world.settle();
    expect(view.store.get().shown.nodes.get("b")).toBe(before);
  });
});

describe("another document (S5)", () => {
  function replaced(): [World, Replica] {
    const [world, view] = open();
    view.push(move("a", 7));
    world.up.length = 0;
    world.kernel.replace("F", documentOf([node("a", 50)], []));
    world.settle();
    return [world, view];
  }

  test("replaces the old one, and unanswered edits wait for a decision", () => {
    const [, view] = replaced();
    expect(x(view, "a")).toBe(50);
    expect(view.store.get()).toMatchObject({ epoch: "F", pending: [], orphans: [move("a", 7)] });
  });

  test("reapplying sends them again, numbered from 1", () => {
    const [world, view] = replaced();
    view.reapplyOrphans();
    expect(world.up).toMatchObject([{ kind: "push", epoch: "F", n: 1 }]);
    world.settle();
    expect([x(view, "a"), view.store.get().orphans]).toEqual([7, []]);
  });

  test("discarding removes them", () => {
    const [world, view] = replaced();
    view.discardOrphans();
    expect([view.store.get().orphans, world.up]).toEqual([[], []]);
  });

  test("ignores a late message of the old one", () => {
    const [world, view] = replaced();
    view.receive(snapshot({ epoch: "E", rev: 99 }));
    view.receive({ kind: "heartbeat", epoch: "E", rev: 99, digest: 0, seq: 99, factsSeq: 0 });
    expect([view.store.get().epoch, world.up]).toEqual(["F", []]);
  });
});

describe("what the user is told (S11)", () => {
  test("a late answer means slow, then lost, and live again when it comes", () => {
    const [world, view] = open();
    view.push(move("a", 7));
    const seen = [SLOW_AFTER - 1, 1, LOST_AFTER].map((time) => {
      world.clock.advance(time);
      return view.store.get().link;
    });
    world.settle();
    expect([...seen, view.store.get().link]).toEqual(["live", "slow", "lost", "live"]);
  });

  test("a failed send means gone: no more edits and no timer", () => {
    const [world, view] = open();
    world.alive = false;
    view.push(move("a", 7));
    expect([view.store.get().link, x(view, "a"), world.clock.waiting]).toEqual(["gone", 7, 0]);
  });

  test("an idle or stopped view waits for nothing", () => {
    const [world, view] = open();
    expect(world.clock.waiting).toBe(0);
    view.push(move("a", 7));
    view.stop();
    expect(world.clock.waiting).toBe(0);
  });

  test("the newest state wins, and unchanged parts keep their identity", () => {
    const [, view] = open();
    const done = nodeRun("completed", { preview: "ok", seconds: 1 });
    const state = (seq: number, title: string) => {
      const base = view.store.get().canvas;
      const canvas = { ...base, title, run: { ...base.run, nodes: { a: { ...done } } } };
      view.receive({ kind: "state_changed", seq, state: canvas });
    };
    state(2, "new");
    const before = view.store.get().canvas.run.nodes.a;
    state(1, "old");
    expect(view.store.get().canvas.title).toBe("new");
    state(3, "newer");
    expect(view.store.get().canvas.run.nodes.a).toBe(before);
  });
});

/** A small, good enough generator (mulberry32), so that a failing seed fails again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const SEEDS = 60;

test("views converge over a connection that drops, repeats and reorders, and no acknowledged edit is lost", {
  timeout: 1_000 * SEEDS,
}, () => {
  for (let seed = 0; seed < SEEDS; seed += 1) converges(seed);
});

function converges(seed: number): void {
  const dice = random(seed);
  const [world, one, other] = open("one", "other");
  const acknowledged = new Set<string>();
  const mangle = <T>(messages: T[]): T[] => {
    const kept = messages.flatMap((message) => {
      const fate = dice();
      return fate < 0.25 ? [] : fate < 0.35 ? [message, structuredClone(message)] : [message];
    });
    if (dice() < 0.3) kept.reverse();
    return kept;
  };
  for (let step = 0; step < 40; step += 1) {
    const view = dice() < 0.5 ? one : other;
    const name = `n${Math.floor(dice() * 6)}`;
    const choice = dice();
    try {
      if (choice < 0.3) view.push(add(node(name)));
      else if (choice < 0.5) view.push(remove(name));
      else if (choice < 0.6) view.push(add(edge(`e${step}`, name, "a")));
      else view.push(move(dice() < 0.5 ? "a" : name, step));
    } catch {
      // The view refuses what does not fit, as a user would not get to do it.
    }
    if (dice() < 0.1) world.kernel.commit(move("b", step));
    if (dice() < 0.6)
      for (const message of mangle(world.up.splice(0))) world.kernel.receive(message);
    if (dice() < 0.6)
      for (const message of mangle(world.kernel.out.splice(0)))
        for (const each of world.views) {
          if (dice() < 0.2) continue;
          each.receive(structuredClone(message));
          if ("n" in message && message.kind === "applied" && message.client === each.client)
            acknowledged.add(`${message.client}/${message.n}`);
        }
    world.clock.advance(dice() * 3_000);
  }
  world.calm(8);
  const list = (view: Replica) => JSON.stringify([...view.store.get().shown.nodes.values()]);
  const truth = JSON.stringify([...world.kernel.document.nodes.values()]);
  expect([list(one), list(other)], `seed ${seed}`).toEqual([truth, truth]);
  expect([...one.store.get().shown.edges]).toEqual([...world.kernel.document.edges]);
  expect([pending(one), pending(other)]).toEqual([[], []]);
  expect(new Set(world.kernel.done).size, `seed ${seed}`).toBe(world.kernel.done.length);
  for (const request of acknowledged) expect(world.kernel.done).toContain(request);
}

describe("what is here need not come again (S3)", () => {
  test("hello names the document that the view has, and the answer may leave it out", () => {
    const [world, view] = open();
    world.kernel.commit(move("a", 9));
    world.settle();
    view.reconnected();
    const { epoch, rev, digest } = world.kernel;
    expect(world.up).toMatchObject([{ kind: "hello", version: { epoch, rev, digest } }]);
    view.receive(world.kernel.snapshot("me"));
    view.receive(snapshot({ to: "me", epoch, rev, digest, nodes: null, edges: null, kinds: null }));
    expect(x(view, "a")).toBe(9);
  });

  test("an answer without the document asks for all of it if the view has another one", () => {
    const [world, view] = open();
    view.receive(snapshot({ to: "me", rev: 3, nodes: null, edges: null }));
    expect(world.up).toMatchObject([{ kind: "hello", version: null }]);
  });
});

test("S4: a heartbeat finds a batch that was applied differently, and the whole document comes", () => {
  const [world, view] = open();
  world.kernel.commit(move("a", 9));
  const [told] = world.kernel.out.splice(0);
  if (told?.kind !== "applied") throw new Error("no batch was told");
  view.receive({ ...told, batch: move("a", 8) });
  expect(x(view, "a")).toBe(8);
  world.kernel.beat();
  world.settle();
  expect(x(view, "a")).toBe(9);
});

describe("S17: the facts of nodes", () => {
  const fact = (calls: string) => facts({ calls });
  const open = () => {
    const world = new World("v");
    world.settle();
    return { world, view: world.views[0] as Replica };
  };

  test("arrive with a snapshot, change one by one, and go", () => {
    const { view } = open();
    view.receive(snapshot({ factsSeq: 3, facts: { a: fact("one()"), b: fact("two()") } }));
    const { facts: before } = view.store.get();
    view.receive({ kind: "node_facts", seq: 4, facts: { a: null, c: fact("three()") } });
    const { facts } = view.store.get();
    expect([...facts.keys()].sort()).toEqual(["b", "c"]);
    expect(facts.get("b")).toBe(before.get("b"));
  });

  test("a lost change is noticed by the next one and by a heartbeat", () => {
    const { world, view } = open();
    view.receive({ kind: "node_facts", seq: 2, facts: { a: fact("late()") } });
    expect(view.store.get().facts.size).toBe(0);
    expect(world.up.map(({ kind }) => kind)).toEqual(["hello"]);
    const other = open();
    const { epoch, rev, digest } = other.world.kernel;
    other.view.receive({ kind: "heartbeat", epoch, rev, digest, seq: 0, factsSeq: 1 });
    expect(other.world.up.map(({ kind }) => kind)).toEqual(["hello"]);
  });

  test("an older message or snapshot changes nothing", () => {
    const { view } = open();
    view.receive(snapshot({ factsSeq: 2, facts: { a: fact("new()") } }));
    view.receive({ kind: "node_facts", seq: 2, facts: { a: fact("old()") } });
    view.receive(snapshot({ factsSeq: 1, facts: { a: fact("old()") } }));
    expect(view.store.get().facts.get("a")?.calls).toBe("new()");
  });
});
