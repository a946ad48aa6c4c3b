/**
 * Optimistic updates: the confirmed document with the unanswered requests applied to it (rule S5).
 *
 * Pure. Each request has the document it leads to; the last one is shown.
 */

import { same } from "../json.ts";
import { apply, type Batch, type Document, EMPTY } from "./document.ts";

/** An edit, undo or redo that the kernel has not answered yet. */
export type Request =
  | { readonly kind: "push"; readonly n: number; readonly batch: Batch }
  | { readonly kind: "undo" | "redo"; readonly n: number };

export class OptimisticDocument {
  /** `documents[i]` is the document after the first `i` unanswered requests. */
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

  /** Adds a request; `after` is the document it leads to. */
  add(request: Request, after: Document): void {
    this.requests = [...this.requests, request];
    this.documents.push(after);
  }

  /**
   * Confirms the first request if it is number `n` and its batch is the one that was applied: then what is shown
   * is already right. Returns whether that is so.
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

  /** Removes requests up to `n` without recomputing the documents; returns whether there were any. */
  dropUpTo(n: number): boolean {
    const rest = this.requests.filter((request) => request.n > n);
    if (rest.length === this.requests.length) return false;
    this.requests = rest;
    return true;
  }

  /** Applies the requests to a confirmed document again. */
  rebase(confirmed: Document = this.confirmed): void {
    let document = confirmed;
    this.documents = [confirmed];
    for (const request of this.requests) {
      if (request.kind === "push") {
        try {
          document = apply(document, request.batch);
        } catch {
          // It no longer applies; the kernel will refuse it too and say why.
        }
      }
      this.documents.push(document);
    }
  }

  /** Renumbers the requests from `from` on if the first has a higher number; returns whether it had. */
  renumber(from: number): boolean {
    const first = this.requests[0];
    if (!first || first.n <= from) return false;
    this.requests = this.requests.map((request, index) => ({ ...request, n: from + index }));
    return true;
  }

  /** Removes every request and returns the edits among them. */
  takeAll(): Batch[] {
    const batches = this.requests.flatMap((request) =>
      request.kind === "push" ? [request.batch] : [],
    );
    this.requests = [];
    return batches;
  }
}

/** Returns `next` with equal elements taken from `previous`, so that they are not drawn again. */
export function shareElements(previous: Document, next: Document): Document {
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
