/** An optional field that contains others: a switch between set and not set, and its content while it is set. */
import { h } from "./dom.ts";
import type { FieldView, FormContext, Placement } from "./form_context.ts";
import { frame } from "./frame.ts";
import type { FieldNode } from "./protocol.gen.ts";

export class OptionalField implements FieldView {
  readonly el: HTMLElement;
  private readonly toggle: HTMLInputElement;
  private inner: FieldView | null = null;
  private readonly stopWatching: () => void;

  constructor(form: FormContext, node: FieldNode, key: string, place: Placement) {
    const made = frame(form, node, key, place);
    this.el = made.el;
    this.el.dataset.optional = "";
    const label = place.label ?? node.label ?? node.name ?? "";
    this.toggle = h("input", {
      type: "checkbox",
      role: "switch",
      disabled: node.readOnly,
      "aria-label": `Set ${label}`,
    });
    const word = h("span", {});
    made.side.append(h("label", { class: "kf-option kf-switch" }, this.toggle, word));
    this.toggle.addEventListener("change", () => {
      form.replica.request({ kind: "set", key, isSet: this.toggle.checked });
    });
    const { help: _help, required: _required, ...rest } = node;
    this.stopWatching = form.watch(key, this, () => {
      const isSet = form.cell(key).unset !== true;
      made.refresh(!isSet);
      this.toggle.checked = isSet;
      word.textContent = isSet ? "Set" : "Not set";
      if (isSet && !this.inner) {
        this.inner = form.build(form, rest, key, { plain: true, label, hasToggle: true });
        made.body.replaceChildren(this.inner.el);
      } else if (!isSet && this.inner) {
        this.inner.end();
        this.inner = null;
        made.body.replaceChildren();
      }
    });
  }

  focus(): boolean {
    if (this.inner?.focus()) return true;
    this.toggle.focus();
    return true;
  }

  end(): void {
    this.stopWatching();
    this.inner?.end();
  }
}
