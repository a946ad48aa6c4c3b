/** The state of a node in the newest run: a word and a sign, never color alone. */
import type { ReactNode } from "react";
import { useReplica } from "../hooks.ts";
import { Icon } from "../icons.tsx";
import type { NodeRunState } from "../protocol.gen.ts";

const SIGNS: Readonly<Record<NodeRunState["status"], { icon: string; word: string }>> = {
  pending: { icon: "clock", word: "Waiting" },
  running: { icon: "spinner", word: "Running" },
  completed: { icon: "check", word: "Done" },
  failed: { icon: "warning", word: "Failed" },
  skipped: { icon: "skip", word: "Skipped" },
  cancelled: { icon: "ban", word: "Cancelled" },
};

/** The newest run of one node; the same object until it changes. */
export function useRun(id: string): NodeRunState | undefined {
  return useReplica(({ canvas }) => {
    const { nodes } = canvas.run;
    return Object.hasOwn(nodes, id) ? nodes[id] : undefined;
  });
}

export function RunLine({ id }: { id: string }): ReactNode {
  const run = useRun(id);
  if (!run) return null;
  const { icon, word } = SIGNS[run.status];
  const text = run.status === "failed" ? run.message || run.preview : run.preview || run.message;
  return (
    <div className="kc-run">
      <div className="kc-run-status">
        {icon === "spinner" ? <span className="kc-spinner" /> : <Icon name={icon} size={13} />}
        <span>{word}</span>
        {run.seconds !== null && <time>{secondsText(run.seconds)}</time>}
      </div>
      {text && (
        <p className="kc-run-text" title={text.slice(0, 2_000)}>
          {text.slice(0, 300)}
        </p>
      )}
    </div>
  );
}

export function secondsText(seconds: number): string {
  if (seconds < 0.1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
