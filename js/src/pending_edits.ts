/**
 * Presses that come after what was said before them (rule F4).
 *
 * An ipywidgets button speaks on a line of its own, and a kernel may hand what comes on two lines to two
 * threads: a press of Submit can overtake the text that was typed before it. So a press of a button with
 * the class `kaizen-after-edits` waits until the kernel has heard whatever its notebook said before. (JupyterLab
 * has several on one page; a busy kernel keeps nobody waiting but its own.)
 */
import { browserClock, type Clock } from "./clock.ts";
import type { Unsubscribe } from "./store.ts";

/** Whether the kernel has heard all that was said, or never will. */
export type IsHeard = () => boolean;

const BUTTON = "button.kaizen-after-edits, .kaizen-after-edits button";
/** Milliseconds between two looks at first, doubled up to the second; an answer takes 2 to 45. */
const [LOOK_AFTER, LOOK_AT_LEAST_EVERY] = [10, 160];
/** One a page, whichever of our bundles comes first: each is a module of its own. */
const PAGE = Symbol.for("kaizen-widgets.speakers");
/** Each with the element it speaks for. */
type Speakers = Map<IsHeard, Element>;
type Page = Window & { [PAGE]?: Speakers };
const NOTEBOOK = ".jp-Notebook";

/** Has presses wait for one more speaker, until what is returned is called. */
export function speak(isHeard: IsHeard, el: Element, clock: Clock = browserClock): Unsubscribe {
  const page: Page = window;
  page[PAGE] ??= follow(new Map(), clock);
  const speakers = page[PAGE].set(isHeard, el);
  return () => speakers.delete(isHeard);
}

/** Calls `then` once the kernel has heard what all others of the notebook said: at once, if it has. */
export function afterOthers(
  own: IsHeard,
  el: Element,
  then: () => void,
  clock: Clock = browserClock,
): void {
  const speakers = (window as Page)[PAGE] ?? new Map();
  const isHeard = () => areHeard(speakers, el, own);
  if (isHeard()) then();
  else onceHeard(isHeard, then, clock);
}

function areHeard(speakers: Speakers, el: Element, own?: IsHeard): boolean {
  const here = el.closest(NOTEBOOK);
  const others = [...speakers].filter(
    ([isHeard, at]) => isHeard !== own && at.closest(NOTEBOOK) === here,
  );
  // All are asked: some of them find out only when they are.
  return others.map(([isHeard]) => isHeard()).every(Boolean);
}

function onceHeard(isHeard: IsHeard, then: () => void, clock: Clock, wait = LOOK_AFTER): void {
  clock.later(wait, () => {
    if (isHeard()) then();
    else onceHeard(isHeard, then, clock, Math.min(2 * wait, LOOK_AT_LEAST_EVERY));
  });
}

function follow(speakers: Speakers, clock: Clock): Speakers {
  const waiting = new Set<HTMLElement>();
  const release = (button: HTMLElement) => {
    button.removeAttribute("aria-busy");
    button.click();
    waiting.delete(button);
  };
  const onPress = (event: Event) => {
    const button = event.target instanceof Element ? event.target.closest(BUTTON) : null;
    if (!(button instanceof HTMLElement)) return;
    const isHeard = () => areHeard(speakers, button);
    if (waiting.has(button) ? !button.hasAttribute("aria-busy") : isHeard()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (waiting.has(button)) return;
    waiting.add(button);
    button.setAttribute("aria-busy", "true");
    onceHeard(isHeard, () => release(button), clock);
  };
  window.addEventListener("click", onPress, { capture: true });
  return speakers;
}
