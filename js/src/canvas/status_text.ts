/** What the canvas says about itself, in words. Pure. */

import type { Link } from "./link.ts";
import type { SaveState } from "./protocol.gen.ts";

export type Tone = "quiet" | "busy" | "good" | "bad";

export interface Words {
  readonly text: string;
  readonly tone: Tone;
}

const LOCAL_ONLY = "edits live only in this browser";

/**
 * Where the view stands against the kernel (rule S11); null when all is well and `saved` says so already.
 */
export function linkWords(
  link: Link,
  unanswered: number,
  readOnly: boolean,
  saved: boolean,
): Words | null {
  const onTheWay =
    unanswered === 1 ? "1 edit is on its way" : `${unanswered} edits are on their way`;
  switch (link) {
    case "opening":
      return { text: "Opening…", tone: "busy" };
    case "gone":
      return { text: readOnly ? "Kernel gone" : `Kernel gone: ${LOCAL_ONLY}`, tone: "bad" };
    case "lost":
      return { text: readOnly ? "Disconnected" : `Disconnected: ${LOCAL_ONLY}`, tone: "bad" };
    case "slow":
      return {
        text: unanswered ? `Kernel busy: ${onTheWay}` : "Kernel busy",
        tone: "busy",
      };
    case "live":
      if (unanswered) return { text: onTheWay, tone: "quiet" };
      return saved ? null : { text: "In step", tone: "good" };
  }
}

/**
 * Where the document stands against what is stored; null when nothing stores it, or when that is not known:
 * while edits are on their way "saved" would not be true of them, and without a line nothing is.
 */
export function saveWords(
  { status, message }: SaveState,
  link: Link,
  unanswered: number,
): Words | null {
  if (link === "opening" || link === "lost" || link === "gone") return null;
  if (unanswered > 0 && status !== "failed" && status !== "conflict") return null;
  switch (status) {
    case "none":
      return null;
    case "saved":
      return { text: "Saved", tone: "good" };
    case "dirty":
      return { text: "Unsaved changes", tone: "quiet" };
    case "saving":
      return { text: "Saving…", tone: "busy" };
    case "failed":
      return { text: message ? `Not saved: ${message}` : "Not saved", tone: "bad" };
    case "conflict":
      return { text: "Not saved: changed elsewhere", tone: "bad" };
  }
}

/** Whether leaving the page may lose something. */
export function wouldLose(save: SaveState, unanswered: number): boolean {
  return unanswered > 0 || ["dirty", "saving", "failed", "conflict"].includes(save.status);
}
