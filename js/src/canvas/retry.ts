/** Repeats a message until it is answered. Units: milliseconds. */
import type { Clock } from "../clock.ts";
import type { Unsubscribe } from "../store.ts";

const RETRY_FIRST = 2_000;
const RETRY_LAST = 30_000;

/** Repeats a call after 2 s, 4 s, ... 30 s until it is stopped or the call returns false. */
export class Retry {
  private wait = RETRY_FIRST;
  private cancel: Unsubscribe | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly call: () => boolean,
  ) {}

  get waiting(): boolean {
    return this.cancel !== null;
  }

  start(): void {
    if (this.cancel !== null) return;
    this.cancel = this.clock.later(this.wait, () => {
      this.cancel = null;
      this.wait = Math.min(this.wait * 2, RETRY_LAST);
      if (this.call()) this.start();
    });
  }

  /** The kernel responds: the next wait is at most the first one. */
  hasten(): void {
    if (this.cancel === null || this.wait === RETRY_FIRST) return;
    this.stop();
    this.start();
  }

  stop(): void {
    this.cancel?.();
    this.cancel = null;
    this.wait = RETRY_FIRST;
  }
}
