/** Controls with the browser's own pickers, each beside a text box for anything the picker refuses. */
import type { Control } from "./control.ts";
import { h, setAttribute } from "./dom.ts";
import { stepped } from "./numbers.ts";
import type { FieldNode } from "./protocol.gen.ts";
import { focusOn, setValue, showEmpty, textBox, textOf } from "./text_controls.ts";

/** A slider beside a text box, in which values outside the slider's bounds can be typed. */
export function slider(node: FieldNode, id: string, label: string): Control {
  const { min, max, step } = node;
  const input = h("input", {
    id,
    type: "range",
    min: min ?? 0,
    max: max ?? 100,
    step: step ?? (node.whole ? 1 : "any"),
    disabled: node.readOnly,
  });
  const readout = h("input", {
    type: "text",
    inputmode: "decimal",
    autocomplete: "off",
    class: "kf-readout",
    "aria-label": `${label}, as a number`,
    readonly: node.readOnly,
  });
  let typing = false;
  readout.addEventListener("input", () => {
    typing = true;
  });
  input.addEventListener("input", () => {
    typing = false;
  });
  return {
    el: h("div", { class: "kf-beside kf-slider" }, input, readout),
    input,
    show(cell) {
      const value = textOf(cell.value);
      const isNumber = value.trim() !== "" && Number.isFinite(Number(value));
      setValue(readout, value);
      showEmpty(readout, node, cell);
      if (isNumber && document.activeElement !== input) input.value = value;
      setAttribute(input, "aria-valuetext", value || "not set");
      const [low, high] = [Number(input.min), Number(input.max)];
      const part = isNumber ? (Number(value) - low) / (high - low || 1) : 0;
      input.style.setProperty("--kz-part", `${Math.min(1, Math.max(0, part)) * 100}%`);
    },
    read: () => (typing ? readout.value : input.value),
    // Only for the text box: the slider handles arrow keys itself.
    stepped: (times) =>
      document.activeElement === readout ? stepped(readout.value, times, node) : null,
    focus: () => focusOn(input),
  };
}

const NATIVE = {
  date: { type: "date", fits: /^\d{4}-\d{2}-\d{2}$/ },
  time: { type: "time", fits: /^\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?$/ },
  datetime: {
    type: "datetime-local",
    fits: /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?$/,
  },
} as const;
const OFFSET = /(Z|[+-]\d{2}:?\d{2})$/i;

/** A date, a time or both: the browser's picker, or a text box while the picker cannot show the text. */
export function moment(node: FieldNode, id: string, label: string): Control {
  const { type, fits } = NATIVE[node.kind as keyof typeof NATIVE];
  const input = h("input", { id, type, step: type === "date" ? null : "any" });
  setAttribute(input, "readonly", node.readOnly);
  if (type === "date") {
    setAttribute(input, "min", node.min);
    setAttribute(input, "max", node.max);
  }
  const offset = h("input", {
    type: "text",
    class: "kf-offset",
    autocomplete: "off",
    placeholder: "+00:00",
    "aria-label": `${label}, offset from UTC`,
    readonly: node.readOnly,
  });
  const aware = node.aware === true;
  return {
    el: aware ? h("div", { class: "kf-beside" }, input, offset) : input,
    input,
    show({ value }) {
      const whole = textOf(value);
      const zone = aware ? (OFFSET.exec(whole)?.[0] ?? "") : "";
      const local = zone ? whole.slice(0, -zone.length) : whole;
      const isNative = local === "" || fits.test(local);
      if (document.activeElement !== input) {
        const wanted = isNative ? type : "text";
        if (input.type !== wanted) input.type = wanted;
      }
      // The value of a half-typed date is "", which must not clear it.
      if (!(local === "" && input.validity?.badInput)) setValue(input, local.replace(" ", "T"));
      if (document.activeElement !== offset && (zone || local === "")) setValue(offset, zone);
    },
    read() {
      return input.value === "" ? "" : input.value + (aware ? offset.value.trim() : "");
    },
    focus: () => focusOn(input),
  };
}

export function color(node: FieldNode, id: string, label: string): Control {
  const input = h("input", { id, type: "text", autocomplete: "off", readonly: node.readOnly });
  const swatch = h("input", {
    type: "color",
    "aria-label": `${label}, picker`,
    disabled: node.readOnly,
  });
  swatch.addEventListener("input", () => {
    input.value = swatch.value;
  });
  return {
    el: h("div", { class: "kf-beside kf-color" }, swatch, input),
    input,
    show(cell) {
      const value = textOf(cell.value);
      setValue(input, value);
      showEmpty(input, node, cell);
      const hex = hexOf(value);
      if (hex) swatch.value = hex;
      swatch.toggleAttribute("data-empty", !hex);
    },
    read: () => input.value,
    focus: () => focusOn(input),
  };
}

/** Returns a color in the form of the browser's picker, or null for names such as "tomato". */
function hexOf(value: string): string | null {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(value);
  if (short)
    return `#${short
      .slice(1)
      .map((digit) => digit + digit)
      .join("")}`;
  const long = /^#[0-9a-f]{6}/i.exec(value);
  return long ? long[0].toLowerCase() : null;
}

/** A file is sent in one message; the kernel stores it and answers with its name and size. */
export function file(node: FieldNode, id: string, label: string): Control {
  const input = h("input", {
    id,
    type: "file",
    accept: node.accept || null,
    disabled: node.readOnly,
    class: "kf-file",
  });
  const stored = h("span", { class: "kf-there" });
  const path = textBox({
    placeholder: node.placeholder || "or a path on the kernel's machine",
    "aria-label": `${label}, as a path`,
    readonly: node.readOnly,
  });
  let had = false;
  return {
    el: h("div", { class: "kf-files" }, input, stored, node.whole ? path.el : null),
    input,
    show({ value }) {
      // After a reset the browser still shows the name of the file.
      if (had && !value) input.value = "";
      had = Boolean(value);
      stored.textContent = typeof value === "string" || !value ? "" : describeFile(value);
      if (typeof value === "string" || !value) path.show(textOf(value));
    },
    ...(node.whole && { read: () => path.read() }),
    focus: () => focusOn(input),
  };
}

function describeFile(value: unknown): string {
  const { name = "", size = 0 } = value as { name?: string; size?: number };
  const sizeText = size < 1000 ? `${size} bytes` : `${(size / 1000).toFixed(1)} kB`;
  return name ? `${name} (${sizeText})` : sizeText;
}
