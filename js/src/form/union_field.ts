/** A union: a picker of its branches and the fields of the chosen one. The kernel keeps the others' drafts. */
import { h, setAttribute } from "./dom.ts";
import type { FieldView, FormContext, Placement } from "./form_context.ts";
import { frame } from "./frame.ts";
import type { FieldNode } from "./protocol.gen.ts";

export class UnionField implements FieldView {
  readonly el: HTMLElement;
  private readonly picker: HTMLSelectElement;
  private inner: FieldView | null = null;
  private shown: string | null = null;
  private readonly stopWatching: () => void;

  constructor(form: FormContext, node: FieldNode, key: string, place: Placement) {
    const made = frame(form, node, key, place);
    this.el = made.el;
    const label = place.label ?? node.label ?? node.name ?? "";
    const branches = node.branches ?? [];
    const none = h("option", { value: "" }, "Choose…");
    this.picker = h("select", { "aria-label": `${label}, kind`, disabled: node.readOnly }, none);
    this.picker.append(
      ...branches.map((branch) => h("option", { value: branch.tag }, branch.label)),
    );
    this.picker.addEventListener("change", () => {
      form.replica.request({ kind: "choose", key, tag: this.picker.value });
    });
    made.side.append(h("div", { class: "kf-select" }, this.picker));
    this.stopWatching = form.watch(key, this, () => {
      const tag = form.cell(key).branch ?? "";
      made.refresh(tag === "");
      setAttribute(this.picker, "aria-invalid", form.errors(key).length ? "true" : null);
      setAttribute(this.picker, "aria-describedby", made.el.getAttribute("aria-describedby"));
      none.hidden = tag !== "";
      this.picker.value = tag;
      if (tag === this.shown) return;
      this.shown = tag;
      this.inner?.end();
      const branch = branches.find((one) => one.tag === tag);
      this.inner = branch
        ? form.build(form, branch.node, key, { plain: true, label: branch.label || label })
        : null;
      made.body.replaceChildren(...(this.inner ? [this.inner.el] : []));
    });
  }

  focus(): boolean {
    if (this.inner?.focus()) return true;
    this.picker.focus();
    return true;
  }

  end(): void {
    this.stopWatching();
    this.inner?.end();
  }
}
