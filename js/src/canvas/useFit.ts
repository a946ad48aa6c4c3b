/** Brings nodes into view, also those that were never drawn and so never measured. */
import { getViewportForBounds, useReactFlow, useStoreApi } from "@xyflow/react";
import { useCallback } from "react";
import { useSession } from "./hooks.ts";

export const MIN_ZOOM = 0.01;
export const MAX_ZOOM = 2;
const PADDING = 0.07;
/** Below it nodes could not be read, and of a large graph too many would be in view. */
const READABLE = 0.4;
const MARGIN = 24;

export interface Fit {
  /** Shows all nodes, however small; `duration` in ms. */
  showAll(duration?: number): void;
  /** Shows all nodes if they can be read then, else the first of them. */
  showStart(): void;
}

export function useFit(): Fit {
  const { window } = useSession();
  const { setViewport } = useReactFlow();
  const store = useStoreApi();

  const bring = useCallback(
    (least: number, duration: number) => {
      const bounds = window.boxes.bounds();
      const { width, height } = store.getState();
      if (bounds === null || width === 0 || height === 0) return;
      // Never larger than life: two nodes alone would fill the screen.
      const all = getViewportForBounds(bounds, width, height, MIN_ZOOM, 1, PADDING);
      const start = { x: MARGIN - bounds.x * least, y: MARGIN - bounds.y * least, zoom: least };
      void setViewport(all.zoom < least ? start : all, { duration });
    },
    [window, setViewport, store],
  );
  const showAll = useCallback((duration = 0) => bring(MIN_ZOOM, duration), [bring]);
  const showStart = useCallback(() => bring(READABLE, 0), [bring]);
  return { showAll, showStart };
}
