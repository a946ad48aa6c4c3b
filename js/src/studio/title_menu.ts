/** The menu of the pipeline's title: find and open a pipeline, make one, and what can be done with the open one. */
import { h } from "./dom.ts";
import type { Act, HeaderState, PipelineEntry } from "./header_state.ts";
import { type IconName, icon } from "./icons.ts";

const SHOWN = 8;
/** Bytes of a file that may be imported; the kernel checks it too. */
const MAX_FILE = 20_000_000;

export interface TitleMenu {
  /** Draws the list again, when the kernel has read it from the server. */
  list(pipelines: readonly PipelineEntry[] | null): void;
}

export function fillTitleMenu(
  box: HTMLElement,
  state: HeaderState,
  act: Act,
  close: () => void,
  exportFile: () => void,
): TitleMenu {
  let pipelines: readonly PipelineEntry[] | null = null;
  const search = h("input", {
    type: "search",
    class: "ks-search",
    placeholder: "Find or create a pipeline",
    "aria-label": "Find or create a pipeline",
    oninput: () => draw(),
    onkeydown: (event: KeyboardEvent) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      list.querySelector("button")?.click();
    },
  });
  const list = h("div", { class: "ks-list", role: "group", "aria-label": "Pipelines" });
  const done = (then: () => void) => () => {
    close();
    then();
  };
  const item = (name: IconName, label: string, then: () => void, detail = "") =>
    h(
      "button",
      { type: "button", class: "ks-item", onclick: done(then) },
      icon(name),
      h("span", {}, label),
      detail && h("small", {}, detail),
    );

  const draw = () => {
    const text = search.value.trim();
    const wanted = text.toLowerCase();
    const found = (pipelines ?? []).filter(({ name }) => name.toLowerCase().includes(wanted));
    const rows: HTMLElement[] = found
      .slice(0, SHOWN)
      .map(({ id, name, detail }) =>
        item(
          "pipeline",
          name,
          () => id !== state.pipelineId && act({ name: "open", value: id }),
          id === state.pipelineId ? "open now" : detail,
        ),
      );
    const note = (words: string) => rows.push(h("p", { class: "ks-note" }, words));
    if (pipelines === null) note("Reading the list…");
    else if (pipelines.length === 0 && !text) note("No pipelines yet.");
    else if (found.length > SHOWN) note(`${found.length - SHOWN} more: type to find them.`);
    const isTaken = (pipelines ?? []).some(({ name }) => name === text);
    if (text && !isTaken && pipelines !== null)
      rows.push(item("add", `New pipeline “${text}”`, () => act({ name: "new", value: text })));
    list.replaceChildren(...rows);
  };

  const file = h("input", {
    type: "file",
    accept: ".json,application/json",
    hidden: true,
    onchange: async () => {
      const chosen = file.files?.[0];
      if (!chosen) return;
      close();
      if (chosen.size > MAX_FILE) {
        act({ name: "import_failed", value: "The file is larger than 20 MB." });
        return;
      }
      const name = chosen.name.replace(/\.json$/i, "").slice(0, 200) || "Imported";
      act({ name: "import", value: name, inputs: { text: await chosen.text() } });
    },
  });
  const fileButton = h(
    "button",
    { type: "button", class: "ks-item", onclick: () => file.click() },
    icon("upload"),
    h("span", {}, "Import…"),
  );
  box.append(
    h("div", { class: "ks-find" }, icon("search"), search),
    list,
    h("hr"),
    item("add", "New pipeline…", () => act({ name: "ask_new", value: search.value.trim() })),
    item("rename", "Rename…", () => act({ name: "ask_rename" })),
    item("duplicate", "Duplicate", () => act({ name: "duplicate" })),
    ...(state.hasVersions ? [item("versions", "Versions…", () => act({ name: "versions" }))] : []),
    h("hr"),
    fileButton,
    file,
    item("download", "Export", exportFile),
    h("hr"),
    item("archive", "Archive…", () => act({ name: "ask_archive" })),
  );
  draw();
  return {
    list: (known) => {
      pipelines = known;
      draw();
    },
  };
}
