/** The bundle of forms, shared by all field areas of a page (see `loader.ts`); without React. */
import type { AnyModel } from "@anywidget/types";
import { browserClock } from "../clock.ts";
import { onColorMode, paintPage, themeName } from "../color_mode.ts";
import { widgetsAreReceived } from "../host_widgets.ts";
import panelCss from "../panel/panel.css?inline";
import { afterOtherEdits, trackPendingEdits } from "../pending_edits.ts";
import { addStyles } from "../styles.ts";
import tokens from "../tokens.css?inline";
import { FieldArea } from "./field_area.ts";
import css from "./form.css?inline";
import type { WidgetManager } from "./form_context.ts";
import { FormReplica } from "./form_replica.ts";
import type { FormProtocol, FormSnapshot } from "./protocol.gen.ts";

interface Traits {
  _snapshot: FormSnapshot;
}
export type Model = AnyModel<Traits>;

let views = 0;

/** Draws one view, and returns the function that removes it. */
export function mount({ model, el }: { model: Model; el: HTMLElement }): () => void {
  for (const sheet of [tokens, panelCss, css]) addStyles(el, sheet);
  paintPage(); // For the buttons around the fields, which are ipywidgets.
  const ending = new AbortController();
  const replica = new FormReplica(
    // The trait may be old; the kernel's answer to `hello` shows whether patches were missed.
    structuredClone(model.get("_snapshot")),
    newClient(),
    (message, buffer) => send(model, message, buffer),
    browserClock,
  );
  const onMessage = (content: FormProtocol["kernel"]) => {
    if (content.kind === "patch" || content.kind === "snapshot") replica.receive(content);
  };
  model.on("msg:custom", onMessage);
  views += 1;
  const manager = (model.widget_manager ?? null) as unknown as WidgetManager | null;
  const isSynced = () => replica.isSynced;
  const unsubscribes = [
    trackPendingEdits(isSynced, el),
    trackPendingEdits(widgetsAreReceived(manager, browserClock), el),
  ];
  const later = (then: () => void) => afterOtherEdits(isSynced, el, then);
  const area = new FieldArea(replica, `kf${views}`, manager, later, ending.signal);
  const paint = () => {
    area.el.dataset.theme = themeName();
  };
  paint();
  ending.signal.addEventListener("abort", onColorMode(paint));
  el.append(area.el);
  keepKeys(el, ending.signal);
  replica.hello();
  return () => {
    replica.flush();
    for (const silence of unsubscribes) silence();
    ending.abort();
    replica.close();
    model.off("msg:custom", onMessage);
  };
}

/** Sends one message; returns false when the kernel is gone, because then the model throws. */
function send(model: Model, message: FormProtocol["view"], buffer?: ArrayBuffer): boolean {
  try {
    model.send(message, undefined, buffer ? [buffer] : []);
    return true;
  } catch {
    return false;
  }
}

/** Keeps keys pressed on the panel's own buttons from JupyterLab, whose command keys act on the cell. */
function keepKeys(el: HTMLElement, signal: AbortSignal): void {
  const keep = (event: KeyboardEvent) => {
    const { key, ctrlKey, metaKey, altKey, shiftKey, target } = event;
    if (ctrlKey || metaKey || altKey || (shiftKey && key === "Enter")) return;
    if (target instanceof HTMLButtonElement) event.stopPropagation();
  };
  // A view is attached to its panel some time after it is drawn.
  let frames = 300;
  const attach = () => {
    if (signal.aborted) return;
    if (el.isConnected)
      el.closest<HTMLElement>(".kaizen-form-panel")?.addEventListener("keydown", keep, { signal });
    else if (frames-- > 0) requestAnimationFrame(attach);
  };
  attach();
}

/** `crypto.randomUUID` is missing on pages served over plain HTTP. */
function newClient(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(36)).join(
    "-",
  );
}

export default { initialize: () => ({ mount }) };
