/**
 * A checksum of a document's history; mirrors `kaizen_widgets/graph/digest.py` (rule S4).
 *
 * Pure. Its cost grows with the batch, not with the document, except for elements that a batch puts between others,
 * whose place has to be searched.
 */
import { type Batch, type Document, following } from "./document.ts";
import { getIn } from "./path.ts";

/** Returns the checksum of `after`: of the document with the checksum `before` after a batch. */
export function digest(before: number, batch: Batch, after: Document): number {
  const parts = [`${after.nodes.size}/${after.edges.size}`];
  for (const operation of batch) {
    const id = operation.op === "add" ? (operation.item as { id: string }).id : operation.id;
    parts.push(operation.kind + text(id));
    const map = operation.kind === "node" ? after.nodes : after.edges;
    const element = map.get(id);
    if (element === undefined || operation.op === "remove") continue;
    if (operation.op === "add") {
      parts.push(text(element));
      if (operation.before !== null) parts.push(text(following(map, id)));
    } else if (operation.op === "move") parts.push(text(following(map, id)));
    else {
      const [found, value] = getIn(element, operation.path);
      parts.push(found ? text(value) : "-");
    }
  }
  return crc32(new TextEncoder().encode(parts.join("\n")), before);
}

const double = new DataView(new ArrayBuffer(8));

function text(value: unknown): string {
  if (typeof value === "string") return `'${value.length}:${value}`;
  if (value === null || value === undefined) return "N";
  if (typeof value === "boolean") return value ? "T" : "F";
  if (typeof value === "number") {
    double.setFloat64(0, value + 0);
    return double.getBigUint64(0).toString(16).padStart(16, "0");
  }
  if (Array.isArray(value)) return `[${value.map(text).join(",")}]`;
  const object = value as Record<string, unknown>;
  // `sort` orders by UTF-16 code units; Python does the same.
  const keys = Object.keys(object).filter((key) => object[key] !== undefined);
  return `{${keys
    .sort()
    .map((key) => text(key) + text(object[key]))
    .join(",")}}`;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array, before: number): number {
  let value = ~before;
  for (const byte of bytes) value = (TABLE[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return ~value >>> 0;
}
