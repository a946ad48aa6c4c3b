/**
 * One field with its label, note, control, help and errors, wired for screen readers:
 * `label for`, `aria-describedby` for help and errors, `aria-invalid`, `aria-required`.
 */
import type { Control } from "./control.ts";
import { makeControl } from "./controls.ts";
import { button, h, setAttribute, setText } from "./dom.ts";
import type { FieldView, Form, Place } from "./form.ts";
import type { Cell, FieldNode } from "./protocol.gen.ts";

/** Bytes; over a message of 10 MiB Jupyter drops the connection. */
const FILE_LIMIT = 8_000_000;

const leaves = new WeakMap<Element, Leaf>();

/** The field that an element of the page belongs to. */
export function leafOf(target: EventTarget | null): Leaf | null {
  const el = target instanceof Element ? target.closest(".kf-field") : null;
  return (el && leaves.get(el)) ?? null;
}

export class Leaf implements FieldView {
  readonly el: HTMLElement;
  private readonly control: Control;
  private readonly note = h("output", { class: "kf-note" });
  private readonly error: HTMLElement;
  private readonly describedBy: string;
  private readonly clear: HTMLButtonElement | null;
  private readonly unwatch: () => void;
  /** What was there when the focus came, to which Escape goes back. */
  private before: Cell | null = null;

  constructor(
    private readonly form: Form,
    private readonly node: FieldNode,
    readonly key: string,
    place: Place,
  ) {
    const id = form.newId();
    const label = place.label ?? node.label ?? node.name ?? "";
    const control = makeControl(node, id, label, place.compact);
    this.control = control;
    const help = node.help ? h("p", { class: "kf-help", id: `${id}-help` }, node.help) : null;
    this.error = h("p", { class: "kf-error", id: `${id}-error` });
    this.describedBy = help ? help.id : "";
    this.clear =
      node.nullable && !node.readOnly && !place.decided && control.canBeUnset !== true
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
    this.unwatch = form.watch(key, this, () => this.refresh());
  }

  focus(): boolean {
    return this.control.focus();
  }

  end(): void {
    this.unwatch();
  }

  // ------------------------------------------------------------- from the hand

  focused(): void {
    this.before ??= this.form.cell(this.key);
  }

  /** Something was typed or chosen. `done`: it will not go on, as with a click. */
  changed(done: boolean): void {
    if (!this.control.read) return;
    const { replica } = this.form;
    const value = this.control.read();
    replica.edit(this.key, this.valueOf(value), { pause: !done && !this.control.discreet });
    if (done && !this.control.discreet) replica.flush();
    this.refresh();
  }

  blurred(): void {
    this.before = null;
    this.form.replica.ask({ kind: "blur", key: this.key });
  }

  /** Puts back what was there when the focus came; false when that is what is there. */
  revert(): boolean {
    const { before, form } = this;
    if (!before || !this.control.read || same(before, form.cell(this.key))) return false;
    if (this.control.forget) {
      // Nobody here knows the password there was: only one that was not told yet can be taken back.
      if (!form.replica.takeBack(this.key, before)) return false;
      this.control.forget();
    } else if (before.unset) this.unset();
    else form.replica.edit(this.key, before.value ?? "");
    this.refresh();
    return true;
  }

  /** Takes the arrow keys of a number. */
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
      replica.ask({ kind: "attach", key: this.key, name: file.name, type: file.type }, content);
    });
  }

  get takesEnter(): boolean {
    return this.node.kind === "long_text" || this.node.kind === "json";
  }

  unset(): void {
    this.form.replica.ask({ kind: "set", key: this.key, isSet: false });
    this.focus();
  }

  /** An emptied text is an empty text; an emptied number, date or choice of an Optional is not set. */
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
