/** Controls with options. The value of an option is any JSON; elements refer to it by its index. */
import { same } from "../json.ts";
import type { Control } from "./control.ts";
import { h, setAttribute } from "./dom.ts";
import type { FieldNode, FieldOption } from "./protocol.gen.ts";
import { focusOn, textOf } from "./text_controls.ts";

export function checkbox(node: FieldNode, id: string): Control {
  const input = h("input", { id, type: "checkbox", disabled: node.readOnly });
  return {
    el: input,
    input,
    show({ value }) {
      input.checked = value === true || value === "true";
    },
    read: () => input.checked,
    focus: () => focusOn(input),
  };
}

export function select(node: FieldNode, id: string): Control {
  const input = h("select", { id, disabled: node.readOnly });
  const unset = h("option", { value: "" });
  const unlisted = h("option", { value: "unlisted" });
  let offered: readonly FieldOption[] = [];
  let shown: readonly FieldOption[] | null = null;
  return {
    el: h("div", { class: "kf-select" }, input),
    input,
    canBeUnset: true,
    show(cell, options, nullable) {
      offered = node.kind === "checkbox" ? (node.options ?? []) : options;
      const { value } = cell;
      const isUnset = cell.unset === true || value === null || value === undefined || value === "";
      let at = offered.findIndex((option) => same(option.value, value));
      if (at < 0 && isUnset && !nullable) at = offered.findIndex(({ value }) => value === null);
      if (shown !== offered) {
        shown = offered;
        input.replaceChildren(
          ...offered.map((option, index) => h("option", { value: index }, option.label)),
        );
      }
      unset.textContent = nullable ? "Not set" : node.placeholder || "Choose…";
      // A required choice cannot be unset.
      setAttribute(unset, "hidden", !nullable && at >= 0);
      input.prepend(unset);
      unlisted.remove();
      if (at < 0 && !isUnset) {
        unlisted.textContent = `${textOf(value)} (not offered)`;
        input.append(unlisted);
      }
      input.value = at >= 0 ? String(at) : isUnset ? "" : "unlisted";
    },
    read: () => (input.value === "" ? null : (offered[Number(input.value)]?.value ?? null)),
    focus: () => focusOn(input),
  };
}

export function radios(node: FieldNode, id: string): Control {
  return several(
    node,
    id,
    "radio",
    (value) => (one) => same(one, value),
    (chosen) => chosen[0],
  );
}

export function choices(node: FieldNode, id: string): Control {
  const isChosen = (value: unknown) => {
    const chosen = Array.isArray(value) ? value : [];
    return (one: unknown) => chosen.some((each) => same(each, one));
  };
  return several(node, id, "checkbox", isChosen, (chosen) => chosen);
}

/** One button for each option: `isChosen` reads the field's value, `toValue` returns it for the chosen ones. */
function several(
  node: FieldNode,
  id: string,
  type: "radio" | "checkbox",
  isChosen: (value: unknown) => (option: unknown) => boolean,
  toValue: (chosen: unknown[]) => unknown,
): Control {
  const isRadio = type === "radio";
  const group = h("div", {
    id,
    class: isRadio ? "kf-radios" : "kf-choices",
    role: isRadio ? "radiogroup" : "group",
  });
  let offered: readonly FieldOption[] = [];
  let inputs: HTMLInputElement[] = [];
  return {
    el: group,
    input: group,
    isGroup: true,
    show({ value }, options) {
      if (options !== offered) {
        offered = options;
        inputs = fill(group, options, { type, name: id, disabled: node.readOnly });
      }
      const is = isChosen(value);
      inputs.forEach((input, index) => {
        input.checked = is(offered[index]?.value);
      });
    },
    read: () => {
      const chosen = offered.filter((_, index) => inputs[index]?.checked);
      return toValue(chosen.map((option) => option.value)) ?? null;
    },
    focus: () => focusFirst(inputs),
  };
}

function fill(
  group: HTMLElement,
  options: readonly FieldOption[],
  attributes: Parameters<typeof h>[1],
): HTMLInputElement[] {
  const inputs = options.map(() => h("input", attributes));
  group.replaceChildren(
    ...options.map((option, index) =>
      h("label", { class: "kf-option" }, inputs[index] ?? null, h("span", {}, option.label)),
    ),
  );
  return inputs;
}

function focusFirst(inputs: readonly HTMLInputElement[]): boolean {
  const input = inputs.find(({ checked }) => checked) ?? inputs[0];
  return input ? focusOn(input) : false;
}
