/** What the other views of this kernel have selected (rule S12): marked for a while, or until they say more. */
import type { Clock } from "../clock.ts";
import { type Readable, Store, type Unsubscribe } from "../store.ts";

/** For so many ms a selection is marked of which nothing more was heard: its view may have died. */
const MARKED_FOR = 120_000;

export class Peers {
  private readonly all = new Store<ReadonlySet<string>>(new Set());
  private readonly marked = new Map<string, readonly string[]>();
  private readonly fading = new Map<string, Unsubscribe>();

  constructor(private readonly clock: Clock) {}

  /** The ids of nodes and edges selected elsewhere. */
  get store(): Readable<ReadonlySet<string>> {
    return this.all;
  }

  /** A view has these selected now; none when it is gone. */
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
