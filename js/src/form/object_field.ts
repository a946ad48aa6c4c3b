/** A field with named or numbered fields: a nested model, a tuple, the form itself. */
import { h } from "./dom.ts";
import { join } from "./field_keys.ts";
import type { FieldView, FormContext, Placement } from "./form_context.ts";
import { frame } from "./frame.ts";
import type { FieldNode } from "./protocol.gen.ts";

export class ObjectField implements FieldView {
  readonly el: HTMLElement;
  private readonly fields: FieldView[];
  private readonly stopWatching: () => void;

  constructor(form: FormContext, node: FieldNode, key: string, place: Placement) {
    const made = frame(form, node, key, place);
    this.el = made.el;
    const inner: Placement = place.compact ? { compact: true } : {};
    this.fields = (node.fields ?? []).map((field, index) =>
      form.build(form, field, join(key, field.name || String(index)), inner),
    );
    made.body.append(...grouped(form, node.fields ?? [], this.fields));
    this.stopWatching = form.watch(key, this, made.refresh);
  }

  focus(): boolean {
    return this.fields.some((field) => field.focus());
  }

  end(): void {
    this.stopWatching();
    for (const field of this.fields) field.end();
  }
}

/** Returns the elements of fields; consecutive fields of one `group` are in a section with its name. */
export function grouped(
  form: FormContext,
  nodes: readonly FieldNode[],
  views: readonly FieldView[],
): HTMLElement[] {
  const elements: HTMLElement[] = [];
  let open: { name: string; body: HTMLElement } | null = null;
  views.forEach((view, index) => {
    const name = nodes[index]?.group ?? "";
    if (!name) {
      open = null;
      elements.push(view.el);
      return;
    }
    if (open?.name !== name) {
      const id = form.newId();
      const body = h("div", { class: "kf-body" });
      elements.push(
        h(
          "div",
          { class: "kf-section", role: "group", "aria-labelledby": id },
          h("div", { class: "kf-head" }, h("span", { class: "kf-label", id }, name)),
          body,
        ),
      );
      open = { name, body };
    }
    open.body.append(view.el);
  });
  return elements;
}
