/** A node: its kind, name and handles, and its state in the newest run. */
import { type NodeProps, useStore as useFlowStore } from "@xyflow/react";
import { type CSSProperties, memo, type ReactNode } from "react";
import type { FlowNode } from "../flow.ts";
import { typeOf } from "../flow.ts";
import { useReplica, useSession, useStore } from "../hooks.ts";
import { Icon } from "../icons.tsx";
import { heightOf, widthOf } from "./geometry.ts";
import { Handles } from "./Handles.tsx";
import { NameField } from "./NameField.tsx";
import type { Port } from "./ports.ts";
import { RunLine, useRun } from "./RunLine.tsx";

/** At a smaller zoom nothing on a node can be read, and drawing a page full of nodes has to be cheap. */
const FAR = 0.25;
const isFar = (state: { transform: [number, number, number] }) => state.transform[2] < FAR;

export const NodeCard = memo(function NodeCard(props: NodeProps<FlowNode>) {
  return useFlowStore(isFar) ? <Far {...props} /> : <Near {...props} />;
});

/** Whether it is selected in another view. */
export function useMarked(id: string): true | undefined {
  return useStore(useSession().peers.store, (peers) => peers.has(id) || undefined);
}

/** A node at a small zoom: its place, the color of its kind and its state. */
function Far({ id, data: { node, nodeKind, ports } }: NodeProps<FlowNode>): ReactNode {
  const status = useRun(id)?.status ?? "idle";
  const marked = useMarked(id);
  const style = {
    "--kz-kind": nodeKind?.color,
    width: widthOf(node.width),
    height: heightOf(ports.inputs.length, ports.outputs.length),
  } as CSSProperties;
  const facts = { "data-status": status, "data-peer": marked };
  return <div className="kc-node kc-node-far" {...facts} style={style} />;
}

function Near({ id, data, isConnectable }: NodeProps<FlowNode>): ReactNode {
  const { node, nodeKind, ports, title } = data;
  const session = useSession();
  const editing = useStore(session.view, (view) => view.editing === id);
  const status = useRun(id)?.status ?? "idle";
  const marked = useMarked(id);
  const facts = useReplica((state) => state.facts.get(id));
  const kind = nodeKind ? nodeKind.title : `unknown kind: ${typeOf(node)}`;
  const style = { "--kz-kind": nodeKind?.color, width: widthOf(node.width) } as CSSProperties;
  return (
    <div
      className={`kc-node${nodeKind ? "" : " kc-node-unknown"}`}
      data-status={status}
      data-peer={marked}
      title={marked ? "Selected in another view" : undefined}
      style={style}
    >
      <div className="kc-node-head">
        <span className="kc-node-icon">
          <Icon name={nodeKind ? nodeKind.icon : "unknown"} size={17} />
        </span>
        <span className="kc-node-names">
          {editing ? <NameField id={id} name={title} /> : <b title={title}>{title}</b>}
          <small title={nodeKind?.description}>{facts?.calls || kind}</small>
        </span>
        {facts?.problem && (
          <span
            className="kc-badge"
            role="img"
            aria-label={`Problem: ${facts.problem}`}
            title={facts.hint || facts.problem}
          >
            <Icon name="warning" size={15} />
          </span>
        )}
      </div>
      <Rows inputs={ports.inputs} outputs={ports.outputs} />
      <RunLine id={id} />
      <Handles ports={ports.inputs} type="target" isConnectable={isConnectable} />
      <Handles ports={ports.outputs} type="source" isConnectable={isConnectable} />
    </div>
  );
}

/** The names of the handles, if a side has more than one. */
function Rows({
  inputs,
  outputs,
}: {
  inputs: readonly Port[];
  outputs: readonly Port[];
}): ReactNode {
  const left = inputs.length > 1 ? inputs : [];
  const right = outputs.length > 1 ? outputs : [];
  if (left.length + right.length === 0) return null;
  const names = (ports: readonly Port[]) => (
    <span>
      {ports.map((port) => (
        <i key={port.id} title={port.label || (port.id ?? undefined)}>
          {port.label || "·"}
        </i>
      ))}
    </span>
  );
  return (
    <div className="kc-node-ports">
      {names(left)}
      {names(right)}
    </div>
  );
}
