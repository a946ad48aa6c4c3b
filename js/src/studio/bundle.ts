/** The code of the studio's header, and the look of the whole studio. */
import type { AnyModel } from "@anywidget/types";
import { paintPage } from "../color_mode.ts";
import { addStyles } from "../styles.ts";
import tokens from "../tokens.css?inline";
import { showHeader } from "./header.ts";
import css from "./studio.css?inline";

/** Draws one header, and returns the function that removes it. */
export function mount({ model, el }: { model: AnyModel; el: HTMLElement }): () => void {
  for (const sheet of [tokens, css]) addStyles(el, sheet);
  paintPage();
  return showHeader(model, el);
}

export default { initialize: () => ({ mount }) };
