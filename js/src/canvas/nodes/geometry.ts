/**
 * Sizes of a node and positions of its handles, in flow units from its top left; `canvas.css` uses the same numbers.
 *
 * They are known before a node is drawn, so edges can be drawn to nodes that are not on the screen, and no result of a
 * run changes them.
 */
export const WIDTH = 176;
export const HEAD = 46;
/** The line with the value; named ports take its place. */
export const VALUE = 24;
export const ROW = 24;
export const ROWS_BOTTOM = 4;
export const FOOT = 26;
export const BORDER = 1;
export const HANDLE = 12;
/** The height of a node without named ports. */
export const HEIGHT = HEAD + VALUE + FOOT + 2 * BORDER;

/** A group's size when its JSON has none. */
export const GROUP = { width: 400, height: 240 };

/** The width of a node: that of its JSON, between the narrowest readable one and one that leaves room. */
export function widthOf(width: unknown): number {
  return typeof width === "number" ? Math.min(Math.max(width, 120), 480) : WIDTH;
}

/** The middle of the `index`-th of `count` handles on one side. */
export function handleY(index: number, count: number): number {
  return count < 2 ? HEAD / 2 : BORDER + HEAD + ROW * (index + 0.5);
}

/** The height, the same before, during and after a run. */
export function heightOf(inputs: number, outputs: number): number {
  const rows = Math.max(inputs > 1 ? inputs : 0, outputs > 1 ? outputs : 0);
  return rows === 0 ? HEIGHT : HEAD + ROW * rows + ROWS_BOTTOM + FOOT + 2 * BORDER;
}
