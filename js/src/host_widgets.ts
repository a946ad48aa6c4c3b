/**
 * Whether the kernel has received what the user did with ipywidgets' own controls: a slider, a text area.
 *
 * The models of the widget manager count updates without an answer. That count is not a promised API: where it is
 * missing nothing is known about the model, and nothing waits for it.
 */
import type { Clock } from "./clock.ts";
import type { IsReceived } from "./pending_edits.ts";

interface HostModel {
  readonly _pending_msgs?: number;
}
interface Manager {
  readonly _models?: Readonly<Record<string, Promise<HostModel>>>;
}

/** Milliseconds; the answer to an update that waits longer was lost. */
const PATIENCE = 2_000;

/** Checks all models of a widget manager. */
export function widgetsAreReceived(manager: unknown, clock: Clock): IsReceived {
  const known = new WeakMap<Promise<HostModel>, HostModel | null>();
  const since = new WeakMap<HostModel, number>();
  const isWaiting = (model: HostModel): boolean => {
    if (!model?._pending_msgs) {
      since.delete(model);
      return false;
    }
    const start = since.get(model) ?? clock.now();
    since.set(model, start);
    return clock.now() - start < PATIENCE;
  };
  return () => {
    const models = Object.values((manager as Manager | null)?._models ?? {});
    let isReceived = true;
    for (const promise of models) {
      const model = known.get(promise);
      if (model) isReceived = !isWaiting(model) && isReceived;
      else if (model === undefined) {
        // A new model: it is known at the next check, so this one says no.
        isReceived = false;
        known.set(promise, null);
        promise.then(
          (found) => known.set(promise, found),
          () => {},
        );
      }
    }
    return isReceived;
  };
}
