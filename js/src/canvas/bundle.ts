/** The canvas's bundle: what every canvas of a page shares (see `loader.ts`). */
import { options } from "preact";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { browserClock } from "../clock.ts";
import { widgetsAreHeard } from "../host_widgets.ts";
import { speak } from "../pending_edits.ts";
import { addStyles } from "../styles.ts";
import { Canvas } from "./Canvas.tsx";
import css from "./canvas.css?inline";
import { Channel, type Model } from "./channel.ts";
import { makeHost } from "./host.ts";
import { isHeard } from "./replica_state.ts";
import { Session } from "./session.ts";

export interface View {
  model: Model;
  el: HTMLElement;
}

// React Flow takes over what it is given in an effect. preact would run that after the next frame, React
// does at once where the change came from a store, as all of ours do.
options.requestAnimationFrame = queueMicrotask;

/** Draws one view; call what it returns to end it, after which nothing listens any more. */
export function mount({ model, el }: View): () => void {
  addStyles(el, css);
  const ending = new AbortController();
  const session = new Session(
    new Channel(model),
    crypto.randomUUID?.() ?? randomClient(),
    browserClock,
  );
  const root = createRoot(makeHost(el, session, ending.signal));
  const manager = (model as { widget_manager?: unknown }).widget_manager;
  const silences = [
    speak(() => isHeard(session.replica.store.get()), el),
    speak(widgetsAreHeard(manager, browserClock), el),
  ];
  session.start();
  root.render(createElement(Canvas, { session }));
  return () => {
    for (const silence of silences) silence();
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
