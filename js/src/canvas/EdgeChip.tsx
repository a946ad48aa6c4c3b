/** On an edge that a run took: the type and the count of what went over it. A click on it selects the edge. */
import type { ReactNode } from "react";
import type { Chip } from "./edge_look.ts";
import { PORT_SHAPES } from "./nodes/PortShape.tsx";

const HEIGHT = 19;
const SHAPE = 9;
const DIGIT = 6.6;

export function EdgeChip({ chip, x, y }: { chip: Chip; x: number; y: number }): ReactNode {
  const { type, text, words } = chip;
  const shape = type === null ? 0 : SHAPE + 4;
  const width = Math.max(shape + text.length * DIGIT + 14, HEIGHT);
  return (
    <g className="kc-chip" transform={`translate(${x} ${y})`}>
      <g className="kc-chip-size">
        <title>{words}</title>
        {/* The place to hit is 24 px. */}
        <rect className="kc-chip-target" x={-width / 2} y={-12} width={width} height={24} />
        <rect
          className="kc-chip-ground"
          x={-width / 2}
          y={-HEIGHT / 2}
          width={width}
          height={HEIGHT}
          rx={HEIGHT / 2}
        />
        {type !== null && (
          <g
            className={`kc-port kc-chip-shape p-${type}`}
            transform={`translate(${7 - width / 2} ${-SHAPE / 2}) scale(${SHAPE / 12})`}
          >
            {PORT_SHAPES[type]}
          </g>
        )}
        <text x={shape / 2} y={0}>
          {text}
        </text>
      </g>
    </g>
  );
}
