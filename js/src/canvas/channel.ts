/**
 * Access to the anywidget model: messages to and from the kernel, and traits. No other file of the canvas uses it.
 *
 * `close` ends everything that listens. Traits are read, but for `palette`, which the user folds; edits are sent as
 * messages.
 */
import type { AnyModel } from "@anywidget/types";
import { type Readable, Store, type Unsubscribe } from "../store.ts";
import { type Columns, type Rows, rowsOf } from "./columns.ts";
import { type HostKernel, hostKernel } from "./host_kernel.ts";
import type { KernelMail, Snapshot } from "./protocol.gen.ts";
import { BLANK, type KernelMessage, type ViewMessage } from "./replica_state.ts";

export type ZoomOnScroll = "focus" | "always" | "never";
/** `auto` is open where there is room, else a rail of icons. */
export type PaletteState = "auto" | "open" | "rail" | "hidden";
/** What is drawn of the document in a saved notebook, or until the kernel answers; its data is not complete. */
export type Picture = Pick<Snapshot, "kinds" | "state"> & Rows;

export type FitView = "start" | "all";

/** The traits that Python sets. Units: `height` in px. */
export interface Traits {
  readonly height: number;
  readonly readOnly: boolean;
  readonly zoomOnScroll: ZoomOnScroll;
  readonly minimap: boolean;
  readonly toolbar: boolean;
  readonly palette: PaletteState;
  /** The width in px at the right of the board that something lies over. */
  readonly coveredRight: number;
  /** What a document that is drawn first shows: all of it, or its start where all could not be read. */
  readonly fitView: FitView;
}

interface ModelTraits {
  height: number;
  read_only: boolean;
  zoom_on_scroll: ZoomOnScroll;
  minimap: boolean;
  toolbar: boolean;
  palette: PaletteState;
  covered_right: number;
  fit_view: FitView;
  _snapshot: (Partial<Picture> & { columns?: Columns }) | null;
}

export type Model = AnyModel<ModelTraits>;

const SYNCED = [
  "height",
  "read_only",
  "zoom_on_scroll",
  "minimap",
  "toolbar",
  "palette",
  "covered_right",
  "fit_view",
] as const;
const EMPTY_MAIL: readonly KernelMessage[] = [];

export class Channel {
  private readonly ends: Unsubscribe[] = [];
  private readonly current: Store<Traits>;
  private host: HostKernel | null = null;
  readonly traits: Readable<Traits>;

  constructor(private readonly model: Model) {
    this.current = new Store(this.read());
    this.traits = this.current;
    for (const name of SYNCED)
      this.listen(`change:${name}`, () => this.current.update(this.read()));
  }

  /** Calls `listener` with every message of the kernel, in order. */
  receive(listener: (message: KernelMessage) => void): void {
    this.listen("msg:custom", (content: unknown, buffers?: DataView[]) => {
      const left = [...(buffers ?? [])];
      for (const message of messagesOf(content)) listener(unpacked(message, left));
    });
  }

  /** Sends one message; false when the kernel is gone: then the model throws. */
  send(message: ViewMessage): boolean {
    try {
      this.model.send(message);
      return true;
    } catch {
      return false;
    }
  }

  /** Folds or opens the palette, in every view of the canvas. */
  setPalette(palette: PaletteState): void {
    this.model.set("palette", palette);
    this.model.save_changes();
    // Without a kernel no change is reported.
    this.current.update(this.read());
  }

  /** The picture that the widget's state contains, or null. */
  picture(): Picture | null {
    const saved = this.model.get("_snapshot");
    if (!saved?.columns) return null;
    const { kinds = [], state = BLANK, columns } = saved;
    return { kinds, state, ...rowsOf(columns) };
  }

  /** What the notebook knows about the kernel. */
  get kernel(): HostKernel {
    this.host ??= hostKernel(this.model);
    return this.host;
  }

  close(): void {
    this.host?.close();
    for (const end of this.ends.splice(0)) end();
  }

  private listen(name: string, listener: (content: unknown, buffers?: DataView[]) => void): void {
    this.model.on(name, listener);
    this.ends.push(() => this.model.off(name, listener));
  }

  private read(): Traits {
    return {
      height: this.model.get("height") ?? 420,
      readOnly: this.model.get("read_only") ?? false,
      zoomOnScroll: this.model.get("zoom_on_scroll") ?? "focus",
      minimap: this.model.get("minimap") ?? true,
      toolbar: this.model.get("toolbar") ?? true,
      palette: this.model.get("palette") ?? "auto",
      coveredRight: this.model.get("covered_right") ?? 0,
      fitView: this.model.get("fit_view") ?? "start",
    };
  }
}

/** Turns a snapshot's columns into rows; its positions are in the next buffer of the mail. */
function unpacked(message: KernelMessage, buffers: DataView[]): KernelMessage {
  if (message.kind !== "snapshot" || !("columns" in message)) return message;
  const { columns, ...rest } = message as Snapshot & { columns: Omit<Columns, "positions"> };
  const positions = buffers.shift() ?? new DataView(new ArrayBuffer(0));
  return { ...rest, ...rowsOf({ ...columns, positions }) };
}

/** The messages of a mail. The kernel has our own version; any other content is ignored. */
function messagesOf(content: unknown): readonly KernelMessage[] {
  if (typeof content !== "object" || content === null || !("messages" in content))
    return EMPTY_MAIL;
  return Array.isArray(content.messages) ? (content as KernelMail).messages : EMPTY_MAIL;
}
