// @vitest-environment jsdom
/** Tables with elements: rows, keys, actions, and what stays when rows are replaced. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { GridView } from "../src/grid/grid_view.ts";
import { type Content, ResultView } from "../src/grid/result_view.ts";
import { Table } from "../src/grid/table.ts";
import { action, column, GridModel, type Row, sentTable } from "./grid.ts";

const NOW = 1_767_225_600;
let now = NOW;
const ROWS: Row[] = [
  { id: "a", name: "Billing", calls: 12 },
  { id: "b", name: "Technical", calls: 3 },
  { id: "c", name: "Summary", calls: 7 },
];
let timers: { at: number; call: () => void }[] = [];
const clock = {
  now: () => 0,
  later: (at: number, call: () => void) => {
    const timer = { at, call };
    timers.push(timer);
    return () => {
      timers = timers.filter((each) => each !== timer);
    };
  },
};

beforeEach(() => {
  timers = [];
});
afterEach(() => document.body.replaceChildren());

function open(rows = ROWS, rest: Parameters<typeof sentTable>[1] = {}) {
  const model = new GridModel();
  const view = new GridView(model as never, clock, () => now);
  document.body.append(view.el);
  view.setTable(new Table(sentTable(rows, rest)));
  const names = () =>
    [...view.el.querySelectorAll("tbody tr")].map((tr) => tr.querySelector("td")?.textContent);
  const row = (name: string) => {
    const found = [...view.el.querySelectorAll<HTMLElement>("tbody tr")].find((tr) =>
      tr.textContent?.includes(name),
    );
    if (!found) throw new Error(`there is no row ${name}`);
    return found;
  };
  const find = (selector: string) => {
    const found = view.el.querySelector<HTMLElement>(selector);
    if (!found) throw new Error(`nothing fits ${selector}`);
    return found;
  };
  return { model, view, names, row, find };
}

const press = (key: string, held: KeyboardEventInit = {}) => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...held });
  document.activeElement?.dispatchEvent(event);
  return event;
};

function type(view: GridView, text: string): void {
  const input = view.el.querySelector("input") as HTMLInputElement;
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

test("a switch that is refused is disabled, says why, and sends nothing", () => {
  const switches = {
    columns: [column("name", { format: "title" }), column("on", { format: "switch" })],
    cells: [
      ["Billing", "Technical", "Summary"],
      [true, false, true],
    ],
    refusals: { on: { "0": "Needs agents:update." } },
  };
  const { model, row } = open(ROWS, switches);
  const control = (name: string) => row(name).querySelector('[role="switch"]') as HTMLElement;
  expect(control("Billing").getAttribute("aria-disabled")).toBe("true");
  expect(control("Billing").title).toBe("Needs agents:update.");
  control("Billing").click();
  expect(model.sent).toEqual([]);
  expect(control("Technical").getAttribute("aria-disabled")).toBeNull();
  control("Technical").click();
  expect(model.sent).toEqual([{ kind: "action", name: "on", key: "b" }]);
});

test("search shows fitting rows immediately, and tells the kernel once the typing paused", () => {
  const { model, view, names, find } = open();
  type(view, "t");
  type(view, "tec");
  expect(names()).toEqual(["Technical"]);
  expect(model.saved).toEqual([]);
  for (const { at, call } of [...timers]) if (at === 200) call();
  expect(model.get("search")).toBe("tec");
  type(view, "nothing like it");
  expect(find(".kg-nothing").textContent).toContain("No row matches.");
  find(".kg-nothing button").click();
  expect(names()).toHaveLength(3);
});

test("a heading sorts up, down and not at all; numbers begin with the largest", () => {
  const { model, names, find } = open();
  const heading = (index: number) => find(`th:nth-child(${index}) button`);
  heading(1).click();
  expect(names()).toEqual(["Billing", "Summary", "Technical"]);
  heading(2).click();
  expect(model.get("sort")).toBe("-calls");
  expect(find("th:nth-child(2)").getAttribute("aria-sort")).toBe("descending");
  heading(2).click();
  heading(2).click();
  expect(model.get("sort")).toBe("");
  expect(names()).toEqual(["Billing", "Technical", "Summary"]);
});

test("one row is in the tab order, and arrows, Space and Enter work on rows", () => {
  const { model, view, row } = open();
  expect([...view.el.querySelectorAll('tbody [tabindex="0"]')]).toEqual([row("Billing")]);
  row("Billing").focus();
  press("ArrowDown");
  expect(document.activeElement).toBe(row("Technical"));
  press(" ");
  expect(model.get("selected")).toEqual(["b"]);
  press(" ");
  expect(model.get("selected")).toEqual([]);
  press("End");
  press("Enter");
  expect(model.get("selected")).toEqual(["c"]);
  expect(model.sent).toEqual([{ kind: "open", key: "c" }]);
});

test("keys pressed in the table do not reach the notebook, except those that are its own", () => {
  const { row } = open();
  const heard: string[] = [];
  const listen = ({ key }: KeyboardEvent) => heard.push(key);
  document.body.addEventListener("keydown", listen);
  row("Billing").focus();
  press("d");
  press("ArrowDown");
  press("s", { ctrlKey: true });
  press("Enter", { shiftKey: true });
  document.body.removeEventListener("keydown", listen);
  expect(heard).toEqual(["s", "Enter"]);
});

test("many rows are selected with Shift and Ctrl", () => {
  const { model, row } = open(ROWS, { selection: "many" });
  const click = (name: string, held: MouseEventInit = {}) =>
    row(name).dispatchEvent(new MouseEvent("click", { bubbles: true, ...held }));
  click("Billing");
  click("Summary", { shiftKey: true });
  expect(model.get("selected")).toEqual(["a", "b", "c"]);
  click("Technical", { ctrlKey: true });
  expect(model.get("selected")).toEqual(["a", "c"]);
});

test("actions are reached by arrows, and one that is refused says why and does nothing", () => {
  const { model, row, view } = open(ROWS, {
    actions: [action("edit"), action("delete", { icon: "" })],
    refusals: { delete: { 0: "It is active." } },
  });
  row("Billing").focus();
  for (let times = 0; times < 3; times += 1) press("ArrowRight");
  expect(document.activeElement?.getAttribute("aria-label")).toBe("More actions");
  (document.activeElement as HTMLElement).click();
  const items = [...view.el.querySelectorAll<HTMLElement>("[role=menuitem]")];
  expect(document.activeElement).toBe(items[0]);
  items[1]?.click();
  expect(items[1]?.textContent).toContain("It is active.");
  expect(model.sent).toEqual([]);
  press("Escape");
  expect(document.activeElement?.getAttribute("aria-label")).toBe("More actions");
  press("ArrowLeft");
  (document.activeElement as HTMLElement).click();
  expect(model.sent).toEqual([{ kind: "action", name: "edit", key: "a" }]);
});

test("new rows keep the element, the focus and the selection of those that stay", () => {
  const { model, view, row } = open(ROWS, { actions: [action("edit")] });
  model.set("selected", ["b"]);
  const before = row("Technical");
  before.querySelector<HTMLElement>('[data-control="edit"]')?.focus();
  const changed = ROWS.map((each) => (each.id === "b" ? { ...each, calls: 99 } : each));
  view.setTable(new Table(sentTable(changed.reverse(), { actions: [action("edit")] })));
  expect(row("Technical")).toBe(before);
  expect(before.textContent).toContain("99");
  expect(before.getAttribute("aria-selected")).toBe("true");
  expect((document.activeElement as HTMLElement).dataset.control).toBe("edit");
});

test("further rows are shown first, then asked for, and the button waits for them", () => {
  const rows = Array.from({ length: 7 }, (_, n) => ({ id: n, name: `Row ${n}`, calls: n }));
  const { model, view, names, find } = open(rows);
  model.traits.page_size = 5;
  const other = new GridView(model as never, clock, () => now);
  document.body.replaceChildren(other.el);
  model.traits.total = 9;
  other.setTable(new Table(sentTable(rows)));
  const more = other.el.querySelector<HTMLElement>(".kg-foot button") as HTMLElement;
  expect(other.el.querySelectorAll("tbody tr")).toHaveLength(5);
  expect(more.textContent).toBe("2 more");
  more.click();
  expect(other.el.querySelectorAll("tbody tr")).toHaveLength(7);
  more.click();
  more.click();
  expect(model.sent).toEqual([{ kind: "more" }]);
  expect(more.textContent).toBe("Loading…");
  expect(names()).toHaveLength(7);
  expect(find(".kg-foot").hidden).toBe(true);
  view.close();
});

test("a hidden column is chosen in the menu of columns", () => {
  const columns = ["name", "calls", "id", "x", "y"].map((name) => column(name));
  const cells = columns.map(() => ["1"]);
  const { model, find, view } = open([{ id: "a" }], { columns, cells });
  find('[aria-haspopup="menu"]').click();
  const items = [...view.el.querySelectorAll<HTMLElement>("[role=menuitemcheckbox]")];
  items[1]?.click();
  expect(model.get("hidden_columns")).toEqual(["calls"]);
  expect(view.el.querySelectorAll("th")).toHaveLength(4);
  expect(items[1]?.getAttribute("aria-checked")).toBe("false");
});

test("texts are text and no markup", () => {
  const evil = "<img src=x onerror=alert(1)>";
  const { view } = open([{ id: evil, name: evil, calls: 1 }], { title: evil });
  expect(view.el.querySelector("img")).toBeNull();
});

test("times are drawn again while the table is open", () => {
  const { find } = open([{ id: "a", at: NOW - 30 }], {
    columns: [column("at", { format: "date" })],
    cells: [[NOW - 30]],
  });
  expect(find("time").textContent).toBe("just now");
  now += 600;
  for (const { at, call } of [...timers]) if (at === 30_000) call();
  expect(find("time").textContent).toBe("10 min ago");
  now = NOW;
});

test("a table goes on without its kernel", () => {
  const { model, view, names, row } = open();
  model.alive = false;
  type(view, "bill");
  row("Billing").click();
  expect(names()).toEqual(["Billing"]);
});

// ------------------------------------------------------------------ results

function result(...contents: Partial<Content>[]) {
  const view = new ResultView(clock);
  document.body.append(view.el);
  view.setContents(
    contents.map((each) => ({ label: "", fact: "", text: "", ...each })) as Content[],
  );
  return view;
}

test("a tree folds, opens in parts and escapes", () => {
  const view = result({ kind: "json", value: { list: Array.from({ length: 250 }, () => "<b>") } });
  const list = view.el.querySelectorAll("details")[1] as HTMLDetailsElement;
  expect(list.open).toBe(false);
  list.open = true;
  list.dispatchEvent(new Event("toggle"));
  expect(list.querySelectorAll(".kr-leaf")).toHaveLength(100);
  list.querySelector<HTMLElement>(".kg-button")?.click();
  expect(list.querySelectorAll(".kr-leaf")).toHaveLength(200);
  expect(view.el.querySelector("b")).toBeNull();
});

test("other ways to show a value are tabs, and the chosen one stays for the next value", () => {
  const contents: Partial<Content>[] = [
    { kind: "html", label: "Formatted", html: "<p>x</p>" },
    { kind: "text", label: "Source", text: "# x" },
  ];
  const view = result(...contents);
  expect(view.el.querySelector("p")?.textContent).toBe("x");
  view.el.querySelectorAll<HTMLElement>(".kr-tab")[1]?.click();
  expect(view.el.querySelector(".kr-text")?.textContent).toBe("# x");
  view.setContents(contents as Content[]);
  expect(view.el.querySelector(".kr-text")?.textContent).toBe("# x");
});

test("links of a result open elsewhere", () => {
  const view = result({ kind: "html", html: '<a href="https://example.org">x</a>' });
  const link = view.el.querySelector("a") as HTMLAnchorElement;
  expect([link.target, link.rel]).toEqual(["_blank", "noopener noreferrer"]);
});
