/**
 * The canvas as an anywidget. `render` mounts it for a widget that carries this bundle itself; a widget
 * that shares another's takes `mount` from what `initialize` returns (trap 8).
 */
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { Canvas } from "./canvas/Canvas.tsx";
import { makeHost } from "./canvas/host.ts";
import { Session } from "./canvas/session.ts";
import { Channel, type Model } from "./channel.ts";
import { browserClock } from "./clock.ts";
import "./theme.css";

export interface View {
  model: Model;
  el: HTMLElement;
}

/** Draws one view; call what it returns to end it, after which nothing listens any more. */
export function mount({ model, el }: View): () => void {
  const ending = new AbortController();
  const session = new Session(
    new Channel(model),
    crypto.randomUUID?.() ?? randomClient(),
    browserClock,
  );
  const root = createRoot(makeHost(el, session, ending.signal));
  session.start();
  root.render(createElement(Canvas, { session }));
  return () => {
    session.close();
    root.unmount();
    ending.abort();
  };
}

/** `crypto.randomUUID` is missing on pages served over plain HTTP. */
function randomClient(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36)).join(
    "-",
  );
}

export default { initialize: () => ({ mount }), render: mount };
