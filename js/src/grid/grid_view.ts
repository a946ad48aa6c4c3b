/** One view of a table: header, rows, footer, keys. Rows keep their elements while their content is the same. */
import type { AnyModel } from "@anywidget/types";
import type { Clock } from "../clock.ts";
import { arrange, h, setAttribute, setText } from "../dom.ts";
import { actionCell, cell, type RowEvents } from "./cells.ts";
import { timeAgo } from "./formats.ts";
import { icon } from "./icons.ts";
import { openMenu } from "./menu.ts";
import { EMPTY, type GridAction, type GridColumn, type Key, Table } from "./table.ts";

export interface Traits {
  _table: DataView | null;
  selected: Key[];
  search: string;
  sort: string;
  hidden_columns: string[];
  total: number | null;
  has_more: boolean;
  is_loading: boolean;
  page_size: number;
}
export type Model = AnyModel<Traits>;

/** Milliseconds after the last key press when the kernel gets the search text. */
const SEARCH_DELAY = 200;
const TIME_REFRESH = 30_000;
/** Rows from which a table without a title has a search field. */
const SEARCHABLE = 9;

export class GridView implements RowEvents {
  readonly el = h("div", { class: "kz kaizen-grid" });
  private table = new Table(EMPTY);
  private readonly head = h("div", { class: "kg-head" });
  private readonly heading = h("h3", { class: "kg-title" });
  private readonly count = h("span", { class: "kg-count" });
  private readonly search = h("input", { type: "search", placeholder: "Search" });
  private readonly searchBox = h(
    "label",
    { class: "kg-search" },
    icon("search") as SVGElement,
    this.search,
  );
  private readonly filters = h("div", { class: "kg-filters" });
  private readonly tools = h("div", { class: "kg-tools" });
  private readonly scroll = h("div", { class: "kg-scroll" });
  private readonly headRow = h("tr", { role: "row" });
  private readonly body = h("tbody", { role: "rowgroup" });
  private readonly grid = h(
    "table",
    { role: "grid" },
    h("thead", { role: "rowgroup" }, this.headRow),
    this.body,
  );
  private readonly nothing = h("div", { class: "kg-nothing" });
  private readonly foot = h("div", { class: "kg-foot" });
  private readonly more = h("button", { type: "button", class: "kg-button kg-outlined" });
  private readonly note = h("span", { class: "kg-note", role: "status" });
  private readonly rows = new Map<Key, { tr: HTMLTableRowElement; content: string }>();
  private readonly chosen = new Map<number, string>();
  private limit: number;
  private places: number[] = [];
  private focused: Key | null = null;
  private anchor: Key | null = null;
  private isAsking = false;
  private isReady = false;
  private closeMenu: (() => void) | null = null;
  private cancelSearch: (() => void) | null = null;
  private cancelTimes: (() => void) | null = null;

  constructor(
    private readonly model: Model,
    private readonly clock: Clock,
    private readonly seconds: () => number = () => Date.now() / 1000,
  ) {
    this.limit = model.get("page_size");
    this.search.value = model.get("search");
    this.search.setAttribute("aria-label", "Search the table");
    this.head.append(this.heading, this.searchBox, this.filters, this.tools);
    this.scroll.append(this.grid, this.nothing);
    this.foot.append(this.more, this.note);
    this.el.append(this.head, this.scroll, this.foot);
    this.search.addEventListener("input", () => this.onSearch());
    this.more.addEventListener("click", () => this.showMore());
    this.body.addEventListener("click", (event) => this.onClick(event));
    this.body.addEventListener("dblclick", (event) => {
      const place = this.rowOf(event);
      if (place !== null && !isControl(event)) this.open(place);
    });
    this.body.addEventListener("focusin", (event) => {
      const place = this.rowOf(event);
      if (place !== null) this.setFocused(this.table.key(place));
    });
    this.el.addEventListener("keydown", (event) => this.onKey(event));
    this.refreshTimes();
  }

