/** The palette of node kinds: a click adds a node in the center, a drag where it is dropped. */
import { useReactFlow } from "@xyflow/react";
import { type CSSProperties, type ReactNode, useState } from "react";
import { useReplica, useSession } from "./hooks.ts";
import { Icon } from "./icons.tsx";
import { middleOf } from "./new_node_place.ts";
import type { KindInfo } from "./protocol.gen.ts";

/** The data type of a drag from the palette; the data is the kind's name. */
export const DRAG_TYPE = "application/x-kaizen-kind";

export function Palette({ narrow }: { narrow: boolean }): ReactNode {
  const session = useSession();
  const kinds = useReplica((state) => state.kinds);
  const { screenToFlowPosition } = useReactFlow();
  const [wanted, setWanted] = useState<boolean | null>(null);
  const open = wanted ?? !narrow;
  const add = (nodeKind: KindInfo, button: HTMLElement) => {
    const pane = button.closest(".kc-body")?.querySelector(".react-flow");
    if (pane) session.add(nodeKind, middleOf(pane, screenToFlowPosition, session.flow.get().nodes));
  };
  return (
    <nav className="kc-palette" data-open={open} aria-label="Node kinds">
      <div className="kc-palette-list">
        {kinds.map((nodeKind) => (
          <button
            key={nodeKind.type}
            type="button"
            draggable
            className="kc-kind"
            style={{ "--kz-kind": nodeKind.color } as CSSProperties}
            title={`${nodeKind.title}: ${nodeKind.description}`}
            aria-label={`Add ${nodeKind.title}`}
            onClick={(event) => add(nodeKind, event.currentTarget)}
            onDragStart={(event) => {
              event.dataTransfer.setData(DRAG_TYPE, nodeKind.type);
              event.dataTransfer.effectAllowed = "copy";
            }}
          >
            <span className="kc-node-icon">
              <Icon name={nodeKind.icon} size={15} />
            </span>
            {open && <span>{nodeKind.title}</span>}
          </button>
        ))}
      </div>
      <button
        type="button"
        className="kc-button kc-fold"
        aria-label={open ? "Fold the palette" : "Unfold the palette"}
        aria-expanded={open}
        title={open ? "Fold" : "Unfold"}
        onClick={() => setWanted(!open)}
      >
        <Icon name={open ? "fold" : "unfold"} />
      </button>
    </nav>
  );
}
