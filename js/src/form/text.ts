/** Controls one types in. What is typed stays as it was typed: "3." and "abc" in a number too. */
import type { Control } from "./control.ts";
import { button, h, setAttribute, setText } from "./dom.ts";
import { stepped } from "./numbers.ts";
import type { Cell, FieldNode } from "./protocol.gen.ts";

export function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Puts a text in a control, and leaves it alone when it is there: the caret would move. */
export function setValue(input: HTMLInputElement | HTMLTextAreaElement, value: string): void {
  if (input.value !== value) input.value = value;
}

/** What an empty control of an Optional says: nothing is set, or an empty text is. */
export function showEmpty(
  input: HTMLInputElement | HTMLTextAreaElement,
  node: FieldNode,
  { unset }: Cell,
): void {
  const words = unset ? "Not set" : isText(node) ? "Empty" : "";
  setAttribute(input, "placeholder", (node.nullable && words) || node.placeholder || null);
}

function isText(node: FieldNode): boolean {
  return node.kind === undefined || node.kind === "text" || node.kind === "long_text";
}

export function text(node: FieldNode, id: string): Control {
  return typed(
    node,
    h("input", { id, type: "text", autocomplete: "off", readonly: node.readOnly }),
  );
}

export function longText(node: FieldNode, id: string): Control {
  const spellcheck = node.kind === "json" ? "false" : null;
  return typed(
    node,
    h("textarea", { id, rows: node.rows ?? 4, readonly: node.readOnly, spellcheck }),
  );
}

function typed(node: FieldNode, input: HTMLInputElement | HTMLTextAreaElement): Control {
  return {
    el: input,
    input,
    show(cell) {
      setValue(input, textOf(cell.value));
      showEmpty(input, node, cell);
    },
    read: () => input.value,
    focus: () => focusOn(input),
  };
}

/** The text is in the page only, until the blur sends it; it never comes back. */
export function password(node: FieldNode, id: string): Control {
  const input = h("input", {
    id,
    type: "password",
    autocomplete: "new-password",
    readonly: node.readOnly,
  });
  const reveal = button("Show what is typed", { "aria-pressed": "false" }, show, "show");
  const el = h("div", { class: "kf-beside" }, input, reveal);
  let wasThere = false;
  function show(): void {
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    reveal.setAttribute("aria-pressed", String(hidden));
  }
  return {
    el,
    input,
    discreet: true,
    show({ secret, value }) {
      // What is typed is here until it is told, in a redrawn control too. Once told it stays as it was typed,
      // until the kernel has one no more: it was reset, or taken away.
      if (typeof value === "string") setValue(input, value);
      else if (wasThere && !secret) input.value = "";
      wasThere = secret === true;
      setAttribute(
        input,
        "placeholder",
        secret ? "•••••••• (set; type to replace)" : node.placeholder || null,
      );
    },
    read: () => input.value,
    forget() {
      input.value = "";
    },
    focus: () => focusOn(input),
  };
}

/** A text box that steps; never `type=number`, which hides what it does not understand. */
export function number(node: FieldNode, id: string, compact = false): Control {
  const input = h("input", {
    id,
    type: "text",
    inputmode: node.whole ? "numeric" : "decimal",
    autocomplete: "off",
    readonly: node.readOnly,
  });
  const control: Control = {
    ...typed(node, input),
    stepped: (times) => (node.readOnly ? null : stepped(input.value, times, node)),
  };
  if (node.readOnly || compact) return control;
  // The arrow keys do the same; for a screen reader these would be noise.
  const steppers = h("span", { class: "kf-steppers", "aria-hidden": "true" });
  for (const [name, times, sign] of [
    ["Less", -1, "less"],
    ["More", 1, "add"],
  ] as const)
    steppers.append(button(name, { tabindex: -1, "data-step": times }, () => {}, sign));
  return { ...control, el: h("div", { class: "kf-beside kf-number" }, input, steppers) };
}

/** Read only: what the model computes, or why a field cannot be shown. */
export function computed(node: FieldNode, id: string): Control {
  const input = h("output", { id, class: "kf-computed" });
  return {
    el: input,
    input,
    isGroup: true,
    show({ value }) {
      setText(input, textOf(value) || (node.kind === "unsupported" ? node.placeholder || "" : "–"));
    },
    focus: () => false,
  };
}

export function focusOn(input: HTMLElement): boolean {
  input.focus();
  return document.activeElement === input || input.getRootNode() instanceof ShadowRoot;
}
