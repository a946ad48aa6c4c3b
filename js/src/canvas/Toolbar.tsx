/** The toolbar: title, status and buttons. */
import { useStore as useFlowStore, useReactFlow } from "@xyflow/react";
import type { ReactNode } from "react";
import type { Status } from "../save_status.ts";
import { useReadOnly, useReplica, useSession, useStore } from "./hooks.ts";
import { Icon } from "./icons.tsx";
import { linkText, saveText } from "./status_text.ts";
import { percentOf, useFit } from "./useFit.ts";
import { useArrange } from "./useViewCommands.ts";

/** Milliseconds of a change of the zoom. */
const SLIDE = 180;
const MAC = /Mac|iP(hone|ad)/.test(globalThis.navigator?.platform ?? "");

export function Toolbar(): ReactNode {
  const readOnly = useReadOnly();
  const title = useReplica((state) => state.canvas.title);
  const { showAll } = useFit();
  return (
    <div className="kc-toolbar" role="group" aria-label="Pipeline">
      <div className="kc-title">
        <b title={title}>{title || "Canvas"}</b>
        <StatusLine />
      </div>
      <div className="kc-buttons">
        {!readOnly && <HistoryButtons />}
        {!readOnly && <ArrangeButton />}
        <ZoomButtons />
        <Button name="Fit view" icon="fit" onClick={() => showAll(200)} />
        <RunButton />
      </div>
      <Progress />
    </div>
  );
}

/** Whether the document is saved and the kernel connected; screen readers announce changes. */
function StatusLine(): ReactNode {
  const session = useSession();
  const readOnly = useReadOnly();
  const save = useReplica((state) => state.canvas.save);
  const link = useReplica((state) => state.link);
  const unanswered = useReplica((state) => state.pending.length);
  const showSave = saveText(save, link, unanswered);
  const mayNeedSave = save.status === "dirty" || save.status === "failed";
  return (
    <>
      <output className="kc-standing" aria-live="polite">
        {showSave && <StatusText status={showSave} />}
        <StatusText status={linkText(link, unanswered, readOnly, showSave !== null)} />
        {readOnly && link !== "gone" && <span className="kc-saying">Read only</span>}
      </output>
      {showSave && mayNeedSave && (
        <button type="button" className="kc-link" onClick={() => session.command("save")}>
          Save now
        </button>
      )}
    </>
  );
}

function StatusText({ status }: { status: Status | null }): ReactNode {
  if (!status) return null;
  return (
    <span className="kc-saying" data-tone={status.tone} title={status.text}>
      <span className="kc-dot" />
      <span>{status.text}</span>
    </span>
  );
}

function HistoryButtons(): ReactNode {
  const session = useSession();
  const { undoLabel, canRedo, redoLabel } = useReplica((state) => state.canvas);
  const gone = useReplica((state) => state.link === "gone");
  const unanswered = useReplica((state) => state.pending.length);
  // The kernel may not have received the newest step; then its label is unknown.
  const undo = unanswered === 0 && undoLabel ? `Undo: ${undoLabel}` : "Undo";
  const redo = redoLabel ? `Redo: ${redoLabel}` : "Redo";
  return (
    <>
      <Button
        name="Undo"
        title={`${undo} (${MAC ? "⌘Z" : "Ctrl+Z"})`}
        icon="undo"
        disabled={gone || !session.canUndo}
        onClick={() => session.undo()}
      />
      <Button
        name="Redo"
        title={`${redo} (${MAC ? "⇧⌘Z" : "Ctrl+Shift+Z"})`}
        icon="redo"
        disabled={gone || !canRedo}
        onClick={() => session.redo()}
      />
      <span className="kc-divider" />
    </>
  );
}

function ArrangeButton(): ReactNode {
  const session = useSession();
  const arrange = useArrange();
  const empty = useStore(session.flow, ({ nodes }) => nodes.length < 2);
  return (
    <Button
      name="Arrange"
      title="Arrange the nodes (or the selected ones) from left to right"
      icon="arrange"
      disabled={empty}
      onClick={arrange}
    />
  );
}

/** On a narrow canvas the number alone: the wheel and the keys zoom as well. */
function ZoomButtons(): ReactNode {
  const { zoomIn, zoomOut, zoomTo } = useReactFlow();
  const percent = useFlowStore(percentOf);
  return (
    <>
      <Button name="Zoom out" icon="minus" onClick={() => void zoomOut({ duration: SLIDE })} />
      <button
        type="button"
        className="kc-button kc-zoom"
        aria-label={`Zoom: ${percent} %`}
        title="Zoom to 100 %"
        onClick={() => void zoomTo(1, { duration: SLIDE })}
      >
        {percent} %
      </button>
      <Button name="Zoom in" icon="plus" onClick={() => void zoomIn({ duration: SLIDE })} />
    </>
  );
}

function RunButton(): ReactNode {
  const session = useSession();
  const canRun = useReplica((state) => state.canvas.canRun && state.epoch !== null);
  const gone = useReplica((state) => state.link === "gone");
  const running = useReplica((state) => state.canvas.run.status === "running");
  if (running)
    return (
      <button
        type="button"
        className="kc-run-button"
        data-running
        aria-label="Cancel"
        title="Cancel the run"
        disabled={gone}
        onClick={() => session.command("cancel")}
      >
        <Icon name="stop" size={14} />
        <span>Cancel</span>
      </button>
    );
  if (!canRun) return null;
  return (
    <button
      type="button"
      className="kc-run-button"
      aria-label="Run"
      title="Run the pipeline"
      disabled={gone}
      onClick={() => session.command("run")}
    >
      <Icon name="run" size={14} />
      <span>Run</span>
    </button>
  );
}

/** In place of the toolbar: the progress of a run, and the connection when something is wrong with it. */
export function ToolbarRemains(): ReactNode {
  const link = useReplica((state) => state.link);
  const unanswered = useReplica((state) => state.pending.length);
  const readOnly = useReadOnly();
  const status = linkText(link, unanswered, readOnly, true);
  const isTold = status !== null && status.tone !== "quiet" && link !== "opening";
  return (
    <>
      <Progress />
      <output className="kc-link-status" aria-live="polite">
        {isTold && <StatusText status={status} />}
      </output>
    </>
  );
}

function Progress(): ReactNode {
  const running = useReplica((state) => state.canvas.run.status === "running");
  const percent = useReplica((state) => Math.round(state.canvas.run.progress * 100));
  if (!running) return null;
  return (
    <div
      className="kc-progress"
      role="progressbar"
      aria-label="Run progress"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <div style={{ width: `${Math.max(percent, 2)}%` }} />
    </div>
  );
}

interface ButtonProps {
  name: string;
  icon: string;
  title?: string;
  disabled?: boolean;
  onClick: () => void;
}

function Button({ name, icon, title = name, disabled = false, onClick }: ButtonProps): ReactNode {
  return (
    <button
      type="button"
      className="kc-button"
      aria-label={name}
      title={title}
      // Not `disabled`: a button that becomes disabled, after the last undo for example, loses the focus, and
      // the notebook would get the next key.
      aria-disabled={disabled}
      onClick={disabled ? undefined : onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
