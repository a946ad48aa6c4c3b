/** An edge: a path with an arrow head, drawn by what the newest run did with it. */
import { BaseEdge, type EdgeProps } from "@xyflow/react";
import { memo, type ReactNode } from "react";
import { EdgeChip } from "./EdgeChip.tsx";
import { EdgeTools } from "./EdgeTools.tsx";
import {
  angleOf,
  chipOf,
  type Ends,
  edgePath,
  edgeState,
  headOf,
  loopLimit,
  styleOf,
} from "./edge_look.ts";
import type { FlowEdge } from "./flow.ts";
import { useSession, useStore } from "./hooks.ts";
import { useDifference } from "./nodes/DifferenceMark.tsx";
import { useMarked } from "./nodes/NodeCard.tsx";
import { useRun } from "./nodes/StateLine.tsx";

export const EdgeLine = memo(function EdgeLine(props: EdgeProps<FlowEdge>) {
  const { id, source, target, sourceHandleId, data, animated } = props;
  const run = useRun(source);
  const next = useRun(target);
  const marked = useMarked(id);
  const difference = useDifference(id);
  const isHovered = useStore(useSession().view, (view) => view.hovered === id);
  if (!data) return null;
  const { edge } = data;
  const { path, labelX, labelY } = edgePath(edge, props);
  const state = edgeState(run, next, sourceHandleId ?? null);
  const limit = loopLimit(edge);
  const label = props.label ?? (limit === null ? undefined : `max ${limit}`);
  const chip = chipOf(state, run, sourceHandleId ?? null);
  const hasLabel = label !== undefined && label !== "";
  const classes = ["kc-line", difference && `kz-edge-${difference}`, marked && "kc-line-peer"]
    .filter(Boolean)
    .join(" ");
  return (
    <g className="kc-edge" data-state={state} data-animated={animated || undefined}>
      <ArrowHead edge={edge} ends={props} end="markerEnd" isPlain={state === "plain"} />
      <ArrowHead edge={edge} ends={props} end="markerStart" isPlain={state === "plain"} />
      <BaseEdge
        path={path}
        labelX={labelX}
        labelY={labelY}
        label={label}
        labelBgPadding={[7, 3]}
        labelBgBorderRadius={10}
        interactionWidth={22}
        style={state === "plain" ? styleOf(edge) : {}}
        className={classes}
      />
      {chip && <EdgeChip chip={chip} x={labelX} y={hasLabel ? labelY + 21 : labelY} />}
      {(props.selected || isHovered) && (
        <EdgeTools id={id} x={labelX} y={labelY} isTaken={chip !== null || hasLabel} />
      )}
    </g>
  );
});

function ArrowHead({
  edge,
  ends,
  end,
  isPlain,
}: {
  edge: NonNullable<FlowEdge["data"]>["edge"];
  ends: Ends;
  end: "markerStart" | "markerEnd";
  isPlain: boolean;
}): ReactNode {
  const head = headOf(edge, end);
  if (head === null) return null;
  const color = head.color ?? (isPlain ? styleOf(edge).stroke : undefined);
  const [x, y] = end === "markerEnd" ? [ends.targetX, ends.targetY] : [ends.sourceX, ends.sourceY];
  return (
    <path
      className={`kc-arrow kc-arrow-${head.shape}`}
      style={color === undefined ? undefined : { color }}
      transform={`translate(${x} ${y}) rotate(${angleOf(edge, ends, end)})`}
      d={head.shape === "closed" ? "M-8 -4.5L0 0L-8 4.5Z" : "M-7 -4.5L0 0L-7 4.5"}
    />
  );
}