  /** Shows another table; selection, search, sort, scroll and focus stay. */
  setTable(table: Table): void {
    const columns = table.sent.columns.map(({ name }) => name).join("\n");
    if (columns !== this.table.sent.columns.map(({ name }) => name).join("\n")) this.chosen.clear();
    this.table = table;
    this.isAsking = false;
    this.isReady = true;
    for (const key of this.rows.keys()) if (!table.places.has(key)) this.rows.delete(key);
    this.draw();
  }

  draw(): void {
    if (!this.isReady) return;
    const { sent } = this.table;
    this.places = this.table.shownPlaces(this.search.value, this.model.get("sort"), this.chosen);
    this.drawHead();
    this.drawColumns();
    this.drawRows();
    this.drawFoot();
    this.el.classList.toggle("kg-dense", sent.dense);
    setAttribute(this.grid, "aria-label", sent.title || "Table");
    setAttribute(this.grid, "aria-multiselectable", sent.selection === "many" ? "true" : null);
    setAttribute(this.grid, "aria-rowcount", String(this.places.length + 1));
  }

  close(): void {
    this.closeMenu?.();
    this.cancelTimes?.();
    if (this.cancelSearch) this.saveSearch();
  }

  // ------------------------------------------------------------------ header

  private drawHead(): void {
    const { sent, size } = this.table;
    const isSearchable =
      sent.search && (sent.title !== "" || size >= SEARCHABLE || this.isSearching);
    this.head.hidden = !isSearchable && sent.title === "" && sent.toolbar.length === 0;
    this.heading.hidden = sent.title === "";
    setText(this.count, this.countText());
    if (this.heading.firstChild?.textContent !== sent.title)
      this.heading.replaceChildren(sent.title, this.count);
    this.searchBox.hidden = !isSearchable;
    const filters = sent.columns.flatMap((column, index) =>
      column.filter ? [{ column, index }] : [],
    );
    this.redraw(
      this.filters,
      JSON.stringify(filters.map((each) => [each, this.table.values(each.index)])),
      () => filters.map(({ column, index }) => this.filter(column, index)),
    );
    const hasColumns = isSearchable && sent.columns.length > 4;
    this.redraw(this.tools, JSON.stringify([sent.toolbar, hasColumns]), () => [
      ...(hasColumns ? [this.columnsButton()] : []),
      ...sent.toolbar.map((action) => this.toolButton(action)),
    ]);
  }

  private countText(): string {
    const { size } = this.table;
    const total = this.model.get("total") ?? size;
    const count = this.isSearching ? this.places.length : size;
    if (total === 0) return "";
    return count < total
      ? `${count.toLocaleString("en")} of ${total.toLocaleString("en")}`
      : total.toLocaleString("en");
  }

  private get isSearching(): boolean {
    return this.search.value.trim() !== "" || this.chosen.size > 0;
  }

  /** Draws children only when what they are made from differs, because a button that is drawn again loses the focus. */
  private redraw(parent: HTMLElement, made: string, children: () => HTMLElement[]): void {
    if (parent.dataset.made === made) return;
    parent.dataset.made = made;
    parent.replaceChildren(...children());
    parent.hidden = parent.childElementCount === 0;
  }

  private filter(column: GridColumn, index: number): HTMLElement {
    const select = h("select", { class: "kg-select", "aria-label": column.label });
    select.append(h("option", { value: "" }, `${column.label}: all`));
    for (const value of this.table.values(index))
      select.append(h("option", { value: `=${value}` }, value));
    const chosen = this.chosen.get(index);
    select.value = chosen === undefined ? "" : `=${chosen}`;
    select.addEventListener("change", () => {
      if (select.value === "") this.chosen.delete(index);
      else this.chosen.set(index, select.value.slice(1));
      this.limit = this.model.get("page_size");
      this.draw();
    });
    return select;
  }

  private columnsButton(): HTMLButtonElement {
    const button = h(
      "button",
      { type: "button", class: "kg-button", "aria-haspopup": "menu", "aria-expanded": "false" },
      icon("columns") as SVGElement,
      h("span", {}, "Columns"),
    );
    button.addEventListener("click", () => {
      const hidden = new Set(this.model.get("hidden_columns"));
      this.menu(
        button,
        "Columns",
        this.table.sent.columns.map(({ name, label }) => ({
          label,
          checked: !hidden.has(name),
          choose: () => {
            if (!hidden.delete(name)) hidden.add(name);
            this.save("hidden_columns", [...hidden]);
            this.draw();
          },
        })),
      );
    });
    return button;
  }

