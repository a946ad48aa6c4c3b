/** Above the selected nodes: what can be done with them. */
import { NodeToolbar, Position } from "@xyflow/react";
import { type ReactNode, useMemo } from "react";
import { useReadOnly, useReplica, useSession, useStore } from "./hooks.ts";
import { Icon } from "./icons.tsx";

/** For more nodes there is no place above all of them. */
const MOST = 50;
const NONE = "";

export function SelectionToolbar(): ReactNode {
  const session = useSession();
  const readOnly = useReadOnly();
  // As one text, because a list would be a new one each time.
  const chosen = useStore(session.culling.shown, ({ nodes }) => {
    const selected = nodes.filter((node) => node.selected);
    const isBusy = selected.length > MOST || selected.some((node) => node.dragging);
    return isBusy ? NONE : JSON.stringify(selected.map(({ id }) => id));
  });
  const ids = useMemo<string[]>(() => (chosen === NONE ? [] : JSON.parse(chosen)), [chosen]);
  const editing = useStore(session.view, (view) => view.editing !== null);
  const muted = useReplica(({ shown }) => session.isSelectionMuted(shown));
  if (readOnly || editing || ids.length === 0) return null;
  return (
    <NodeToolbar nodeId={ids} isVisible position={Position.Top} offset={8}>
      <div className="kc-selection" role="toolbar" aria-label="Selection">
        <Action
          name={muted ? "Unmute" : "Mute"}
          title={muted ? "Unmute: let it work again" : "Mute: pass on what arrives"}
          icon={muted ? "eye" : "mute"}
          onClick={() => session.toggleMute()}
        />
        <Action
          name="Duplicate"
          title="Duplicate (Ctrl+D)"
          icon="copy"
          onClick={() => session.duplicate()}
        />
        <span className="kc-divider" />
        <Action name="Delete" title="Delete (Del)" icon="trash" onClick={() => session.delete()} />
      </div>
    </NodeToolbar>
  );
}

function Action({
  name,
  title,
  icon,
  onClick,
}: {
  name: string;
  title: string;
  icon: string;
  onClick: () => void;
}): ReactNode {
  return (
    <button type="button" className="kc-action" aria-label={name} title={title} onClick={onClick}>
      <Icon name={icon} size={14} />
    </button>
  );
}
