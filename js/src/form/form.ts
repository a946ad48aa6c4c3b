/** What every part of a form's view shares: the replica, names for ids, and who draws which key. */
import type { Unsubscribe } from "../store.ts";
import { upwards } from "./keys.ts";
import type { Cell, FieldNode, FieldOption } from "./protocol.gen.ts";
import type { Replica } from "./replica.ts";

/** One field on the page, with all that is under it. */
export interface FieldView {
  readonly el: HTMLElement;
  /** Gives the focus to its first control that takes it; false when there is none. */
  focus(): boolean;
  /** Stops listening; the element is for whoever put it somewhere to take away. */
  end(): void;
}

/** How a field stands among others: a `plain` one has no label to be seen. */
export interface Place {
  readonly plain?: boolean;
  /** In a row of a table, where there is room for what is needed. */
  readonly compact?: boolean;
  /** What to call it instead of the node's own label. */
  readonly label?: string;
  /** Whether what is drawn around it already asks "set or not set" of it. */
  readonly decided?: boolean;
}

/** The part of anywidget's model through which a user's own ipywidget comes to the page. */
export interface WidgetManager {
  get_model(id: string): Promise<unknown>;
  create_view(model: never): Promise<HostedView>;
}
export interface HostedView {
  readonly luminoWidget?: { readonly node: HTMLElement; processMessage(message: object): void };
  readonly el: HTMLElement;
  remove(): void;
}

export class Form {
  private readonly watchers = new Map<string, Set<() => void>>();
  /** A union and its branch share a key; the innermost view is the last. */
  private readonly views = new Map<string, FieldView[]>();
  private ids = 0;

  constructor(
    readonly replica: Replica,
    private readonly prefix: string,
    readonly manager: WidgetManager | null,
    /** Set by `field.ts`, which knows all kinds: kinds that hold others need it. */
    readonly build: (form: Form, node: FieldNode, key: string, place?: Place) => FieldView,
  ) {}

  /** An id no other element of the page has. */
  newId(): string {
    this.ids += 1;
    return `${this.prefix}-${this.ids}`;
  }

  cell(key: string): Cell {
    return this.replica.cell(key);
  }

  errors(key: string): readonly string[] {
    return this.replica.snapshot.errors[key] ?? [];
  }

  options(node: FieldNode, key: string): readonly FieldOption[] {
    return this.replica.snapshot.options[key] ?? node.options ?? [];
  }

  isHidden(key: string): boolean {
    return this.replica.snapshot.hidden.includes(key);
  }

  /** The node a recursive model's field stands for, under the field's own name and label. */
  resolve(node: FieldNode): FieldNode {
    const target = node.ref ? this.replica.snapshot.definitions[node.ref] : undefined;
    if (!target) return node;
    const { kind: _kind, ref: _ref, ...own } = node;
    return { ...target, ...own };
  }

  /** Calls `refresh` now, and whenever something of this key changes; the view ends it. */
  watch(key: string, view: FieldView | null, refresh: () => void): Unsubscribe {
    const all = this.watchers.get(key) ?? new Set();
    this.watchers.set(key, all.add(refresh));
    if (view) this.views.set(key, [...(this.views.get(key) ?? []), view]);
    refresh();
    return () => {
      all.delete(refresh);
      if (!all.size) this.watchers.delete(key);
      const left = this.views.get(key)?.filter((one) => one !== view) ?? [];
      if (left.length) this.views.set(key, left);
      else this.views.delete(key);
    };
  }

  refresh(keys: Iterable<string>): void {
    for (const key of keys) for (const refresh of [...(this.watchers.get(key) ?? [])]) refresh();
  }

  /** The view of a key; of a union, that of its branch. */
  viewOf(key: string): FieldView | null {
    return this.views.get(key)?.at(-1) ?? null;
  }

  hasView(key: string): boolean {
    return this.views.has(key);
  }

  /** The keys with errors on the page, in the order of the page, then those without a view. */
  keysWithErrors(): string[] {
    const keys = Object.keys(this.replica.snapshot.errors).filter(
      (key) => key !== "" && this.errors(key).length,
    );
    const at = new Map(keys.map((key) => [key, this.viewOf(key)?.el]));
    return keys.sort((one, other) => {
      const [a, b] = [at.get(one), at.get(other)];
      if (!a || !b) return a ? -1 : b ? 1 : 0;
      return a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;
    });
  }

  /** The name a field goes by in a sentence: its label, with the labels above it. */
  nameOf(key: string): string {
    const labels: string[] = [];
    for (const above of [...upwards(key)].reverse()) {
      const label = above && this.views.get(above)?.[0]?.el.dataset.label;
      if (label) labels.push(label);
    }
    return labels.join(", ") || key.slice(1).replaceAll("/", ", ");
  }
}