  private toolButton(action: GridAction): HTMLButtonElement {
    const button = h("button", {
      type: "button",
      class: "kg-button kg-outlined",
      title: action.refusal ?? (action.icon ? action.label : null),
      "aria-disabled": action.refusal ? "true" : null,
    });
    if (action.icon) button.append(icon(action.icon));
    button.append(h("span", {}, action.label));
    button.addEventListener("click", () => {
      if (!action.refusal) this.send({ kind: "action", name: action.name });
    });
    return button;
  }

  private drawColumns(): void {
    const sort = this.model.get("sort");
    const shown = this.shownColumns();
    const { columns, actions } = this.table.sent;
    this.redraw(this.headRow, JSON.stringify([columns, shown, sort, actions.length]), () => {
      const heads: HTMLElement[] = shown.map((index) =>
        this.columnHead(columns[index] as GridColumn, sort),
      );
      if (actions.length > 0)
        heads.push(
          h(
            "th",
            { role: "columnheader", scope: "col", class: "kg-actions" },
            h("span", { class: "kg-unseen" }, "Actions"),
          ),
        );
      return heads;
    });
    this.headRow.hidden = false;
  }

  private columnHead(column: GridColumn, sort: string): HTMLElement {
    const isSorted = sort === column.name || sort === `-${column.name}`;
    const direction = sort.startsWith("-") ? "descending" : "ascending";
    const th = h("th", {
      role: "columnheader",
      scope: "col",
      class: column.right ? "kg-right" : null,
      "aria-sort": isSorted ? direction : null,
    });
    if (!column.sortable) {
      th.append(h("span", { class: "kg-heading" }, column.label));
      return th;
    }
    const button = h("button", { type: "button", class: "kg-heading" }, column.label);
    const arrow = h("span", { class: "kg-arrow" }, icon("down") as SVGElement);
    if (column.right) button.prepend(arrow);
    else button.append(arrow);
    button.addEventListener("click", () => {
      const hadFocus = this.active === button;
      this.save("sort", nextSort(column, this.model.get("sort")));
      this.draw();
      const at = this.shownColumns().findIndex(
        (index) => this.table.sent.columns[index]?.name === column.name,
      );
      if (hadFocus) this.headRow.children[at]?.querySelector("button")?.focus();
    });
    th.append(button);
    return th;
  }

  private shownColumns(): number[] {
    const hidden = new Set(this.model.get("hidden_columns"));
    return this.table.sent.columns.flatMap(({ name }, index) => (hidden.has(name) ? [] : [index]));
  }

  // -------------------------------------------------------------------- rows

  private drawRows(): void {
    const isLoading = this.model.get("is_loading") && this.table.size === 0;
    const shown = this.places.slice(0, this.limit);
    const columns = this.shownColumns();
    const selected = new Set(this.model.get("selected"));
    const held = this.heldControl();
    const trs = shown.map((place, index) => {
      const tr = this.row(place, columns);
      setAttribute(tr, "aria-rowindex", String(index + 2));
      const isSelected =
        this.table.sent.selection !== "none" && selected.has(this.table.key(place));
      setAttribute(
        tr,
        "aria-selected",
        this.table.sent.selection === "none" ? null : String(isSelected),
      );
      return tr;
    });
    arrange(this.body, trs);
    this.setTabStop(shown);
    if (held) this.restoreControl(held);
    this.grid.hidden = !isLoading && this.table.size === 0;
    this.body.hidden = isLoading;
    this.drawNothing(isLoading);
  }

