// @vitest-environment jsdom
import { expect, test } from "vitest";
import { keyAction, takeKey } from "../../src/canvas/keys.ts";

const key = (text: string) => {
  const parts = text.split("+");
  const has = (name: string) => parts.includes(name);
  return {
    key: parts.at(-1) ?? "",
    ctrlKey: has("Ctrl"),
    metaKey: has("Cmd"),
    altKey: has("Alt"),
    shiftKey: has("Shift"),
  };
};

test.each([
  ["Delete", "delete"],
  ["Backspace", "delete"],
  ["F2", "rename"],
  ["Enter", "rename"],
  ["Escape", "escape"],
  ["Ctrl+a", "selectAll"],
  ["Cmd+a", "selectAll"],
  ["Ctrl+d", "duplicate"],
  ["Ctrl+z", "undo"],
  ["Ctrl+Z", "undo"],
  ["Ctrl+Shift+z", "redo"],
  ["Ctrl+Shift+Z", "redo"],
  ["Cmd+Shift+Z", "redo"],
  ["Ctrl+y", "redo"],
])("%s means %s", (text, action) => {
  expect(keyAction(key(text))).toBe(action);
});

test.each(["b", "x", "d", "m", "z", "Shift+M", "ArrowDown", " ", "Ctrl+x", "Ctrl+v"])(
  "%s is kept from the notebook",
  (text) => {
    expect(keyAction(key(text))).toBe("shield");
  },
);

test.each([
  "Ctrl+s",
  "Cmd+s",
  "Shift+Enter",
  "Ctrl+Enter",
  "Tab",
  "Shift+Tab",
  "Ctrl+c",
  "F5",
  "PageDown",
  "Alt+a",
  "Shift+Shift",
])("%s is left to others", (text) => {
  expect(keyAction(key(text))).toBeNull();
});

function press(markup: string, selector: string, init: KeyboardEventInit) {
  document.body.innerHTML = `<div id="host">${markup}</div>`;
  const result: { action?: string | null; prevented?: boolean } = {};
  document.getElementById("host")?.addEventListener("keydown", (event) => {
    result.action = takeKey(event);
    result.prevented = event.defaultPrevented;
  });
  const target = document.querySelector<HTMLElement>(selector);
  let clicks = 0;
  target?.addEventListener("click", () => {
    clicks += 1;
  });
  target?.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init }));
  return { ...result, clicks };
}

test("keys typed into a field are not handled", () => {
  expect(press("<input>", "input", { key: "Delete" })).toEqual({
    action: null,
    prevented: false,
    clicks: 0,
  });
});

test("Enter and Space press a button, once", () => {
  expect(press("<button>", "button", { key: "Enter" })).toMatchObject({
    prevented: true,
    clicks: 1,
  });
  expect(press("<button>", "button", { key: " ", repeat: true })).toMatchObject({
    prevented: true,
    clicks: 0,
  });
});

test("a key without modifiers is kept from the notebook", () => {
  expect(press("<p tabindex=0>", "p", { key: "x" })).toEqual({
    action: null,
    prevented: true,
    clicks: 0,
  });
});
