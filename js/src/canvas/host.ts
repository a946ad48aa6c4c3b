/**
 * The element that contains a canvas: its height, its focus and its keys.
 *
 * It is inside the widget's element and sets styles only on itself: ipywidgets resets those of the widget's element.
 */
import { takeKey } from "./keys.ts";
import type { Session } from "./session.ts";

/** Creates the host in `el`; the signal ends every listener and removes the host. */
export function makeHost(el: HTMLElement, session: Session, signal: AbortSignal): HTMLElement {
  const host = document.createElement("div");
  host.className = "kaizen-canvas";
  host.tabIndex = -1;
  // JupyterLab's menu would open over the canvas; Shift + right click still opens the browser's.
  host.setAttribute("data-jp-suppress-context-menu", "");
  host.setAttribute("role", "application");
  host.setAttribute("aria-label", "Pipeline canvas");
  // The trait is the height where nothing else gives one; `canvas.css` lets the host fill a larger or smaller box.
  el.classList.add("kaizen-canvas-view");
  const size = () => {
    host.style.setProperty("--kz-height", `${session.traits.get().height}px`);
  };
  size();
  const endSize = session.traits.subscribe(size);
  const options = { signal };

  host.addEventListener("keydown", (event) => onKey(event, host, session), options);
  host.addEventListener(
    "pointerdown",
    (event) => {
      // The pane cannot have the focus, so without this a click on it would give the keys to the notebook.
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
      // A save that failed while offline is repeated now.
      if (session.replica.store.get().canvas.save.status === "failed") session.command("save");
    },
    options,
  );
  window.addEventListener("pagehide", () => session.replica.report({ kind: "leave" }), options);
  // The browser keeps pages it leaves, and may bring this one back.
  window.addEventListener(
    "pageshow",
    (event) => {
      if (event.persisted) session.replica.reconnected();
    },
    options,
  );
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
      // The focused node may be removed, and the page would get the focus.
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

/** Gives the keyboard back to the notebook cell that contains the canvas. */
function leave(host: HTMLElement): void {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  host.parentElement?.closest<HTMLElement>("[tabindex]")?.focus({ preventScroll: true });
}
