/** At the pointer: why the edge that the user is drawing cannot end at the port there. */
import { type ConnectionState, useConnection } from "@xyflow/react";
import type { ReactNode } from "react";
import { useSession } from "./hooks.ts";

const pick = ({ inProgress, isValid, fromHandle, toHandle, pointer }: ConnectionState) =>
  inProgress && isValid === false && toHandle ? { fromHandle, toHandle, pointer } : null;

export function ConnectionHint(): ReactNode {
  const session = useSession();
  const missed = useConnection(pick);
  if (!missed) return null;
  const { fromHandle, toHandle, pointer } = missed;
  if (
    fromHandle === null ||
    (fromHandle.nodeId === toHandle.nodeId && fromHandle.id === toHandle.id)
  )
    return null;
  const isForward = fromHandle.type === "source";
  const [from, to] = isForward ? [fromHandle, toHandle] : [toHandle, fromHandle];
  const problem =
    fromHandle.type === toHandle.type
      ? `An edge leads from an output to an input.`
      : session.connectionProblem({
          source: from.nodeId,
          target: to.nodeId,
          sourceHandle: from.id ?? null,
          targetHandle: to.id ?? null,
        });
  if (!problem || pointer === null) return null;
  return (
    <output className="kc-connection-hint" style={{ left: pointer.x, top: pointer.y }}>
      {problem}
    </output>
  );
}
