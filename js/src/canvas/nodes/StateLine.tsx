/** The foot of a node: an icon and a word, never color alone; it is there before, during and after a run. */
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import type { FlowNode } from "../flow.ts";
import { useReplica, useSession } from "../hooks.ts";
import { Icon } from "../icons.tsx";
import type { NodeRunState } from "../protocol.gen.ts";
import { faceOf, type NodeFace, secondsText } from "./node_face.ts";

/** Milliseconds between two updates of the time of a running node. */
const EVERY = 200;

/** The newest run of one node; the same object until it changes. */
export function useRun(id: string): NodeRunState | undefined {
  return useReplica(({ canvas }) => {
    const { nodes } = canvas.run;
    return Object.hasOwn(nodes, id) ? nodes[id] : undefined;
  });
}

export function useFace(id: string, { node, nodeKind }: FlowNode["data"]): NodeFace {
  const run = useRun(id);
  const facts = useReplica((state) => state.facts.get(id));
  const isRunning = useReplica(({ canvas }) => canvas.run.status === "running");
  const fallback = nodeKind?.description ?? "";
  return useMemo(
    () => faceOf(node, facts, run, isRunning, fallback),
    [node, facts, run, isRunning, fallback],
  );
}

export function StateIcon({ face, size }: { face: NodeFace; size: number }): ReactNode {
  return face.icon === "spinner" ? (
    <span className="kc-spinner" style={{ width: size, height: size }} />
  ) : (
    <Icon name={face.icon} size={size} />
  );
}

export function StateLine({
  id,
  face,
  hint,
}: {
  id: string;
  face: NodeFace;
  hint: string;
}): ReactNode {
  const { state, word, left, right } = face;
  // Two facts of the config need no icon: it would be that of "not run".
  const isPlain = state === "idle" && left !== word;
  return (
    <div className="kc-state" data-state={state} title={hint || undefined}>
      {!isPlain && <StateIcon face={face} size={13} />}
      <span className="kc-state-word">{left}</span>
      {left !== word && !isPlain && <span className="kc-spoken">{word}</span>}
      {state === "running" ? <Elapsed id={id} /> : <span className="kc-state-end">{right}</span>}
    </div>
  );
}

/** The time since a node started; written to the page directly, as many may run. */
function Elapsed({ id }: { id: string }): ReactNode {
  const session = useSession();
  const text = useRef<HTMLTimeElement>(null);
  useEffect(() => {
    const write = () => {
      const seconds = session.elapsed(id) / 1_000;
      const rounded = seconds < 10 ? `${seconds.toFixed(1)} s` : secondsText(Math.floor(seconds));
      if (text.current) text.current.textContent = rounded;
    };
    write();
    const timer = setInterval(write, EVERY);
    return () => clearInterval(timer);
  }, [session, id]);
  return <time ref={text} className="kc-state-end" />;
}
