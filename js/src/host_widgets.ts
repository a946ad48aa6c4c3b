/**
 * Whether the kernel has received the user's edits of ipywidgets' own controls, such as a slider or a text area.
 *
 * The models of the widget manager count updates without a response. That count is not a public API: a model without
 * it counts as received.
 */
import type { Clock } from "./clock.ts";
import type { IsReceived } from "./pending_edits.ts";

interface HostModel {
  readonly _pending_msgs?: number;
}
interface Manager {
  readonly _models?: Readonly<Record<string, Promise<HostModel>>>;
}

/** Milliseconds after which the response to an update counts as lost. */
const RESPONSE_TIMEOUT = 2_000;

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
    return clock.now() - start < RESPONSE_TIMEOUT;
  };
  return () => {
    const models = Object.values((manager as Manager | null)?._models ?? {});
    let isReceived = true;
    for (const promise of models) {
      const model = known.get(promise);
      if (model) isReceived = !isWaiting(model) && isReceived;
      else if (model === undefined) {
        // A new model, which is available at the next check; until then it counts as not received.
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
