/** Tables without elements: formats, search and sort, and the block that the kernel sends. */
import { expect, test, vi } from "vitest";
import python from "../../kaizen_widgets/widgets/row_action.py?raw";
import cases from "../../tests/displays/grid_format_cases.json?raw";
import { type Cell, cellText, type Format } from "../src/grid/formats.ts";
import { PATHS } from "../src/grid/icons.ts";
import { readTable } from "../src/grid/table.ts";
import { packed, sentTable } from "./grid.ts";

const shared = JSON.parse(cases) as { now: number; cases: [Cell, Format, string][] };

test.each(shared.cases)("%j as %s is %s", (cell, format, text) => {
  expect(cellText(cell, format, shared.now)).toBe(text);
});

const ROWS = [
  { id: "a", name: "Billing", calls: 12 },
  { id: "b", name: "technical", calls: null },
  { id: "c", name: "Äpfel 10", calls: 2 },
  { id: "d", name: "Äpfel 9", calls: 2 },
];

async function names(search: string, sort = "") {
  const table = await readTable(await packed(sentTable(ROWS)));
  return table.shownPlaces(search, sort, new Map()).map((place) => table.key(place));
}

test("search finds rows that contain all words, in any case and column", async () => {
  expect(await names("BILL")).toEqual(["a"]);
  expect(await names("äpfel 9")).toEqual(["d"]);
  expect(await names("nothing")).toEqual([]);
});

test("sort is by value, with numbers inside texts as numbers and missing values last", async () => {
  expect(await names("", "name")).toEqual(["d", "c", "a", "b"]);
  expect(await names("", "calls")).toEqual(["c", "d", "a", "b"]);
  expect(await names("", "-calls")).toEqual(["a", "c", "d", "b"]);
  expect(await names("", "unknown")).toEqual(["a", "b", "c", "d"]);
});

test("a filter shows rows with one value of a column", async () => {
  const table = await readTable(await packed(sentTable(ROWS)));
  expect(table.shownPlaces("", "", new Map([[1, "2"]]))).toEqual([2, 3]);
  expect(table.values(1)).toEqual(["–", "2", "12"]);
});

test("a thousand rows are searched within a frame", async () => {
  const rows = Array.from({ length: 10_000 }, (_, n) => ({
    id: `id-${n}`,
    name: `Agent number ${n}`,
    calls: n,
  }));
  const table = await readTable(await packed(sentTable(rows)));
  table.shownPlaces("warm", "", new Map());
  const times = Array.from({ length: 20 }, (_, n) => {
    const start = performance.now();
    table.shownPlaces(`number ${n}`, "", new Map());
    return performance.now() - start;
  });
  // Ten times the rows in the time of six frames; the quickest search is the one that nothing interrupted.
  expect(Math.min(...times)).toBeLessThan(100);
});

test("typing in the search field neither sorts nor lowers the case of rows again", async () => {
  const table = await readTable(await packed(sentTable(ROWS)));
  const expected = table.shownPlaces("äpfel", "-name", new Map());
  expect(expected.map((place) => table.key(place))).toEqual(["c", "d"]);
  const sorts = vi.spyOn(Array.prototype, "sort");
  const lowered = vi.spyOn(String.prototype, "toLowerCase");
  try {
    table.shownPlaces("äpfel 9", "-name", new Map());
    expect(sorts).not.toHaveBeenCalled();
    expect(lowered).toHaveBeenCalledTimes(1); // the words that are searched
    table.shownPlaces("äpfel 9", "name", new Map());
    expect(sorts).toHaveBeenCalledTimes(1);
  } finally {
    sorts.mockRestore();
    lowered.mockRestore();
  }
});

test("the icons that Python names are drawn", () => {
  const named = /ICONS: Final = \(([^)]*)\)/.exec(python)?.[1]?.match(/[a-z]+/g) ?? [];
  expect(named.length).toBeGreaterThan(10);
  expect([...named].sort()).toEqual(Object.keys(PATHS).sort());
});
