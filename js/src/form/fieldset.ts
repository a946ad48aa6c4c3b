/** Fields side by side or one under the other: a nested model, a tuple, the form itself. */
import { h } from "./dom.ts";
import type { FieldView, Form, Place } from "./form.ts";
import { frame } from "./frame.ts";
import { join } from "./keys.ts";
import type { FieldNode } from "./protocol.gen.ts";

export class Fieldset implements FieldView {
  readonly el: HTMLElement;
  private readonly fields: FieldView[];
  private readonly unwatch: () => void;

  constructor(form: Form, node: FieldNode, key: string, place: Place) {
    const made = frame(form, node, key, place);
    this.el = made.el;
    const inner: Place = place.compact ? { compact: true } : {};
    this.fields = (node.fields ?? []).map((field, index) =>
      form.build(form, field, join(key, field.name || String(index)), inner),
    );
    made.body.append(...inGroups(form, node.fields ?? [], this.fields));
    this.unwatch = form.watch(key, this, made.refresh);
  }

  focus(): boolean {
    return this.fields.some((field) => field.focus());
  }

  end(): void {
    this.unwatch();
    for (const field of this.fields) field.end();
  }
}

/** The fields' elements; those of one `group` that follow each other under its name. */
export function inGroups(
  form: Form,
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
