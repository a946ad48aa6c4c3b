/** Controls for typed text, which stays as typed: "3." and "abc" in a number, line breaks in a one-line text. */
import type { Control } from "./control.ts";
import { button, h, setAttribute, setText } from "./dom.ts";
import { stepped } from "./numbers.ts";
import type { Cell, FieldNode } from "./protocol.gen.ts";

type TextElement = HTMLInputElement | HTMLTextAreaElement;

/** Lines that a text box grows to, when it replaces a one-line input. */
const MOST_LINES = 8;
const LINE_BREAK = /\r\n|\r|\n/;

export function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Sets the text of a control, unless it has it already: that would move the caret. */
export function setValue(input: TextElement, value: string): void {
  const shown = input instanceof HTMLTextAreaElement ? value.replaceAll(/\r\n|\r/g, "\n") : value;
  if (input.value !== shown) input.value = value;
}

/** Shows in an empty control of an optional field whether it is not set or an empty text. */
export function showEmpty(input: TextElement, node: FieldNode, { unset }: Cell): void {
  const words = unset ? "Not set" : isText(node) ? "Empty" : "";
  setAttribute(input, "placeholder", (node.nullable && words) || node.placeholder || null);
}

function isText(node: FieldNode): boolean {
  return node.kind === undefined || node.kind === "text" || node.kind === "long_text";
}

/**
 * A text box that keeps every character: a one-line input drops line breaks, so a text that has some turns it
 * into a textarea; a textarea makes every line break a line feed, so `read` restores those of the text shown.
 */
export interface TextBox {
  readonly el: HTMLElement;
  /** The input or textarea of the moment. */
  readonly input: TextElement;
  show(text: string): void;
  read(): string;
}

/** Makes a text box of one line, which becomes several lines for a text with line breaks. */
export function textBox(attributes: Parameters<typeof h>[1]): TextBox {
  const el = h("div", { class: "kf-text" });
  let box = boxOf(h("input", { type: "text", autocomplete: "off", ...attributes }));
  el.append(box.input);
  const widen = (text: string): void => {
    const old = box.input;
    const hasFocus = document.activeElement === old;
    const area = h("textarea", { rows: Math.min(text.split(LINE_BREAK).length, MOST_LINES) });
    for (const { name, value } of old.attributes)
      if (name !== "type") area.setAttribute(name, value);
    box = boxOf(area);
    old.replaceWith(area);
    if (hasFocus) area.focus();
  };
  el.addEventListener("paste", (event) => {
    const { input } = box;
    const pasted = event.clipboardData?.getData("text/plain") ?? "";
    if (input instanceof HTMLTextAreaElement || input.readOnly || !LINE_BREAK.test(pasted)) return;
    event.preventDefault();
    const [start, end] = [input.selectionStart ?? 0, input.selectionEnd ?? 0];
    const text = input.value.slice(0, start) + pasted + input.value.slice(end);
    widen(text);
    box.show(text);
    const caret = box.input.value.length - (input.value.length - end);
    box.input.setSelectionRange(caret, caret);
    box.input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return {
    el,
    get input() {
      return box.input;
    },
    show(text) {
      if (LINE_BREAK.test(text) && box.input instanceof HTMLInputElement) widen(text);
      box.show(text);
    },
    read: () => box.read(),
  };
}

function boxOf(input: TextElement): TextBox {
  let shown = "";
  return {
    el: input,
    input,
    show(text) {
      shown = text;
      setValue(input, text);
    },
    read: () => withLineBreaksOf(shown, input.value),
  };
}

/** Returns an edited text with the line breaks of the text before; new lines get the first of them. */
export function withLineBreaksOf(before: string, edited: string): string {
  if (!before.includes("\r") || !edited.includes("\n")) return edited;
  const breaks = before.match(/\r\n|\r|\n/g) ?? [];
  const [old, lines] = [before.split(LINE_BREAK), edited.split("\n")];
  let same = 0;
  while (same < breaks.length && old[same] === lines[same]) same += 1;
  const added = lines.length - old.length;
  return lines.reduce((text, line, index) => {
    const known = index - 1 < same ? index - 1 : index - 1 - added;
    return `${text}${breaks[known] ?? breaks[0]}${line}`;
  });
}

export function text(node: FieldNode, id: string): Control {
  return typed(node, textBox({ id, readonly: node.readOnly }));
}

export function longText(node: FieldNode, id: string): Control {
  const spellcheck = node.kind === "json" ? "false" : null;
  const area = h("textarea", { id, rows: node.rows ?? 4, readonly: node.readOnly, spellcheck });
  return typed(node, boxOf(area));
}

function typed(node: FieldNode, box: TextBox): Control {
  return {
    el: box.el,
    get input() {
      return box.input;
    },
    show(cell) {
      box.show(textOf(cell.value));
      showEmpty(box.input, node, cell);
    },
    read: () => box.read(),
    focus: () => focusOn(box.input),
  };
}

/** A password is in the page only until the blur sends it; the kernel never sends it back. */
export function password(node: FieldNode, id: string): Control {
  const input = h("input", {
    id,
    type: "password",
    autocomplete: "new-password",
    readonly: node.readOnly,
  });
  const reveal = button("Show what is typed", { "aria-pressed": "false" }, show, "show");
  const el = h("div", { class: "kf-beside" }, input, reveal);
  let wasSet = false;
  function show(): void {
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    reveal.setAttribute("aria-pressed", String(hidden));
  }
  return {
    el,
    input,
    sendsOnBlur: true,
    show({ secret, value }) {
      // A typed password is in the cell until it is sent, and stays in the control until the kernel has none
      // any more, because the form was reset.
      if (typeof value === "string") setValue(input, value);
      else if (wasSet && !secret) input.value = "";
      wasSet = secret === true;
      setAttribute(
        input,
        "placeholder",
        secret ? "•••••••• (set; type to replace)" : node.placeholder || null,
      );
    },
    read: () => input.value,
    clearTyped() {
      input.value = "";
    },
    focus: () => focusOn(input),
  };
}

/** A text box with steppers; `type=number` would hide text that is no number. */
export function number(node: FieldNode, id: string, compact = false): Control {
  const input = h("input", {
    id,
    type: "text",
    inputmode: node.whole ? "numeric" : "decimal",
    autocomplete: "off",
    readonly: node.readOnly,
  });
  const control: Control = {
    ...typed(node, boxOf(input)),
    input,
    stepped: (times) => (node.readOnly ? null : stepped(input.value, times, node)),
  };
  if (node.readOnly || compact) return control;
  // Hidden from screen readers, because the arrow keys do the same.
  const steppers = h("span", { class: "kf-steppers", "aria-hidden": "true" });
  for (const [name, times, sign] of [
    ["Less", -1, "less"],
    ["More", 1, "add"],
  ] as const)
    steppers.append(button(name, { tabindex: -1, "data-step": times }, () => {}, sign));
  return { ...control, el: h("div", { class: "kf-beside kf-number" }, input, steppers) };
}

/** A read-only text: a computed value, or why a field cannot be shown. */
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
