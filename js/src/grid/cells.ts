/** The elements of a row: cells by format, and the row's actions. */
import { h } from "../dom.ts";
import { copyButton } from "./copy.ts";
import { type Cell, cellText, exactText, type Format } from "./formats.ts";
import { icon } from "./icons.ts";
import type { GridAction, GridColumn, Table } from "./table.ts";

/** What a row can ask for. */
export interface RowEvents {
  act(name: string, place: number): void;
  openMenu(place: number, anchor: HTMLElement): void;
}

const TONES: Readonly<Record<string, string>> = {
  active: "good",
  cancelled: "muted",
  completed: "good",
  deployed: "good",
  done: "good",
  error: "bad",
  failed: "bad",
  ok: "good",
  paused: "warn",
  pending: "muted",
  running: "good",
  starting: "accent",
  warning: "warn",
};

/** Icon and color of a state of a node. */
const MARKS: Readonly<Record<string, readonly [string, string]>> = {
  cached: ["drum", "muted"],
  cancelled: ["stop", "muted"],
  completed: ["check", "good"],
  failed: ["alert", "bad"],
  pending: ["dots", "muted"],
  running: ["spinner", "accent"],
  skipped: ["skip", "muted"],
  waiting: ["clock", "warn"],
};

export function cell(
  table: Table,
  index: number,
  place: number,
  now: number,
  events: RowEvents,
): HTMLTableCellElement {
  const column = table.sent.columns[index] as GridColumn;
  const value = table.cell(index, place);
  const text = cellText(value, column.format, now);
  const td = h("td", {
    role: "gridcell",
    class: `kg-is-${column.format}${column.right ? " kg-right" : ""}${value === null ? " kg-none" : ""}`,
  });
  const shown = content(column, value, text, table.refusal(column.name, place), () =>
    events.act(column.name, place),
  );
  const mark = table.mark(index, place);
  if (mark) shown.prepend(markOf(mark));
  td.append(shown);
  const second = table.sent.second[index] ? table.second(index, place) : undefined;
  if (second !== undefined)
    td.append(h("div", { class: "kg-second", title: String(second ?? "") }, String(second ?? "")));
  return td;
}

function content(
  column: GridColumn,
  value: Cell,
  text: string,
  refusal: string | null,
  act: () => void,
): HTMLElement {
  const exact = exactText(value, column.format, text);
  if (column.format === "switch" && typeof value === "boolean") {
    return toggle(column, value, refusal, act);
  }
  if (column.format === "id" && value !== null) return id(String(value), text);
  if (column.format === "status" && value !== null) {
    const word = String(value).toLowerCase();
    const tone = column.tones[word] ?? TONES[word] ?? "muted";
    return h("div", { class: `kg-value kg-tone-${tone}` }, h("span", { class: "kg-dot" }), text);
  }
  if (column.format === "date" && typeof value === "number")
    return h("time", { class: "kg-value", title: exact, "data-time": value }, text);
  // A text that is cut off by the column's width is whole in the tooltip.
  const title = exact || (isText(column.format) ? text : "");
  return h("div", { class: "kg-value", title: value === null ? null : title || null }, text);
}

/** The icon of a state, with its word for a screen reader and as a tooltip. */
function markOf(word: string): HTMLElement {
  const [name, tone] = MARKS[word] ?? ["dash", "muted"];
  return h(
    "span",
    { class: `kg-mark kg-tone-${tone}${name === "spinner" ? " kg-spin" : ""}`, title: word },
    icon(name) as SVGElement,
    h("span", { class: "kg-unseen" }, `${word}: `),
  );
}

const isText = (format: Format) => format === "text" || format === "title" || format === "code";

function toggle(
  column: GridColumn,
  value: boolean,
  refusal: string | null,
  act: () => void,
): HTMLElement {
  const button = h(
    "button",
    {
      type: "button",
      role: "switch",
      tabindex: -1,
      class: "kg-switch",
      "aria-checked": String(value),
      // Not `disabled`: the keyboard reaches it, and the tooltip with the reason is shown.
      "aria-disabled": refusal ? "true" : null,
      title: refusal,
      "aria-label": column.label,
      "data-control": column.name,
    },
    h("span", { class: "kg-track" }),
    value ? "On" : "Off",
  );
  if (refusal === null) button.addEventListener("click", act);
  return button;
}

function id(value: string, text: string): HTMLElement {
  const copy = copyButton(() => value, `Copy ${value}`, "copy");
  return h("div", { class: "kg-value", title: value }, h("span", {}, text), copy);
}

/** The actions at the end of a row: icons on hover and focus, and "more" with all of them. */
export function actionCell(table: Table, place: number, events: RowEvents): HTMLTableCellElement {
  const td = h("td", { role: "gridcell", class: "kg-actions" });
  const box = h("div", { class: "kg-action-box" });
  for (const action of table.sent.actions.filter(({ visible }) => visible))
    box.append(actionButton(action, table.refusal(action.name, place), place, events, true));
  for (const action of table.sent.actions
    .filter(({ icon, visible }) => icon && !visible)
    .slice(0, 3))
    box.append(actionButton(action, table.refusal(action.name, place), place, events, false));
  const more = h(
    "button",
    {
      type: "button",
      tabindex: -1,
      class: "kg-icon",
      title: "More actions",
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "data-control": "more",
    },
    icon("more") as SVGElement,
  );
  more.addEventListener("click", () => events.openMenu(place, more));
  box.append(more);
  td.append(box);
  return td;
}

function actionButton(
  action: GridAction,
  refusal: string | null,
  place: number,
  events: RowEvents,
  hasText: boolean,
): HTMLButtonElement {
  const button = h(
    "button",
    {
      type: "button",
      tabindex: -1,
      class: `${hasText ? "kg-button" : "kg-icon kg-quick"}${action.danger ? " kg-danger" : ""}`,
      title: refusal ?? action.label,
      "aria-label": hasText ? null : action.label,
      "aria-disabled": refusal ? "true" : null,
      "data-control": action.name,
    },
    hasText ? action.label : (icon(action.icon) as SVGElement),
  );
  button.addEventListener("click", () => {
    if (refusal === null) events.act(action.name, place);
  });
  return button;
}
