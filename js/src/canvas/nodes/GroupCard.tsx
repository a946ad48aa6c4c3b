/** A node that other nodes lie in. */
import type { NodeProps } from "@xyflow/react";
import { memo } from "react";
import type { FlowNode } from "../flow.ts";
import { useSession, useStore } from "../hooks.ts";
import { NameField } from "./NameField.tsx";

export const GroupCard = memo(function GroupCard({ id, data }: NodeProps<FlowNode>) {
  const editing = useStore(useSession().view, (view) => view.editing === id);
  return (
    <div className="kc-group">
      {editing ? <NameField id={id} name={data.title} /> : <b>{data.title}</b>}
    </div>
  );
});
