/** The handles on one side of a node, where edges start or end. */
import { Handle, Position } from "@xyflow/react";
import type { ReactNode } from "react";
import { handleY } from "./geometry.ts";
import { PortShape } from "./PortShape.tsx";
import type { Port } from "./ports.ts";
import { usePortFit } from "./usePortFit.ts";

interface HandlesProps {
  node: string;
  ports: readonly Port[];
  type: "source" | "target";
  isConnectable: boolean;
  /** The ports to which edges lead; outputs are always filled. */
  connected?: ReadonlySet<string | null>;
}

export function Handles({ node, ports, type, isConnectable, connected }: HandlesProps): ReactNode {
  const position = type === "target" ? Position.Left : Position.Right;
  const fitOf = usePortFit(node, type);
  return ports.map((port, index) => {
    const isFull =
      connected === undefined || connected.has(port.id) || (index === 0 && connected.has(null));
    const side = type === "target" ? "input" : "output";
    const name = [side, port.label || port.id || "", port.type].filter(Boolean).join(" ");
    return (
      <Handle
        key={port.id}
        id={port.id ?? undefined}
        type={type}
        position={position}
        isConnectable={isConnectable}
        style={{ top: handleY(index, ports.length) }}
        role="img"
        aria-label={name}
        data-full={isFull}
        data-fit={fitOf(port.id)}
      >
        <PortShape type={port.type} />
      </Handle>
    );
  });
}
