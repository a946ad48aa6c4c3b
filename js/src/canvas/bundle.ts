/** The bundle of the canvas, shared by every canvas of a page (see `loader.ts`). */
import { options } from "preact";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { browserClock } from "../clock.ts";
import { widgetsAreReceived } from "../host_widgets.ts";
import { trackPendingEdits } from "../pending_edits.ts";
import { addStyles } from "../styles.ts";
import tokens from "../tokens.css?inline";
import { Canvas } from "./Canvas.tsx";
import css from "./canvas.css?inline";
import { Channel, type Model } from "./channel.ts";
import differences from "./difference.css?inline";
import { randomHex } from "./gestures.ts";
import { makeHost } from "./host.ts";
import { isReceived } from "./replica_state.ts";
import { Session } from "./session.ts";
import { unsentEditsOf } from "./unsent_edits.ts";

export interface View {
  model: Model;
  el: HTMLElement;
}

// React Flow takes new props in an effect. preact would run it after the next frame; React runs it immediately when the
// change comes from a store, as all of ours do.
options.requestAnimationFrame = queueMicrotask;

/** Draws one view; the returned function removes it and ends everything that listens. */
export function mount({ model, el }: View): () => void {
  addStyles(el, tokens);
  addStyles(el, css);
  addStyles(el, differences);
  const ending = new AbortController();
  const session = new Session(
    new Channel(model),
    crypto.randomUUID?.() ?? randomClient(),
    browserClock,
    randomHex,
    unsentEditsOf(el),
  );
  const root = createRoot(makeHost(el, session, ending.signal));
  const manager = (model as { widget_manager?: unknown }).widget_manager;
  const ends = [
    trackPendingEdits(() => isReceived(session.replica.store.get()), el),
    trackPendingEdits(widgetsAreReceived(manager, browserClock), el),
  ];
  session.start();
  root.render(createElement(Canvas, { session }));
  return () => {
    for (const end of ends) end();
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

export default { initialize: () => ({ mount }) };
