/** Icons of tables, drawn once and copied; `ICONS` of `widgets/row_action.py` names them. */

/** Icons of states, which are no buttons. */
export const STATES: Readonly<Record<string, string>> = {
  alert: "M12 12m-8.5 0a8.5 8.5 0 1 0 17 0a8.5 8.5 0 1 0-17 0M12 7.5v5.5M12 16.3h.01",
  clock: "M12 12m-8.5 0a8.5 8.5 0 1 0 17 0a8.5 8.5 0 1 0-17 0M12 7.5V12l3 2",
  dash: "M6 12h12",
  dots: "M6 12h.01M12 12h.01M18 12h.01",
  drum: "M5 7c0-3.5 14-3.5 14 0v10c0 3.5-14 3.5-14 0zM5 7c0 3.5 14 3.5 14 0",
  skip: "M6 6l8 6-8 6zM18 6v12",
  spinner: "M12 3.500a8.5 8.5 0 1 0 8.5 8.5",
};

export const PATHS: Readonly<Record<string, string>> = {
  add: "M12 5v14M5 12h14",
  check: "M5 12.5l4.5 4.5L19 7.5",
  columns: "M4 5h16v14H4zM9.3 5v14M14.7 5v14",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  delete: "M4 7h16M10 11v6M14 11v6M6 7l1 13h10l1-13M9 7V4h6v3",
  deploy:
    "M7 18a4.5 4.5 0 0 1-.5-9 6 6 0 0 1 11.4 1.6A3.8 3.8 0 0 1 17.5 18M12 20v-8M9 14.5l3-3 3 3",
  down: "M6 9l6 6 6-6",
  download: "M12 4v11M7 11l5 5 5-5M4 20h16",
  edit: "M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19zM13.5 7l3.5 3.5",
  history: "M4 12a8 8 0 1 0 2.6-5.9L4 8.5M4 4v4.5h4.5M12 8v4.5l3 2",
  key: "M15 9m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0M11.7 12.3L4 20M7 17l2.5 2.5",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  mute: "M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6M4 4l16 16",
  open: "M14 4h6v6M20 4l-9 9M10 5H5v14h14v-5",
  people:
    "M9 8m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0M2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6M16 5a3.5 3.5 0 0 1 0 6.5M18 14.5c2.2.8 3.5 2.8 3.5 5.5",
  play: "M7 5l12 7-12 7z",
  promote: "M12 19V5M6 11l6-6 6 6",
  refresh: "M20 12a8 8 0 1 1-2.6-5.900L20 8.500M20 4v4.500h-4.5",
  search: "M11 11m-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0M15.5 15.500L20 20",
  stop: "M6 6h12v12H6z",
  undo: "M4 9h10a5.5 5.5 0 0 1 0 11H9M8 5L4 9l4 4",
  upload: "M12 16V5M7 9l5-5 5 5M4 20h16",
};
const SVG = "http://www.w3.org/2000/svg";
const drawn = new Map<string, SVGSVGElement>();

export function icon(name: string): Node {
  const known = drawn.get(name) ?? draw(name);
  drawn.set(name, known);
  return known.cloneNode(true);
}

function draw(name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = {
    viewBox: "0 0 24 24",
    width: "16",
    height: "16",
    fill: "none",
    stroke: "currentColor",
    "stroke-width": name === "more" || name === "dots" ? "3" : "1.75",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
    focusable: "false",
  };
  for (const [attribute, value] of Object.entries(attributes)) svg.setAttribute(attribute, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] ?? STATES[name] ?? "");
  svg.append(path);
  return svg;
}
