/** A node: its kind, name and handles, a value, and its state; its box never depends on a run. */
import { type NodeProps, useStore as useFlowStore } from "@xyflow/react";
import { memo, type ReactNode } from "react";
import type { FlowNode } from "../flow.ts";
import { typeOf } from "../flow.ts";
import { useReplica, useSession, useStore } from "../hooks.ts";
import { Icon } from "../icons.tsx";
import { DifferenceMark } from "./DifferenceMark.tsx";
import { heightOf, widthOf } from "./geometry.ts";
import { Handles } from "./Handles.tsx";
import { NameField } from "./NameField.tsx";
import { tileClass, tileStyle } from "./node_hue.ts";
import type { Port } from "./ports.ts";
import { StateIcon, StateLine, useFace } from "./StateLine.tsx";

/** At a smaller zoom no text can be read, and drawing a page full of nodes has to be cheap. */
export const FAR = 0.45;
/** At a smaller zoom even icons are dots. */
const ICONS = 0.12;
const isFar = (state: { transform: [number, number, number] }) => state.transform[2] < FAR;
const hasIcons = (state: { transform: [number, number, number] }) => state.transform[2] >= ICONS;

export const NodeCard = memo(function NodeCard(props: NodeProps<FlowNode>) {
  return useFlowStore(isFar) ? <Far {...props} /> : <Near {...props} />;
});

/** Whether it is selected in another view. */
export function useMarked(id: string): true | undefined {
  return useStore(useSession().peers.store, (peers) => peers.has(id) || undefined);
}

/** A node at a small zoom: its place, the hue and icon of its kind, and its state. */
function Far({ id, data }: NodeProps<FlowNode>): ReactNode {
  const { node, nodeKind, ports } = data;
  const face = useFace(id, data);
  const marked = useMarked(id);
  const size = {
    width: widthOf(node.width),
    height: heightOf(ports.inputs.length, ports.outputs.length),
  };
  return (
    <div
      className={`kc-node kc-node-far ${tileClass(nodeKind)}`}
      data-state={face.state}
      data-peer={marked}
      style={{ ...tileStyle(nodeKind), ...size }}
    >
      {useFlowStore(hasIcons) && (
        <>
          <Icon name={nodeKind ? nodeKind.icon : "unknown"} size={40} />
          {face.state !== "idle" && (
            <span className="kc-far-state">
              <StateIcon face={face} size={26} />
            </span>
          )}
        </>
      )}
    </div>
  );
}

function Near({ id, data, isConnectable }: NodeProps<FlowNode>): ReactNode {
  const { node, nodeKind, ports, title, connected } = data;
  const session = useSession();
  const editing = useStore(session.view, (view) => view.editing === id);
  const face = useFace(id, data);
  const marked = useMarked(id);
  const facts = useReplica((state) => state.facts.get(id));
  const kind = nodeKind ? nodeKind.title : `unknown kind: ${typeOf(node)}`;
  const size = {
    width: widthOf(node.width),
    height: heightOf(ports.inputs.length, ports.outputs.length),
  };
  const hasRows = ports.inputs.length > 1 || ports.outputs.length > 1;
  return (
    <div
      className={`kc-node${nodeKind ? "" : " kc-node-unknown"}`}
      data-state={face.state}
      data-peer={marked}
      data-sheets={nodeKind?.type === "subflow" || undefined}
      title={marked ? "Selected in another view" : undefined}
      style={size}
    >
      <div className="kc-node-head">
        <span className={tileClass(nodeKind)} style={tileStyle(nodeKind)}>
          <Icon name={nodeKind ? nodeKind.icon : "unknown"} size={16} />
        </span>
        <span className="kc-node-names">
          {editing ? <NameField id={id} name={title} /> : <b title={title}>{title}</b>}
          <small title={facts?.calls || nodeKind?.description}>{facts?.calls || kind}</small>
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
      <DifferenceMark id={id} />
      {hasRows ? (
        <Rows inputs={ports.inputs} outputs={ports.outputs} />
      ) : (
        <p className="kc-value" data-from-config={face.isFromConfig} title={face.value}>
          {face.value}
        </p>
      )}
      <StateLine id={id} face={face} hint={facts?.hint || (hasRows ? face.value : "")} />
      <Handles
        node={id}
        ports={ports.inputs}
        connected={connected}
        type="target"
        isConnectable={isConnectable}
      />
      <Handles node={id} ports={ports.outputs} type="source" isConnectable={isConnectable} />
    </div>
  );
}

/** The names of the handles, if a side has more than one: inputs or conditions on the left, outputs on the right. */
function Rows({
  inputs,
  outputs,
}: {
  inputs: readonly Port[];
  outputs: readonly Port[];
}): ReactNode {
  const left = inputs.length > 1 ? inputs : [];
  const right = outputs.length > 1 ? outputs : [];
  const rows = Array.from({ length: Math.max(left.length, right.length) }, (_, row) => ({
    key: `${left[row]?.id ?? ""} ${right[row]?.id ?? ""}`,
    start: left.length > 0 ? nameOf(left[row]) : (right[row]?.when ?? ""),
    end: nameOf(right[row]),
  }));
  return (
    <div className="kc-node-ports">
      {rows.map(({ key, start, end }) => (
        <div key={key}>
          <span title={start}>{start}</span>
          <b title={end}>{end}</b>
        </div>
      ))}
    </div>
  );
}

function nameOf(port: Port | undefined): string {
  return port === undefined ? "" : port.label || "·";
}
