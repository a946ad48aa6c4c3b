/** The picture behind React Flow of what it was not given, and the hover that hands it what is grasped. */
import { useStoreApi } from "@xyflow/react";
import { type ReactNode, useEffect, useRef } from "react";
import type { Viewport } from "./culling.ts";
import { type Colors, drawRest } from "./draw_culled.ts";
import { useSession } from "./hooks.ts";

/** A picture that takes longer than this (ms) is moved while the view moves, and drawn when it rests. */
const QUICK = 7;
const REST = 90;

interface Drawn {
  viewport: Viewport;
  took: number;
}

/** Another theme is another instance. */
export function Raster(): ReactNode {
  const session = useSession();
  const store = useStoreApi();
  const canvas = useRef<HTMLCanvasElement>(null);

  useEffect(() => {
    const { window: flowWindow } = session;
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
      const rest = flowWindow.rest.get();
      const began = performance.now();
      resize(element, view, rest !== null);
      if (rest) {
        const scale = globalThis.devicePixelRatio || 1;
        context.setTransform(scale, 0, 0, scale, 0, 0);
        drawRest(context, rest, view, colors, session.replica.store.get().canvas.run.nodes);
      }
      element.style.transform = "";
      drawn = { viewport: view, took: performance.now() - began };
    };
    const soon = () => {
      frame ||= requestAnimationFrame(draw);
    };
    const onView = () => {
      const view = viewport();
      flowWindow.look(view);
      if (flowWindow.rest.get() === null || (drawn && same(drawn.viewport, view))) return;
      if (drawn === null || drawn.took < QUICK || view.width !== drawn.viewport.width)
        return soon();
      const { x, y, zoom } = drawn.viewport;
      const scale = view.zoom / zoom;
      element.style.transform = `translate(${view.x - x * scale}px, ${view.y - y * scale}px) scale(${scale})`;
      clearTimeout(timer);
      timer = setTimeout(soon, REST);
    };
    const onRun = () => {
      // A run speaks often; from afar a few times a second is enough.
      if (late || flowWindow.rest.get() === null) return;
      late = true;
      timer = setTimeout(soon, 4 * REST);
    };
    const onPointer = (event: PointerEvent) => {
      // What is grasped stays, also when the pointer outruns it.
      if (event.buttons !== 0) return;
      const box = board.getBoundingClientRect();
      const { x, y, zoom } = viewport();
      flowWindow.hover((event.clientX - box.left - x) / zoom, (event.clientY - box.top - y) / zoom);
    };
    const onTheme = () => {
      colors = colorsOf(element);
      soon();
    };
    const ends = [
      store.subscribe(onView),
      flowWindow.rest.subscribe(soon),
      session.replica.store.subscribe(onRun),
    ];
    board.addEventListener("pointermove", onPointer);
    // Lab's own colours arrive after its mode does.
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
  // Setting the size clears it; without use it holds no memory.
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

/** Canvas needs plain colours; a probe resolves those of the style sheet. */
function colorsOf(element: HTMLElement): Colors {
  const color = (name: string) => {
    element.style.color = `var(--kc-${name})`;
    return getComputedStyle(element).color;
  };
  const names = ["wire", "node", "text", "line", "accent", "good", "bad", "busy"] as const;
  return Object.fromEntries(names.map((name) => [name, color(name)])) as unknown as Colors;
}
