/**
 * The JSON values that a document may contain (rule D4); mirrors `kaizen_widgets/graph/frozen_json.py`.
 *
 * Pure. Values are not copied, so nothing may change them afterwards.
 */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** The most characters of text in an element, or in one property of it. */
const MAX_SIZE = 4 * 1024 * 1024;
const MAX_DEPTH = 64;
/** Property names of every JavaScript object, which are refused as ids and keys. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
const LONE_SURROGATE = /\p{Surrogate}/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: an id may not contain these
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns `value` if a document may hold it; throws an `Error` otherwise. */
export function check(value: unknown, name: string): Json {
  if (walk(value, name, 0) > MAX_SIZE)
    throw new Error(`${name} holds more text than an element may.`);
  return value as Json;
}

export function checkId(value: unknown, name: string): string {
  if (typeof value !== "string") throw new Error(`${name} must be text.`);
  if (value.length === 0 || value.length > 1024)
    throw new Error(`${name} must have 1 to 1,024 characters.`);
  if (FORBIDDEN_KEYS.has(value)) throw new Error(`${name} may not be "${value}".`);
  if (CONTROL_CHARACTER.test(value)) throw new Error(`${name} has a control character in it.`);
  checkText(value, name);
  return value;
}

export function checkKey(key: string, name: string): void {
  if (FORBIDDEN_KEYS.has(key)) throw new Error(`${name} has the key "${key}".`);
  checkText(key, name);
}

/** Whether two JSON values are the same; the order of keys does not count. */
export function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one))
    return (
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((item, index) => same(item, other[index]))
    );
  if (!isObject(one) || !isObject(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]))
  );
}

/** Returns `next` with equal parts replaced by those of `previous`, so that they keep their identity. */
export function share<T>(previous: T, next: T): T {
  if (same(previous, next)) return previous;
  if (!isObject(previous) || !isObject(next)) return next;
  const made: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(next)) {
    const old = Object.hasOwn(previous, key) ? previous[key] : undefined;
    // Not by assignment, because an id may be "__proto__".
    Object.defineProperty(made, key, {
      value: share<unknown>(old, value),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return made as T;
}

function walk(value: unknown, name: string, depth: number): number {
  switch (typeof value) {
    case "boolean":
      return 4;
    case "string":
      checkText(value, name);
      return value.length;
    case "number":
      if (!Number.isFinite(value)) throw new Error(`${name} holds ${value}, not a finite number.`);
      return 8;
    case "object":
      return value === null ? 4 : walkContainer(value, name, depth);
    default:
      throw new Error(`${name} holds a ${typeof value}, which is not JSON.`);
  }
}

function walkContainer(value: object, name: string, depth: number): number {
  if (depth >= MAX_DEPTH) throw new Error(`${name} is nested more than ${MAX_DEPTH} deep.`);
  let size = 2;
  if (Array.isArray(value)) {
    for (const item of value) size += walk(item, name, depth + 1) + 1;
    return size;
  }
  for (const [key, item] of Object.entries(value)) {
    checkKey(key, name);
    size += walk(item, name, depth + 1) + key.length + 1;
  }
  return size;
}

function checkText(text: string, name: string): void {
  if (LONE_SURROGATE.test(text)) throw new Error(`${name} holds half a Unicode surrogate pair.`);
}
