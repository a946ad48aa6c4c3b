/** Brings nodes into view, also those that were not drawn and so not measured. */
import { getViewportForBounds, useReactFlow, useStoreApi } from "@xyflow/react";
import { useCallback } from "react";
import { useSession } from "./hooks.ts";
import type { Box } from "./node_boxes.ts";

export const MIN_ZOOM = 0.01;
export const MAX_ZOOM = 2;
/** The zoom in whole percent, of the state of React Flow. */
export const percentOf = ({ transform }: { transform: [number, number, number] }): number =>
  Math.max(Math.round(transform[2] * 100), 1);
const PADDING = 0.07;
/** The zoom a flow starts with where not all of it fits: everything on its nodes can be read. */
const READABLE = 0.85;
const MARGIN = 24;
/** Milliseconds of a move. */
const SLIDE = 180;

export interface Fit {
  /** Shows all nodes, at any zoom; `duration` in ms. */
  showAll(duration?: number): void;
  /** Shows all nodes if they can be read, else the beginning of the flow. */
  showStart(): void;
  /** Moves the view, if need be, so that a node is left of what covers `covered` px at the right. */
  showBeside(id: string, covered: number): void;
  /** Moves the view, if need be, so that a node is in it. */
  showNode(id: string): void;
}

export function useFit(): Fit {
  const { culling, traits } = useSession();
  const { setViewport } = useReactFlow();
  const store = useStoreApi();

  const bring = useCallback(
    (least: number, duration: number) => {
      const { boxes } = culling;
      const bounds = boxes.bounds();
      const { width, height } = store.getState();
      const free = width - traits.get().coveredRight;
      if (bounds === null || free <= 0 || height === 0) return;
      // At most zoom 1: two nodes alone would fill the screen.
      const all = getViewportForBounds(bounds, free, height, MIN_ZOOM, 1, PADDING);
      const viewport =
        all.zoom < least ? startOf(bounds, boxes.firstBox() ?? bounds, least, free, height) : all;
      void setViewport(viewport, { duration });
    },
    [culling, traits, setViewport, store],
  );
  const showAll = useCallback((duration = 0) => bring(MIN_ZOOM, duration), [bring]);
  const showStart = useCallback(() => bring(READABLE, 0), [bring]);
  const showBeside = useCallback(
    (id: string, covered: number) => {
      const place = culling.boxes.placeOf(id);
      if (place === undefined) return;
      const box = culling.boxes.box(place);
      const { transform, width } = store.getState();
      const [x, y, zoom] = transform;
      const free = width - covered - MARGIN;
      const right = x + (box.x + box.width) * zoom;
      if (right <= free || box.width * zoom > free) return;
      void setViewport({ x: x - (right - free), y, zoom }, { duration: SLIDE });
    },
    [culling, setViewport, store],
  );
  const showNode = useCallback(
    (id: string) => {
      const place = culling.boxes.placeOf(id);
      if (place === undefined) return;
      const box = culling.boxes.box(place);
      const { transform, width, height } = store.getState();
      const [x, y, zoom] = transform;
      const free = width - traits.get().coveredRight;
      const to = {
        x: x + shift(x + box.x * zoom, box.width * zoom, free),
        y: y + shift(y + box.y * zoom, box.height * zoom, height),
        zoom,
      };
      if (to.x !== x || to.y !== y) void setViewport(to, { duration: SLIDE });
    },
    [culling, traits, setViewport, store],
  );
  return { showAll, showStart, showBeside, showNode };
}

/** How far to move what begins at `start` so that it is within `room` px; 0 where it is, or has no room. */
function shift(start: number, length: number, room: number): number {
  if (length > room - 2 * MARGIN) return 0;
  return Math.max(MARGIN - start, 0) + Math.min(room - MARGIN - start - length, 0);
}

/** The viewport of the beginning of a flow: centered where it fits, else from its left, at the height of its start. */
function startOf(bounds: Box, first: Box, zoom: number, width: number, height: number) {
  const spare = { x: width - bounds.width * zoom, y: height - bounds.height * zoom };
  const left = spare.x >= MARGIN ? spare.x / 2 : MARGIN;
  const middle = height / 2 - (first.y + first.height / 2 - bounds.y) * zoom;
  const top =
    spare.y >= MARGIN ? spare.y / 2 : Math.min(MARGIN, Math.max(middle, spare.y - MARGIN));
  return { x: left - bounds.x * zoom, y: top - bounds.y * zoom, zoom };
}
