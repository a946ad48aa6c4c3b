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

/** Whether the kernel has received all edits of a view, or never will. */
export type IsReceived = () => boolean;

const BUTTON = "button.kaizen-after-edits, .kaizen-after-edits button";
/** Milliseconds between two checks: the first, doubled up to the second; an answer takes 2 to 45. */
const [FIRST_CHECK, SLOWEST_CHECK] = [10, 160];
/** One per page, created by the first of our bundles: each bundle is a module of its own. */
const PAGE = Symbol.for("kaizen-widgets.pending-edits");
/** Each with the element of its view. */
type Views = Map<IsReceived, Element>;
type Page = Window & { [PAGE]?: Views };
const NOTEBOOK = ".jp-Notebook";

/** Lets clicks wait for the edits of one more view, until the returned function is called. */
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

/** Calls `then` once the kernel has received the edits of all other views: immediately, if it has. */
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
  const here = el.closest(NOTEBOOK);
  const others = [...views].filter(
    ([isReceived, at]) => isReceived !== own && at.closest(NOTEBOOK) === here,
  );
  // All are called: some update what they know only then.
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
