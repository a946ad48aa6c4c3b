/** What crosses between tabs, and what does not. */
import type { AnyModel } from "@anywidget/types";
import { expect, test } from "vitest";
import { checked, join } from "../src/tabs/bundle.ts";
import { FakeModel } from "./canvas/model.ts";

/** Channels of one browser: each message reaches every other object of the same name. */
class Browser {
  readonly open: { name: string; port: BroadcastChannel }[] = [];
  readonly told: unknown[] = [];

  channel = (name: string): BroadcastChannel => {
    const port = {
      onmessage: null as ((event: { data: unknown }) => void) | null,
      postMessage: (data: unknown) => {
        this.told.push([name, data]);
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
  const tell = (channel: string, message: unknown) =>
    fake.emit("msg:custom", { kind: "tell", channel, message });
  return { fake, tell, end, clock, heard: () => fake.sent as unknown[] };
}

test("a theme told in one tab is heard in the other, and told to nobody again", () => {
  const browser = new Browser();
  const [one, other] = [tab(browser), tab(browser)];
  one.tell("kaizen-ui", { type: "THEME", theme: "dark" });
  expect(other.heard()).toEqual([
    { kind: "heard", channel: "kaizen-ui", message: { type: "THEME", theme: "dark" } },
  ]);
  expect(one.heard()).toEqual([]);
  expect(browser.told).toHaveLength(1);
});

test("nothing but a type and a theme crosses, whatever the kernel or another page says", () => {
  const browser = new Browser();
  const [one, other] = [tab(browser), tab(browser)];
  one.tell("kaizen-auth", { type: "LOGIN", token: "secret", user: { email: "a@b" } });
  one.tell("kaizen-auth", { type: "THEME", theme: "dark" });
  one.tell("kaizen-ui", { type: "THEME", theme: "<script>" });
  one.tell("other", { type: "LOGIN" });
  expect(browser.told).toEqual([["kaizen-auth", { type: "LOGIN" }]]);
  browser.channel("kaizen-auth").postMessage({ type: "EVAL", code: "1" });
  expect(other.heard()).toHaveLength(1);
  expect(checked("kaizen-auth", null)).toBe(null);
});

test("two tabs of one kernel do not take their own news for another's", () => {
  const browser = new Browser();
  const [one, same] = [tab(browser), tab(browser)];
  for (const view of [one, same]) view.tell("kaizen-ui", { type: "THEME", theme: "dark" });
  // The second tab's copy reaches the first within the moment in which an echo is expected.
  expect(one.heard()).toEqual([]);
  one.clock.now = 2_000;
  tab(browser).tell("kaizen-ui", { type: "THEME", theme: "dark" });
  expect(one.heard()).toHaveLength(1);
});

test("a kernel that is gone is no error, and an end is one", () => {
  const browser = new Browser();
  const [one, other] = [tab(browser), tab(browser)];
  other.fake.alive = false;
  one.tell("kaizen-auth", { type: "LOGOUT" });
  one.end();
  expect(one.fake.listening).toBe(0);
});
