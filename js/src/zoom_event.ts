/** The zoom of a canvas, told to what stands around it in the page: the canvas has no place for it itself. */
const NAME = "kaizen-zoom";
const ATTRIBUTE = "data-kz-zoom";

/** Tells the zoom of the canvas whose element this is, in percent. */
export function tellZoom(canvas: Element, percent: number): void {
  canvas.setAttribute(ATTRIBUTE, String(percent));
  canvas.dispatchEvent(new CustomEvent(NAME, { bubbles: true, detail: percent }));
}

/** Calls `show` with the zoom of the canvas inside an element, in percent, now and when it changes. */
export function onZoom(
  around: Element,
  show: (percent: number) => void,
  signal: AbortSignal,
): void {
  const known = Number(around.querySelector(`[${ATTRIBUTE}]`)?.getAttribute(ATTRIBUTE));
  if (known > 0) show(known);
  around.addEventListener(
    NAME,
    (event) => {
      if (event instanceof CustomEvent && typeof event.detail === "number") show(event.detail);
    },
    { signal },
  );
}
