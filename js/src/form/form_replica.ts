/**
 * The page's copy of a form: the kernel's snapshot with the edits typed since.
 *
 * Edits are sent after a pause in typing, with a blur or with a submit, in numbered messages. A patch never
 * replaces text that was typed after the last message the kernel has seen (`seen`). It knows no page: messages
 * are sent by `send`, and timers are those of `clock`.
 */
import type { Clock } from "../clock.ts";
import type { Unsubscribe } from "../store.ts";
import { isWithin } from "./field_keys.ts";
import type {
  Cell,
  Focus,
  FormPatch,
  FormProtocol,
  FormSnapshot,
  FormSnapshotMessage,
} from "./protocol.gen.ts";

type Message = FormProtocol["view"];
type Numbered = Exclude<Message, { kind: "hello" }>;
type WithoutNumbers<T> = T extends unknown ? Omit<T, "client" | "seq" | "edits"> : never;
/** A message of the view without its number and edits, which the replica adds. */
export type Request = WithoutNumbers<Numbered>;
export type Send = (message: Message, buffer?: ArrayBuffer) => boolean;

/** A change: the keys of changed fields, whether everything changed, and where the focus moves. */
export interface FormChange {
  readonly keys: ReadonlySet<string>;
  readonly all?: boolean;
  readonly focus?: Focus;
}
/** `waiting`: the kernel has not answered for a while. `gone`: messages cannot be sent. */
export type ConnectionStatus = "fine" | "waiting" | "gone";

/** Milliseconds. */
export const PAUSE = 150;
const PATIENCE = 700;
const ASK_AGAIN = 4000;

export class FormReplica {
  status: ConnectionStatus = "fine";
  private readonly unsent = new Map<string, unknown>();
  private readonly sent = new Map<string, number>();
  private readonly listeners = new Set<(change: FormChange) => void>();
  private seq = 0;
  private seen = 0;
  private stopPause = () => {};
  private stopWaiting = () => {};

  constructor(
    public snapshot: FormSnapshot,
    readonly client: string,
    private readonly send: Send,
    private readonly clock: Clock,
  ) {}

  /** Whether the kernel has seen all edits of this page, or never will. */
  get isSynced(): boolean {
    return this.status === "gone" || (this.unsent.size === 0 && this.seen >= this.seq);
  }

  cell(key: string): Cell {
    return this.snapshot.cells[key] ?? {};
  }

  subscribe(listener: (change: FormChange) => void): Unsubscribe {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  // ------------------------------------------------------------ from controls

  /** Stores the value of a control; it is sent after a pause in typing, or without `pause` with the next message. */
  edit(key: string, value: unknown, { pause = true } = {}): void {
    this.unsent.set(key, value);
    this.snapshot.cells[key] = { ...this.cell(key), value, unset: value === null };
    if (pause) {
      this.stopPause();
      this.stopPause = this.clock.later(PAUSE, () => this.flush());
    }
  }

  /** Restores the cell before an edit; returns false if the edit was sent, or there was none. */
  undoEdit(key: string, before: Cell): boolean {
    if (!this.unsent.delete(key)) return false;
    this.snapshot.cells[key] = before;
    return true;
  }

  /** Sends the edits that were not sent yet. */
  flush(): void {
    if (this.unsent.size) this.request({ kind: "change" });
  }

  /** Sends a request, with the edits that were not sent yet. */
  request(request: Request, buffer?: ArrayBuffer): void {
    this.stopPause();
    const edits = [...this.unsent].map(([key, value]) => ({ key, value }));
    const message = { ...request, client: this.client, seq: this.seq + 1, edits } as Numbered;
    if (!this.send(message, buffer)) {
      this.setStatus("gone");
      return;
    }
    this.seq += 1;
    for (const key of this.unsent.keys()) this.sent.set(key, this.seq);
    this.unsent.clear();
    this.wait();
  }

  /** Asks for the revision, or for a snapshot if a patch was missed. */
  hello(missed = false): void {
    if (!this.send({ kind: "hello", client: this.client, missed })) this.setStatus("gone");
  }

  // ---------------------------------------------------------- from the kernel

  receive(mail: FormPatch | FormSnapshotMessage): void {
    if (mail.kind === "snapshot") {
      if (mail.to === this.client) this.replace(mail);
    } else if (mail.base === this.snapshot.rev) this.apply(mail);
    else if (mail.rev > this.snapshot.rev) this.hello(true);
  }

  close(): void {
    this.stopPause();
    this.stopWaiting();
    this.listeners.clear();
  }

  private apply(patch: FormPatch): void {
    this.markSeen(patch.seen?.[this.client]);
    const { snapshot } = this;
    const keys = new Set<string>();
    snapshot.rev = patch.rev;
    for (const above of patch.removed ?? [])
      for (const table of [snapshot.cells, snapshot.errors, snapshot.options, snapshot.notes])
        for (const key of Object.keys(table)) if (isWithin(key, above)) delete table[key];
    for (const [key, cell] of Object.entries(patch.cells ?? {})) {
      snapshot.cells[key] = this.isStale(key) ? { ...cell, value: this.cell(key).value } : cell;
      keys.add(key);
    }
    for (const [key, errors] of Object.entries(patch.errors ?? {})) {
      if (errors.length) snapshot.errors[key] = errors;
      else delete snapshot.errors[key];
      keys.add(key);
    }
    for (const [key, options] of Object.entries(patch.options ?? {})) {
      snapshot.options[key] = options;
      keys.add(key);
    }
    for (const [key, note] of Object.entries(patch.notes ?? {})) {
      snapshot.notes[key] = note;
      keys.add(key);
    }
    if (patch.hidden) {
      for (const key of [...snapshot.hidden, ...patch.hidden]) keys.add(key);
      snapshot.hidden = patch.hidden;
    }
    if (patch.state) snapshot.state = patch.state;
    const focus = patch.focus ?? undefined;
    this.notify({ keys, ...(focus && { focus }) });
  }

  private replace({ snapshot, seen }: FormSnapshotMessage): void {
    this.markSeen(seen);
    const before = this.snapshot.cells;
    for (const key of Object.keys(before)) {
      if (!this.isStale(key)) continue;
      snapshot.cells[key] = { ...snapshot.cells[key], value: before[key]?.value };
    }
    this.snapshot = snapshot;
    this.notify({ keys: new Set(), all: true });
  }

  /** Whether the kernel's value of a field is older than what was typed there. */
  private isStale(key: string): boolean {
    return this.unsent.has(key) || (this.sent.get(key) ?? 0) > this.seen;
  }

  private markSeen(seen = 0): void {
    this.seen = Math.max(this.seen, seen);
    for (const [key, seq] of this.sent) if (seq <= this.seen) this.sent.delete(key);
    if (this.seen < this.seq) return;
    this.stopWaiting();
    this.setStatus("fine");
  }

  /** Shows that no answer came, and asks once more: Jupyter may have dropped the answer. */
  private wait(): void {
    this.stopWaiting();
    this.stopWaiting = this.clock.later(PATIENCE, () => {
      this.setStatus("waiting");
      this.stopWaiting = this.clock.later(ASK_AGAIN, () => this.hello());
    });
  }

  private setStatus(status: ConnectionStatus): void {
    if (this.status === status) return;
    this.status = status;
    this.notify({ keys: new Set() });
  }

  private notify(change: FormChange): void {
    for (const listener of [...this.listeners]) listener(change);
  }
}
