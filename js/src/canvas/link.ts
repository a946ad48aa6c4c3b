/**
 * How the line to the kernel stands (rule S11): as the notebook says (`host_kernel.ts`), else judged by how
 * long answers take. Units: milliseconds.
 */
import type { Clock } from "../clock.ts";
import type { Unsubscribe } from "../store.ts";
import type { Line } from "./host_kernel.ts";

/**
 * `opening`: no document yet; `slow`: the kernel is busy, an answer takes its time; `lost`: the wire is cut,
 * or may be, so long does it take; `gone`: the kernel ended, for good.
 */
export type Link = "opening" | "live" | "slow" | "lost" | "gone";

/** How long an answer may take before the view says that the kernel is busy. */
export const SLOW_AFTER = 1_500;
/** And until it says that edits live only in this browser. */
export const LOST_AFTER = 20_000;

/** What a watch looks at, and what it changes. */
export interface Watched {
  link(): Link;
  setLink(link: Link): void;
  /** Whether something waits for an answer. */
  waiting(): boolean;
}

export class LinkWatch {
  private end: Unsubscribe | null = null;
  private line: Line = null;

  constructor(
    private readonly clock: Clock,
    private readonly watched: Watched,
  ) {}

  /** Looks whether something waits, and from now on for how long. */
  look(): void {
    if (!this.watched.waiting() && this.line !== "busy") return this.stop();
    if (this.line === "down" || this.line === "dead") return this.stop();
    const link = this.watched.link();
    if (this.end !== null || (link !== "live" && link !== "slow")) return;
    const [wait, then]: [number, Link] =
      link === "slow" ? [LOST_AFTER - SLOW_AFTER, "lost"] : [SLOW_AFTER, "slow"];
    // Who knows that the wire is there need not fear for it.
    if (then === "lost" && this.line !== null) return;
    this.end = this.clock.later(wait, () => {
      this.end = null;
      this.watched.setLink(then);
      this.look();
    });
  }

  /** Something was answered: whatever else waits, waits anew. */
  again(): void {
    this.stop();
    this.look();
  }

  /** The notebook says how the line is; returns whether it is back after it was cut. */
  told(line: Line): boolean {
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

  /** Something came from the kernel: it is there. */
  heard(): void {
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
