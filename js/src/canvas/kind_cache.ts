/**
 * The node kinds of a page's canvases, so that each set travels once: most canvases have the same.
 */
import type { KindInfo, Snapshot } from "./protocol.gen.ts";

const known = new Map<string, readonly KindInfo[]>();
let newest = "";

/** Which kinds a view can say it knows. */
export function newestLooks(): string {
  return newest;
}

/** The kinds a snapshot names, which it may hold or leave to what is known. */
export function kindsIn({ looks, kinds }: Pick<Snapshot, "looks" | "kinds">): readonly KindInfo[] {
  if (kinds !== null) {
    known.set(looks, kinds);
    newest = looks;
  }
  return known.get(looks) ?? [];
}
