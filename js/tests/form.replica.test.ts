import { expect, test } from "vitest";
import type { Clock } from "../src/clock.ts";
import { type FormChange, FormReplica, PAUSE } from "../src/form/form_replica.ts";
import type { FormPatch, FormProtocol, FormSnapshotMessage } from "../src/form/protocol.gen.ts";
import { snapshot } from "./form.ts";

type Message = FormProtocol["view"];

class ManualClock implements Clock {
  private time = 0;
  private calls: { at: number; call: () => void }[] = [];
  now = () => this.time;
  later = (milliseconds: number, call: () => void) => {
    const entry = { at: this.time + milliseconds, call };
    this.calls.push(entry);
    return () => {
      this.calls = this.calls.filter((one) => one !== entry);
    };
  };
  pass(milliseconds: number): void {
    this.time += milliseconds;
    for (const entry of this.calls.filter(({ at }) => at <= this.time)) {
      this.calls = this.calls.filter((one) => one !== entry);
      entry.call();
    }
  }
}

function open() {
  const clock = new ManualClock();
  const sent: Message[] = [];
  const change: FormChange[] = [];
  const kernel = { alive: true };
  const replica = new FormReplica(
    snapshot(),
    "me",
    (message) => {
      if (kernel.alive) sent.push(message);
      return kernel.alive;
    },
    clock,
  );
  replica.subscribe((item) => change.push(item));
  return { replica, clock, sent, change, kernel };
}

function patch(rev: number, rest: Partial<FormPatch>): FormPatch {
  return { kind: "patch", base: rev - 1, rev, seen: {}, ...rest };
}

test("F1: typing is sent as one message after a pause", () => {
  const { replica, clock, sent } = open();
  for (const text of ["H", "He", "Hel"]) {
    replica.edit("/name", text);
    clock.pass(PAUSE - 50);
  }
  expect(sent).toEqual([]);
  clock.pass(PAUSE);
  expect(sent).toEqual([
    { kind: "change", client: "me", seq: 1, edits: [{ key: "/name", value: "Hel" }] },
  ]);
});

test("a submit carries the edits that were not sent yet", () => {
  const { replica, clock, sent } = open();
  replica.edit("/name", "Helper");
  replica.request({ kind: "submit" });
  clock.pass(10 * PAUSE);
  expect(sent).toEqual([
    { kind: "submit", client: "me", seq: 1, edits: [{ key: "/name", value: "Helper" }] },
  ]);
});

test("F1: a patch does not replace text typed after the last message seen", () => {
  const { replica, clock } = open();
  replica.edit("/name", "a");
  clock.pass(PAUSE);
  replica.edit("/name", "ab");
  replica.receive(patch(1, { seen: { me: 1 }, cells: { "/name": { value: "a" } } }));
  expect(replica.cell("/name").value).toBe("ab");
  replica.flush();
  replica.receive(patch(2, { seen: { me: 1 }, cells: { "/name": { value: "from Python" } } }));
  expect(replica.cell("/name").value).toBe("ab");
  replica.receive(patch(3, { seen: { me: 2 }, cells: { "/name": { value: "AB" } } }));
  expect(replica.cell("/name").value).toBe("AB");
});

test("F12: a patch adds errors, and an empty list removes them", () => {
  const { replica, change } = open();
  replica.receive(patch(1, { errors: { "/name": ["Name is required"] } }));
  expect(replica.snapshot.errors).toEqual({ "/name": ["Name is required"] });
  expect([...(change.at(-1)?.keys ?? [])]).toEqual(["/name"]);
  replica.receive(patch(2, { errors: { "/name": [] } }));
  expect(replica.snapshot.errors).toEqual({});
});

test("F5: a removed key removes everything below it", () => {
  const { replica } = open();
  replica.receive(patch(1, { cells: { "/rows/r1/a": { value: "x" }, "/rowsy": { value: "y" } } }));
  replica.receive(patch(2, { removed: ["/rows/r1"] }));
  expect(replica.cell("/rows/r1/a")).toEqual({});
  expect(replica.cell("/rowsy").value).toBe("y");
});

test("F7: a view that missed a patch asks for a snapshot and keeps what was typed", () => {
  const { replica, sent } = open();
  replica.edit("/name", "mine");
  replica.receive(patch(5, { cells: { "/name": { value: "theirs" } } }));
  expect(sent).toEqual([{ kind: "hello", client: "me", missed: true }]);
  const whole: FormSnapshotMessage = {
    kind: "snapshot",
    to: "me",
    seen: 0,
    snapshot: {
      ...snapshot(),
      rev: 5,
      cells: { "/name": { value: "theirs" }, "/age": { value: "4" } },
    },
  };
  replica.receive({ ...whole, to: "somebody else" });
  expect(replica.snapshot.rev).toBe(0);
  replica.receive(whole);
  expect(replica.snapshot.rev).toBe(5);
  expect(replica.cell("/name").value).toBe("mine");
  expect(replica.cell("/age").value).toBe("4");
});

test("F7: an older patch is ignored", () => {
  const { replica, sent } = open();
  replica.receive(patch(1, { cells: { "/name": { value: "a" } } }));
  replica.receive(patch(1, { cells: { "/name": { value: "stale" } } }));
  expect(replica.cell("/name").value).toBe("a");
  expect(sent).toEqual([]);
});

test("F13: the status says when the kernel does not answer, and the view asks once more", () => {
  const { replica, clock, sent } = open();
  replica.request({ kind: "blur", key: "/name" });
  expect(replica.status).toBe("fine");
  clock.pass(1000);
  expect(replica.status).toBe("waiting");
  clock.pass(5000);
  expect(sent.map(({ kind }) => kind)).toEqual(["blur", "hello"]);
  replica.receive(patch(1, { seen: { me: 1 } }));
  expect(replica.status).toBe("fine");
});

test("F13: edits are kept while messages cannot be sent, and sent with the next", () => {
  const { replica, clock, sent, kernel } = open();
  kernel.alive = false;
  replica.edit("/name", "kept");
  clock.pass(PAUSE);
  expect(replica.status).toBe("gone");
  expect(replica.cell("/name").value).toBe("kept");
  kernel.alive = true;
  replica.request({ kind: "blur", key: "/name" });
  expect(sent).toEqual([
    {
      kind: "blur",
      client: "me",
      seq: 1,
      key: "/name",
      edits: [{ key: "/name", value: "kept" }],
    },
  ]);
});

test("F9: a password is sent with the blur", () => {
  const { replica, clock, sent } = open();
  replica.edit("/secret", "hunter2", { pause: false });
  clock.pass(10 * PAUSE);
  expect(sent).toEqual([]);
  replica.request({ kind: "blur", key: "/secret" });
  expect(sent).toHaveLength(1);
});
