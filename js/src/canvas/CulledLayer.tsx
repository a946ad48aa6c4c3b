/** A picture, behind React Flow, of the elements that it does not draw; React Flow draws the node under the pointer. */
import { useStoreApi } from "@xyflow/react";
import { type ReactNode, useEffect, useRef } from "react";
import type { Viewport } from "./culling.ts";
import { type Colors, drawCulled } from "./draw_culled.ts";
import { useSession } from "./hooks.ts";

/** A picture that takes longer to draw (ms) is only moved while the view moves, and drawn after that. */
const QUICK = 7;
const REST = 90;

interface Drawn {
  viewport: Viewport;
  took: number;
}

/** Each theme has an instance of its own. */
export function CulledLayer(): ReactNode {
  const session = useSession();
  const store = useStoreApi();
  const canvas = useRef<HTMLCanvasElement>(null);

  useEffect(() => {
    const { culling } = session;
    const element = canvas.current;
    const context = element?.getContext("2d");
    const board = element?.parentElement?.parentElement;
    if (!element || !context || !board) return;
    let drawn: Drawn | null = null;
    let frame = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let colors = colorsOf(element);
    let late = false;

    const viewport = (): Viewport => {
      const { transform, width, height } = store.getState();
      return { x: transform[0], y: transform[1], zoom: transform[2], width, height };
    };
    const draw = () => {
      frame = 0;
      late = false;
      clearTimeout(timer);
      const view = viewport();
      const culled = culling.culled.get();
      const began = performance.now();
      resize(element, view, culled !== null);
      if (culled) {
        const scale = globalThis.devicePixelRatio || 1;
        context.setTransform(scale, 0, 0, scale, 0, 0);
        drawCulled(context, culled, view, colors, session.replica.store.get().canvas.run.nodes);
      }
      element.style.transform = "";
      drawn = { viewport: view, took: performance.now() - began };
    };
    const soon = () => {
      frame ||= requestAnimationFrame(draw);
    };
    const onView = () => {
      const view = viewport();
      culling.setViewport(view);
      if (culling.culled.get() === null || (drawn && same(drawn.viewport, view))) return;
      if (drawn === null || drawn.took < QUICK || view.width !== drawn.viewport.width)
        return soon();
      const { x, y, zoom } = drawn.viewport;
      const scale = view.zoom / zoom;
      element.style.transform = `translate(${view.x - x * scale}px, ${view.y - y * scale}px) scale(${scale})`;
      clearTimeout(timer);
      timer = setTimeout(soon, REST);
    };
    const onRun = () => {
      // A run changes often; at a small zoom a few pictures a second are enough.
      if (late || culling.culled.get() === null) return;
      late = true;
      timer = setTimeout(soon, 4 * REST);
    };
    const onPointer = (event: PointerEvent) => {
      // A node being dragged stays the same, also when the pointer is faster.
      if (event.buttons !== 0) return;
      const box = board.getBoundingClientRect();
      const { x, y, zoom } = viewport();
      culling.hover((event.clientX - box.left - x) / zoom, (event.clientY - box.top - y) / zoom);
    };
    const onTheme = () => {
      colors = colorsOf(element);
      soon();
    };
    const ends = [
      store.subscribe(onView),
      culling.culled.subscribe(soon),
      session.replica.store.subscribe(onRun),
    ];
    board.addEventListener("pointermove", onPointer);
    // JupyterLab sets its colors after its mode.
    const themed = setTimeout(onTheme, REST);
    onView();
    soon();
    return () => {
      for (const end of ends) end();
      board.removeEventListener("pointermove", onPointer);
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      clearTimeout(themed);
    };
  }, [session, store]);

  return (
    <div className="kc-raster" aria-hidden="true">
      <canvas ref={canvas} />
    </div>
  );
}

function resize(element: HTMLCanvasElement, { width, height }: Viewport, used: boolean): void {
  const scale = globalThis.devicePixelRatio || 1;
  // Setting the size clears the canvas; at size 0 it takes no memory.
  element.width = used ? Math.round(width * scale) : 0;
  element.height = used ? Math.round(height * scale) : 0;
  element.style.width = `${width}px`;
  element.style.height = `${height}px`;
}

function same(one: Viewport, other: Viewport): boolean {
  return (
    one.x === other.x &&
    one.y === other.y &&
    one.zoom === other.zoom &&
    one.width === other.width &&
    one.height === other.height
  );
}

/** A 2D context needs resolved colors: reads those of the style sheet from an element. */
function colorsOf(element: HTMLElement): Colors {
  const color = (name: string) => {
    element.style.color = `var(--kz-${name})`;
    return getComputedStyle(element).color;
  };
  const names = ["wire", "card", "text", "line", "accent", "good", "bad", "warn"] as const;
  return Object.fromEntries(names.map((name) => [name, color(name)])) as unknown as Colors;
}
