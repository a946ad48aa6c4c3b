/**
 * Sizes of a node and positions of its handles, in flow units from its top left; `canvas.css` uses the same numbers.
 *
 * They are known before a node is drawn, so edges can be drawn to nodes that are not on the screen.
 */
export const WIDTH = 208;
export const HEADER = 54;
export const ROW = 22;
export const ROWS_TOP = 2;
export const ROWS_BOTTOM = 8;
export const HANDLE = 10;

/** A group's size when its JSON has none. */
export const GROUP = { width: 400, height: 240 };

/** The width of a node: that of its JSON, between the narrowest readable one and one that leaves room. */
export function widthOf(width: unknown): number {
  return typeof width === "number" ? Math.min(Math.max(width, 120), 480) : WIDTH;
}

/** The middle of the `index`-th of `count` handles on one side. */
export function handleY(index: number, count: number): number {
  return count < 2 ? HEADER / 2 : HEADER + ROWS_TOP + ROW * (index + 0.5);
}

/** The height without the result of a run, which is added below. */
export function heightOf(inputs: number, outputs: number): number {
  const rows = Math.max(inputs > 1 ? inputs : 0, outputs > 1 ? outputs : 0);
  return rows === 0 ? HEADER : HEADER + ROWS_TOP + ROW * rows + ROWS_BOTTOM;
}
