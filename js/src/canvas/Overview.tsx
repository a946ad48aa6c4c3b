/** The map of a large flow: React Flow's own has an element and a listener for each node. */
import { useStore as useFlowStore, useReactFlow } from "@xyflow/react";
import { type PointerEvent, type ReactNode, useEffect, useRef } from "react";
import { useSession } from "./hooks.ts";
import type { NodeBoxes } from "./node_boxes.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}
/** Milliseconds between two pictures. */
const EVERY = 250;
const PADDING = 6;

export function Overview({ size }: { size: Size }): ReactNode {
  const session = useSession();
  const canvas = useRef<HTMLCanvasElement>(null);
  const { setCenter } = useReactFlow();
  const transform = useFlowStore((state) => state.transform);
  const width = useFlowStore((state) => state.width);
  const height = useFlowStore((state) => state.height);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = () => {
      timer = undefined;
      const context = canvas.current?.getContext("2d");
      if (context) drawMap(context, session.culling.boxes, size);
    };
    const end = session.flow.subscribe(() => {
      timer ??= setTimeout(draw, EVERY);
    });
    draw();
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [session, size]);

  const map = mapping(session.culling.boxes, size);
  if (!map) return null;
  const [x, y, zoom] = transform;
  const frame = {
    left: map.x + (-x / zoom) * map.scale,
    top: map.y + (-y / zoom) * map.scale,
    width: (width / zoom) * map.scale,
    height: (height / zoom) * map.scale,
  };
  const go = (event: PointerEvent<HTMLDivElement>) => {
    if (event.buttons !== 1) return;
    const box = event.currentTarget.getBoundingClientRect();
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = [event.clientX - box.left, event.clientY - box.top] as const;
    void setCenter((at[0] - map.x) / map.scale, (at[1] - map.y) / map.scale, { zoom });
  };
  return (
    <div
      className="kc-overview nopan nowheel"
      role="img"
      aria-label="Map"
      style={{ width: size.width, height: size.height }}
      onPointerDown={go}
      onPointerMove={go}
    >
      <canvas ref={canvas} width={size.width * 2} height={size.height * 2} />
      <div style={frame} />
    </div>
  );
}

/** How flow units are converted to px of the map. */
function mapping(boxes: NodeBoxes, { width, height }: Size) {
  const bounds = boxes.bounds();
  if (!bounds) return null;
  const scale = Math.min(
    (width - 2 * PADDING) / Math.max(bounds.width, 1),
    (height - 2 * PADDING) / Math.max(bounds.height, 1),
  );
  return {
    scale,
    x: (width - bounds.width * scale) / 2 - bounds.x * scale,
    y: (height - bounds.height * scale) / 2 - bounds.y * scale,
  };
}

function drawMap(context: CanvasRenderingContext2D, boxes: NodeBoxes, size: Size): void {
  const map = mapping(boxes, size);
  context.setTransform(2, 0, 0, 2, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  if (!map) return;
  context.globalAlpha = 0.7;
  boxes.nodes.forEach((node, place) => {
    if (node.hidden || node.type === "frame") return;
    const { x, y, width, height } = boxes.box(place);
    context.fillStyle = node.data.nodeKind?.color ?? "#8b8f98";
    context.fillRect(
      map.x + x * map.scale,
      map.y + y * map.scale,
      Math.max(width * map.scale, 1),
      Math.max(height * map.scale, 1),
    );
  });
  context.globalAlpha = 1;
}
