/** One view of a value: the ways to show it as tabs, and a button that copies it. */
import type { AnyModel } from "@anywidget/types";
import type { Clock } from "../clock.ts";
import { h } from "../dom.ts";
import type { Json } from "../json.ts";
import { copyButton } from "./copy.ts";
import { type Model as GridModel, GridView, type Traits } from "./grid_view.ts";
import { jsonTree } from "./json_tree.ts";
import { Table } from "./table.ts";

interface Frame {
  readonly place: string;
  readonly line: number;
  readonly name: string;
  readonly package: string;
  readonly lines: readonly (readonly [number, string])[];
}
interface Described {
  readonly type: string;
  readonly message: string;
  readonly frames: readonly Frame[];
  readonly others: readonly Frame[];
  readonly notes: readonly string[];
}
type Kind =
  | { kind: "nothing" | "text" | "code" }
  | { kind: "html"; html: string }
  | { kind: "json"; value: Json }
  | { kind: "image"; src: string }
  | { kind: "table"; table: Table["sent"] }
  | (Described & { kind: "error"; causes: readonly Described[] });
export type Content = Kind & { label: string; fact: string; text: string };

export class ResultView {
  readonly el = h("div", { class: "kz kaizen-result" });
  private readonly tabs = h("div", { class: "kr-tabs", role: "group", "aria-label": "Show as" });
  private readonly fact = h("span", { class: "kr-fact" });
  private readonly head: HTMLElement;
  private readonly body = h("div", { class: "kr-body" });
  private contents: readonly Content[] = [];
  private chosen = "";
  private text = "";
  private grid: GridView | null = null;

  constructor(private readonly clock: Clock) {
    this.head = h(
      "div",
      { class: "kr-head" },
      this.tabs,
      this.fact,
      copyButton(() => this.text, "Copy"),
    );
    this.el.append(this.head, this.body);
    // A key pressed in here is not for the notebook: "d d" would delete the cell.
    this.el.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key !== "Escape")
        event.stopPropagation();
    });
  }

  setContents(contents: readonly Content[]): void {
    this.contents = contents;
    this.draw();
  }

  close(): void {
    this.grid?.close();
    this.grid = null;
  }

  private draw(): void {
    const content = this.contents.find(({ label }) => label === this.chosen) ?? this.contents[0];
    this.close();
    if (!content) return;
    this.text = content.text;
    this.head.hidden = content.kind === "nothing";
    this.fact.textContent = content.fact;
    this.tabs.hidden = this.contents.length < 2;
    this.tabs.replaceChildren(
      ...this.contents.map(({ label }) => {
        const pressed = String(label === content.label);
        const tab = h(
          "button",
          { type: "button", class: "kr-tab", "aria-pressed": pressed },
          label,
        );
        tab.addEventListener("click", () => {
          this.chosen = label;
          this.draw();
          this.tabs.querySelector<HTMLElement>('[aria-pressed="true"]')?.focus();
        });
        return tab;
      }),
    );
    this.body.className = `kr-body kr-is-${content.kind}`;
    this.body.replaceChildren(...this.shown(content));
  }

  private shown(content: Content): (Node | string)[] {
    switch (content.kind) {
      case "html": {
        const box = h("div", { class: "kr-html" });
        // Made safe in Python (widgets/safe_html.py), and only the kernel writes this trait.
        box.innerHTML = content.html;
        for (const link of box.querySelectorAll("a")) {
          link.target = "_blank";
          link.rel = "noopener noreferrer";
        }
        return [box];
      }
      case "json":
        return [jsonTree(content.value)];
      case "image":
        return [h("img", { src: content.src, alt: content.fact })];
      case "table": {
        this.grid = new GridView(localModel(), this.clock);
        this.grid.el.dataset.theme = this.el.dataset.theme;
        this.grid.setTable(new Table(content.table));
        return [this.grid.el];
      }
      case "error":
        return [...described(content), ...content.causes.flatMap((each) => cause(each))];
      default:
        return [h("div", { class: "kr-text" }, content.text)];
    }
  }
}

function cause(error: Described): Node[] {
  return [h("div", { class: "kr-fact" }, "Because of"), ...described(error)];
}

function described(error: Described): Node[] {
  const line = h(
    "div",
    { class: "kr-error" },
    error.message ? `${error.type}: ${error.message}` : error.type,
  );
  const notes = error.notes.map((note) => h("div", { class: "kr-note" }, note));
  const [first, ...rest] = error.frames.map((frame) => code(frame));
  const parts: Node[] = [line, ...notes, ...(first ? [first] : [])];
  if (rest.length > 0) parts.push(folded(`Called from ${frames(rest.length)}`, rest));
  if (error.others.length > 0) {
    const packages = [...new Set(error.others.map((frame) => frame.package))].join(", ");
    const inside = error.others.map((frame) =>
      h("div", { class: "kr-other" }, `${frame.place}, line ${frame.line} ${frame.name}`),
    );
    parts.push(folded(`${frames(error.others.length)} in ${packages}`, inside));
  }
  return parts;
}

const frames = (count: number) => `${count} ${count === 1 ? "frame" : "frames"}`;

function folded(title: string, inside: readonly Node[]): HTMLElement {
  const details = h("details", { class: "kr-folded" }, h("summary", {}, title));
  details.append(...inside);
  return details;
}

function code(frame: Frame): HTMLElement {
  const place = h(
    "div",
    { class: "kr-place" },
    `${frame.place}, line ${frame.line}`,
    frame.name ? h("code", {}, frame.name) : null,
  );
  const lines = h("div", { class: "kr-lines", tabindex: 0, role: "group", "aria-label": "Code" });
  for (const [number, text] of frame.lines)
    lines.append(
      h(
        "div",
        { class: number === frame.line ? "kr-line kr-here" : "kr-line" },
        h("span", { class: "kr-number" }, String(number)),
        h("span", {}, text || " "),
      ),
    );
  return h("div", { class: "kr-frame" }, place, frame.lines.length > 0 ? lines : null);
}

/** The traits of a table that no kernel knows of. */
function localModel(): GridModel {
  const traits: Traits = {
    _table: null,
    selected: [],
    search: "",
    sort: "",
    hidden_columns: [],
    total: null,
    has_more: false,
    is_loading: false,
    page_size: 20,
  };
  const model: Partial<AnyModel<Traits>> = {
    get: (name) => traits[name],
    set: (name, value) => {
      traits[name] = value;
    },
    save_changes: () => {},
    send: () => {},
  };
  return model as GridModel;
}
