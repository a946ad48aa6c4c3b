/** All icons of the canvas: 24 px outlines in the current color, hidden from screen readers. */
import type { ReactNode } from "react";

const PATHS: Readonly<Record<string, string>> = {
  // Node kinds, by the icon names of their styles.
  input: "M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4M10 8l4 4-4 4M14 12H3",
  output: "M10 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h4M16 8l4 4-4 4M20 12H9",
  agent:
    "M12 4V2M6 8h12a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2ZM12 8V4M9 13v1.5M15 13v1.5M2 14h2M20 14h2",
  supervisor: "M9 3h6v5H9ZM3 16h6v5H3ZM15 16h6v5h-6ZM12 8v4M6 16v-4h12v4",
  router: "M3 12h5M8 12c5 0 4-7 9-7h4M8 12c5 0 4 7 9 7h4M18 2l3 3-3 3M18 16l3 3-3 3",
  synthesizer: "M3 5h3c5 0 4 7 9 7h6M3 19h3c5 0 4-7 9-7M18 9l3 3-3 3",
  approval: "M12 3l8 3v6c0 4.5-3.4 7.8-8 9-4.6-1.2-8-4.5-8-9V6ZM8.8 12l2.3 2.3 4.2-4.4",
  subflow: "M3 5h7v6H3ZM14 13h7v6h-7ZM10 8h3a2 2 0 0 1 2 2v3M6.5 11v3a2 2 0 0 0 2 2H14",
  note: "M5 4h14v10l-5 6H5ZM14 20v-6h5",
  connector: "M9 7V3M15 7V3M6 7h12v4a6 6 0 0 1-12 0ZM12 17v4",
  stages: "M3 8h5v8H3ZM16 8h5v8h-5ZM9.5 8h5v8h-5ZM2 20h20M18 4h3M3 4h11",
  reactor:
    "M12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM12 2v4M12 18v4M2 12h4M18 12h4M5 5l3 3M16 16l3 3M19 5l-3 3M8 16l-3 3",
  database: "M4 6c0-4 16-4 16 0s-16 4-16 0ZM4 6v12c0 4 16 4 16 0V6M4 12c0 4 16 4 16 0",
  api: "M8 6l-5 6 5 6M16 6l5 6-5 6M14 4l-4 16",
  storage: "M3 6h6l2 3h10v11H3ZM3 13h18",
  messaging: "M4 5h16v11H9l-5 4ZM8 9h8M8 12.5h5",
  // Others.
  generic: "M12 3l8 4.5v9L12 21l-8-4.5v-9ZM12 12l8-4.5M12 12v9M12 12L4 7.5",
  unknown:
    "M9.5 9a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.9-1.1 1.7M12 16.8v.2M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18Z",
  undo: "M8 5L3.5 9.5 8 14M4 9.5h10a5.5 5.5 0 0 1 0 11h-3",
  redo: "M16 5l4.5 4.5L16 14M20 9.5H10a5.5 5.5 0 0 0 0 11h3",
  fit: "M4 9V5a1 1 0 0 1 1-1h4M15 4h4a1 1 0 0 1 1 1v4M20 15v4a1 1 0 0 1-1 1h-4M9 20H5a1 1 0 0 1-1-1v-4",
  arrange:
    "M3 9.5h5v5H3ZM16 3.5h5v5h-5ZM16 15.5h5v5h-5ZM8 12h4M16 6h-2a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h2",
  run: "M7 4.5v15l12-7.5Z",
  stop: "M6.5 6.5h11v11h-11Z",
  fold: "M14 7l-5 5 5 5",
  unfold: "M10 7l5 5-5 5",
  close: "M6 6l12 12M18 6L6 18",
  minus: "M5 12h14",
  plus: "M12 5v14M5 12h14",
  runFrom: "M5 4v16M9 5v14l11-7Z",
  runTo: "M4 5v14l11-7ZM19 4v16",
  group: "M3 3h5M16 3h5M3 3v5M21 3v5M3 16v5M21 16v5M3 21h5M16 21h5M8 8h5v5H8ZM13 11h3v5h-5v-3",
  ungroup: "M4 4h8v8H4ZM15 15h6v6h-6ZM12 15v6M15 4h6v6",
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M7 7l10 10M17 7L7 17",
  clock: "M12 7v5l3 2M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18Z",
  skip: "M6 6l7 6-7 6ZM17 6v12",
  mute: "M4 12c3-5.5 13-5.5 16 0-3 5.5-13 5.5-16 0ZM4 4l16 16",
  error: "M12 8v5M12 16v.2M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18Z",
  dots: "M5 12h.01M12 12h.01M19 12h.01",
  stale: "M20 12a8 8 0 1 1-2.5-5.8M20 3v4.5h-4.5M12 8v4l2.5 1.5",
  pin: "M9 3h6l-1 7 4 4H6l4-4ZM12 14v7",
  unpin: "M9 3h6l-1 7 4 4H6l4-4ZM12 14v7M4 4l16 16",
  cache: "M4 7c0-4 16-4 16 0s-16 4-16 0ZM4 7v10c0 4 16 4 16 0V7M4 12c0 4 16 4 16 0",
  eye: "M4 12c3-5.5 13-5.5 16 0-3 5.5-13 5.5-16 0ZM12 9.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4Z",
  copy: "M9 9h11v11H9ZM5 15H4V4h11v1",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  dash: "M7 12h10",
  ban: "M5.6 5.6l12.8 12.8M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18Z",
  warning: "M12 4l9 16H3ZM12 10v4M12 16.8v.2",
};

export function Icon({ name, size = 16 }: { name: string; size?: number }): ReactNode {
  const path = Object.hasOwn(PATHS, name) ? PATHS[name] : PATHS.generic;
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={path} />
    </svg>
  );
}
