/** An edge; it is animated while its target node is running. */
import { BaseEdge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import type { FlowEdge } from "./flow.ts";
import { useDifference } from "./nodes/DifferenceMark.tsx";
import { useMarked } from "./nodes/NodeCard.tsx";
import { useRun } from "./nodes/StateLine.tsx";

export const EdgeLine = memo(function EdgeLine(props: EdgeProps<FlowEdge>) {
  const [path, labelX, labelY] = getBezierPath(props);
  const running = useRun(props.target)?.status === "running";
  const marked = useMarked(props.id);
  const difference = useDifference(props.id);
  const classes = [
    difference && `kz-edge-${difference}`,
    running && "kc-line-running",
    marked && "kc-line-peer",
  ].filter(Boolean);
  return (
    <BaseEdge
      path={path}
      labelX={labelX}
      labelY={labelY}
      label={props.label}
      labelBgPadding={[6, 3]}
      labelBgBorderRadius={4}
      interactionWidth={22}
      className={classes.join(" ") || undefined}
    />
  );
});
