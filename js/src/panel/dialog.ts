/**
 * A modal dialog: its focus, its keys, and its place above everything else (widgets/dialog.py).
 *
 * The host is shown in the browser's top layer, because a notebook's cell may have a transform, in which a fixed box
 * would be cut off. The dialog itself consists of ipywidgets; this code is drawn as its last child.
 */
import type { AnyModel } from "@anywidget/types";
import { whenConnected } from "./when_connected.ts";

const FOCUSABLE =
  'a[href], button:not(:disabled), input:not(:disabled, [type="hidden"]), select:not(:disabled), ' +
  'textarea:not(:disabled), [tabindex]:not([tabindex="-1"]), [contenteditable="true"]';

export function showDialog(model: AnyModel, el: HTMLElement): () => void {
  el.classList.add("kaizen-unseen");
  // Still the button that opened the dialog.
  const before = document.activeElement;
  let end = () => {};
  const endWait = whenConnected(el, () => {
    const box = el.closest<HTMLElement>(".kaizen-dialog");
    const host = box?.parentElement;
    if (box && host) end = open(model, box, host, before);
  });
  return () => {
    endWait();
    end();
  };
}

function open(
  model: AnyModel,
  box: HTMLElement,
  host: HTMLElement,
  before: Element | null,
): () => void {
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-modal", "true");
  box.setAttribute("aria-label", model.get("title"));
  box.tabIndex = -1;
  show(host);
  box.focus({ preventScroll: true });
  // The fields may be drawn later; the first of them gets the focus unless the user moved it meanwhile.
  const start = () => {
    if (document.activeElement !== box) return stop();
    const field = first(box, model.get("danger"));
    if (!field) return;
    field.focus();
    stop();
  };
  const observer = new MutationObserver(start);
  const stop = () => observer.disconnect();
  observer.observe(box, { childList: true, subtree: true });
  start();
  const onKey = (event: KeyboardEvent) => takeKey(event, box);
  const onPress = (event: Event) => {
    // A press beside the dialog must not move the focus out of it.
    if (event.target === host) event.preventDefault();
  };
  const onEscape = (event: KeyboardEvent) => {
    // While capturing, because controls inside take this key too; one with an open list closes that first.
    const { key, target } = event;
    const isExpanded = target instanceof Element && target.matches('[aria-expanded="true"]');
    if (key !== "Escape" || isExpanded || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    model.send({ kind: "cancel" });
  };
  box.addEventListener("keydown", onEscape, true);
  box.addEventListener("keydown", onKey);
  host.addEventListener("pointerdown", onPress);
  host.addEventListener("mousedown", onPress);
  let isOpen = true;
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    gone.disconnect();
    stop();
    box.removeEventListener("keydown", onEscape, true);
    box.removeEventListener("keydown", onKey);
    host.removeEventListener("pointerdown", onPress);
    host.removeEventListener("mousedown", onPress);
    const others = [...host.querySelectorAll<HTMLElement>(":scope > .kaizen-dialog")];
    const next = others.filter((each) => each !== box).at(-1);
    if (!next) hide(host);
    const target = before instanceof HTMLElement && before.isConnected ? before : next;
    target?.focus({ preventScroll: true });
  };
  // ipywidgets may remove the elements without calling the function that ends a view.
  const gone = new MutationObserver(() => {
    if (!box.isConnected || box.parentElement !== host) close();
  });
  gone.observe(host, { childList: true });
  return close;
}

function show(host: HTMLElement): void {
  if (host.dataset.open !== undefined) return;
  host.dataset.open = "";
  if (typeof host.showPopover !== "function") return; // Then it is a fixed box.
  host.popover = "manual";
  host.showPopover();
}

function hide(host: HTMLElement): void {
  delete host.dataset.open;
  if (typeof host.hidePopover === "function" && host.isConnected && host.matches(":popover-open"))
    host.hidePopover();
}

/** The first field; without one the answer, but the way out where the answer destroys something. */
function first(box: HTMLElement, danger: boolean): HTMLElement | undefined {
  const body = box.querySelector<HTMLElement>(".kaizen-dialog-body");
  const fields = body ? focusable(body) : [];
  if (fields.length > 0) return fields[0];
  const [cancel, answer] = ["cancel", "answer"].map(
    (name) => box.querySelector<HTMLElement>(`.kaizen-dialog-${name}`) ?? undefined,
  );
  // Without content there is nothing to wait for.
  return hasOnlyText(body) ? (danger ? cancel : (answer ?? cancel)) : undefined;
}

function hasOnlyText(body: HTMLElement | null): boolean {
  return body === null || [...body.children].every((each) => each.matches(".widget-html"));
}

function takeKey(event: KeyboardEvent, box: HTMLElement): void {
  // Nothing behind a modal dialog reacts to keys.
  event.stopPropagation();
  if (event.defaultPrevented || event.isComposing) return;
  const { key, target } = event;
  if (key === "Enter" && target instanceof HTMLInputElement) {
    // A form of ours submits itself.
    if (target.closest(".kaizen-form")) return;
    event.preventDefault();
    box.querySelector<HTMLElement>(".kaizen-dialog-answer")?.click();
  } else if (key === "Tab") {
    const all = focusable(box);
    const edge = event.shiftKey ? all[0] : all.at(-1);
    const other = event.shiftKey ? all.at(-1) : all[0];
    if (document.activeElement === edge || document.activeElement === box) {
      event.preventDefault();
      other?.focus();
    }
  }
}

function focusable(el: HTMLElement): HTMLElement[] {
  return [...el.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(
    (each) => each.checkVisibility?.() ?? each.offsetParent !== null,
  );
}
