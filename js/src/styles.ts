/** Style sheets that came with a bundle, put where the widget stands: the page, or a shadow root. */

/** Adds a style sheet once to the page, or to the shadow root `el` is in (marimo's are). */
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
