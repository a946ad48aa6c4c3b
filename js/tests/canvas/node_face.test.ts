import { describe, expect, test } from "vitest";
import { faceOf, moneyText, secondsText, stateOf } from "../../src/canvas/nodes/node_face.ts";
import type { NodeFacts, NodeRunState } from "../../src/canvas/protocol.gen.ts";
import { facts, node, nodeRun as run } from "./builders.ts";

const muted = node("a", 0, 0, { data: { policy: { muted: true } } });

test("one state is shown: the first that holds, in one order", () => {
  const all = facts({ problem: "Prompt, line 2", mark: "waiting" });
  expect(stateOf(muted, all, run("failed"), true)).toBe("muted");
  expect(stateOf(node("a"), all, run("running"), true)).toBe("invalid");
  expect(stateOf(node("a"), facts({ mark: "waiting" }), run("running"), true)).toBe("waiting");
  expect(stateOf(node("a"), facts({ mark: "stale" }), run("running"), true)).toBe("running");
  expect(stateOf(node("a"), facts({ mark: "stale" }), run("failed"), false)).toBe("failed");
  expect(stateOf(node("a"), facts({ mark: "stale" }), run("completed"), false)).toBe("stale");
  expect(stateOf(node("a"), undefined, run("completed"), false)).toBe("done");
});

test("a node that waits for its turn is queued only while the run goes on", () => {
  expect(stateOf(node("a"), undefined, run("pending"), true)).toBe("queued");
  expect(stateOf(node("a"), undefined, run("pending"), false)).toBe("idle");
});

test("what is missing in the notebook is a warning, and what is wrong in the pipeline an error", () => {
  const missing = facts({ problem: "No function yet", severity: "warning" });
  expect(stateOf(node("a"), missing, undefined, false)).toBe("incomplete");
  const face = faceOf(node("a"), missing, undefined, false, "");
  expect(face).toMatchObject({ icon: "warning", left: "No function yet" });
});

test("a node that waits for a person says what to do next", () => {
  const face = faceOf(node("a"), undefined, run("waiting"), true, "");
  expect(face).toMatchObject({ state: "waiting", left: "Waiting", right: "Review" });
});

describe("what a card says", () => {
  const face = (more: Partial<NodeFacts>, state?: NodeRunState) =>
    faceOf(node("a"), facts(more), state, false, "What the kind does.");

  test("before a run: the beginning of the config and two facts, else the word", () => {
    const known = face({ value: "Answer in two sentences.", details: ["30 s", "retry 1"] });
    expect(known).toMatchObject({
      value: "Answer in two sentences.",
      isFromConfig: true,
      left: "30 s · retry 1",
    });
    expect(face({})).toMatchObject({ value: "What the kind does.", left: "Not run" });
  });

  test("after a run: the value on one line, and the time in place of the word", () => {
    const done = run("completed", { preview: "A refund\n is on its way.", seconds: 1.2449 });
    expect(face({ value: "Prompt" }, done)).toMatchObject({
      value: "A refund is on its way.",
      isFromConfig: false,
      left: "1.24 s",
      word: "Done",
    });
  });

  test("a failure says why, and for how long it ran", () => {
    const failed = run("failed", { message: "KeyError: 'x'", preview: "half", seconds: 0.31 });
    expect(face({}, failed)).toMatchObject({
      value: "KeyError: 'x'",
      left: "Failed",
      right: "310 ms",
    });
  });

  test("what is not valid or stale is said in place of the word", () => {
    expect(face({ problem: "Prompt, line 2" }).left).toBe("Prompt, line 2");
    expect(face({ mark: "stale", reason: "Prompt changed" }).left).toBe("Prompt changed");
  });
});

test("what models cost is at the right, rounded to be read", () => {
  expect([null, 0, 0.00001, 0.00042, 0.0123, 1.5].map(moneyText)).toEqual([
    "",
    "$0",
    "<$0.0001",
    "$0.00042",
    "$0.01",
    "$1.50",
  ]);
  const done = run("completed", { seconds: 1.24, cost: 0.0004 });
  expect(faceOf(node("a"), undefined, done, false, "")).toMatchObject({
    left: "1.24 s",
    right: "$0.0004",
  });
});

test("times are rounded to be read", () => {
  expect([0, 0.0004, 0.31, 0.9994, 0.9999, 1.24, 9.996, 42.36, 61.2].map(secondsText)).toEqual([
    "0 ms",
    "0 ms",
    "310 ms",
    "999 ms",
    "1.00 s",
    "1.24 s",
    "10.0 s",
    "42.4 s",
    "1 min 1 s",
  ]);
});
