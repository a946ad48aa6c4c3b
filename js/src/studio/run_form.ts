/** The form of a run's inputs, made from the fields of the pipeline's input nodes. */
import { h } from "./dom.ts";
import type { HeaderState, InputField } from "./header_state.ts";
import { icon } from "./icons.ts";

interface Control {
  readonly element: HTMLElement;
  readonly input: HTMLElement;
  /** The value; undefined where the field is empty and the default of the node applies. */
  read(): unknown;
}

/** The inputs that were given last, by the id of their pipeline. */
export type LastInputs = Map<string, Record<string, unknown>>;

/** Whether a run needs no question: every field has a value. */
export function isComplete({ fields }: HeaderState, last: Record<string, unknown>): boolean {
  return fields.every(({ name, required }) => !required || name in last);
}

export function fillRunForm(
  box: HTMLElement,
  state: HeaderState,
  last: Record<string, unknown>,
  run: (inputs: Record<string, unknown>) => void,
): void {
  const controls = state.fields.map((field) => controlOf(field, last));
  const problem = h("p", { class: "ks-problem", role: "alert", hidden: true });
  const submit = (event: Event) => {
    event.preventDefault();
    const inputs: Record<string, unknown> = {};
    for (const [place, control] of controls.entries()) {
      const name = state.fields[place]?.name ?? "";
      try {
        const value = control.read();
        if (value !== undefined) inputs[name] = value;
      } catch {
        problem.textContent = `${name} is not valid JSON.`;
        problem.hidden = false;
        control.input.focus();
        return;
      }
    }
    run(inputs);
  };
  const form = h(
    "form",
    {
      class: "ks-form",
      onsubmit: submit,
      onkeydown: (event: KeyboardEvent) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.stopPropagation();
          submit(event);
        }
      },
    },
    ...controls.map(({ element }) => element),
    controls.length === 0 && h("p", { class: "ks-note" }, "This pipeline has no inputs."),
    problem,
    h(
      "div",
      { class: "ks-actions" },
      h("small", {}, "Ctrl+Enter"),
      h("button", { type: "submit", class: "ks-primary" }, icon("run", 14), "Run"),
    ),
  );
  box.append(form);
}

function controlOf(field: InputField, last: Record<string, unknown>): Control {
  const { name, type } = field;
  const value = name in last ? last[name] : field.value;
  const label = (input: HTMLElement, hint: string) =>
    h(
      "label",
      { class: "ks-field" },
      h("span", {}, name, h("small", {}, field.required ? hint : `${hint}, optional`)),
      input,
    );
  if (type === "boolean") {
    const input = h("input", { type: "checkbox", checked: value === true });
    const element = h("label", { class: "ks-check" }, input, name);
    return { element, input, read: () => input.checked };
  }
  if (type === "number") {
    const input = h("input", { type: "number", step: "any", value: textOf(value) });
    const read = () => (input.value === "" ? undefined : input.valueAsNumber);
    return { element: label(input, "number"), input, read };
  }
  const input = h("textarea", { rows: 3 });
  input.value = textOf(value);
  const read = () => {
    if (type === "text") return input.value === "" && !(name in last) ? undefined : input.value;
    return input.value.trim() === "" ? undefined : JSON.parse(input.value);
  };
  return { element: label(input, type === "text" ? "text" : "JSON"), input, read };
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
