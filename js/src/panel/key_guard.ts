/** Keeps keys pressed in a panel from JupyterLab's shortcuts, which act on the notebook's cells. */
import type { AnyModel } from "@anywidget/types";
import { nameSliders } from "./slider_names.ts";

const isForNotebook = (event: KeyboardEvent) =>
  event.ctrlKey ||
  event.metaKey ||
  event.altKey ||
  event.key === "Escape" ||
  (event.shiftKey && event.key === "Enter");
const guarded = new WeakSet<Element>();

function guard({ target }: FocusEvent): void {
  const panel = target instanceof Element ? target.closest(".kaizen-panel") : null;
  if (!panel || guarded.has(panel)) return;
  guarded.add(panel);
  // While bubbling, so that the controls inside the panel have handled the key already.
  (panel as HTMLElement).addEventListener("keydown", (event) => {
    if (!isForNotebook(event)) event.stopPropagation();
  });
}

export function keepKeys(_model: AnyModel, el: HTMLElement): () => void {
  el.classList.add("kaizen-unseen");
  document.addEventListener("focusin", guard); // The same function is added only once.
  return nameSliders(el);
}
