/** The node kinds known to this page, so that a set of kinds is sent once: most canvases have the same. */
import type { KindInfo, Snapshot } from "./protocol.gen.ts";

const known = new Map<string, readonly KindInfo[]>();
let newest = "";

/** The hash of the kinds received last, which a view sends to the kernel. */
export function knownKindsHash(): string {
  return newest;
}

/** The kinds of a snapshot: its own, or those received earlier under the same hash. */
export function kindsOf({
  kindsHash,
  kinds,
}: Pick<Snapshot, "kindsHash" | "kinds">): readonly KindInfo[] {
  if (kinds !== null) {
    known.set(kindsHash, kinds);
    newest = kindsHash;
  }
  return known.get(kindsHash) ?? [];
}
