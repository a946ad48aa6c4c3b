/**
 * Rows that can be added, removed and moved: items of a list, or keys and values of a dict.
 *
 * A row is drawn once and identified by its id, so that it keeps its element and its caret when others change.
 * Rows of few short fields are drawn as a table.
 */
import { arrange, button, h, setAttribute, setText } from "./dom.ts";
import { join } from "./field_keys.ts";
import type { FieldView, FormContext, Placement } from "./form_context.ts";
import { type Frame, frame } from "./frame.ts";
import type { FieldNode } from "./protocol.gen.ts";

const SHORT: ReadonlySet<string> = new Set([
  "text",
  "number",
  "select",
  "checkbox",
  "date",
  "time",
  "duration",
  "password",
]);
/** Number of fields that a row of a table may have. */
const COLUMNS = 5;
/** Number of new rows drawn in one frame, so that the first rows of a long list appear first. */
const FRAME = 50;

export class RowList implements FieldView {
  readonly el: HTMLElement;
  private readonly rows = new Map<string, RowView>();
  private readonly made: Frame;
  private readonly list = h("div", { class: "kf-rows" });
  private readonly empty = h("p", { class: "kf-empty" });
  private readonly add: HTMLButtonElement;
  private readonly stopWatching: () => void;
  private later = 0;
  /** Where the focus moves when the kernel answers. */
  private expected: { row: string; control: string } | "new" | null = null;
  readonly itemNode: FieldNode;
  readonly itemName: string;
  readonly isTable: boolean;

  constructor(
    readonly form: FormContext,
    readonly node: FieldNode,
    readonly key: string,
    place: Placement,
  ) {
    this.itemNode = rowNode(form, node);
    this.itemName = this.itemNode.label || "Item";
    this.isTable = isTable(form, this.itemNode);
    this.made = frame(form, node, key, place);
    this.el = this.made.el;
    this.add = button(`Add ${this.itemName.toLowerCase()}`, { class: "kf-button kf-add" }, () =>
      this.insert(),
    );
    if (this.isTable) {
      this.list.dataset.table = "";
      const columns = this.itemNode.fields?.length || 1;
      this.list.style.setProperty("--kz-columns", String(columns));
      if (this.itemNode.fields?.length)
        this.list.append(
          h(
            "div",
            { class: "kf-columns", "aria-hidden": "true" },
            ...this.itemNode.fields.map((field) =>
              h("span", { title: field.help }, field.label || field.name || ""),
            ),
          ),
        );
    }
    this.made.body.append(this.list, this.empty);
    if (!node.readOnly) this.made.body.append(this.add);
    this.stopWatching = form.watch(key, this, () => this.refresh());
  }

  focus(): boolean {
    for (const row of this.rows.values()) return row.focus();
    this.add.focus();
    return true;
  }

  end(): void {
    this.stopWatching();
    cancelAnimationFrame(this.later);
    for (const row of this.rows.values()) row.end();
    this.rows.clear();
  }

  insert(): void {
    if (this.add.hasAttribute("aria-disabled")) return;
    this.expected = "new";
    this.request("insert", "", this.ids.length);
  }

  remove(row: string): void {
    const { ids } = this;
    const at = ids.indexOf(row);
    const next = ids[at + 1] ?? ids[at - 1] ?? "";
    this.expected = { row: next, control: "remove" };
    this.request("remove", row, 0);
  }

  move(row: string, by: number): void {
    const at = this.ids.indexOf(row) + by;
    if (at < 0 || at >= this.ids.length) return;
    this.expected = { row, control: by < 0 ? "up" : "down" };
    this.request("move", row, at);
  }

  private get ids(): readonly string[] {
    return this.form.cell(this.key).rows ?? [];
  }

  private request(operation: "insert" | "remove" | "move", row: string, index: number): void {
    this.form.replica.request({ kind: "row", key: this.key, operation, row, index });
  }

