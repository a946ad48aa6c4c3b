/** The interface between a control and its field. */
import type { Cell, FieldOption } from "./protocol.gen.ts";

export interface Control {
  /** The outermost element. */
  readonly el: HTMLElement;
  /** The element with the label and the error: an input, or a group of inputs. */
  readonly input: HTMLElement;
  /** Whether `input` is a group, which no `<label>` can be for. */
  readonly isGroup?: boolean;
  /** Whether "Not set" is one of its options. */
  readonly canBeUnset?: boolean;
  /** Whether typing is sent with the blur only: a password travels once. */
  readonly sendsOnBlur?: boolean;
  show(cell: Cell, options: readonly FieldOption[], nullable: boolean): void;
  /** Returns its value; absent in read-only controls. */
  read?(): unknown;
  /** Returns the text a number of steps away, or null. */
  stepped?(times: number): string | null;
  /** Clears a password that was typed, which only the page has. */
  clearTyped?(): void;
  focus(): boolean;
}
