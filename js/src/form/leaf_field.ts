/**
 * A field with one control: its label, note, control, help and errors, accessible to screen readers by
 * `label for`, `aria-describedby` for help and errors, `aria-invalid`, `aria-required`.
 */
import type { Control } from "./control.ts";
import { makeControl } from "./controls.ts";
import { button, h, setAttribute, setText } from "./dom.ts";
import type { FieldView, FormContext, Placement } from "./form_context.ts";
import type { Cell, FieldNode } from "./protocol.gen.ts";

/** Bytes; Jupyter drops the connection over a message of 10 MiB. */
const FILE_LIMIT = 8_000_000;

const leaves = new WeakMap<Element, LeafField>();

/** Returns the field that an element of the page is part of. */
export function leafFieldOf(target: EventTarget | null): LeafField | null {
  const el = target instanceof Element ? target.closest(".kf-field") : null;
  return (el && leaves.get(el)) ?? null;
}

export class LeafField implements FieldView {
  readonly el: HTMLElement;
  private readonly control: Control;
  private readonly note = h("output", { class: "kf-note" });
  private readonly error: HTMLElement;
  private readonly describedBy: string;
  private readonly clear: HTMLButtonElement | null;
  private readonly stopWatching: () => void;
  /** The cell when the field was focused, which Escape restores. */
  private before: Cell | null = null;

  constructor(
    private readonly form: FormContext,
    private readonly node: FieldNode,
    readonly key: string,
    place: Placement,
  ) {
    const id = form.newId();
    const label = place.label ?? node.label ?? node.name ?? "";
    const control = makeControl(node, id, label, place.compact);
    this.control = control;
    const help = node.help ? h("p", { class: "kf-help", id: `${id}-help` }, node.help) : null;
    this.error = h("p", { class: "kf-error", id: `${id}-error` });
    this.describedBy = help ? help.id : "";
    this.clear =
      node.nullable && !node.readOnly && !place.hasToggle && control.canBeUnset !== true
        ? button(`Clear ${label}`, { class: "kf-icon kf-clear" }, () => this.unset(), "remove")
        : null;
    const name = h(
      control.isGroup ? "span" : "label",
      { class: "kf-label", id: `${id}-label`, ...(!control.isGroup && { for: id }) },
      label,
      node.required && !node.readOnly
        ? h("span", { class: "kf-required", "aria-hidden": "true" }, " *")
        : null,
      node.deprecated ? h("span", { class: "kf-tag", title: node.deprecated }, "deprecated") : null,
    );
    const row = h("div", { class: "kf-control" }, control.el, this.clear);
    const isCheck = node.kind === "checkbox" && !node.nullable;
    const head = h("div", { class: "kf-head" }, name, this.note);
    if (isCheck) head.prepend(row);
    this.el = h("div", { class: "kf-field", "data-kind": node.kind, "data-label": label });
    if (place.plain) this.el.dataset.plain = "";
    this.el.append(head, ...(isCheck ? [] : [row]));
    if (help) this.el.append(help);
    this.el.append(this.error);
    if (control.isGroup) control.input.setAttribute("aria-labelledby", `${id}-label`);
    setAttribute(control.input, "aria-required", node.required && !node.readOnly ? "true" : null);
    leaves.set(this.el, this);
    this.stopWatching = form.watch(key, this, () => this.refresh());
  }

  focus(): boolean {
    return this.control.focus();
  }

  end(): void {
    this.stopWatching();
  }

  // -------------------------------------------------------------------- edits

  focused(): void {
    this.before ??= this.form.cell(this.key);
  }

  /** Handles an edit; `done` if one event completes it, like a click. */
  changed(done: boolean): void {
    if (!this.control.read) return;
    const { replica } = this.form;
    const value = this.control.read();
    replica.edit(this.key, this.valueOf(value), { pause: !done && !this.control.sendsOnBlur });
    if (done && !this.control.sendsOnBlur) replica.flush();
    this.refresh();
  }

  blurred(): void {
    this.before = null;
    this.form.replica.request({ kind: "blur", key: this.key });
  }

  /** Restores the value from before the focus; returns false if it did not change. */
  revert(): boolean {
    const { before, form } = this;
    if (!before || !this.control.read || same(before, form.cell(this.key))) return false;
    if (this.control.clearTyped) {
      // The page does not have the password from before, so only one that was not sent can be undone.
      if (!form.replica.undoEdit(this.key, before)) return false;
      this.control.clearTyped();
    } else if (before.unset) this.unset();
    else form.replica.edit(this.key, before.value ?? "");
    this.refresh();
    return true;
  }

  /** Steps a number with the arrow keys. */
  step(times: number): boolean {
    const next = this.control.stepped?.(times) ?? null;
    if (next === null) return false;
    this.form.replica.edit(this.key, next);
    this.refresh();
    return true;
  }

  attach(file: File): void {
    const { replica } = this.form;
    if (file.size > FILE_LIMIT) {
      replica.snapshot.errors[this.key] = [`A file may have ${FILE_LIMIT / 1_000_000} MB.`];
      this.refresh();
      return;
    }
    void file.arrayBuffer().then((content) => {
      replica.request({ kind: "attach", key: this.key, name: file.name, type: file.type }, content);
    });
  }

  get takesEnter(): boolean {
    return this.node.kind === "long_text" || this.node.kind === "json";
  }

  unset(): void {
    this.form.replica.request({ kind: "set", key: this.key, isSet: false });
    this.focus();
  }

  /** An emptied text is an empty text; an emptied optional number, date or choice is not set. */
  private valueOf(value: unknown): unknown {
    if (value !== "" && value !== null) return value;
    const isText = ["text", "long_text", "password"].includes(this.node.kind ?? "text");
    return this.node.nullable && !isText ? null : (value ?? "");
  }

  // ------------------------------------------------------------------- drawing

  private refresh(): void {
    const { form, key, node, control } = this;
    const cell = form.cell(key);
    const errors = form.errors(key);
    control.show(cell, form.options(node, key), node.nullable === true);
    setText(this.note, form.replica.snapshot.notes[key] ?? "");
    setText(this.error, errors.join("\n"));
    setAttribute(control.input, "aria-invalid", errors.length ? "true" : null);
    const described = errors.length ? `${this.describedBy} ${this.error.id}` : this.describedBy;
    setAttribute(control.input, "aria-describedby", described.trim() || null);
    this.el.toggleAttribute("data-invalid", errors.length > 0);
    this.el.hidden = form.isHidden(key);
    if (this.clear) this.clear.hidden = cell.unset === true;
  }
}

function same(one: Cell, other: Cell): boolean {
  return one.unset === other.unset && JSON.stringify(one.value) === JSON.stringify(other.value);
}
