/** A node that contains other nodes. */
import type { NodeProps } from "@xyflow/react";
import { memo } from "react";
import type { FlowNode } from "../flow.ts";
import { useSession, useStore } from "../hooks.ts";
import { Handles } from "./Handles.tsx";
import { NameField } from "./NameField.tsx";

export const GroupCard = memo(function GroupCard({ id, data, isConnectable }: NodeProps<FlowNode>) {
  const editing = useStore(useSession().view, (view) => view.editing === id);
  return (
    <div className="kc-group">
      {editing ? <NameField id={id} name={data.title} /> : <b>{data.title}</b>}
      <Handles
        node={id}
        ports={data.ports.inputs}
        connected={data.connected}
        type="target"
        isConnectable={isConnectable}
      />
      <Handles node={id} ports={data.ports.outputs} type="source" isConnectable={isConnectable} />
    </div>
  );
});
