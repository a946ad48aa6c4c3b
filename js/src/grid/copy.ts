/** Buttons that copy a text, with a tick as the answer. */
import { copyText } from "../copy_text.ts";
import { h } from "../dom.ts";
import { icon } from "./icons.ts";

const SHOWN = 1_200;

export function copyButton(text: () => string, label: string, control?: string): HTMLButtonElement {
  const button = h(
    "button",
    {
      type: "button",
      class: "kg-icon kg-copy",
      title: label,
      "aria-label": label,
      ...(control && { "data-control": control, tabindex: -1 }),
    },
    icon("copy") as SVGElement,
  );
  button.addEventListener("click", async () => {
    await copyText(text(), button);
    button.replaceChildren(icon("check"));
    setTimeout(() => button.replaceChildren(icon("copy")), SHOWN);
  });
  return button;
}