  private refresh(): void {
    this.made.refresh();
    const { ids } = this;
    const old = new Map(this.rows);
    let fresh: RowView | null = null;
    let left = FRAME;
    this.rows.clear();
    ids.forEach((id, index) => {
      const known = old.get(id);
      if (!known && left-- <= 0) return;
      const row = known ?? new RowView(this, id);
      if (!old.delete(id)) fresh = row;
      row.place(index, ids.length);
      this.rows.set(id, row);
    });
    cancelAnimationFrame(this.later);
    if (left < 0) this.later = requestAnimationFrame(() => this.refresh());
    for (const row of old.values()) row.end();
    const head = this.list.querySelector(":scope > .kf-columns");
    arrange(this.list, [...(head ? [head] : []), ...[...this.rows.values()].map(({ el }) => el)]);
    this.list.toggleAttribute("data-empty", !ids.length);
    setText(this.empty, ids.length ? "" : "None yet.");
    const isFull = ids.length >= (this.node.maxItems ?? Number.POSITIVE_INFINITY);
    setAttribute(this.add, "aria-disabled", isFull ? "true" : null);
    setAttribute(this.add, "title", isFull ? `At most ${this.node.maxItems}` : null);
    this.placeFocus(fresh);
  }

  private placeFocus(fresh: RowView | null): void {
    const { expected } = this;
    if (expected === null) return;
    if (expected === "new") {
      if (!fresh) return;
      this.expected = null;
      fresh.focus();
      return;
    }
    this.expected = null;
    const row = this.rows.get(expected.row);
    if (row) row.focusButton(expected.control);
    else this.add.focus();
  }
}

class RowView {
  readonly el: HTMLElement;
  private readonly field: FieldView;
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private readonly name = h("span", { class: "kf-row-name" });

  constructor(
    private readonly rows: RowList,
    id: string,
  ) {
    const { form, itemNode, node } = rows;
    const key = join(rows.key, id);
    this.field = form.build(form, itemNode, key, { plain: true, compact: rows.isTable });
    const tools = h("div", { class: "kf-tools" });
    if (!node.readOnly) {
      this.offer("up", () => rows.move(id, -1));
      this.offer("down", () => rows.move(id, 1));
      this.offer("remove", () => rows.remove(id));
      tools.append(...this.buttons.values());
    }
    this.el = h("div", { class: "kf-row", "data-row": id }, this.name, this.field.el, tools);
  }

  place(index: number, count: number): void {
    const name = `${this.rows.itemName} ${index + 1}`;
    setText(this.name, name);
    const { field } = this;
    if (field.el.dataset.label !== name) {
      field.el.dataset.label = name;
      const label = field.el.querySelector(":scope > .kf-head > .kf-label");
      if (label) label.textContent = name;
    }
    const words = { up: `Move ${name} up`, down: `Move ${name} down`, remove: `Remove ${name}` };
    for (const [action, tool] of this.buttons) {
      const said = words[action as keyof typeof words];
      setAttribute(tool, "aria-label", said);
      setAttribute(tool, "title", said);
    }
    const [up, down] = [this.buttons.get("up"), this.buttons.get("down")];
    if (up) setAttribute(up, "aria-disabled", index === 0 ? "true" : null);
    if (down) setAttribute(down, "aria-disabled", index === count - 1 ? "true" : null);
  }

  focus(): boolean {
    return this.field.focus();
  }

  focusButton(action: string): void {
    this.buttons.get(action)?.focus();
  }

  end(): void {
    this.field.end();
  }

  private offer(action: "up" | "down" | "remove", onPress: () => void): void {
    this.buttons.set(action, button(action, {}, onPress, action));
  }
}

/** Returns the node of one row: an item, or a pair of a key and a value. */
function rowNode(form: FormContext, node: FieldNode): FieldNode {
  const item = form.resolve(node.item ?? {});
  if (node.kind !== "dict") return item;
  const names = { label: "Key", ...node.names, name: "0", required: true };
  return {
    kind: "object",
    label: "Entry",
    fields: [names, { ...item, label: item.label || "Value", name: "1" }],
  };
}

function isTable(form: FormContext, node: FieldNode): boolean {
  const isShort = (field: FieldNode) => SHORT.has(form.resolve(field).kind ?? "text");
  if (node.kind !== "object") return isShort(node);
  const fields = node.fields ?? [];
  return !node.nullable && fields.length > 0 && fields.length <= COLUMNS && fields.every(isShort);
}
