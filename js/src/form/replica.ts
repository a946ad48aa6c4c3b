/**
 * The form as this page knows it: the kernel's snapshot with what was typed since on top.
 *
 * Typing stays here until a pause, a blur or a submit, and goes out numbered. A patch never takes back what
 * was typed after the kernel last listened (`seen`). Pure: messages go out by `send`, time comes by `clock`.
 */
import type { Clock } from "../clock.ts";
import type { Unsubscribe } from "../store.ts";
import { isWithin } from "./keys.ts";
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
/** What a view asks for; the replica numbers it and adds the edits. */
export type Request = WithoutNumbers<Numbered>;
export type Send = (message: Message, buffer?: ArrayBuffer) => boolean;

/** What changed: the keys of cells, errors, options, notes; everything; the standing; where the focus goes. */
export interface News {
  readonly keys: ReadonlySet<string>;
  readonly all?: boolean;
  readonly focus?: Focus;
}
/** `waiting`: the kernel has not answered for a while. `gone`: nobody takes messages. */
export type Standing = "fine" | "waiting" | "gone";

/** Milliseconds. */
export const PAUSE = 150;
const PATIENCE = 700;
const ASK_AGAIN = 4000;

export class Replica {
  standing: Standing = "fine";
  private readonly unsent = new Map<string, unknown>();
  private readonly sent = new Map<string, number>();
  private readonly listeners = new Set<(news: News) => void>();
  private seq = 0;
  private heard = 0;
  private stopPause = () => {};
  private stopWaiting = () => {};

  constructor(
    public snapshot: FormSnapshot,
    readonly client: string,
    private readonly send: Send,
    private readonly clock: Clock,
  ) {}

  /** Whether the kernel has heard all that was typed here, or never will. */
  get isHeard(): boolean {
    return this.standing === "gone" || (this.unsent.size === 0 && this.heard >= this.seq);
  }

  cell(key: string): Cell {
    return this.snapshot.cells[key] ?? {};
  }

  subscribe(listener: (news: News) => void): Unsubscribe {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  // ------------------------------------------------------------ from the hand

  /** Takes what is in a control now. `pause`: it goes out after a pause in typing; else with the next message. */
  edit(key: string, value: unknown, { pause = true } = {}): void {
    this.unsent.set(key, value);
    this.snapshot.cells[key] = { ...this.cell(key), value, unset: value === null };
    if (pause) {
      this.stopPause();
      this.stopPause = this.clock.later(PAUSE, () => this.flush());
    }
  }

  /** Takes back what was typed and not yet told; false when it was told, or nothing was typed. */
  takeBack(key: string, before: Cell): boolean {
    if (!this.unsent.delete(key)) return false;
    this.snapshot.cells[key] = before;
    return true;
  }

  /** Sends what was typed and not yet told. */
  flush(): void {
    if (this.unsent.size) this.ask({ kind: "change" });
  }

  /** Sends a request, with what was typed before it. */
  ask(request: Request, buffer?: ArrayBuffer): void {
    this.stopPause();
    const edits = [...this.unsent].map(([key, value]) => ({ key, value }));
    const message = { ...request, client: this.client, seq: this.seq + 1, edits } as Numbered;
    if (!this.send(message, buffer)) {
      this.stand("gone");
      return;
    }
    this.seq += 1;
    for (const key of this.unsent.keys()) this.sent.set(key, this.seq);
    this.unsent.clear();
    this.wait();
  }

  /** Asks how things stand; for the whole form once it is known that a patch was missed. */
  hello(missed = false): void {
    if (!this.send({ kind: "hello", client: this.client, missed })) this.stand("gone");
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
    this.hear(patch.seen?.[this.client]);
    const { snapshot } = this;
    const keys = new Set<string>();
    snapshot.rev = patch.rev;
    for (const above of patch.removed ?? [])
      for (const table of [snapshot.cells, snapshot.errors, snapshot.options, snapshot.notes])
        for (const key of Object.keys(table)) if (isWithin(key, above)) delete table[key];
    for (const [key, cell] of Object.entries(patch.cells ?? {})) {
      snapshot.cells[key] = this.isOlder(key) ? { ...cell, value: this.cell(key).value } : cell;
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
    this.tell({ keys, ...(focus && { focus }) });
  }

  private replace({ snapshot, seen }: FormSnapshotMessage): void {
    this.hear(seen);
    const before = this.snapshot.cells;
    for (const key of Object.keys(before)) {
      if (!this.isOlder(key)) continue;
      snapshot.cells[key] = { ...snapshot.cells[key], value: before[key]?.value };
    }
    this.snapshot = snapshot;
    this.tell({ keys: new Set(), all: true });
  }

  /** Whether what the kernel says of a field is older than what was typed there. */
  private isOlder(key: string): boolean {
    return this.unsent.has(key) || (this.sent.get(key) ?? 0) > this.heard;
  }

  private hear(seen = 0): void {
    this.heard = Math.max(this.heard, seen);
    for (const [key, seq] of this.sent) if (seq <= this.heard) this.sent.delete(key);
    if (this.heard < this.seq) return;
    this.stopWaiting();
    this.stand("fine");
  }

  /** Says so when no answer comes, and asks once more: the one answer may have been dropped (trap 1). */
  private wait(): void {
    this.stopWaiting();
    this.stopWaiting = this.clock.later(PATIENCE, () => {
      this.stand("waiting");
      this.stopWaiting = this.clock.later(ASK_AGAIN, () => this.hello());
    });
  }

  private stand(standing: Standing): void {
    if (this.standing === standing) return;
    this.standing = standing;
    this.tell({ keys: new Set() });
  }

  private tell(news: News): void {
    for (const listener of [...this.listeners]) listener(news);
  }
}
