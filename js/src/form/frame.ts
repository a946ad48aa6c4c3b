/** The frame of a field that contains others: a group with a label, help and errors of its own. */
import { h, setAttribute, setText } from "./dom.ts";
import type { FormContext, Placement } from "./form_context.ts";
import type { FieldNode } from "./protocol.gen.ts";

export interface Frame {
  readonly el: HTMLElement;
  /** The element for its content. */
  readonly body: HTMLElement;
  /** The right end of the first line, for buttons. */
  readonly side: HTMLElement;
  /** Updates it; with `own`, errors are shown here and not in its content. */
  refresh(own?: boolean): void;
}

export function frame(form: FormContext, node: FieldNode, key: string, place: Placement): Frame {
  const id = form.newId();
  const label = place.label ?? node.label ?? node.name ?? "";
  const name = h(
    "span",
    { class: "kf-label", id: `${id}-label` },
    label,
    node.required && !node.nullable && node.kind !== "object"
      ? h("span", { class: "kf-required", "aria-hidden": "true" }, " *")
      : null,
  );
  const side = h("span", { class: "kf-side" });
  const head = h("div", { class: "kf-head" }, name, side);
  const help = node.help ? h("p", { class: "kf-help", id: `${id}-help` }, node.help) : null;
  const error = h("p", { class: "kf-error", id: `${id}-error` });
  const body = h("div", { class: "kf-body" });
  const el = h("div", {
    class: "kf-group",
    role: "group",
    "data-kind": node.kind,
    "data-label": place.plain ? null : label,
    "data-plain": place.plain,
    "aria-labelledby": `${id}-label`,
  });
  el.append(head);
  if (help) el.append(help);
  el.append(error, body);
  return {
    el,
    body,
    side,
    refresh(own = true) {
      const errors = own ? form.errors(key) : [];
      setText(error, errors.join("\n"));
      el.toggleAttribute("data-invalid", errors.length > 0);
      el.hidden = form.isHidden(key);
      const described = `${help?.id ?? ""} ${errors.length ? error.id : ""}`.trim();
      setAttribute(el, "aria-describedby", described || null);
    },
  };
}
