/** Rule S16, for the browser; the cases are shared with Python. */
import { expect, test } from "vitest";
import text from "../../../tests/conformance/ports/cases.json?raw";
import { type PortType, typeProblem } from "../../src/canvas/port_types.ts";

const cases: { output: PortType; input: PortType; problem: string | null }[] = JSON.parse(text);

test("ports fit in the browser exactly where they fit in Python, for the same reason", () => {
  expect(cases).toHaveLength(81);
  for (const { output, input, problem } of cases) expect(typeProblem(output, input)).toBe(problem);
});
