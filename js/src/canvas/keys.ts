/**
 * Which key does what, and which keys are kept from JupyterLab.
 *
 * In command mode JupyterLab's keys apply to whatever has the focus: `b` on a focused node adds a cell, `x` deletes the
 * one that contains the canvas. So the canvas handles every key without modifiers, and those key combinations that
 * mean something here.
 */
import type { KeyPress } from "../keyboard.ts";

export type KeyAction =
  | "delete"
  | "rename"
  | "selectAll"
  | "duplicate"
  | "undo"
  | "redo"
  | "escape";

/** Keys that move the focus, scroll or belong to the browser: not handled here. */
const LEFT_ALONE: ReadonlySet<string> = new Set([
  "Tab",
  "Shift",
  "Control",
  "Meta",
  "Alt",
  "AltGraph",
  "CapsLock",
  "PageUp",
  "PageDown",
  "ContextMenu",
  "Dead",
  "Process",
  "Unidentified",
]);
const COMBINATIONS: Readonly<Record<string, KeyAction>> = {
  a: "selectAll",
  d: "duplicate",
  y: "redo",
};
/** Combinations that do nothing here, but would cut or paste notebook cells. */
const SHIELDED: ReadonlySet<string> = new Set(["x", "v"]);

/** What a key does: an action, `"shield"` (nothing, but keep it from the notebook), or null (not handled). */
export function keyAction(event: KeyPress): KeyAction | "shield" | null {
  const { key } = event;
  if (event.altKey) return null;
  if (event.ctrlKey || event.metaKey) {
    const letter = key.toLowerCase();
    if (letter === "z") return event.shiftKey ? "redo" : "undo";
    if (event.shiftKey) return null;
    if (Object.hasOwn(COMBINATIONS, letter)) return COMBINATIONS[letter] ?? null;
    return SHIELDED.has(letter) ? "shield" : null;
  }
  if (LEFT_ALONE.has(key)) return null;
  if (key === "F2") return "rename";
  if (/^F\d+$/.test(key)) return null;
  if (key === "Enter") return event.shiftKey ? null : "rename";
  if (key === "Delete" || key === "Backspace") return "delete";
  if (key === "Escape") return "escape";
  return "shield";
}

/** Whether an element takes typed text. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

/** Handles a key event of the host element; returns the action to carry out, if any. */
export function takeKey(event: KeyboardEvent): KeyAction | null {
  // Keys of an input method (IME) are part of text being typed.
  if (event.isComposing || isTyping(event.target)) return null;
  const action = keyAction(event);
  if (action === null) return null;
  const taken = event.defaultPrevented;
  event.preventDefault();
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button && (event.key === "Enter" || event.key === " ")) {
    // preventDefault also prevents the click that the key would cause.
    if (!event.repeat) button.click();
    return null;
  }
  return action === "shield" || taken ? null : action;
}
