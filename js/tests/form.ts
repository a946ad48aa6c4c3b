/** Snapshots of forms, and an anywidget model with one. */
import type { FieldNode, FormProtocol, FormSnapshot } from "../src/form/protocol.gen.ts";

export function snapshot(
  fields: FieldNode[] = [{ name: "name", label: "Name" }],
  rest: Partial<FormSnapshot> = {},
): FormSnapshot {
  return {
    root: { kind: "object", label: "Test", fields },
    definitions: {},
    only: null,
    rev: 0,
    cells: {},
    errors: {},
    options: {},
    hidden: [],
    notes: {},
    widgets: {},
    state: {
      isDirty: false,
      isValid: true,
      isSubmitting: false,
      isValidating: false,
      submitCount: 0,
    },
    ...rest,
  };
}

type Listener = (content: unknown) => void;

export class FormModel {
  readonly sent: FormProtocol["view"][] = [];
  private readonly listeners = new Set<Listener>();
  private rev: number;

  constructor(private readonly held: FormSnapshot) {
    this.rev = held.rev;
  }

  get listening(): number {
    return this.listeners.size;
  }

  get(_name: "_snapshot"): FormSnapshot {
    return this.held;
  }

  on(_name: string, listener: Listener): void {
    this.listeners.add(listener);
  }

  off(_name: string, listener: Listener): void {
    this.listeners.delete(listener);
  }

  send(message: FormProtocol["view"]): void {
    this.sent.push(message);
  }

  /** Sends a patch, as the kernel does. */
  patch(rest: Partial<FormProtocol["kernel"]>): void {
    this.rev += 1;
    const seen = Object.fromEntries(
      this.sent.map((message) => [message.client, "seq" in message ? message.seq : 0]),
    );
    const patch = { kind: "patch", base: this.rev - 1, rev: this.rev, seen, ...rest };
    for (const listener of [...this.listeners]) listener(patch);
  }

  /** Sends a snapshot, as the kernel does when a patch was missed. */
  sendSnapshot(snapshot: FormSnapshot): void {
    this.rev = snapshot.rev;
    const to = this.sent[0]?.client ?? "";
    for (const listener of [...this.listeners])
      listener({ kind: "snapshot", to, seen: 0, snapshot });
  }

  /** Messages that were sent, except greetings. */
  get asked(): FormProtocol["view"][] {
    return this.sent.filter(({ kind }) => kind !== "hello");
  }
}
