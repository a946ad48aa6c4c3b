/**
 * A confirmed document with the unanswered requests on top of it (rule S5): one stage for each.
 *
 * Pure. What is shown is the last stage; confirming, dropping and rebasing keep the others true.
 */

import { same } from "../json.ts";
import { apply, type Batch, type Document, EMPTY } from "./document.ts";

/** An edit or a press of undo that the kernel has not answered yet. */
export type Request =
  | { readonly kind: "push"; readonly n: number; readonly batch: Batch }
  | { readonly kind: "undo" | "redo"; readonly n: number };

export class Stages {
  /** `documents[i]` is the document after the first `i` pending requests. */
  private documents: Document[] = [EMPTY];
  private requests: readonly Request[] = [];

  get confirmed(): Document {
    return this.documents[0] ?? EMPTY;
  }

  get shown(): Document {
    return this.documents[this.documents.length - 1] ?? EMPTY;
  }

  get pending(): readonly Request[] {
    return this.requests;
  }

  /** Puts a request on top; `after` is the document it leads to. */
  add(request: Request, after: Document): void {
    this.requests = [...this.requests, request];
    this.documents.push(after);
  }

  /**
   * Confirms the first request, if it is number `n` and did what `batch` says: then what is shown was right
   * all along. Returns whether it was so.
   */
  confirmFirst(n: number, batch: Batch): boolean {
    const [first, ...rest] = this.requests;
    if (first?.n !== n || first.kind !== "push" || !same(first.batch, batch)) return false;
    const after = this.documents[1];
    if (after === undefined || after === this.confirmed) return false;
    this.documents.shift();
    this.requests = rest;
    return true;
  }

  /** Forgets requests up to `n`, without looking at the documents; returns whether there were any. */
  dropUpTo(n: number): boolean {
    const rest = this.requests.filter((request) => request.n > n);
    if (rest.length === this.requests.length) return false;
    this.requests = rest;
    return true;
  }

  /** Applies the requests anew, on top of a confirmed document. */
  rebase(confirmed: Document = this.confirmed): void {
    let document = confirmed;
    this.documents = [confirmed];
    for (const request of this.requests) {
      if (request.kind === "push") {
        try {
          document = apply(document, request.batch);
        } catch {
          // It no longer fits; the kernel will find so too and say why.
        }
      }
      this.documents.push(document);
    }
  }

  /** Numbers the requests from `from` on, if they began later; returns whether they did. */
  renumber(from: number): boolean {
    const first = this.requests[0];
    if (!first || first.n <= from) return false;
    this.requests = this.requests.map((request, index) => ({ ...request, n: from + index }));
    return true;
  }

  /** Forgets every request and returns the edits among them. */
  takeAll(): Batch[] {
    const batches = this.requests.flatMap((request) =>
      request.kind === "push" ? [request.batch] : [],
    );
    this.requests = [];
    return batches;
  }
}

/** Returns `next` with the elements of `previous` that equal theirs, so that they are not drawn anew. */
export function shareDocument(previous: Document, next: Document): Document {
  return {
    nodes: shareMap(previous.nodes, next.nodes),
    edges: shareMap(previous.edges, next.edges),
  };
}

function shareMap<T>(previous: ReadonlyMap<string, T>, next: ReadonlyMap<string, T>) {
  const made = new Map<string, T>();
  for (const [id, item] of next) {
    const old = previous.get(id);
    made.set(id, old !== undefined && same(old, item) ? old : item);
  }
  return made;
}
