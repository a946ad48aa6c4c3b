/**
 * Which key does what, and which keys JupyterLab may not see (traps 15 and 16).
 *
 * Lab's command keys act on whatever has the focus: `b` on a focused node adds a cell, `x` cuts the one
 * that holds the canvas. So every bare key is ours, and of the chords only those that mean something here.
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

/** Moving the focus, scrolling and the browser's own: nobody here takes them. */
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
const CHORDS: Readonly<Record<string, KeyAction>> = {
  a: "selectAll",
  d: "duplicate",
  y: "redo",
};
/** Chords that do nothing here and would cut or paste notebook cells. */
const SHIELDED: ReadonlySet<string> = new Set(["x", "v"]);

/** What a key asks for: an action, `"shield"` (keep it from the notebook), or null (not ours). */
export function keyAction(event: KeyPress): KeyAction | "shield" | null {
  const { key } = event;
  if (event.altKey) return null;
  if (event.ctrlKey || event.metaKey) {
    const letter = key.toLowerCase();
    if (letter === "z") return event.shiftKey ? "redo" : "undo";
    if (event.shiftKey) return null;
    if (Object.hasOwn(CHORDS, letter)) return CHORDS[letter] ?? null;
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

/** Whether keys belong to an element because one types in it. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

/** What the listener on the host does with a key; returns the action to carry out, if any. */
export function takeKey(event: KeyboardEvent): KeyAction | null {
  // Composition (IME) keys are text on its way.
  if (event.isComposing || isTyping(event.target)) return null;
  const action = keyAction(event);
  if (action === null) return null;
  const taken = event.defaultPrevented;
  event.preventDefault();
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button && (event.key === "Enter" || event.key === " ")) {
    // We took the key from the notebook, and with it the click that it would have become.
    if (!event.repeat) button.click();
    return null;
  }
  return action === "shield" || taken ? null : action;
}
