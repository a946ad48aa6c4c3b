/**
 * Run and Save come after the edits made before them (rule F4): a command is no numbered request, and the
 * kernel may be handed it first. Cancel waits for nothing.
 */
import type { Command } from "./protocol.gen.ts";
import type { Replica } from "./replica.ts";
import { isHeard } from "./replica_state.ts";

type Name = Command["name"];

export class Commands {
  private readonly waiting = new Set<Name>();
  readonly close: () => void;

  constructor(private readonly replica: Replica) {
    this.close = replica.store.subscribe(() => this.release());
  }

  send(name: Name): void {
    if (name === "cancel" || isHeard(this.replica.store.get())) this.replica.command(name);
    else this.waiting.add(name);
  }

  private release(): void {
    if (this.waiting.size === 0 || !isHeard(this.replica.store.get())) return;
    const names = [...this.waiting];
    this.waiting.clear();
    for (const name of names) this.replica.command(name);
  }
}
