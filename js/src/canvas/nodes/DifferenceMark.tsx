/** What became of a node or an edge between two versions of a pipeline. */
import type { ReactNode } from "react";
import { useReplica } from "../hooks.ts";
import type { NodeFacts } from "../protocol.gen.ts";

export function useDifference(id: string): NonNullable<NodeFacts["difference"]> | null {
  return useReplica((state) => state.facts.get(id)?.difference ?? null);
}

const WORDS = { added: "+ Added", removed: "− Removed", changed: "Changed", moved: "Moved" };

/** A chip on the edge of a card; the outline of the card follows it (`difference.css`). */
export function DifferenceMark({ id }: { id: string }): ReactNode {
  const difference = useDifference(id);
  return (
    difference && (
      <span className="kz-difference" data-difference={difference}>
        {WORDS[difference]}
      </span>
    )
  );
}
