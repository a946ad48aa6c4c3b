/** The zoom of the board in the header: smaller, a number that is a menu, larger, and all nodes in view. */
import { onZoom } from "../zoom_event.ts";
import { h } from "./dom.ts";
import type { Act } from "./header_state.ts";
import type { IconName } from "./icons.ts";
import { Menu } from "./menu.ts";

const STEPS = [50, 75, 100, 150, 200];

export interface Zoom {
  readonly parts: HTMLElement[];
  readonly menu: Menu;
  /** Follows the canvas inside an element until the signal ends it. */
  follow(around: Element, signal: AbortSignal): void;
}

export function makeZoom(
  act: Act,
  button: (name: string, image: IconName, onclick: () => void) => HTMLElement,
): Zoom {
  const smaller = button("Zoom out", "minus", () => act({ name: "zoom_out" }));
  const larger = button("Zoom in", "add", () => act({ name: "zoom_in" }));
  const fit = button("Fit view", "fit", () => act({ name: "fit" }));
  smaller.classList.add("ks-wide-only");
  larger.classList.add("ks-wide-only");
  const number = h("button", { type: "button", class: "ks-zoom", "aria-label": "Zoom" }, "100 %");
  number.title = "Zoom";
  const menu = new Menu({
    label: "Zoom",
    role: "menu",
    align: "right",
    button: number,
    fill: () => {
      for (const percent of STEPS)
        menu.addItem(`${percent} %`, () => act({ name: "zoom_to", value: String(percent) }));
      menu.addItem("All nodes", () => act({ name: "fit" }));
    },
  });
  return {
    parts: [smaller, number, menu.box, larger, fit],
    menu,
    follow: (around, signal) =>
      onZoom(
        around,
        (percent) => {
          number.textContent = `${percent} %`;
          number.setAttribute("aria-label", `Zoom: ${percent} %`);
        },
        signal,
      ),
  };
}