  private row(place: number, columns: readonly number[]): HTMLTableRowElement {
    const key = this.table.key(place);
    const { actions, columns: all, second } = this.table.sent;
    const content = JSON.stringify([
      columns.map((index) => [
        all[index],
        this.table.cell(index, place),
        second[index]?.[place],
        this.table.mark(index, place),
      ]),
      actions.map(({ name }) => [name, this.table.refusal(name, place)]),
    ]);
    const known = this.rows.get(key);
    const tr = known?.tr ?? h("tr", { role: "row", tabindex: -1 });
    tr.dataset.place = String(place);
    if (known?.content === content) return tr;
    this.rows.set(key, { tr, content });
    const now = this.seconds();
    const mark = columns.map((index) => this.table.mark(index, place)).find(Boolean);
    setAttribute(tr, "data-mark", mark ?? null);
    // By the key: a row keeps its element when another place is its own.
    const events: RowEvents = {
      act: (name) => this.act(name, this.table.places.get(key) ?? -1),
      openMenu: (_place, anchor) => this.openMenu(this.table.places.get(key) ?? -1, anchor),
    };
    const cells = columns.map((index) => cell(this.table, index, place, now, events));
    if (actions.length > 0) cells.push(actionCell(this.table, place, events));
    tr.replaceChildren(...cells);
    return tr;
  }

  /** One row is in the tab order: the focused one if it is shown, else the first selected, else the first. */
  private setTabStop(shown: readonly number[]): void {
    const selected = new Set(this.model.get("selected"));
    const keys = shown.map((place) => this.table.key(place));
    const stop =
      (this.focused !== null && keys.includes(this.focused) ? this.focused : null) ??
      keys.find((key) => selected.has(key)) ??
      keys[0];
    for (const key of keys)
      setAttribute(this.rows.get(key)?.tr as Element, "tabindex", key === stop ? "0" : "-1");
  }

  private setFocused(key: Key): void {
    if (this.focused === key) return;
    this.focused = key;
    this.setTabStop(this.places.slice(0, this.limit));
  }

  private heldControl(): { key: Key; control: string | undefined } | null {
    const active = this.active;
    const tr = active?.closest("tr");
    if (!active || !tr || !this.body.contains(tr)) return null;
    for (const [key, row] of this.rows)
      if (row.tr === tr) return { key, control: (active as HTMLElement).dataset.control };
    return null;
  }

  private restoreControl({ key, control }: { key: Key; control: string | undefined }): void {
    const tr = this.rows.get(key)?.tr;
    const inside = control ? controls(tr).find((each) => each.dataset.control === control) : null;
    const target = tr?.isConnected ? (inside ?? tr) : this.body.querySelector<HTMLElement>("tr");
    if (target && target !== this.active) target.focus({ preventScroll: true });
  }

  private get active(): Element | null {
    return (this.el.getRootNode() as Document | ShadowRoot).activeElement ?? null;
  }

  private drawNothing(isLoading: boolean): void {
    const isEmpty = this.table.size === 0;
    const text = isEmpty ? this.table.sent.empty : "No row matches.";
    const isShown = !isLoading && (isEmpty || this.places.length === 0);
    const made = isLoading ? "loading" : isShown ? `text ${isEmpty} ${text}` : "";
    this.nothing.className = isLoading ? "kg-nothing kg-loading" : "kg-nothing";
    this.redraw(this.nothing, made, () => {
      if (isLoading) {
        this.nothing.setAttribute("role", "status");
        return Array.from({ length: 4 }, () =>
          h("div", { class: "kg-skeleton" }, h("i"), h("i"), h("i")),
        );
      }
      if (!isShown) return [];
      const sentence = h("p", {}, text);
      if (isEmpty) return [sentence];
      const clear = h(
        "button",
        { type: "button", class: "kg-button kg-outlined" },
        "Show all rows",
      );
      clear.addEventListener("click", () => this.clearSearch());
      return [sentence, clear];
    });
    setAttribute(this.nothing, "aria-label", isLoading ? "Loading" : null);
  }

  private clearSearch(): void {
    this.search.value = "";
    this.chosen.clear();
    delete this.filters.dataset.made;
    this.onSearch();
    this.search.focus();
  }

  // ------------------------------------------------------------------ footer

