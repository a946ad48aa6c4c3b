/** The shape of a port's type, 12 px: hollow while nothing is connected to an input. */
import { memo, type ReactNode } from "react";
import type { PortType } from "../port_types.ts";

/** The parts of each shape, in a square of 12. */
export const PORT_SHAPES: Readonly<Record<PortType, ReactNode>> = {
  text: <circle cx="6" cy="6" r="4.4" />,
  number: <rect x="3.2" y="1" width="5.6" height="10" rx="2.8" />,
  bool: (
    <>
      <path d="M6 1.6a4.4 4.4 0 0 0 0 8.8Z" />
      <circle cx="6" cy="6" r="4.4" fillOpacity="0" />
    </>
  ),
  list: <path d="M6 .9L11.1 6 6 11.1.9 6Z" />,
  dict: <rect x="1.8" y="1.8" width="8.4" height="8.4" rx="1.2" />,
  table: (
    <>
      <rect x=".9" y="2" width="10.2" height="8" rx="1.2" />
      <path className="kc-port-inside" d="M.9 5.1h10.2" />
    </>
  ),
  image: <path d="M6 1.3l5 9H1Z" />,
  message: (
    <>
      <circle cx="6" cy="6" r="4.6" />
      <circle className="kc-port-inside" cx="6" cy="6" r="1" />
    </>
  ),
  any: (
    <>
      <circle className="kc-port-open" cx="6" cy="6" r="4.6" strokeDasharray="2.6 1.9" />
      <circle className="kc-port-core" cx="6" cy="6" r="2" />
    </>
  ),
};

export const PortShape = memo(function PortShape({ type }: { type: PortType }): ReactNode {
  return (
    <svg className={`kc-port p-${type}`} viewBox="0 0 12 12" aria-hidden="true" focusable="false">
      {PORT_SHAPES[type]}
    </svg>
  );
});
