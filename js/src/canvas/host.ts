/**
 * The element a canvas stands in: its height, its focus and its keys (traps 14 to 18).
 *
 * Lives inside the output element and styles only itself: ipywidgets wipes what others set there.
 */
import { takeKey } from "./keys.ts";
import type { Session } from "./session.ts";

/** Makes the host in `el`; the signal ends every listener, and takes the host away. */
export function makeHost(el: HTMLElement, session: Session, signal: AbortSignal): HTMLElement {
  const host = document.createElement("div");
  host.className = "kaizen-canvas";
  host.tabIndex = -1;
  // JupyterLab's menu would open over the canvas; Shift + right click still gives the browser's.
  host.setAttribute("data-jp-suppress-context-menu", "");
  host.setAttribute("role", "application");
  host.setAttribute("aria-label", "Pipeline canvas");
  const size = () => {
    host.style.height = `${session.traits.get().height}px`;
  };
  size();
  const endSize = session.traits.subscribe(size);
  const options = { signal };

  host.addEventListener("keydown", (event) => onKey(event, host, session), options);
  host.addEventListener(
    "pointerdown",
    (event) => {
      // The pane takes no focus of its own, and a click on it would leave the keys to the notebook.
      if (!host.contains(document.activeElement) || isPane(event.target))
        host.focus({ preventScroll: true });
    },
    { capture: true, signal },
  );
  host.addEventListener("focusin", () => session.view.update({ focused: true }), options);
  host.addEventListener(
    "focusout",
    (event) => {
      if (!(event.relatedTarget instanceof Node && host.contains(event.relatedTarget)))
        session.view.update({ focused: false });
    },
    options,
  );
  window.addEventListener(
    "online",
    () => {
      session.replica.reconnected();
      // What could not be saved meanwhile is tried at once.
      if (session.replica.store.get().canvas.save.status === "failed") session.command("save");
    },
    options,
  );
  window.addEventListener("pagehide", () => session.replica.tell({ kind: "leave" }), options);
  signal.addEventListener("abort", () => {
    endSize();
    host.remove();
  });
  el.append(host);
  return host;
}

function isPane(target: EventTarget | null): boolean {
  return target instanceof Element && target.classList.contains("react-flow__pane");
}

function onKey(event: KeyboardEvent, host: HTMLElement, session: Session): void {
  const action = takeKey(event);
  switch (action) {
    case "undo":
    case "redo":
    case "delete":
    case "duplicate":
    case "selectAll":
      // The focused node may be about to go, and the focus would fall to the page with it.
      host.focus({ preventScroll: true });
      if (!(event.repeat && action === "duplicate")) session[action]();
      return;
    case "rename":
      return session.startRename();
    case "escape":
      if (!session.clearSelection()) leave(host);
      return;
    case null:
      return;
  }
}

/** Gives the keyboard back to whatever the canvas stands in, which is a notebook cell. */
function leave(host: HTMLElement): void {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  host.parentElement?.closest<HTMLElement>("[tabindex]")?.focus({ preventScroll: true });
}
