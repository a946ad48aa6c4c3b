/**
 * What a card says of its node: one state, the first that holds of a fixed order, with an icon, a word, a value and a
 * foot. The box of the card never depends on it. Pure.
 */
import { isObject } from "../../json.ts";
import type { NodeJson } from "../document.ts";
import { getIn } from "../path.ts";
import type { NodeFacts, NodeRunState } from "../protocol.gen.ts";

export type NodeState =
  | "muted"
  | "invalid"
  | "incomplete"
  | "waiting"
  | "running"
  | "queued"
  | "failed"
  | "stale"
  | "pinned"
  | "cached"
  | "done"
  | "cancelled"
  | "skipped"
  | "idle";

export interface NodeFace {
  readonly state: NodeState;
  /** Name of the icon; `spinner` is drawn as one that turns. */
  readonly icon: string;
  /** The word of the state, also where the foot shows something more exact. */
  readonly word: string;
  /** The left part of the foot: the word, or the reason. */
  readonly left: string;
  /** The right part of the foot. */
  readonly right: string;
  readonly value: string;
  /** Whether the value is that of the config, not of a run. */
  readonly isFromConfig: boolean;
}

const SIGNS: Readonly<Record<NodeState, readonly [icon: string, word: string]>> = {
  muted: ["mute", "Muted"],
  invalid: ["error", "Not valid"],
  incomplete: ["warning", "Not complete"],
  waiting: ["clock", "Waiting"],
  running: ["spinner", "Running"],
  queued: ["dots", "Queued"],
  failed: ["error", "Failed"],
  stale: ["stale", "Stale"],
  pinned: ["pin", "Pinned"],
  cached: ["cache", "Cached"],
  done: ["check", "Done"],
  cancelled: ["ban", "Cancelled"],
  skipped: ["skip", "Skipped"],
  idle: ["dash", "Not run"],
};

/** Whether the user has switched a node off; it passes on what arrives. */
export function isMuted(node: NodeJson): boolean {
  return getIn(node, ["data", "policy", "muted"])[1] === true;
}

export function stateOf(
  node: NodeJson,
  facts: NodeFacts | undefined,
  run: NodeRunState | undefined,
  isRunning: boolean,
): NodeState {
  const mark = facts?.mark ?? null;
  const status = run?.status;
  if (mark === "muted" || isMuted(node)) return "muted";
  if (facts?.problem) return facts.severity === "warning" ? "incomplete" : "invalid";
  if (mark === "waiting" || status === "waiting") return "waiting";
  if (status === "running") return "running";
  if (status === "pending" && isRunning) return "queued";
  if (status === "failed") return "failed";
  if (mark !== null) return mark;
  if (status === "completed") return "done";
  if (status === "cancelled" || status === "skipped") return status;
  return "idle";
}

/** What a card says; `fallback` is its value when nothing else is known of it, the kind's description. */
export function faceOf(
  node: NodeJson,
  facts: NodeFacts | undefined,
  run: NodeRunState | undefined,
  isRunning: boolean,
  fallback: string,
): NodeFace {
  const state = stateOf(node, facts, run, isRunning);
  const [icon, word] = SIGNS[state];
  const [left, right] = footOf(state, word, node, facts, run);
  const result = resultOf(state, run);
  const value = oneLine(result || facts?.value || fallback);
  return { state, icon, word, left, right, value, isFromConfig: result === "" };
}

function footOf(
  state: NodeState,
  word: string,
  node: NodeJson,
  facts: NodeFacts | undefined,
  run: NodeRunState | undefined,
): readonly [string, string] {
  const seconds = run?.seconds ?? null;
  const time = seconds === null ? "" : secondsText(seconds);
  switch (state) {
    case "invalid":
    case "incomplete":
      return [facts?.problem ?? word, ""];
    case "stale":
      return [facts?.reason || word, ""];
    case "waiting":
      return [word, facts?.reason || "Review"];
    case "cached":
    case "pinned":
    case "muted":
      return [word, facts?.reason ?? ""];
    case "done":
      return [time || word, moneyText(run?.cost)];
    case "failed":
    case "cancelled":
      return [word, time];
    case "idle":
      return [facts?.details.join(" · ") || ownDetails(node).join(" · ") || word, ""];
    default:
      return [word, ""];
  }
}

/** What the newest run says; empty before any. */
function resultOf(state: NodeState, run: NodeRunState | undefined): string {
  if (!run || run.status === "pending" || state === "muted") return "";
  const [first, second] =
    run.status === "failed" || run.status === "skipped" || run.status === "cancelled"
      ? [run.message, run.preview]
      : [run.preview, run.message];
  return first || second;
}

/** The beginning of a text as one line. */
function oneLine(text: string): string {
  return text.slice(0, 300).replace(/\s+/g, " ").trim();
}

/** US dollars: cents, and two significant digits below one cent; empty when there is no price. */
export function moneyText(dollars: number | null | undefined): string {
  if (dollars === null || dollars === undefined) return "";
  if (dollars === 0) return "$0";
  if (dollars < 0.0001) return "<$0.0001";
  if (dollars >= 0.01) return `$${dollars.toFixed(2)}`;
  return `$${Number(dollars.toPrecision(2))}`;
}

export function secondsText(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** What a node's own JSON says of how it runs, when the kernel says nothing: how long, how often. */
function ownDetails(node: NodeJson): string[] {
  const [, policy] = getIn(node, ["data", "policy"]);
  if (!isObject(policy)) return [];
  const { timeout, retries } = policy;
  return [
    ...(typeof timeout === "number" && timeout > 0 ? [`${timeout} s`] : []),
    ...(typeof retries === "number" && retries > 0 ? [`retry ${retries}`] : []),
  ];
}
