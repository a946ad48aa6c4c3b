/** Whether a document is saved, in words: the same in the toolbar of a canvas and in the header of a studio. Pure. */
import type { SaveState } from "./canvas/protocol.gen.ts";

export type Tone = "quiet" | "busy" | "good" | "bad";

export interface Status {
  readonly text: string;
  readonly tone: Tone;
}

/** Null when the document is not saved anywhere. */
export function saveStatus({ status, message }: SaveState): Status | null {
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
