/** Which types of ports fit each other: the rule of kaizen_widgets/nodes/port_types.py. Pure. */
import type { PortInfo } from "./protocol.gen.ts";

export type PortType = PortInfo["type"];

const NOUNS: Readonly<Record<PortType, string>> = {
  text: "text",
  number: "a number",
  bool: "true or false",
  list: "a list",
  dict: "a dict",
  table: "a table",
  image: "an image or bytes",
  message: "a message",
  any: "any value",
};

/** A type as it is named in a sentence: "a number". */
export function nounOf(type: PortType): string {
  return NOUNS[type];
}

/** Why values of an output of one type cannot go into an input of another, or null. */
export function typeProblem(output: PortType, input: PortType): string | null {
  const fits =
    output === input ||
    output === "any" ||
    input === "any" ||
    (output === "text" && input === "message");
  return fits ? null : `The output gives ${NOUNS[output]}, and the input takes ${NOUNS[input]}.`;
}
