/** Icons of the header: 24 px outlines in the current color, hidden from screen readers. */
const PATHS = {
  undo: "M8 5L3.5 9.5 8 14M4 9.5h10a5.5 5.5 0 0 1 0 11h-3",
  redo: "M16 5l4.5 4.5L16 14M20 9.5H10a5.5 5.5 0 0 0 0 11h3",
  arrange:
    "M3 9.5h5v5H3ZM16 3.5h5v5h-5ZM16 15.5h5v5h-5ZM8 12h4M16 6h-2a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h2",
  run: "M7 4.5v15l12-7.5Z",
  stop: "M6.5 6.5h11v11h-11Z",
  down: "M7 10l5 5 5-5",
  search: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM15.5 15.5L20 20",
  add: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V5a1 1 0 0 1 1-1h4M15 4h4a1 1 0 0 1 1 1v4M20 15v4a1 1 0 0 1-1 1h-4M9 20H5a1 1 0 0 1-1-1v-4",
  rename: "M4 20h4L19 9l-4-4L4 16ZM13 7l4 4",
  duplicate: "M8 8h11v11H8ZM5 15V5h10",
  versions: "M4 12a8 8 0 1 0 2.5-5.8M4 4v4h4M12 8v4l3 2",
  upload: "M12 16V5M7.5 9L12 4.5 16.5 9M4 19h16",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M4 19h16",
  archive: "M4 5h16v4H4ZM6 9v10h12V9M10 13h4",
  fullscreen: "M14 4h6v6M20 4l-6.5 6.5M10 20H4v-6M4 20l6.5-6.5",
  shrink: "M20 10h-6V4M14 10l6.5-6.5M4 14h6v6M10 14l-6.5 6.5",
  theme: "M12 3.5a8.5 8.5 0 1 1 0 17ZM12 3.5a8.5 8.5 0 1 0 0 17Z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  user: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8ZM4.5 20c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5",
  leave: "M10 4H5v16h5M15 8l4 4-4 4M19 12H9",
  pipeline: "M3 12h5M8 12c5 0 4-7 9-7h4M8 12c5 0 4 7 9 7h4",
} as const;
export type IconName = keyof typeof PATHS;

const SVG = "http://www.w3.org/2000/svg";

export function icon(name: IconName, size = 16): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = {
    width: size,
    height: size,
    viewBox: "0 0 24 24",
    fill: name === "run" || name === "stop" ? "currentColor" : "none",
    stroke: "currentColor",
    "stroke-width": 1.75,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": true,
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, String(value));
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
