/** Adds a style sheet once to the page, or to the shadow root that contains `el` (as in marimo). */
export function addStyles(el: HTMLElement, css: string): void {
  const root = el.getRootNode();
  const place = root instanceof ShadowRoot ? root : document.head;
  for (const existing of place.querySelectorAll("style[data-kaizen]"))
    if (existing.textContent === css) return;
  const style = document.createElement("style");
  style.dataset.kaizen = "";
  style.textContent = css;
  place.append(style);
}
