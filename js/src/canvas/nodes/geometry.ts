/**
 * Where a node's handles are, in flow units from its top left; `canvas.css` draws by the same numbers.
 *
 * Known beforehand, so that edges can be drawn to nodes that are not on the screen (trap 22).
 */
export const WIDTH = 208;
export const HEADER = 54;
export const ROW = 22;
export const ROWS_TOP = 2;
export const ROWS_BOTTOM = 8;
export const HANDLE = 10;

/** A group's size when its JSON has none. */
export const GROUP = { width: 400, height: 240 };

/** A node's width: its own where it has one, as long as it can be read and leaves room for others. */
export function widthOf(width: unknown): number {
  return typeof width === "number" ? Math.min(Math.max(width, 120), 480) : WIDTH;
}

/** The middle of the `index`-th of `count` handles on one side. */
export function handleY(index: number, count: number): number {
  return count < 2 ? HEADER / 2 : HEADER + ROWS_TOP + ROW * (index + 0.5);
}

/** The height without what a run adds below. */
export function heightOf(inputs: number, outputs: number): number {
  const rows = Math.max(inputs > 1 ? inputs : 0, outputs > 1 ? outputs : 0);
  return rows === 0 ? HEADER : HEADER + ROWS_TOP + ROW * rows + ROWS_BOTTOM;
}
