/** On an edge under the pointer and on a selected one: a button that inserts a node, and one that deletes the edge. */
import { EdgeLabelRenderer } from "@xyflow/react";
import type { ReactNode } from "react";
import { useReadOnly, useSession } from "./hooks.ts";
import { Icon } from "./icons.tsx";

interface EdgeToolsProps {
  id: string;
  x: number;
  y: number;
  /** Whether something else is at its middle: then the buttons are above it. */
  isTaken: boolean;
}

export function EdgeTools({ id, x, y, isTaken }: EdgeToolsProps): ReactNode {
  const session = useSession();
  if (useReadOnly()) return null;
  const place = `translate(-50%, -50%) translate(${x}px, ${y}px)`;
  const above = isTaken ? "translateY(-24px)" : "";
  return (
    <EdgeLabelRenderer>
      <div
        className="kc-edge-tools nodrag nopan"
        style={{ transform: `${place} scale(calc(1 / var(--kc-zoom, 1))) ${above}` }}
        onPointerEnter={() => session.hoverEdge(id)}
        onPointerLeave={() => session.leaveEdge(id)}
      >
        <button
          type="button"
          className="kc-edge-tool"
          aria-label="Insert a node"
          aria-haspopup="menu"
          title="Insert a node"
          onClick={(event) => {
            const board = event.currentTarget.closest(".kc-board")?.getBoundingClientRect();
            const box = event.currentTarget.getBoundingClientRect();
            const [left, top] = [board?.left ?? 0, board?.top ?? 0];
            session.startInserting({ edge: id, x: box.left - left, y: box.bottom - top });
          }}
        >
          <Icon name="plus" size={12} />
        </button>
        <button
          type="button"
          className="kc-edge-tool"
          aria-label="Delete the edge"
          title="Delete (Del)"
          onClick={() => session.deleteEdge(id)}
        >
          <Icon name="close" size={12} />
        </button>
      </div>
    </EdgeLabelRenderer>
  );
}
