/** Messages over the canvas: refused edits, and edits of a document that is no longer open. */
import type { ReactNode } from "react";
import { useReadOnly, useReplica, useSession, useStore } from "./hooks.ts";
import { Icon } from "./icons.tsx";

export function Notices(): ReactNode {
  const session = useSession();
  const notices = useStore(session.notices.store, (notices) => notices);
  const runFailed = useReplica(({ canvas }) =>
    canvas.run.status === "failed" ? canvas.run.message : "",
  );
  return (
    <div className="kc-notices">
      <div aria-live="polite" role="status">
        {notices.map(({ id, message, hint }) => (
          <div key={id} className="kc-notice">
            <Icon name="warning" />
            <p>
              {message}
              {hint && <small>{hint}</small>}
            </p>
            <button
              type="button"
              className="kc-button"
              aria-label="Close"
              onClick={() => session.notices.dismiss(id)}
            >
              <Icon name="close" size={14} />
            </button>
          </div>
        ))}
      </div>
      <p className="kc-spoken" aria-live="polite">
        {runFailed && `The run failed. ${runFailed}`}
      </p>
    </div>
  );
}

export function Orphans(): ReactNode {
  const session = useSession();
  const readOnly = useReadOnly();
  const count = useReplica((state) => state.orphans.length);
  if (count === 0) return null;
  const edits = count === 1 ? "1 edit of yours is" : `${count} edits of yours are`;
  return (
    <div className="kc-orphans" role="alert">
      <p>{edits} not part of this document: the kernel opened it without them.</p>
      {!readOnly && (
        <button type="button" className="kc-link" onClick={() => session.replica.reapplyOrphans()}>
          Reapply
        </button>
      )}
      <button type="button" className="kc-link" onClick={() => session.replica.discardOrphans()}>
        Discard
      </button>
    </div>
  );
}
