/** Above the selected nodes: what can be done with them. */
import { NodeToolbar, Position } from "@xyflow/react";
import { type ReactNode, useMemo } from "react";
import { useReadOnly, useReplica, useSession, useStore } from "./hooks.ts";
import { Icon } from "./icons.tsx";
import type { ReplicaState } from "./replica_state.ts";
import type { NodeCommand } from "./session.ts";

/** For more nodes there is no place above all of them. */
const MOST = 50;
const NONE = "";
const SUBFLOW = "subflow";

interface Look {
  readonly name: string;
  readonly title: string;
  readonly icon: string;
}

/** The buttons that the kernel carries out, each only where it offers it. */
const LOOKS: Readonly<Record<NodeCommand, Look>> = {
  accept: { name: "Accept", title: "Accept as up to date", icon: "check" },
  approve: { name: "Approve", title: "Approve what it asks", icon: "check" },
  reject: { name: "Reject", title: "Reject what it asks", icon: "ban" },
  run_from: { name: "Run from here", title: "Run from here, on what arrived", icon: "runFrom" },
  run_to: { name: "Run up to here", title: "Run up to here", icon: "runTo" },
  pin: { name: "Pin", title: "Pin: keep the output of the last run", icon: "pin" },
  unpin: { name: "Unpin", title: "Unpin: let it run again", icon: "unpin" },
  group: { name: "Group", title: "Group: one node whose work is these", icon: "group" },
  ungroup: { name: "Ungroup", title: "Ungroup: its nodes beside the others", icon: "ungroup" },
};

function waits({ facts, canvas }: ReplicaState, id: string): boolean {
  const { nodes } = canvas.run;
  const run = Object.hasOwn(nodes, id) ? nodes[id] : undefined;
  return run?.status === "waiting" || facts.get(id)?.mark === "waiting";
}

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
  const offered = useReplica(({ canvas }) => canvas.nodeCommands);
  const isPinned = useReplica(({ facts }) => ids.every((id) => facts.get(id)?.mark === "pinned"));
  const isStale = useReplica(({ facts }) => ids.every((id) => facts.get(id)?.mark === "stale"));
  const isWaiting = useReplica((state) => ids.every((id) => waits(state, id)));
  const isSubflow = useReplica(({ shown }) =>
    ids.every((id) => shown.nodes.get(id)?.type === SUBFLOW),
  );
  if (readOnly || editing || ids.length === 0) return null;
  const command = (name: NodeCommand, isMeant: boolean) =>
    isMeant &&
    offered.includes(name) && (
      <Action key={name} {...LOOKS[name]} onClick={() => session.nodeCommand(name, ids)} />
    );
  const isOne = ids.length === 1;
  const before = [
    command("approve", isWaiting),
    command("reject", isWaiting),
    command("run_from", isOne),
    command("run_to", isOne),
  ].filter(Boolean);
  return (
    <NodeToolbar nodeId={ids} isVisible position={Position.Top} offset={8}>
      <div className="kc-selection" role="toolbar" aria-label="Selection">
        {before}
        {before.length > 0 && <span className="kc-divider" />}
        {command("accept", isStale)}
        {command("pin", !isPinned)}
        {command("unpin", isPinned)}
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
        {command("group", !isOne && !isSubflow)}
        {command("ungroup", isSubflow)}
        <span className="kc-divider" />
        <Action name="Delete" title="Delete (Del)" icon="trash" onClick={() => session.delete()} />
      </div>
    </NodeToolbar>
  );
}

function Action({ name, title, icon, onClick }: Look & { onClick: () => void }): ReactNode {
  return (
    <button type="button" className="kc-action" aria-label={name} title={title} onClick={onClick}>
      <Icon name={icon} size={14} />
    </button>
  );
}
