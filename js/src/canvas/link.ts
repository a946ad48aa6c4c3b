/**
 * The state of the connection to the kernel (rule S11): as the notebook reports it (`host_kernel.ts`), else estimated
 * from response times. Units: milliseconds.
 */
import type { Clock } from "../clock.ts";
import type { Unsubscribe } from "../store.ts";
import type { Line } from "./host_kernel.ts";

/**
 * `opening`: no document yet; `slow`: the kernel is busy and has not answered yet; `lost`: the connection is cut, or
 * probably is, because no answer comes; `gone`: the kernel ended, for good.
 */
export type Link = "opening" | "live" | "slow" | "lost" | "gone";

/** How long an answer may take before the view shows that the kernel is busy. */
export const SLOW_AFTER = 1_500;
/** How long it may take before the view shows that it is disconnected. */
export const LOST_AFTER = 20_000;

/** What a `LinkWatch` reads and changes. */
export interface Watched {
  link(): Link;
  setLink(link: Link): void;
  /** Whether a message waits for an answer. */
  waiting(): boolean;
}

export class LinkWatch {
  private end: Unsubscribe | null = null;
  private line: Line = null;

  constructor(
    private readonly clock: Clock,
    private readonly watched: Watched,
  ) {}

  /** Starts to measure how long a message waits, if one does. */
  look(): void {
    if (!this.watched.waiting() && this.line !== "busy") return this.stop();
    if (this.line === "down" || this.line === "dead") return this.stop();
    const link = this.watched.link();
    if (this.end !== null || (link !== "live" && link !== "slow")) return;
    const [wait, then]: [number, Link] =
      link === "slow" ? [LOST_AFTER - SLOW_AFTER, "lost"] : [SLOW_AFTER, "slow"];
    // The notebook reports that the connection is up.
    if (then === "lost" && this.line !== null) return;
    this.end = this.clock.later(wait, () => {
      this.end = null;
      this.watched.setLink(then);
      this.look();
    });
  }

  /** A message was answered: measures the wait of the others from now. */
  again(): void {
    this.stop();
    this.look();
  }

  /** Handles the state that the notebook reports; returns whether the connection is back after a cut. */
  reported(line: Line): boolean {
    const before = this.line;
    this.line = line;
    const link = this.watched.link();
    if (link === "gone") return false;
    if (line === "dead") this.watched.setLink("gone");
    else if (line === "down" && link !== "opening") this.watched.setLink("lost");
    else if (line === "up" && link === "slow" && !this.watched.waiting())
      this.watched.setLink("live");
    const back = before === "down" && (line === "up" || line === "busy");
    if (back && link === "lost") this.watched.setLink("live");
    this.again();
    return back;
  }

  /** A message came from the kernel. */
  received(): void {
    const link = this.watched.link();
    const busy = link === "slow" && this.line === "busy";
    if (this.line !== "down" && !busy && (link === "slow" || link === "lost"))
      this.watched.setLink("live");
    this.again();
  }

  stop(): void {
    this.end?.();
    this.end = null;
  }
}
