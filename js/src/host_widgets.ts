/**
 * Whether the kernel has heard what was done with ipywidgets' own controls: a slider, a text area.
 *
 * The widget manager's models count the updates they wait for. That count is not promised: whatever is
 * missing means that nothing is known of that model, and nobody waits for it.
 */
import type { Clock } from "./clock.ts";
import type { IsHeard } from "./pending_edits.ts";

interface HostModel {
  readonly _pending_msgs?: number;
}
interface Manager {
  readonly _models?: Readonly<Record<string, Promise<HostModel>>>;
}

/** Milliseconds; a count that stays longer lost its answer, and would stay for ever. */
const PATIENCE = 2_000;

/** Looks at all models of a widget manager. */
export function widgetsAreHeard(manager: unknown, clock: Clock): IsHeard {
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
    let isHeard = true;
    for (const promise of models) {
      const model = known.get(promise);
      if (model) isHeard = !isWaiting(model) && isHeard;
      else if (model === undefined) {
        // Seen for the first time: how it stands is known at the next look, and one look is waited for.
        isHeard = false;
        known.set(promise, null);
        promise.then(
          (found) => known.set(promise, found),
          () => {},
        );
      }
    }
    return isHeard;
  };
}
