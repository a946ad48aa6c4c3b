/** The control of each kind of field that is not made of others. */
import { checkbox, choices, radios, select } from "./choice.ts";
import { colour, file, moment, slider } from "./pickers.ts";
import type { Cell, FieldNode, Option } from "./protocol.gen.ts";
import { computed, longText, number, password, text } from "./text.ts";

export interface Control {
  /** All of it. */
  readonly el: HTMLElement;
  /** What the label names, and what is invalid: an input, or a group of them. */
  readonly input: HTMLElement;
  /** Whether `input` is a group, which a `<label>` cannot name. */
  readonly isGroup?: boolean;
  /** Whether "not set" is one of its own choices. */
  readonly canBeUnset?: boolean;
  /** Whether what is typed waits for the blur: a password travels once. */
  readonly discreet?: boolean;
  show(cell: Cell, options: readonly Option[], nullable: boolean): void;
  /** What is in it now; absent when nothing can be typed. */
  read?(): unknown;
  /** The text so many steps away; null when there is none. */
  stepped?(times: number): string | null;
  /** Takes away what only the page knows: a password that was typed. */
  forget?(): void;
  focus(): boolean;
}

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
    case "colour":
      return colour(node, id, label);
    case "file":
      return file(node, id, label);
    case "computed":
    case "unsupported":
      return computed(node, id);
    default:
      return text(node, id);
  }
}

const YES_AND_NO: Option[] = [
  { value: true, label: "Yes" },
  { value: false, label: "No" },
];
