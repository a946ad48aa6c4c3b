/** What all parts of a form's view share: the replica, ids of elements, and the views of each key. */
import type { Unsubscribe } from "../store.ts";
import { upwards } from "./field_keys.ts";
import type { FormReplica } from "./form_replica.ts";
import type { Cell, FieldNode, FieldOption } from "./protocol.gen.ts";

/** One field on the page, with all fields below it. */
export interface FieldView {
  readonly el: HTMLElement;
  /** Focuses its first control that accepts the focus; returns false when there is none. */
  focus(): boolean;
  /** Stops listening; its parent removes the element. */
  end(): void;
}

/** How a field is drawn among others. */
export interface Placement {
  /** Without a visible label. */
  readonly plain?: boolean;
  /** In a row of a table, with little room. */
  readonly compact?: boolean;
  /** Replaces the label of the node. */
  readonly label?: string;
  /** Whether the view around it has the switch between set and not set. */
  readonly hasToggle?: boolean;
}

/** The part of anywidget's model that draws ipywidgets inside a view. */
export interface WidgetManager {
  get_model(id: string): Promise<unknown>;
  create_view(model: never): Promise<HostedView>;
}
export interface HostedView {
  readonly luminoWidget?: { readonly node: HTMLElement; processMessage(message: object): void };
  readonly el: HTMLElement;
  remove(): void;
}

export class FormContext {
  private readonly watchers = new Map<string, Set<() => void>>();
  /** A union and its branch have the same key; the innermost view is the last. */
  private readonly views = new Map<string, FieldView[]>();
  private ids = 0;

  constructor(
    readonly replica: FormReplica,
    private readonly prefix: string,
    readonly manager: WidgetManager | null,
    /** Draws a field; passed in, because fields that contain others would import it in a circle. */
    readonly build: (
      form: FormContext,
      node: FieldNode,
      key: string,
      place?: Placement,
    ) => FieldView,
  ) {}

  /** Returns a new id for an element. */
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

  /** Returns the definition a node refers to, with the node's own name and label. */
  resolve(node: FieldNode): FieldNode {
    const target = node.ref ? this.replica.snapshot.definitions[node.ref] : undefined;
    if (!target) return node;
    const { kind: _kind, ref: _ref, ...own } = node;
    return { ...target, ...own };
  }

  /** Calls `refresh` now and whenever the state of a key changes; returns the unsubscribe function. */
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

  /** Returns the view of a key; of a union, that of its branch. */
  viewOf(key: string): FieldView | null {
    return this.views.get(key)?.at(-1) ?? null;
  }

  hasView(key: string): boolean {
    return this.views.has(key);
  }

  /** Returns the keys with errors in the order of the page, then those without a view. */
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

  /** Returns the name of a field in a sentence: its label after the labels above it. */
  nameOf(key: string): string {
    const labels: string[] = [];
    for (const above of [...upwards(key)].reverse()) {
      const label = above && this.views.get(above)?.[0]?.el.dataset.label;
      if (label) labels.push(label);
    }
    return labels.join(", ") || key.slice(1).replaceAll("/", ", ");
  }
}
