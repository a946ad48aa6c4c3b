/** The browser's end replays the cases it shares with the kernel's (D1 to D5, S4, S5). */
import { describe, expect, test } from "vitest";
import lines from "../../../tests/conformance/sync/cases.jsonl?raw";
import { digest } from "../../src/canvas/digest.ts";
import {
  apply,
  type Batch,
  type Document,
  DocumentError,
  documentOf,
} from "../../src/canvas/document.ts";
import { OptimisticDocument } from "../../src/canvas/optimistic.ts";

interface Rows {
  nodes: unknown[];
  edges: unknown[];
}
interface Case {
  name: string;
  document: Rows;
  batch: Batch;
  refused?: string;
  changes: boolean;
  after: Rows;
  inverse: Batch;
  digest: number;
  pending?: Batch[];
  arrives: Batch;
  shown: Rows;
}

const cases = lines
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Case);

const open = ({ nodes, edges }: Rows) => documentOf(nodes, edges);
const rows = ({ nodes, edges }: Document): Rows => ({
  nodes: [...nodes.values()],
  edges: [...edges.values()],
});

describe("apply and invert (D1 to D5, S4)", () => {
  test.each(cases.filter(({ pending }) => !pending))("$name", (one) => {
    const before = open(one.document);
    if (one.refused !== undefined) {
      expect(() => apply(before, one.batch)).toThrow(
        expect.objectContaining({ constructor: DocumentError, code: one.refused }),
      );
      return;
    }
    const after = apply(before, one.batch);
    expect(rows(after)).toEqual(one.after);
    expect(digest(7, one.batch, after)).toBe(one.digest);
    expect(rows(apply(after, one.inverse))).toEqual(one.document);
  });
});

describe("rebase (S5)", () => {
  test.each(cases.filter(({ pending }) => pending))("$name", ({ pending = [], ...one }) => {
    const stages = new OptimisticDocument();
    stages.rebase(open(one.document));
    pending.forEach((batch, index) => {
      stages.add({ kind: "push", n: index + 1, batch }, stages.shown);
    });
    stages.rebase(apply(stages.confirmed, one.arrives));
    expect(rows(stages.shown)).toEqual(one.shown);
  });
});
