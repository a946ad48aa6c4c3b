/** The control of each kind of field that contains no other fields. */
import { checkbox, choices, radios, select } from "./choice_controls.ts";
import type { Control } from "./control.ts";
import { color, file, moment, slider } from "./picker_controls.ts";
import type { FieldNode, FieldOption } from "./protocol.gen.ts";
import { computed, longText, number, password, text } from "./text_controls.ts";

export function makeControl(node: FieldNode, id: string, label: string, compact = false): Control {
  switch (node.kind) {
    case "long_text":
    case "json":
      return longText(node, id);
    case "password":
      return password(node, id);
    case "number":
      return number(node, id, compact);
    case "slider":
      return slider(node, id, label);
    case "checkbox":
      return node.nullable ? select({ ...node, options: YES_AND_NO }, id) : checkbox(node, id);
    case "select":
      return select(node, id);
    case "radio":
      return radios(node, id);
    case "multi_select":
      return choices(node, id);
    case "date":
    case "time":
    case "datetime":
      return moment(node, id, label);
    case "color":
      return color(node, id, label);
    case "file":
      return file(node, id, label);
    case "computed":
    case "unsupported":
      return computed(node, id);
    default:
      return text(node, id);
  }
}

const YES_AND_NO: FieldOption[] = [
  { value: true, label: "Yes" },
  { value: false, label: "No" },
];
