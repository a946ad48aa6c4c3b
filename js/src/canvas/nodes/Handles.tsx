/** The handles on one side of a node, where edges start or end. */
import { Handle, Position } from "@xyflow/react";
import type { ReactNode } from "react";
import { handleY } from "./geometry.ts";
import type { Port } from "./ports.ts";

interface HandlesProps {
  ports: readonly Port[];
  type: "source" | "target";
  isConnectable: boolean;
}

export function Handles({ ports, type, isConnectable }: HandlesProps): ReactNode {
  const position = type === "target" ? Position.Left : Position.Right;
  return ports.map((port, index) => (
    <Handle
      key={port.id}
      id={port.id ?? undefined}
      type={type}
      position={position}
      isConnectable={isConnectable}
      style={{ top: handleY(index, ports.length) }}
      role="img"
      aria-label={`${type === "target" ? "input" : "output"} ${port.label || port.id || ""}`.trim()}
    />
  ));
}
