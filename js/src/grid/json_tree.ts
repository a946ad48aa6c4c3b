/** JSON as a tree to fold: branches are drawn when they are opened first, long lists in parts. */
import { h } from "../dom.ts";
import { isObject, type Json } from "../json.ts";
import { copyButton } from "./copy.ts";

const PART = 100;
/** Items up to which the first two levels are open at first. */
const OPEN = 30;
const MAX_LINE = 60;

export function jsonTree(value: Json): HTMLElement {
  return h("div", { class: "kr-tree" }, branch(null, value, 0));
}

function branch(key: string | null, value: Json, depth: number): HTMLElement {
  const entries = entriesOf(value);
  if (!entries) return h("div", { class: "kr-leaf" }, ...name(key), leaf(value));
  const size = entries.length;
  const brackets = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  const summary = h(
    "summary",
    {},
    ...name(key),
    h("span", { class: "kr-brief" }, `${brackets[0]}${brief(value)}${brackets[1]}`),
  );
  const details = h("details", { open: size > 0 && size <= OPEN && depth < 2 }, summary);
  const body = h("div", { class: "kr-branch" });
  details.append(body);
  let drawn = 0;
  const drawPart = () => {
    const part = entries.slice(drawn, drawn + PART);
    body.append(...part.map(([each, item]) => branch(each, item, depth + 1)));
    drawn += part.length;
    if (drawn >= size) return;
    const more = h(
      "button",
      { type: "button", class: "kg-button kg-outlined" },
      `${Math.min(PART, size - drawn)} more of ${(size - drawn).toLocaleString("en")}`,
    );
    more.addEventListener("click", () => {
      more.remove();
      drawPart();
    });
    body.append(more);
  };
  if (details.open) drawPart();
  else
    details.addEventListener("toggle", () => {
      if (details.open && drawn === 0) drawPart();
    });
  // Beside the summary, because a button inside one is no control of its own for a screen reader.
  return h(
    "div",
    { class: "kr-fold" },
    details,
    copyButton(() => JSON.stringify(value, null, 2), "Copy this part"),
  );
}

function entriesOf(value: Json): [string, Json][] | null {
  if (Array.isArray(value)) return value.map((item, index) => [String(index), item as Json]);
  return isObject(value) ? (Object.entries(value) as [string, Json][]) : null;
}

const name = (key: string | null) =>
  key === null ? [] : [h("span", { class: "kr-key" }, key), h("span", { class: "kr-colon" }, ": ")];

function leaf(value: Json): HTMLElement {
  const kind = value === null ? "null" : typeof value;
  return h("span", { class: `kr-${kind}` }, typeof value === "string" ? value : String(value));
}

/** What a folded branch says of its content. */
function brief(value: Json): string {
  const size = Array.isArray(value) ? value.length : Object.keys(value as object).length;
  if (size === 0) return "";
  const text = Array.isArray(value)
    ? `${size.toLocaleString("en")} ${size === 1 ? "item" : "items"}`
    : Object.keys(value as object).join(", ");
  return text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text;
}
