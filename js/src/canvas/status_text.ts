/** The status of a canvas in words. Pure. */

import { type Status, saveStatus } from "../save_status.ts";
import type { Link } from "./link.ts";
import type { SaveState } from "./protocol.gen.ts";

const UNSENT = "edits live only in this browser";

/** Whether the view and the kernel agree (rule S11); null when they do and `saved` says so already. */
export function linkText(
  link: Link,
  unanswered: number,
  readOnly: boolean,
  saved: boolean,
): Status | null {
  const onTheWay = unanswered === 1 ? "Sending 1 edit" : `Sending ${unanswered} edits`;
  switch (link) {
    case "opening":
      return { text: "Opening…", tone: "busy" };
    case "gone":
      return { text: goneText(unanswered), tone: "bad" };
    case "lost":
      return { text: readOnly ? "Disconnected" : `Disconnected: ${UNSENT}`, tone: "bad" };
    case "slow":
      return {
        text: unanswered ? `Kernel busy: ${onTheWay.toLowerCase()}` : "Kernel busy",
        tone: "busy",
      };
    case "live":
      if (unanswered) return { text: onTheWay, tone: "quiet" };
      return saved ? null : { text: "Up to date", tone: "good" };
  }
}

function goneText(unanswered: number): string {
  const edits =
    unanswered === 1 ? "1 edit was not received" : `${unanswered} edits were not received`;
  return `Kernel gone${unanswered ? `, ${edits}` : ""}: run the cell again to edit`;
}

/**
 * Whether the document is saved; null when it is not saved anywhere, or when that is not known: while edits are
 * being sent, or without a connection.
 */
export function saveText(save: SaveState, link: Link, unanswered: number): Status | null {
  if (link === "opening" || link === "lost" || link === "gone") return null;
  if (unanswered > 0 && save.status !== "failed" && save.status !== "conflict") return null;
  return saveStatus(save);
}

/** Whether closing the page may lose edits. */
export function wouldLose(save: SaveState, unanswered: number): boolean {
  return unanswered > 0 || ["dirty", "saving", "failed", "conflict"].includes(save.status);
}
