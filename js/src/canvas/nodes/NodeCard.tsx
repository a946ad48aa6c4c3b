/** A node: its kind, its name, its handles, and how it fared in the newest run. */
import { Handle, type NodeProps, Position, useStore as useFlowStore } from "@xyflow/react";
import { type CSSProperties, memo, type ReactNode } from "react";
import type { FlowNode } from "../flow.ts";
import { typeOf } from "../flow.ts";
import { useSession, useStore } from "../hooks.ts";
import { Icon } from "../icons.tsx";
import { handleY, heightOf, widthOf } from "./geometry.ts";
import { NameField } from "./NameField.tsx";
import type { Port } from "./ports.ts";
import { RunLine, useRun } from "./RunLine.tsx";

/** Smaller than this nothing on a node can be read, and a page full of nodes should be cheap (trap 22). */
const FAR = 0.25;
const isFar = (state: { transform: [number, number, number] }) => state.transform[2] < FAR;

export const NodeCard = memo(function NodeCard(props: NodeProps<FlowNode>) {
  return useFlowStore(isFar) ? <Far {...props} /> : <Near {...props} />;
});

/** Whether another view has it selected. */
export function useMarked(id: string): true | undefined {
  return useStore(useSession().peers.store, (peers) => peers.has(id) || undefined);
}

/** A node seen from afar: its place, its kind's colour and how it fares. */
function Far({ id, data: { node, look, ports } }: NodeProps<FlowNode>): ReactNode {
  const status = useRun(id)?.status ?? "idle";
  const marked = useMarked(id);
  const style = {
    "--kc-kind": look?.color,
    width: widthOf(node.width),
    height: heightOf(ports.inputs.length, ports.outputs.length),
  } as CSSProperties;
  const facts = { "data-status": status, "data-peer": marked };
  return <div className="kc-node kc-node-far" {...facts} style={style} />;
}

function Near({ id, data, isConnectable }: NodeProps<FlowNode>): ReactNode {
  const { node, look, ports, title } = data;
  const session = useSession();
  const editing = useStore(session.view, (view) => view.editing === id);
  const status = useRun(id)?.status ?? "idle";
  const marked = useMarked(id);
  const kind = look ? look.title : `unknown kind: ${typeOf(node)}`;
  const style = { "--kc-kind": look?.color, width: widthOf(node.width) } as CSSProperties;
  return (
    <div
      className={`kc-node${look ? "" : " kc-node-unknown"}`}
      data-status={status}
      data-peer={marked}
      title={marked ? "Selected in another view" : undefined}
      style={style}
    >
      <div className="kc-node-head">
        <span className="kc-node-icon">
          <Icon name={look ? look.icon : "unknown"} size={17} />
        </span>
        <span className="kc-node-names">
          {editing ? <NameField id={id} name={title} /> : <b title={title}>{title}</b>}
          <small title={look?.description}>{kind}</small>
        </span>
      </div>
      <Rows inputs={ports.inputs} outputs={ports.outputs} />
      <RunLine id={id} />
      <Side ports={ports.inputs} type="target" isConnectable={isConnectable} />
      <Side ports={ports.outputs} type="source" isConnectable={isConnectable} />
    </div>
  );
}

/** The names of handles, where there is more than one on a side. */
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

interface SideProps {
  ports: readonly Port[];
  type: "source" | "target";
  isConnectable: boolean;
}

function Side({ ports, type, isConnectable }: SideProps): ReactNode {
  const position = type === "target" ? Position.Left : Position.Right;
  return ports.map((port, index) => (
    <Handle
      key={port.id}
      id={port.id ?? undefined}
      type={type}
      position={position}
      isConnectable={isConnectable}
      style={{ top: handleY(index, ports.length) }}
      aria-label={`${type === "target" ? "input" : "output"} ${port.label || port.id || ""}`.trim()}
    />
  ));
}
