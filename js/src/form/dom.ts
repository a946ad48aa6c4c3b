/** Buttons and icons of forms, and the helpers that all bundles share. */
import { h } from "../dom.ts";

export { arrange, h, setAttribute, setText } from "../dom.ts";

/** Makes a button with a name, or with an icon in place of the name. */
export function button(
  name: string,
  attributes: Parameters<typeof h>[1],
  onPress: () => void,
  iconName?: string,
): HTMLButtonElement {
  const made = h("button", {
    type: "button",
    class: iconName ? "kf-icon" : "kf-button",
    ...(iconName && { "aria-label": name, title: name }),
    ...attributes,
  });
  made.append(iconName ? icon(iconName) : name);
  made.addEventListener("click", onPress);
  return made;
}

const PATHS: Readonly<Record<string, string>> = {
  up: "M12 19V6M6 11l6-6 6 6",
  down: "M12 5v13M6 13l6 6 6-6",
  remove: "M6 6l12 12M18 6L6 18",
  add: "M12 5v14M5 12h14",
  less: "M6 12h12",
  show: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 9.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Z",
};

const drawn = new Map<string, SVGSVGElement>();

/** Returns an icon. Each is drawn once and copied, because a table of 200 rows has 600. */
export function icon(name: string): Node {
  const known = drawn.get(name) ?? draw(name);
  drawn.set(name, known);
  return known.cloneNode(true);
}

function draw(name: string): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [attribute, value] of Object.entries({
    viewBox: "0 0 24 24",
    width: "16",
    height: "16",
    fill: "none",
    stroke: "currentColor",
    "stroke-width": "1.75",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
    focusable: "false",
  }))
    svg.setAttribute(attribute, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name] ?? "");
  svg.append(path);
  return svg;
}
