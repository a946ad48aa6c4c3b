/** What every control is to the field it stands in. */
import type { Cell, FieldOption } from "./protocol.gen.ts";

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
  show(cell: Cell, options: readonly FieldOption[], nullable: boolean): void;
  /** What is in it now; absent when nothing can be typed. */
  read?(): unknown;
  /** The text so many steps away; null when there is none. */
  stepped?(times: number): string | null;
  /** Takes away what only the page knows: a password that was typed. */
  forget?(): void;
  focus(): boolean;
}
