/**
 * Which field a message is about, and which keys on the keyboard are the form's.
 *
 * A field's key is a JSON pointer: `/items/r7/qty`. Pure.
 */
import type { KeyPress } from "../keyboard.ts";

export function join(key: string, part: string): string {
  return `${key}/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** Whether `key` is `above` or lies under it. */
export function isWithin(key: string, above: string): boolean {
  return key === above || key.startsWith(`${above}/`);
}

/** Every key above and including this one, the nearest first; the form's own, "", is the last. */
export function* upwards(key: string): Generator<string> {
  for (let end = key.length; end >= 0; end = end === 0 ? -1 : key.lastIndexOf("/", end - 1))
    yield key.slice(0, end);
}

const OURS_WITH_CONTROL: ReadonlySet<string> = new Set(["enter", "a", "c", "v", "x", "y", "z"]);

/**
 * Whether JupyterLab may not see a key that was pressed in a form (trap 15): there `b` adds a cell, and
 * Control + Enter runs the one the form stands in. Saving and Shift + Enter are the notebook's.
 */
export function isOurs({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyPress): boolean {
  if (ctrlKey || metaKey) return !altKey && !shiftKey && OURS_WITH_CONTROL.has(key.toLowerCase());
  if (altKey || /^F\d+$/.test(key)) return false;
  return !(key === "Enter" && shiftKey);
}
