// @vitest-environment jsdom
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import widget, { mount } from "../../src/canvas/bundle.ts";
import { BLANK } from "../../src/canvas/replica_state.ts";
import type { NodeCommand } from "../../src/canvas/session.ts";
import { node, nodeRun, snapshot } from "./builders.ts";
import { FakeModel } from "./model.ts";

// jsdom measures nothing; geometry is tested in a real browser.
class NoObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}

beforeEach(() => {
  vi.stubGlobal("ResizeObserver", NoObserver);
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
});
afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

function open(set: (fake: FakeModel) => void = () => {}) {
  const fake = new FakeModel();
  set(fake);
  const el = document.createElement("div");
  document.body.append(el);
  let end = () => {};
  act(() => {
    end = mount({ model: fake.model, el });
  });
  return { fake, el, end: () => act(end) };
}

test("the bundle exports `mount`", () => {
  expect(widget.initialize()).toEqual({ mount });
});

test("a canvas shows its nodes, its kinds and its buttons", () => {
  const { el, end } = open();
  expect(
    [...el.querySelectorAll(".react-flow__node")].map((item) => item.getAttribute("data-id")),
  ).toEqual(["a", "b"]);
  expect(el.querySelector('[aria-label="Add agent"]')).not.toBeNull();
  expect(el.querySelector('[aria-label="Undo"]')?.getAttribute("aria-disabled")).toBe("true");
  end();
});

test("the host has the height of its trait and suppresses JupyterLab's menu", () => {
  const { fake, el, end } = open();
  const host = el.querySelector<HTMLElement>(".kaizen-canvas");
  expect(host?.style.getPropertyValue("--kz-height")).toBe("420px");
  expect(host?.hasAttribute("data-jp-suppress-context-menu")).toBe(true);
  act(() => fake.set("height", 600));
  expect(host?.style.getPropertyValue("--kz-height")).toBe("600px");
  end();
});

test("a canvas without an answer of the kernel shows that it is opening", () => {
  const { el, end } = open((fake) => {
    fake.answers = false;
  });
  expect(el.textContent).toContain("Opening the pipeline");
  end();
});

test("when the kernel is gone the canvas says so and can no longer be edited", () => {
  const { fake, el, end } = open();
  fake.alive = false;
  const host = el.querySelector(".kaizen-canvas");
  for (const init of [{ key: "a", ctrlKey: true }, { key: "Delete" }])
    act(() => {
      host?.dispatchEvent(
        new KeyboardEvent("keydown", { ...init, bubbles: true, cancelable: true }),
      );
    });
  expect(el.textContent).toContain(
    "Kernel gone, 1 edit was not received: run the cell again to edit",
  );
  expect(el.querySelector(".kc-palette")).toBeNull();
  expect(el.querySelector('[aria-label="Undo"]')).toBeNull();
  end();
});

test("Delete outside the canvas deletes nothing in it", () => {
  const { fake, el, end } = open();
  const key = (target: Element | null, init: KeyboardEventInit) =>
    act(() => {
      target?.dispatchEvent(
        new KeyboardEvent("keydown", { ...init, bubbles: true, cancelable: true }),
      );
    });
  key(el.querySelector(".kaizen-canvas"), { key: "a", ctrlKey: true });
  key(document.body, { key: "Backspace" });
  expect(fake.pushes()).toEqual([]);
  end();
});

test("a read-only canvas has no palette and no undo", () => {
  const { el, end } = open((fake) => {
    fake.traits.read_only = true;
  });
  expect(el.querySelector(".kc-palette")).toBeNull();
  expect(el.querySelector('[aria-label="Undo"]')).toBeNull();
  end();
});

test("the theme follows the notebook's", async () => {
  const { el, end } = open();
  const frame = el.querySelector(".kc-frame");
  expect(frame?.getAttribute("data-theme")).toBe("light");
  await act(async () => {
    document.body.dataset.jpThemeLight = "false";
  });
  expect(frame?.getAttribute("data-theme")).toBe("dark");
  delete document.body.dataset.jpThemeLight;
  end();
});

test("unmounting leaves no listener and no element", () => {
  const window_ = vi.spyOn(window, "addEventListener");
  const removed = vi.spyOn(window, "removeEventListener");
  const { fake, el, end } = open();
  end();
  expect([fake.listening, el.childElementCount]).toEqual([0, 0]);
  const ended = (name: string, listener: unknown, options: unknown) =>
    (typeof options === "object" && options !== null && "signal" in options) ||
    removed.mock.calls.some((call) => call[0] === name && call[1] === listener);
  // React asks for the current event through `window.event` and its root; only named ones are ours.
  const left = window_.mock.calls.filter(
    ([name, listener, options]) => !ended(name, listener, options),
  );
  expect(left.map(([name]) => name)).toEqual([]);
});

test("two views of one model are two clients", () => {
  const fake = new FakeModel();
  const ends = [0, 1].map(() => {
    const el = document.createElement("div");
    document.body.append(el);
    let end = () => {};
    act(() => {
      end = mount({ model: fake.model, el });
    });
    return () => act(end);
  });
  expect(new Set(fake.sent.map(({ client }) => client)).size).toBe(2);
  for (const end of ends) end();
});

