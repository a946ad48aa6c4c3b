/** Why two ports cannot be connected: the one place that decides. Pure. */
import type { Connection } from "@xyflow/react";
import type { EdgeJson } from "./document.ts";
import { handleOf } from "./nodes/ports.ts";
import { type PortType, typeProblem } from "./port_types.ts";

/** Returns the type of a port: `any` when nothing is known of it. */
export type PortTypeOf = (
  node: string,
  side: "source" | "target",
  handle: string | null,
) => PortType;

/** Returns a sentence, or null when an edge may be drawn; `except` is the edge that is moved, if one is. */
export function connectionProblem(
  edges: Iterable<EdgeJson>,
  typeOf: PortTypeOf,
  wish: Connection,
  except?: string,
): string | null {
  if (wish.source === wish.target) return "A node cannot be connected to itself.";
  const from = handleOf(wish.sourceHandle);
  const to = handleOf(wish.targetHandle);
  for (const edge of edges) {
    if (
      edge.id !== except &&
      edge.source === wish.source &&
      edge.target === wish.target &&
      handleOf(edge.sourceHandle) === from &&
      handleOf(edge.targetHandle) === to
    )
      return "These two ports are connected already.";
  }
  return typeProblem(typeOf(wish.source, "source", from), typeOf(wish.target, "target", to));
}
