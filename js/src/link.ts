/** How the line to the kernel stands, judged by how long answers take (rule S11). Units: milliseconds. */
import type { Clock } from "./clock.ts";
import type { Unsubscribe } from "./store.ts";

/**
 * `opening`: no document yet; `slow`: an answer takes its time; `lost`: it takes so long that the wire may
 * be cut; `gone`: the kernel ended, for good.
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

  constructor(
    private readonly clock: Clock,
    private readonly watched: Watched,
  ) {}

  /** Looks whether something waits, and from now on for how long. */
  look(): void {
    if (!this.watched.waiting()) return this.stop();
    const link = this.watched.link();
    if (this.end !== null || (link !== "live" && link !== "slow")) return;
    const [wait, then]: [number, Link] =
      link === "slow" ? [LOST_AFTER - SLOW_AFTER, "lost"] : [SLOW_AFTER, "slow"];
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

  /** Something came from the kernel: it is there. */
  heard(): void {
    const link = this.watched.link();
    if (link === "slow" || link === "lost") this.watched.setLink("live");
    this.again();
  }

  stop(): void {
    this.end?.();
    this.end = null;
  }
}
