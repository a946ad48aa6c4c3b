/** A button that copies a text of the kernel, and says so (widgets/copy_button.py). */
import type { AnyModel } from "@anywidget/types";
import { copyText } from "../copy_text.ts";
import { h, setText } from "../dom.ts";

const SHOWN = 2_000;

export function showCopyButton(model: AnyModel, el: HTMLElement): () => void {
  const words = h("span", { "aria-live": "polite" });
  const icon = h("i", { class: "fa fa-copy", "aria-hidden": "true" });
  const button = h("button", { type: "button", class: "jupyter-button kaizen-copy" }, icon, words);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const draw = () => {
    setText(words, model.get("label"));
    button.title = model.get("text");
  };
  button.addEventListener("click", async () => {
    const isCopied = await copyText(model.get("text"), button);
    setText(words, isCopied ? "Copied" : "The browser does not allow copying here");
    clearTimeout(timer);
    timer = setTimeout(draw, SHOWN);
  });
  el.append(button);
  draw();
  model.on("change:label", draw);
  model.on("change:text", draw);
  return () => {
    clearTimeout(timer);
    model.off("change:label", draw);
    model.off("change:text", draw);
  };
}
