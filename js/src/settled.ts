/**
 * Presses that come after what was said before them (rule F4).
 *
 * An ipywidgets button speaks on a line of its own, and a kernel may hand what comes on two lines to two
 * threads: a press of Submit can overtake the text that was typed before it. So a press of a button with
 * the class `kaizen-after-edits` waits until the kernel has heard whatever this page said before.
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
type Page = Window & { [PAGE]?: Set<IsHeard> };

/** Has presses wait for one more speaker, until what is returned is called. */
export function speak(isHeard: IsHeard, clock: Clock = browserClock): Unsubscribe {
  const page: Page = window;
  page[PAGE] ??= follow(new Set(), clock);
  const speakers = page[PAGE].add(isHeard);
  return () => speakers.delete(isHeard);
}

function follow(speakers: Set<IsHeard>, clock: Clock): Set<IsHeard> {
  const waiting = new Set<HTMLElement>();
  // All are asked: some of them find out only when they are.
  const isHeard = () => [...speakers].map((one) => one()).every(Boolean);
  const release = (button: HTMLElement, wait = LOOK_AFTER) =>
    clock.later(wait, () => {
      if (!isHeard()) return release(button, Math.min(2 * wait, LOOK_AT_LEAST_EVERY));
      button.removeAttribute("aria-busy");
      button.click();
      waiting.delete(button);
    });
  const onPress = (event: Event) => {
    const button = event.target instanceof Element ? event.target.closest(BUTTON) : null;
    if (!(button instanceof HTMLElement)) return;
    if (waiting.has(button) ? !button.hasAttribute("aria-busy") : isHeard()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (waiting.has(button)) return;
    waiting.add(button);
    button.setAttribute("aria-busy", "true");
    release(button);
  };
  window.addEventListener("click", onPress, { capture: true });
  return speakers;
}
