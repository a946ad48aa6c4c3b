/** Reads and changes a property of JSON by its path. Pure; everything off the path is shared. */
import { isObject, type Json, type JsonObject } from "../json.ts";

/** Returns whether a property exists, and its value. */
export function getIn(value: Json, path: readonly string[]): [boolean, Json] {
  let here: Json = value;
  for (const part of path) {
    if (!isObject(here) || !Object.hasOwn(here, part)) return [false, null];
    here = here[part] ?? null;
  }
  return [true, here];
}

/** Returns a copy with one property set; throws when an object on the path does not exist. */
export function setIn(
  value: JsonObject,
  path: readonly string[],
  json: Json,
  name: string,
): JsonObject {
  const [head = "", ...rest] = path;
  if (rest.length === 0) return { ...value, [head]: json };
  const inner = Object.hasOwn(value, head) ? value[head] : undefined;
  if (!isObject(inner))
    throw new Error(`${name}: "${head}" is not an object, so "${rest[0]}" cannot be set in it.`);
  return { ...value, [head]: setIn(inner, rest, json, name) };
}

/** Returns a copy without one property, which must exist. */
export function unsetIn(value: JsonObject, path: readonly string[]): JsonObject {
  const [head = "", ...rest] = path;
  const { [head]: inner, ...others } = value;
  return rest.length === 0 ? others : { ...value, [head]: unsetIn(inner as JsonObject, rest) };
}