  private drawFoot(): void {
    const size = this.model.get("page_size");
    const here = this.places.length - this.limit;
    const there = Math.max(0, (this.model.get("total") ?? 0) - this.table.size);
    const isMore = there === 0 && this.model.get("has_more");
    const next = isMore && here <= 0 ? size : Math.min(size, here > 0 ? here : there);
    this.more.hidden = next <= 0;
    setText(this.more, this.isAsking ? "Loading…" : `${next.toLocaleString("en")} more`);
    setAttribute(this.more, "aria-disabled", this.isAsking ? "true" : null);
    const parts = [];
    if (here > 0) parts.push(`${count(here)} not shown yet`);
    if (there > 0) parts.push(`${count(there, "further")} on the server`);
    if (isMore) parts.push("Further rows on the server");
    if (this.isSearching && this.places.length > 0 && here <= 0)
      parts.unshift(`${count(this.places.length)} found${there > 0 ? " here" : ""}`);
    setText(this.note, parts.join(" · "));
    this.foot.hidden = this.more.hidden && parts.length === 0;
  }

  private showMore(): void {
    if (this.isAsking) return;
    const isHere = this.places.length > this.limit;
    this.limit += this.model.get("page_size");
    if (!isHere) {
      this.isAsking = this.send({ kind: "more" });
      // Without an answer the button is usable again.
      this.clock.later(10_000, () => {
        this.isAsking = false;
        this.draw();
      });
    }
    this.draw();
  }

  // ------------------------------------------------------------------ events

  act(name: string, place: number): void {
    if (place >= 0) this.send({ kind: "action", name, key: this.table.key(place) });
  }

  openMenu(place: number, anchor: HTMLElement): void {
    if (place < 0) return;
    const items = this.table.sent.actions.map((action) => ({
      label: action.label,
      icon: action.icon,
      danger: action.danger ?? false,
      refusal: this.table.refusal(action.name, place),
      choose: () => this.act(action.name, place),
    }));
    this.menu(anchor, "Actions", items);
  }

  private menu(anchor: HTMLElement, name: string, items: Parameters<typeof openMenu>[3]): void {
    const isOpen = anchor.getAttribute("aria-expanded") === "true";
    this.closeMenu?.();
    this.closeMenu = isOpen ? null : openMenu(this.el, anchor, name, items);
  }

  private onSearch(): void {
    this.limit = this.model.get("page_size");
    this.draw();
    this.cancelSearch?.();
    this.cancelSearch = this.clock.later(SEARCH_DELAY, () => this.saveSearch());
  }

  private saveSearch(): void {
    this.cancelSearch?.();
    this.cancelSearch = null;
    this.save("search", this.search.value.slice(0, 1_000));
  }

  /** Shows a search text that the kernel set, unless the user is typing. */
  takeSearch(): void {
    if (this.cancelSearch || this.search.value === this.model.get("search")) return;
    this.search.value = this.model.get("search");
    this.draw();
  }

  private onClick(event: MouseEvent): void {
    const place = this.rowOf(event);
    if (place === null || isControl(event)) return;
    if (String(document.getSelection?.() ?? "") !== "" && event.detail < 2 && !event.shiftKey)
      return;
    this.select(place, event.ctrlKey || event.metaKey, event.shiftKey);
    this.rows.get(this.table.key(place))?.tr.focus({ preventScroll: true });
  }

  private select(place: number, toggles: boolean, extends_: boolean): void {
    const { selection } = this.table.sent;
    if (selection === "none") return;
    const key = this.table.key(place);
    const before = this.model.get("selected");
    let after = [key];
    if (selection === "many" && extends_ && this.anchor !== null)
      after = this.range(this.anchor, key);
    else {
      this.anchor = key;
      if (toggles) {
        const rest = selection === "many" ? before.filter((each) => each !== key) : [];
        after = before.includes(key) ? rest : [...rest, key];
      }
    }
    this.save("selected", after);
    this.draw();
  }

  private range(from: Key, to: Key): Key[] {
    const keys = this.places.map((place) => this.table.key(place));
    const ends = [keys.indexOf(from), keys.indexOf(to)].sort((a, b) => a - b);
    return keys.slice(Math.max(0, ends[0] ?? 0), (ends[1] ?? 0) + 1);
  }

  private open(place: number): void {
    this.send({ kind: "open", key: this.table.key(place) });
  }

