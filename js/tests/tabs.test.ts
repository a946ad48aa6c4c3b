/** Messages between tabs: what is sent, and what is not. */
import type { AnyModel } from "@anywidget/types";
import { expect, test } from "vitest";
import { checked, join } from "../src/tabs/bundle.ts";
import { FakeModel } from "./canvas/model.ts";

/** Channels of one browser: a message reaches every other object of the same name. */
class Browser {
  readonly open: { name: string; port: BroadcastChannel }[] = [];
  readonly posted: unknown[] = [];

  channel = (name: string): BroadcastChannel => {
    const port = {
      onmessage: null as ((event: { data: unknown }) => void) | null,
      postMessage: (data: unknown) => {
        this.posted.push([name, data]);
        for (const other of this.open)
          if (other.name === name && other.port !== (port as unknown))
            other.port.onmessage?.({ data: structuredClone(data) } as MessageEvent);
      },
      close: () => {},
    };
    this.open.push({ name, port: port as unknown as BroadcastChannel });
    return port as unknown as BroadcastChannel;
  };
}

function tab(browser: Browser, clock = { now: 0 }) {
  const fake = new FakeModel();
  fake.answers = false;
  const end = join(fake.model as unknown as AnyModel, browser.channel, () => clock.now);
  const send = (channel: string, message: unknown) =>
    fake.emit("msg:custom", { kind: "send", channel, message });
  return { fake, send, end, clock, received: () => fake.sent as unknown[] };
}

test("a theme sent by one tab is received by the others and not sent again", () => {
  const browser = new Browser();
  const [one, other] = [tab(browser), tab(browser)];
  one.send("kaizen-ui", { type: "THEME", theme: "dark" });
  expect(other.received()).toEqual([
    { kind: "received", channel: "kaizen-ui", message: { type: "THEME", theme: "dark" } },
  ]);
  expect(one.received()).toEqual([]);
  expect(browser.posted).toHaveLength(1);
});

test("only a type and a theme are sent, whatever the kernel or another page adds", () => {
  const browser = new Browser();
  const [one, other] = [tab(browser), tab(browser)];
  one.send("kaizen-auth", { type: "LOGIN", token: "secret", user: { email: "a@b" } });
  one.send("kaizen-auth", { type: "THEME", theme: "dark" });
  one.send("kaizen-ui", { type: "THEME", theme: "<script>" });
  one.send("other", { type: "LOGIN" });
  expect(browser.posted).toEqual([["kaizen-auth", { type: "LOGIN" }]]);
  browser.channel("kaizen-auth").postMessage({ type: "EVAL", code: "1" });
  expect(other.received()).toHaveLength(1);
  expect(checked("kaizen-auth", null)).toBe(null);
});

test("two tabs of one kernel ignore their own messages", () => {
  const browser = new Browser();
  const [one, same] = [tab(browser), tab(browser)];
  for (const view of [one, same]) view.send("kaizen-ui", { type: "THEME", theme: "dark" });
  // The second tab's copy reaches the first while an echo is expected.
  expect(one.received()).toEqual([]);
  one.clock.now = 2_000;
  tab(browser).send("kaizen-ui", { type: "THEME", theme: "dark" });
  expect(one.received()).toHaveLength(1);
});

test("a lost kernel is ignored, and disconnecting stops listening", () => {
  const browser = new Browser();
  const [one, other] = [tab(browser), tab(browser)];
  other.fake.alive = false;
  one.send("kaizen-auth", { type: "LOGOUT" });
  one.end();
  expect(one.fake.listening).toBe(0);
});
