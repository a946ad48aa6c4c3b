/**
 * Edits that a kernel had not confirmed when it ended. They are kept in the page, for the next view of the same document
 * in the same notebook: the one that appears when the user runs the cell again.
 */
import { apply, type Batch, type Document } from "./document.ts";

/** Keeps and returns the edits of one notebook. */
export interface UnsentEdits {
  keep(batches: readonly Batch[]): void;
  /** Returns the edits that apply to a document, and forgets them. */
  take(document: Document): Batch[];
}

const PAGE = Symbol.for("kaizen-widgets.unsent-edits");
type Page = Window & { [PAGE]?: WeakMap<Element, (readonly Batch[])[]> };

/** The unsent edits of the notebook that contains an element. */
export function unsentEditsOf(el: Element): UnsentEdits {
  const page: Page = window;
  page[PAGE] ??= new WeakMap();
  const all = page[PAGE];
  // Looked up late, because the element is attached to the page some time after it was drawn.
  const notebook = () => el.closest(".jp-Notebook") ?? document.body;
  return {
    keep: (batches) => {
      const place = notebook();
      if (batches.length > 0) all.set(place, [...(all.get(place) ?? []), batches]);
    },
    take: (shown) => {
      const place = notebook();
      const kept = all.get(place) ?? [];
      const fitting = kept.filter((batches) => fits(shown, batches));
      all.set(
        place,
        kept.filter((batches) => !fitting.includes(batches)),
      );
      return fitting.flat();
    },
  };
}

/** Whether all edits of a view can be applied to a document and change it: then they were made to that document. */
function fits(document: Document, batches: readonly Batch[]): boolean {
  try {
    return batches.reduce(apply, document) !== document;
  } catch {
    return false;
  }
}
