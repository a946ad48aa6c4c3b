/** The hue of a node's kind: built-in kinds have one in `tokens.css`, others that of their own color. */
import type { CSSProperties } from "react";
import type { KindInfo } from "../protocol.gen.ts";

const BUILT_IN: ReadonlySet<string> = new Set([
  "input",
  "agent",
  "supervisor",
  "router",
  "synthesizer",
  "connector",
  "approval",
  "output",
  "subflow",
  "note",
]);

/** The class names of a tile. */
export function tileClass(nodeKind: KindInfo | null): string {
  if (nodeKind === null) return "kc-tile kc-tile-grey";
  return BUILT_IN.has(nodeKind.type) ? `kc-tile k-${nodeKind.type}` : "kc-tile kc-tile-own";
}

export function tileStyle(nodeKind: KindInfo | null): CSSProperties {
  return { "--kz-kind": nodeKind?.color } as CSSProperties;
}
