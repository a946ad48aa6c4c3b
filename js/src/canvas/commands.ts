/**
 * Sends Run, Save and what is done with selected nodes after the edits made before them (rule F4): commands are not
 * numbered requests, so the kernel could handle them first. Cancel and answers to a waiting node do not wait.
 */
import type { Command } from "./protocol.gen.ts";
import type { Replica } from "./replica.ts";
import { isReceived } from "./replica_state.ts";

type Name = Command["name"];

const IMMEDIATE: ReadonlySet<Name> = new Set<Name>(["cancel", "approve", "reject"]);

export class Commands {
  /** By name: pressed twice, it is sent once, for the nodes of the last press. */
  private readonly waiting = new Map<Name, readonly string[]>();
  readonly close: () => void;

  constructor(private readonly replica: Replica) {
    this.close = replica.store.subscribe(() => this.release());
  }

  send(name: Name, nodes: readonly string[] = []): void {
    if (IMMEDIATE.has(name) || isReceived(this.replica.store.get()))
      this.replica.command(name, nodes);
    else this.waiting.set(name, nodes);
  }

  private release(): void {
    if (this.waiting.size === 0 || !isReceived(this.replica.store.get())) return;
    const commands = [...this.waiting];
    this.waiting.clear();
    for (const [name, nodes] of commands) this.replica.command(name, nodes);
  }
}
