/** The palette of node kinds: a click adds a node after the selected one or in the center, a drag where it is dropped. */
import { useReactFlow } from "@xyflow/react";
import { type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { useReplica, useSession, useStore } from "./hooks.ts";
import { Icon } from "./icons.tsx";
import { middleOf } from "./new_node_place.ts";
import { tileClass, tileStyle } from "./nodes/node_hue.ts";
import type { KindInfo } from "./protocol.gen.ts";
import { useFit } from "./useFit.ts";

/** The data type of a drag from the palette; the data is the kind's name. */
export const DRAG_TYPE = "application/x-kaizen-kind";

export function Palette({ narrow }: { narrow: boolean }): ReactNode {
  const session = useSession();
  const kinds = useReplica((state) => state.kinds);
  const { screenToFlowPosition } = useReactFlow();
  const { showNode } = useFit();
  const wanted = useStore(session.traits, (traits) => traits.palette);
  const open = wanted === "auto" ? !narrow : wanted === "open";
  const list = useRef<HTMLDivElement>(null);
  const more = useHasMore(list);
  const add = (nodeKind: KindInfo, button: HTMLElement) => {
    const pane = button.closest(".kc-body")?.querySelector(".react-flow");
    if (!pane) return;
    const { nodes } = session.flow.get();
    const id = session.addNext(nodeKind, () => middleOf(pane, screenToFlowPosition, nodes));
    if (id !== null) showNode(id);
  };
  return (
    <nav className="kc-palette" data-open={open} aria-label="Node kinds">
      <div ref={list} className="kc-palette-list" data-more={more}>
        {kinds.map((nodeKind) => (
          <button
            key={nodeKind.type}
            type="button"
            draggable
            className="kc-kind"
            title={`${nodeKind.title}: ${nodeKind.description}`}
            aria-label={`Add ${nodeKind.title}`}
            onClick={(event) => add(nodeKind, event.currentTarget)}
            onDragStart={(event) => {
              event.dataTransfer.setData(DRAG_TYPE, nodeKind.type);
              event.dataTransfer.effectAllowed = "copy";
            }}
          >
            <span className={tileClass(nodeKind)} style={tileStyle(nodeKind)}>
              <Icon name={nodeKind.icon} size={14} />
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
        onClick={() => session.setPalette(open ? "rail" : "open")}
      >
        <Icon name={open ? "fold" : "unfold"} />
      </button>
    </nav>
  );
}

/** Whether a list can be scrolled down: then its end fades. */
function useHasMore(list: RefObject<HTMLDivElement | null>): boolean {
  const [more, setMore] = useState(false);
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const look = () => setMore(element.scrollTop + element.clientHeight < element.scrollHeight - 2);
    const sizes = globalThis.ResizeObserver ? new ResizeObserver(look) : null;
    sizes?.observe(element);
    for (const child of element.children) sizes?.observe(child);
    element.addEventListener("scroll", look, { passive: true });
    look();
    return () => {
      sizes?.disconnect();
      element.removeEventListener("scroll", look);
    };
  });
  return more;
}
