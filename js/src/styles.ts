/** Adds the style sheet of a bundle where the widget is: to the page, or to a shadow root. */

/** Adds a style sheet once to the page, or to the shadow root that contains `el` (marimo has some). */
export function addStyles(el: HTMLElement, css: string): void {
  const root = el.getRootNode();
  const place = root instanceof ShadowRoot ? root : document.head;
  for (const there of place.querySelectorAll("style[data-kaizen]"))
    if (there.textContent === css) return;
  const style = document.createElement("style");
  style.dataset.kaizen = "";
  style.textContent = css;
  place.append(style);
}
