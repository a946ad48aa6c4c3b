import { expect, test } from "vitest";
import { isOurs, isWithin, join, upwards } from "../src/form/field_keys.ts";
import { stepped } from "../src/form/numbers.ts";
import { withLineBreaksOf } from "../src/form/text_controls.ts";

test.each([
  ["0.1", 2, { step: "0.1" }, "0.3"],
  ["9007199254740993", 1, { step: "1" }, "9007199254740994"],
  ["-0.05", 1, { step: "0.1" }, "0.05"],
  ["1.95", 1, { step: "0.1", max: "2" }, "2"],
  ["2.5", 1, { step: "0.1", max: "2" }, "2.6"],
  ["0", -1, { min: "0" }, "0"],
  ["", 1, { min: "5" }, "5"],
  ["", 1, {}, "0"],
  ["3.", 1, {}, "4"],
  ["abc", 1, {}, null],
  ["1e5", 1, {}, null],
])("%s and %i steps of %o make %s", (text, times, limits, result) => {
  expect(stepped(text, times, limits)).toBe(result);
});

test("keys escape slashes and tildes of names", () => {
  expect(join("/a", "b/c~d")).toBe("/a/b~1c~0d");
  expect([...upwards("/a/b")]).toEqual(["/a/b", "/a", ""]);
  expect([...upwards("")]).toEqual([""]);
  expect(isWithin("/ab", "/a")).toBe(false);
});

test("JupyterLab gets its own key chords only", () => {
  const key = (key: string, held: object = {}) => ({
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...held,
  });
  expect(["b", "x", "Enter", "Escape", "ArrowUp"].every((name) => isOurs(key(name)))).toBe(true);
  expect(isOurs(key("Enter", { ctrlKey: true }))).toBe(true);
  expect(isOurs(key("s", { ctrlKey: true }))).toBe(false);
  expect(isOurs(key("Enter", { shiftKey: true }))).toBe(false);
  expect(isOurs(key("F1"))).toBe(false);
});

test("line breaks of a text are those from before, whichever lines were edited", () => {
  const mixed = "a\r\nb\rc\nd";
  expect(withLineBreaksOf(mixed, "a\nb\nc\nd!")).toBe("a\r\nb\rc\nd!");
  expect(withLineBreaksOf(mixed, "a\nx\nb\nc\nd")).toBe("a\r\nx\r\nb\rc\nd");
  expect(withLineBreaksOf(mixed, "a\nd")).toBe("a\r\nd");
  expect(withLineBreaksOf("a\nb", "a\nb\nc")).toBe("a\nb\nc");
});
