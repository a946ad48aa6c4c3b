/**
 * Keys of fields, and keys of the keyboard that the form handles.
 *
 * The key of a field is a JSON pointer: `/items/r7/qty`.
 */
import type { KeyPress } from "../keyboard.ts";

export function join(key: string, part: string): string {
  return `${key}/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** Whether `key` is `above` or below it. */
export function isWithin(key: string, above: string): boolean {
  return key === above || key.startsWith(`${above}/`);
}

/** Yields a key and all keys above it, the nearest first, ending with the form's (""). */
export function* upwards(key: string): Generator<string> {
  for (let end = key.length; end >= 0; end = end === 0 ? -1 : key.lastIndexOf("/", end - 1))
    yield key.slice(0, end);
}

const OURS_WITH_CONTROL: ReadonlySet<string> = new Set(["enter", "a", "c", "v", "x", "y", "z"]);

/**
 * Whether a key that was pressed in a form must be kept from JupyterLab, where `b` adds a cell and
 * Control + Enter runs the form's own cell. The notebook gets the keys to save, and Shift + Enter.
 */
export function isOurs({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyPress): boolean {
  if (ctrlKey || metaKey) return !altKey && !shiftKey && OURS_WITH_CONTROL.has(key.toLowerCase());
  if (altKey || /^F\d+$/.test(key)) return false;
  return !(key === "Enter" && shiftKey);
}
