/**
 * How an edge is drawn: by what the newest run did with it, and as React Flow draws what its JSON says: `type`, `style`,
 * `animated`, `markerStart` and `markerEnd`. Pure.
 */
import {
  getBezierPath,
  getSimpleBezierPath,
  getSmoothStepPath,
  getStraightPath,
  type Position,
} from "@xyflow/react";
import type { CSSProperties } from "react";
import { isObject, type Json } from "../json.ts";
import type { EdgeJson } from "./document.ts";
import { nounOf, type PortType } from "./port_types.ts";
import type { NodeRunState } from "./protocol.gen.ts";

export type EdgeState = "plain" | "running" | "taken" | "not" | "failed";

export interface Ends {
  readonly sourceX: number;
  readonly sourceY: number;
  readonly sourcePosition: Position;
  readonly targetX: number;
  readonly targetY: number;
  readonly targetPosition: Position;
}

export interface EdgePath {
  readonly path: string;
  readonly labelX: number;
  readonly labelY: number;
}

/** What the newest run did with an edge, from the states of its two nodes. */
export function edgeState(
  source: NodeRunState | undefined,
  target: NodeRunState | undefined,
  handle: string | null,
): EdgeState {
  if (!source) return "plain";
  switch (source.status) {
    case "failed":
      return "failed";
    case "skipped":
      return "not";
    case "completed":
      break;
    default:
      return "plain";
  }
  if (source.outputs?.includes(handle ?? "default") === false) return "not";
  switch (target?.status) {
    case "running":
      return "running";
    case "waiting":
    case "completed":
    case "failed":
    case "cancelled":
      return "taken";
    case "skipped":
      return source.outputs ? "taken" : "not";
    default:
      return "plain";
  }
}

export interface Chip {
  /** Null where nothing went over the edge. */
  readonly type: PortType | null;
  readonly text: string;
  /** The same as a sentence. */
  readonly words: string;
}

/** What the newest run sent over an edge; null where it sent nothing, or nothing is known of it. */
export function chipOf(
  state: EdgeState,
  source: NodeRunState | undefined,
  handle: string | null = null,
): Chip | null {
  if (state === "failed")
    return { type: null, text: "0", words: "Nothing went over this edge: its node failed" };
  const part = handle === null ? undefined : source?.parts?.[handle];
  const { type = null, count = null } = part ?? source ?? {};
  if (state !== "taken" || type === null || count === null) return null;
  const text = count < 10_000 ? count.toLocaleString("en-US") : COMPACT.format(count);
  return { type, text, words: `${sizeText(type, count)} went over this edge` };
}

const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact" });
const PARTS: { readonly [type in PortType]?: readonly [one: string, many: string] } = {
  list: ["item of a list", "items of a list"],
  dict: ["key of a dict", "keys of a dict"],
  table: ["row of a table", "rows of a table"],
};

/** A value in words, such as "120 rows of a table". */
function sizeText(type: PortType, count: number): string {
  const parts = PARTS[type];
  if (parts) return `${count.toLocaleString("en-US")} ${parts[count === 1 ? 0 : 1]}`;
  if (type === "any") return count === 0 ? "None" : "A value";
  const noun = nounOf(type);
  return `${noun.charAt(0).toUpperCase()}${noun.slice(1)}`;
}

/** The most iterations of an edge that leads back; null for all others. */
export function loopLimit(edge: EdgeJson): number | null {
  const limit = isObject(edge.data) ? edge.data.maxIterations : undefined;
  return typeof limit === "number" && Number.isFinite(limit) && limit > 0 ? limit : null;
}

/** Room above the ports for an edge that leads back over its nodes, in flow units. */
const OVER = 64;
const BEND = 70;

export function edgePath(edge: EdgeJson, ends: Ends): EdgePath {
  if (loopLimit(edge) !== null && ends.targetX < ends.sourceX + BEND) return loopPath(ends);
  const [path, labelX, labelY] = pathOfType(edge.type, ends);
  return { path, labelX, labelY };
}

function pathOfType(type: Json | undefined, ends: Ends): [string, number, number, ...number[]] {
  switch (type) {
    case "straight":
      return getStraightPath(ends);
    case "step":
      return getSmoothStepPath({ ...ends, borderRadius: 0 });
    case "smoothstep":
      return getSmoothStepPath(ends);
    case "simplebezier":
      return getSimpleBezierPath(ends);
    default:
      return getBezierPath(ends);
  }
}

function loopPath({ sourceX, sourceY, targetX, targetY }: Ends): EdgePath {
  const top = Math.min(sourceY, targetY) - OVER;
  const middle = (sourceX + targetX) / 2;
  const out = `M${sourceX},${sourceY} C${sourceX + BEND},${sourceY} ${sourceX + BEND},${top} ${middle},${top}`;
  return {
    path: `${out} S${targetX - BEND},${targetY} ${targetX},${targetY}`,
    labelX: middle,
    labelY: top,
  };
}

const LENGTH = 64;

/** The parts of an edge's style that React Flow draws; nothing in it may load anything. */
export function styleOf(edge: EdgeJson): CSSProperties {
  const { style } = edge;
  if (!isObject(style)) return {};
  const made: Record<string, string | number> = {};
  for (const key of ["stroke", "strokeWidth", "strokeDasharray", "opacity"]) {
    const value = style[key];
    if (typeof value === "number" && Number.isFinite(value)) made[key] = value;
    else if (typeof value === "string" && value.length <= LENGTH && !/url|[;{}\\]/i.test(value))
      made[key] = value;
  }
  return made;
}

export interface Head {
  /** `open` are two lines, `closed` a triangle. */
  readonly shape: "open" | "closed";
  readonly color: string | undefined;
}

/** The arrow head at one end of an edge: ours at the target, unless its JSON has another. */
export function headOf(edge: EdgeJson, end: "markerStart" | "markerEnd"): Head | null {
  const marker = edge[end];
  const own: Head | null = end === "markerEnd" ? { shape: "closed", color: undefined } : null;
  if (!isObject(marker)) return own;
  const { type, color } = marker;
  if (type !== "arrow" && type !== "arrowclosed") return own;
  const isColor =
    typeof color === "string" && color.length <= LENGTH && !/url|[;{}\\]/i.test(color);
  return {
    shape: type === "arrow" ? "open" : "closed",
    color: isColor ? color : undefined,
  };
}

/** A path's direction, in degrees, where it leaves its source or reaches its target. */
export function angleOf(edge: EdgeJson, ends: Ends, end: "markerStart" | "markerEnd"): number {
  const isEnd = end === "markerEnd";
  if (edge.type === "straight") {
    const along = Math.atan2(ends.targetY - ends.sourceY, ends.targetX - ends.sourceX);
    return (along * 180) / Math.PI + (isEnd ? 0 : 180);
  }
  // All other paths end at a right angle to the node's side.
  const side = isEnd ? ends.targetPosition : ends.sourcePosition;
  return { left: 0, right: 180, top: 90, bottom: -90 }[side];
}