test("S11: edits that a gone kernel did not confirm are offered by the next view of the document", () => {
  const views = [open(), open()];
  const [first] = views;
  if (!first) throw new Error("There is no view.");
  first.fake.answers = false;
  const host = first.el.querySelector(".kaizen-canvas");
  const press = (init: KeyboardEventInit) =>
    act(() => {
      host?.dispatchEvent(
        new KeyboardEvent("keydown", { ...init, bubbles: true, cancelable: true }),
      );
    });
  press({ key: "a", ctrlKey: true });
  press({ key: "Delete" });
  first.fake.alive = false;
  press({ key: "z", ctrlKey: true });
  expect(first.el.textContent).toContain("2 edits were not received");
  const next = open();
  expect(next.el.textContent).toContain("1 edit of yours is not part of this document");
  const reapply = [...next.el.querySelectorAll("button")].find(
    (button) => button.textContent === "Reapply",
  );
  act(() => reapply?.click());
  expect(next.fake.pushes().flat()).toMatchObject([
    { op: "remove", id: "a" },
    { op: "remove", id: "b" },
  ]);
  const later = open();
  expect(later.el.textContent).not.toContain("not part of this document");
  for (const { end } of [...views, next, later]) end();
});

test("S11: unconfirmed edits of another document are not offered", () => {
  const lost = open((fake) => {
    fake.answers = false;
  });
  act(() => lost.fake.say(snapshot({ to: null, nodes: [node("other")], edges: [] })));
  const host = lost.el.querySelector(".kaizen-canvas");
  for (const init of [{ key: "a", ctrlKey: true }, { key: "Delete" }])
    act(() => {
      host?.dispatchEvent(
        new KeyboardEvent("keydown", { ...init, bubbles: true, cancelable: true }),
      );
    });
  lost.fake.alive = false;
  act(() =>
    lost.fake.say({ kind: "heartbeat", epoch: "E", rev: 5, digest: 0, seq: 0, factsSeq: 0 }),
  );
  expect(lost.el.textContent).toContain("1 edit was not received");
  const next = open();
  expect(next.el.textContent).not.toContain("not part of this document");
  for (const { end } of [lost, next]) end();
});

test("the zoom is in the toolbar, so nothing on the board covers a card", () => {
  const { el, end } = open();
  const names = [...el.querySelectorAll(".kc-toolbar button")].map((each) =>
    each.getAttribute("aria-label"),
  );
  expect(names).toEqual(expect.arrayContaining(["Zoom out", "Zoom: 100 %", "Zoom in"]));
  expect(el.querySelector(".kc-board .react-flow__controls")).toBeNull();
  expect(el.querySelector(".kaizen-canvas")?.getAttribute("data-kz-zoom")).toBe("100");
  end();
});

/** A finished run over the edge `ab`, which carried a table of 120 rows. */
function showRun(fake: FakeModel, nodeCommands: NodeCommand[] = []): void {
  const nodes = {
    a: nodeRun("completed", { type: "table", count: 120 }),
    b: nodeRun("completed", { type: "text", count: 1 }),
  };
  const run = { ...BLANK.run, status: "completed" as const, nodes };
  act(() => fake.say({ kind: "state_changed", seq: 1, state: { ...BLANK, nodeCommands, run } }));
}

test("an edge that the run took has a chip with the type and count of its value", () => {
  const { fake, el, end } = open();
  showRun(fake);
  const chip = el.querySelector(".react-flow__edge .kc-chip");
  expect(chip?.querySelector("text")?.textContent).toBe("120");
  expect(chip?.querySelector("title")?.textContent).toContain("rows of a table");
  expect(chip?.querySelector(".p-table")).not.toBeNull();
  end();
});

test("above a selected node are the buttons that the kernel offers", () => {
  const names = () =>
    [...el.querySelectorAll(".kc-selection button")].map((each) => each.getAttribute("aria-label"));
  const { fake, el, end } = open();
  showRun(fake, ["run_from", "pin", "group"]);
  act(() => fake.say({ kind: "show_selection", nodes: ["a"], edges: [] }));
  expect(names()).toEqual(["Run from here", "Pin", "Mute", "Duplicate", "Delete"]);
  act(() => fake.say({ kind: "show_selection", nodes: ["a", "b"], edges: [] }));
  expect(names()).toEqual(["Pin", "Mute", "Duplicate", "Group", "Delete"]);
  const group = el.querySelector<HTMLElement>('.kc-selection [aria-label="Group"]');
  act(() => group?.click());
  expect(fake.sent.at(-1)).toMatchObject({ kind: "command", name: "group", nodes: ["a", "b"] });
  end();
});

test("an edge under the pointer has a menu of the nodes that can be inserted", () => {
  const { fake, el, end } = open();
  const line = el.querySelector(".react-flow__edge");
  act(() => {
    line?.dispatchEvent(new MouseEvent("mouseenter"));
  });
  const plus = el.querySelector<HTMLElement>('[aria-label="Insert a node"]');
  act(() => plus?.click());
  const item = el.querySelector<HTMLElement>('[role="menuitem"]');
  expect(item?.textContent).toBe("agent");
  expect(document.activeElement).toBe(item);
  act(() => item?.click());
  expect(fake.pushes()).toHaveLength(1);
  expect(el.querySelector('[role="menu"]')).toBeNull();
  end();
});
