/** The anywidget model, as far as a canvas uses it, with a kernel that says yes to everything. */
import type { Model } from "../../src/canvas/channel.ts";
import type { KernelMessage, ViewMessage } from "../../src/canvas/replica_state.ts";
import { snapshot } from "./builders.ts";

type Listener = (content?: unknown) => void;

export class FakeModel {
  readonly sent: ViewMessage[] = [];
  readonly traits: Record<string, unknown> = {
    height: 420,
    read_only: false,
    zoom_on_scroll: "focus",
    minimap: true,
    toolbar: true,
    palette: "auto",
    covered_right: 0,
    fit_view: "start",
    _snapshot: {},
  };
  alive = true;
  answers = true;
  private rev = 0;
  private readonly listeners = new Map<string, Set<Listener>>();

  get model(): Model {
    return this as unknown as Model;
  }

  get listening(): number {
    return [...this.listeners.values()].reduce((total, { size }) => total + size, 0);
  }

  get(name: string): unknown {
    return this.traits[name];
  }

  on(name: string, listener: Listener): void {
    this.listeners.set(name, (this.listeners.get(name) ?? new Set()).add(listener));
  }

  off(name: string, listener: Listener): void {
    this.listeners.get(name)?.delete(listener);
  }

  send(message: ViewMessage): void {
    if (!this.alive) throw new Error("Cannot send");
    this.sent.push(message);
    if (!this.answers) return;
    if (message.kind === "hello") this.say(snapshot({ to: message.client, rev: this.rev }));
    if (message.kind === "push") {
      this.rev += 1;
      const { epoch, client, n, batch } = message;
      this.say({ kind: "applied", epoch, rev: this.rev, client, n, batch });
    }
  }

  say(...messages: KernelMessage[]): void {
    this.emit("msg:custom", { messages });
  }

  set(name: string, value: unknown): void {
    this.traits[name] = value;
    this.emit(`change:${name}`);
  }

  save_changes(): void {}

  pushes() {
    return this.sent.flatMap((message) => (message.kind === "push" ? [message.batch] : []));
  }

  emit(name: string, content?: unknown): void {
    for (const listener of [...(this.listeners.get(name) ?? [])]) listener(content);
  }
}
