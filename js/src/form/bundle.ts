/** The form's bundle: what every field area of a page shares (see `loader.ts`). No React in it. */
import type { AnyModel } from "@anywidget/types";
import { browserClock } from "../clock.ts";
import { colorMode, onColorMode } from "../color_mode.ts";
import { widgetsAreHeard } from "../host_widgets.ts";
import { afterOthers, speak } from "../pending_edits.ts";
import { addStyles } from "../styles.ts";
import { Area } from "./area.ts";
import css from "./form.css?inline";
import type { WidgetManager } from "./form.ts";
import type { FormProtocol, FormSnapshot } from "./protocol.gen.ts";
import { Replica } from "./replica.ts";

interface Traits {
  _snapshot: FormSnapshot;
}
export type Model = AnyModel<Traits>;

let views = 0;

/** Draws one view; call what it returns to end it, after which nothing listens any more. */
export function mount({ model, el }: { model: Model; el: HTMLElement }): () => void {
  addStyles(el, css);
  const ending = new AbortController();
  const replica = new Replica(
    // The trait is of the day the page got it; the kernel answers `hello` with what it missed.
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
  const isHeard = () => replica.isHeard;
  const silences = [speak(isHeard, el), speak(widgetsAreHeard(manager, browserClock), el)];
  const later = (then: () => void) => afterOthers(isHeard, el, then);
  const area = new Area(replica, `kf${views}`, manager, later, ending.signal);
  const paint = () => {
    area.el.dataset.theme = colorMode();
  };
  paint();
  ending.signal.addEventListener("abort", onColorMode(paint));
  el.append(area.el);
  keepKeys(el, ending.signal);
  replica.hello();
  return () => {
    replica.flush();
    for (const silence of silences) silence();
    ending.abort();
    replica.close();
    model.off("msg:custom", onMessage);
  };
}

/** Sends one message; false when the kernel is gone, because then the model throws (trap 7). */
function send(model: Model, message: FormProtocol["view"], buffer?: ArrayBuffer): boolean {
  try {
    model.send(message, undefined, buffer ? [buffer] : []);
    return true;
  } catch {
    return false;
  }
}

/** The panel's own buttons are ipywidgets: on a focused one, Lab's command keys would act on the cell. */
function keepKeys(el: HTMLElement, signal: AbortSignal): void {
  const keep = (event: KeyboardEvent) => {
    const { key, ctrlKey, metaKey, altKey, shiftKey, target } = event;
    if (ctrlKey || metaKey || altKey || (shiftKey && key === "Enter")) return;
    if (target instanceof HTMLButtonElement) event.stopPropagation();
  };
  // The view is put into its panel some time after it is drawn.
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