  private onKey(event: KeyboardEvent): void {
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    const isForPage = altKey || (key === "Enter" && (shiftKey || ctrlKey));
    const place = this.rowOf(event);
    if (!isForPage && place !== null && this.onRowKey(event, place)) event.preventDefault();
    // Other keys would act on the notebook's cell: "d d" deletes it, an arrow leaves it.
    if (!isForPage && !ctrlKey && !metaKey && (key !== "Escape" || place !== null))
      event.stopPropagation();
  }

  private onRowKey(event: KeyboardEvent, place: number): boolean {
    const { key, ctrlKey, metaKey, shiftKey } = event;
    const shown = this.places.slice(0, this.limit);
    const at = shown.indexOf(place);
    const tr = this.rows.get(this.table.key(place))?.tr;
    const inside = controls(tr);
    const control = inside.indexOf(event.target as HTMLElement);
    if (ctrlKey || metaKey) {
      if (key !== "a" || this.table.sent.selection !== "many") return false;
      this.save(
        "selected",
        this.places.map((each) => this.table.key(each)),
      );
      this.draw();
      return true;
    }
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    const step = steps[key];
    if (step !== undefined) return this.focusRow(shown, at + step, shiftKey);
    if (key === "Home") return this.focusRow(shown, 0, shiftKey);
    if (key === "End") return this.focusRow(shown, shown.length - 1, shiftKey);
    if (key === "ArrowRight") {
      inside[Math.min(control + 1, inside.length - 1)]?.focus();
      return inside.length > 0;
    }
    if (key === "ArrowLeft") {
      (inside[control - 1] ?? tr)?.focus();
      return control >= 0;
    }
    if (key === "Escape" && control >= 0) {
      tr?.focus();
      return true;
    }
    if (control >= 0) return false;
    if (key === " ") {
      const isSelected = this.model.get("selected").includes(this.table.key(place));
      this.select(place, isSelected || this.table.sent.selection === "many", shiftKey);
      return true;
    }
    if (key === "Enter") {
      if (!this.model.get("selected").includes(this.table.key(place)))
        this.select(place, false, false);
      this.open(place);
      return true;
    }
    return false;
  }

  private focusRow(shown: readonly number[], index: number, extends_: boolean): boolean {
    const place = shown[Math.max(0, Math.min(index, shown.length - 1))];
    if (place === undefined) return false;
    this.rows.get(this.table.key(place))?.tr.focus();
    if (extends_ && this.table.sent.selection === "many") this.select(place, false, true);
    return true;
  }

  private rowOf(event: Event): number | null {
    const tr = (event.target as Element | null)?.closest?.("tr");
    const place = tr && this.body.contains(tr) ? tr.dataset.place : undefined;
    return place === undefined ? null : Number(place);
  }

  private refreshTimes(): void {
    this.cancelTimes = this.clock.later(TIME_REFRESH, () => {
      const now = this.seconds();
      for (const time of this.body.querySelectorAll<HTMLElement>("time"))
        setText(time, timeAgo(Number(time.dataset.time), now));
      this.refreshTimes();
    });
  }

  private save<K extends keyof Traits>(name: K, value: Traits[K]): void {
    try {
      this.model.set(name, value);
      this.model.save_changes();
    } catch {
      // The kernel has ended; the table can still be searched and sorted.
    }
  }

  private send(message: Record<string, unknown>): boolean {
    try {
      this.model.send(message);
      return true;
    } catch {
      return false;
    }
  }
}

function nextSort(column: GridColumn, sort: string): string {
  const { name, right, format } = column;
  const first = right || format === "date" ? `-${name}` : name;
  const second = first === name ? `-${name}` : name;
  if (sort === first) return second;
  return sort === second ? "" : first;
}

const controls = (tr: HTMLElement | undefined) => [
  ...(tr?.querySelectorAll<HTMLElement>("[data-control]") ?? []),
];

const isControl = (event: Event) =>
  (event.target as Element | null)?.closest?.("[data-control]") !== null;

const count = (rows: number, word = "") =>
  `${rows.toLocaleString("en")} ${word && `${word} `}${rows === 1 ? "row" : "rows"}`;
