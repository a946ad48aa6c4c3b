/**
 * The only file that knows the anywidget model: messages to and from the kernel, and traits.
 *
 * Everything that listens is ended by `close`. A trait is read here and never written: what the user
 * changes travels as messages.
 */
import type { AnyModel } from "@anywidget/types";
import type { KernelMail, Snapshot } from "./protocol.gen.ts";
import type { KernelMessage, ViewMessage } from "./replica.ts";
import { type Readable, Store, type Unsubscribe } from "./store.ts";

export type ZoomOnScroll = "focus" | "always" | "never";
export type Preview = Pick<Snapshot, "nodes" | "edges" | "kinds" | "state">;

/** What Python sets on the widget. Units: `height` in px. */
export interface Traits {
  readonly height: number;
  readonly readOnly: boolean;
  readonly zoomOnScroll: ZoomOnScroll;
  readonly minimap: boolean;
}

interface ModelTraits {
  height: number;
  read_only: boolean;
  zoom_on_scroll: ZoomOnScroll;
  minimap: boolean;
  _snapshot: Partial<Preview> | null;
}

export type Model = AnyModel<ModelTraits>;

const SYNCED = ["height", "read_only", "zoom_on_scroll", "minimap"] as const;
const EMPTY_MAIL: readonly KernelMessage[] = [];

export class Channel {
  private readonly ends: Unsubscribe[] = [];
  private readonly current: Store<Traits>;
  readonly traits: Readable<Traits>;

  constructor(private readonly model: Model) {
    this.current = new Store(this.read());
    this.traits = this.current;
    for (const name of SYNCED)
      this.listen(`change:${name}`, () => this.current.update(this.read()));
  }

  /** Hands every message of the kernel on, in order. */
  receive(listener: (message: KernelMessage) => void): void {
    this.listen("msg:custom", (content: unknown) => {
      for (const message of messagesOf(content)) listener(message);
    });
  }

  /** Sends one message; false when the kernel is gone, because then the model throws (trap 7). */
  send(message: ViewMessage): boolean {
    try {
      this.model.send(message);
      return true;
    } catch {
      return false;
    }
  }

  /** What the notebook was saved with, or null. */
  preview(): Preview | null {
    const saved = this.model.get("_snapshot");
    if (!saved?.nodes || !saved.edges || !saved.kinds || !saved.state) return null;
    return { nodes: saved.nodes, edges: saved.edges, kinds: saved.kinds, state: saved.state };
  }

  close(): void {
    for (const end of this.ends.splice(0)) end();
  }

  private listen(name: string, listener: (content: unknown) => void): void {
    this.model.on(name, listener);
    this.ends.push(() => this.model.off(name, listener));
  }

  private read(): Traits {
    return {
      height: this.model.get("height") ?? 420,
      readOnly: this.model.get("read_only") ?? false,
      zoomOnScroll: this.model.get("zoom_on_scroll") ?? "focus",
      minimap: this.model.get("minimap") ?? true,
    };
  }
}

/** The kernel is of our own version and typed; a stray message of another kind is left alone. */
function messagesOf(content: unknown): readonly KernelMessage[] {
  if (typeof content !== "object" || content === null || !("messages" in content))
    return EMPTY_MAIL;
  return Array.isArray(content.messages) ? (content as KernelMail).messages : EMPTY_MAIL;
}
