/** The selections of other views of this kernel (rule S12): marked until they change, at most for a while. */
import type { Clock } from "../clock.ts";
import { type Readable, Store, type Unsubscribe } from "../store.ts";

/** How long (ms) a selection is marked after the last message about it: its view may have crashed. */
const MARKED_FOR = 120_000;

export class Peers {
  private readonly all = new Store<ReadonlySet<string>>(new Set());
  private readonly marked = new Map<string, readonly string[]>();
  private readonly fading = new Map<string, Unsubscribe>();

  constructor(private readonly clock: Clock) {}

  /** The ids of the nodes and edges selected in other views. */
  get store(): Readable<ReadonlySet<string>> {
    return this.all;
  }

  /** Marks the selection of a view; empty when the view closed. */
  mark(peer: string, ids: readonly string[]): void {
    this.fading.get(peer)?.();
    this.fading.delete(peer);
    if (ids.length > 0) {
      this.marked.set(peer, ids);
      this.fading.set(
        peer,
        this.clock.later(MARKED_FOR, () => this.mark(peer, [])),
      );
    } else {
      this.marked.delete(peer);
    }
    this.all.set(new Set([...this.marked.values()].flat()));
  }

  close(): void {
    for (const end of this.fading.values()) end();
  }
}
