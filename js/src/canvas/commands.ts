/**
 * Sends Run and Save after the edits made before them (rule F4): commands are not numbered requests, so the kernel
 * could handle them first. Cancel does not wait.
 */
import type { Command } from "./protocol.gen.ts";
import type { Replica } from "./replica.ts";
import { isReceived } from "./replica_state.ts";

type Name = Command["name"];

export class Commands {
  private readonly waiting = new Set<Name>();
  readonly close: () => void;

  constructor(private readonly replica: Replica) {
    this.close = replica.store.subscribe(() => this.release());
  }

  send(name: Name): void {
    if (name === "cancel" || isReceived(this.replica.store.get())) this.replica.command(name);
    else this.waiting.add(name);
  }

  private release(): void {
    if (this.waiting.size === 0 || !isReceived(this.replica.store.get())) return;
    const names = [...this.waiting];
    this.waiting.clear();
    for (const name of names) this.replica.command(name);
  }
}
