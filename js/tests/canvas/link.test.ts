/** The link as the notebook says it, and in words (rule S11). */
import { expect, test } from "vitest";
import { hostKernel, type Line } from "../../src/canvas/host_kernel.ts";
import { Replica } from "../../src/canvas/replica.ts";
import { linkText, saveText } from "../../src/canvas/status_text.ts";
import { FakeClock, move, snapshot } from "./builders.ts";

class FakeSignal {
  readonly slots = new Set<() => void>();
  connect = (slot: () => void) => this.slots.add(slot);
  disconnect = (slot: () => void) => this.slots.delete(slot);
}

class FakeConnection {
  status = "idle";
  connectionStatus = "connected";
  readonly statusChanged = new FakeSignal();
  readonly connectionStatusChanged = new FakeSignal();

  now(change: { status?: string; connectionStatus?: string }): void {
    Object.assign(this, change);
    for (const slot of [...this.statusChanged.slots]) slot();
  }
}

function follow() {
  const kernel = new FakeConnection();
  return { kernel, host: hostKernel({ widget_manager: { kernel } }) };
}

test("the host kernel's status is one word", () => {
  const { kernel, host } = follow();
  const seen: Line[] = [host.get()];
  host.subscribe(() => seen.push(host.get()));
  kernel.now({ status: "busy" });
  kernel.now({ connectionStatus: "connecting" });
  kernel.now({ status: "idle", connectionStatus: "connected" });
  kernel.now({ status: "restarting" });
  kernel.now({ status: "idle" });
  expect(seen).toEqual(["up", "busy", "down", "up", "dead"]);
});

test("the status is null for a host without a kernel connection", () => {
  for (const model of [null, {}, { widget_manager: {} }, { widget_manager: { kernel: {} } }])
    expect(hostKernel(model).get()).toBe(null);
});

test("close ends the listening to the host kernel", () => {
  const { kernel, host } = follow();
  host.close();
  expect(kernel.statusChanged.slots.size + kernel.connectionStatusChanged.slots.size).toBe(0);
});

function open() {
  const clock = new FakeClock();
  const sent: string[] = [];
  const replica = new Replica("me", clock, {
    send: (message) => sent.push(message.kind) > 0,
    notify: () => {},
    select: () => {},
    command: () => {},
    peer: () => {},
  });
  replica.start();
  replica.receive(snapshot({ to: "me" }));
  replica.line("up");
  const link = () => replica.store.get().link;
  return { clock, sent, replica, link };
}

test("a cut connection is shown immediately, and the canvas can be edited", () => {
  const { replica, link } = open();
  replica.line("down");
  expect(link()).toBe("lost");
  expect(replica.push(move("a", 5))).toBe(true);
  expect(linkText(link(), 1, false, false)?.text).toBe(
    "Disconnected: edits live only in this browser",
  );
});

test("a restored connection sends unanswered requests again", () => {
  const { sent, replica, link } = open();
  replica.line("down");
  replica.push(move("a", 5));
  sent.length = 0;
  replica.line("up");
  expect(link()).toBe("live");
  expect(sent).toEqual(["hello", "push"]);
});

test("a busy kernel is shown as busy, never as disconnected", () => {
  const { clock, replica, link } = open();
  replica.line("busy");
  clock.advance(1_000);
  expect(link()).toBe("live");
  clock.advance(600);
  expect(link()).toBe("slow");
  replica.push(move("a", 5));
  clock.advance(60_000);
  expect(link()).toBe("slow");
  expect(linkText("slow", 2, false, false)?.text).toBe("Kernel busy: sending 2 edits");
});

test("the end of a cell ends the busy status", () => {
  const { clock, replica, link } = open();
  replica.line("busy");
  clock.advance(2_000);
  replica.line("up");
  expect(link()).toBe("live");
});

test("a restarted kernel is gone for this view, whatever comes after", () => {
  const { replica, link } = open();
  replica.line("dead");
  replica.line("up");
  replica.receive(snapshot({ to: "me", rev: 0 }));
  expect(link()).toBe("gone");
  expect(linkText("gone", 0, false, false)?.text).toBe("Kernel gone: run the cell again to edit");
  expect(linkText("gone", 2, false, false)?.text).toContain("2 edits were not received");
});

test("without a host status, twenty seconds of silence mean disconnected", () => {
  const { clock, replica, link } = open();
  replica.line(null);
  replica.push(move("a", 5));
  clock.advance(20_000);
  expect(link()).toBe("lost");
});

test("the status is not saved while edits are unsent or the connection is unknown", () => {
  const saved = { status: "saved" as const, message: "" };
  expect(saveText(saved, "live", 0)?.text).toBe("Saved");
  expect(saveText(saved, "live", 1)).toBe(null);
  expect(saveText(saved, "lost", 0)).toBe(null);
  expect(saveText(saved, "gone", 0)).toBe(null);
  expect(saveText({ status: "conflict", message: "" }, "live", 1)?.tone).toBe("bad");
});

test("a canvas that is not saved anywhere says that it is up to date", () => {
  expect(linkText("live", 0, false, false)?.text).toBe("Up to date");
  expect(linkText("live", 0, false, true)).toBe(null);
});
