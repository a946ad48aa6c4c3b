/** Brings nodes into view, also those that were not drawn and so not measured. */
import { getViewportForBounds, useReactFlow, useStoreApi } from "@xyflow/react";
import { useCallback } from "react";
import { useSession } from "./hooks.ts";

export const MIN_ZOOM = 0.01;
export const MAX_ZOOM = 2;
const PADDING = 0.07;
/** At a smaller zoom nodes cannot be read, and of a large graph too many would be in view. */
const READABLE = 0.4;
const MARGIN = 24;

export interface Fit {
  /** Shows all nodes, at any zoom; `duration` in ms. */
  showAll(duration?: number): void;
  /** Shows all nodes if they can be read, else the upper left part. */
  showStart(): void;
}

export function useFit(): Fit {
  const { culling } = useSession();
  const { setViewport } = useReactFlow();
  const store = useStoreApi();

  const bring = useCallback(
    (least: number, duration: number) => {
      const bounds = culling.boxes.bounds();
      const { width, height } = store.getState();
      if (bounds === null || width === 0 || height === 0) return;
      // At most zoom 1: two nodes alone would fill the screen.
      const all = getViewportForBounds(bounds, width, height, MIN_ZOOM, 1, PADDING);
      const start = { x: MARGIN - bounds.x * least, y: MARGIN - bounds.y * least, zoom: least };
      void setViewport(all.zoom < least ? start : all, { duration });
    },
    [culling, setViewport, store],
  );
  const showAll = useCallback((duration = 0) => bring(MIN_ZOOM, duration), [bring]);
  const showStart = useCallback(() => bring(READABLE, 0), [bring]);
  return { showAll, showStart };
}
