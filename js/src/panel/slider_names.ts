/** Gives the handles of ipywidgets' sliders the name that their label shows; ipywidgets connects the two nowhere. */
import { whenConnected } from "./when_connected.ts";

/** The class of panels that have sliders. */
const WITH_SLIDERS = ".kaizen-with-sliders";

/** Names the sliders of the panel that `el` is in, now and later; the returned function stops that. */
export function nameSliders(el: HTMLElement): () => void {
  let observer: MutationObserver | undefined;
  const stop = whenConnected(el, () => {
    const panel = el.closest(WITH_SLIDERS);
    if (!panel) return;
    const name = () => {
      for (const handle of panel.querySelectorAll(".noUi-handle:not([aria-label])")) {
        const label = handle.closest(".widget-slider")?.querySelector(".widget-label");
        handle.setAttribute("aria-label", label?.textContent || "Slider");
      }
    };
    observer = new MutationObserver(name);
    observer.observe(panel, { childList: true, subtree: true });
    name();
  });
  return () => {
    stop();
    observer?.disconnect();
  };
}
