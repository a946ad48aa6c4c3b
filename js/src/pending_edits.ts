/**
 * Clicks on a button wait for edits made before them (rule F4).
 *
 * An ipywidgets button uses a comm of its own, and a kernel may handle two comms in two threads, so a click on Submit
 * can overtake the text typed before it. A click on a button with the class `kaizen-after-edits` therefore waits until
 * the kernel has received all earlier edits of its notebook. (JupyterLab has several notebooks on one page; a busy
 * kernel delays only its own.)
 */
import { browserClock, type Clock } from "./clock.ts";
import type { Unsubscribe } from "./store.ts";

/** Whether the kernel has received all edits of a view, or their responses count as lost. */
export type IsReceived = () => boolean;

const BUTTON = "button.kaizen-after-edits, .kaizen-after-edits button";
/** Milliseconds between two checks: doubled from the first up to the second. A response takes 2 to 45. */
const [FIRST_CHECK, SLOWEST_CHECK] = [10, 160];
/** One per page, created by the bundle that is loaded first, and shared because bundles share no modules. */
const PAGE = Symbol.for("kaizen-widgets.pending-edits");
/** The check of each view, with the view's element. */
type Views = Map<IsReceived, Element>;
type Page = Window & { [PAGE]?: Views };
const NOTEBOOK = ".jp-Notebook";

/** Makes clicks wait for the edits of a view, until the returned function is called. */
export function trackPendingEdits(
  isReceived: IsReceived,
  el: Element,
  clock: Clock = browserClock,
): Unsubscribe {
  const page: Page = window;
  page[PAGE] ??= follow(new Map(), clock);
  const views = page[PAGE].set(isReceived, el);
  return () => views.delete(isReceived);
}

/** Calls `then` once the kernel has received the edits of all other views; immediately if it already has. */
export function afterOtherEdits(
  own: IsReceived,
  el: Element,
  then: () => void,
  clock: Clock = browserClock,
): void {
  const views = (window as Page)[PAGE] ?? new Map();
  const isReceived = () => areReceived(views, el, own);
  if (isReceived()) then();
  else onceReceived(isReceived, then, clock);
}

function areReceived(views: Views, el: Element, own?: IsReceived): boolean {
  const notebook = el.closest(NOTEBOOK);
  const others = [...views].filter(
    ([isReceived, view]) => isReceived !== own && view.closest(NOTEBOOK) === notebook,
  );
  // All are called, because some update their state only when called.
  return others.map(([isReceived]) => isReceived()).every(Boolean);
}

function onceReceived(
  isReceived: IsReceived,
  then: () => void,
  clock: Clock,
  wait = FIRST_CHECK,
): void {
  clock.later(wait, () => {
    if (isReceived()) then();
    else onceReceived(isReceived, then, clock, Math.min(2 * wait, SLOWEST_CHECK));
  });
}

function follow(views: Views, clock: Clock): Views {
  const waiting = new Set<HTMLElement>();
  const release = (button: HTMLElement) => {
    button.removeAttribute("aria-busy");
    button.click();
    waiting.delete(button);
  };
  const onPress = (event: Event) => {
    const button = event.target instanceof Element ? event.target.closest(BUTTON) : null;
    if (!(button instanceof HTMLElement)) return;
    const isReceived = () => areReceived(views, button);
    if (waiting.has(button) ? !button.hasAttribute("aria-busy") : isReceived()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (waiting.has(button)) return;
    waiting.add(button);
    button.setAttribute("aria-busy", "true");
    onceReceived(isReceived, () => release(button), clock);
  };
  window.addEventListener("click", onPress, { capture: true });
  return views;
}
