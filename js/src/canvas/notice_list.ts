/** Messages shown over the canvas, each for a while. Units: milliseconds. */
import type { Clock } from "../clock.ts";
import { Store, type Unsubscribe } from "../store.ts";
import type { Problem } from "./protocol.gen.ts";

export interface Notice {
  readonly id: number;
  readonly message: string;
  readonly hint: string;
}

const SHOWN_FOR = 8_000;
const MOST = 3;

export class Notices {
  readonly store = new Store<readonly Notice[]>([]);
  private readonly ends = new Map<number, Unsubscribe>();
  private last = 0;

  constructor(private readonly clock: Clock) {}

  add({ message, hint }: Pick<Problem, "message" | "hint">): void {
    const id = ++this.last;
    this.store.set([...this.store.get().slice(1 - MOST), { id, message, hint }]);
    this.ends.set(
      id,
      this.clock.later(SHOWN_FOR, () => this.dismiss(id)),
    );
  }

  dismiss(id: number): void {
    this.ends.get(id)?.();
    this.ends.delete(id);
    this.store.set(this.store.get().filter((notice) => notice.id !== id));
  }

  close(): void {
    for (const end of this.ends.values()) end();
    this.ends.clear();
  }
}
