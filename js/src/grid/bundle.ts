/** The bundle of tables and results, shared by all of a page (see `loader.ts`); without React. */
import type { AnyModel } from "@anywidget/types";
import { browserClock } from "../clock.ts";
import { onColorMode, paintPage, themeName } from "../color_mode.ts";
import { addStyles } from "../styles.ts";
import tokens from "../tokens.css?inline";
import css from "./grid.css?inline";
import { GridView, type Model } from "./grid_view.ts";
import resultCss from "./result.css?inline";
import { type Content, ResultView } from "./result_view.ts";
import { readTable, unpack } from "./table.ts";

type End = () => void;
interface View {
  readonly el: HTMLElement;
  close(): void;
}
type ResultModel = AnyModel<{ _result: DataView | null }>;

/** Draws one view of a widget, by its trait `_part`, and returns the function that removes it. */
export function mount({ model, el }: { model: AnyModel; el: HTMLElement }): End {
  for (const sheet of [tokens, css, resultCss]) addStyles(el, sheet);
  paintPage();
  return model.get("_part") === "result"
    ? mountResult(model as unknown as ResultModel, el)
    : mountGrid(model as unknown as Model, el);
}

function mountGrid(model: Model, el: HTMLElement): End {
  const view = new GridView(model, browserClock);
  const end = show(view, el);
  const stop = follow(model, "_table", readTable, (table) => view.setTable(table));
  const draw = () => view.draw();
  const search = () => view.takeSearch();
  const drawn = [
    "selected",
    "sort",
    "hidden_columns",
    "total",
    "has_more",
    "is_loading",
    "page_size",
  ] as const;
  model.on("change:search", search);
  for (const name of drawn) model.on(`change:${name}`, draw);
  return () => {
    stop();
    model.off("change:search", search);
    for (const name of drawn) model.off(`change:${name}`, draw);
    end();
  };
}

function mountResult(model: ResultModel, el: HTMLElement): End {
  const view = new ResultView(browserClock);
  const end = show(view, el);
  const stop = follow(model, "_result", unpack<Content[]>, (contents) =>
    view.setContents(contents ?? []),
  );
  return () => {
    stop();
    end();
  };
}

/** Puts a view into the page in the page's theme; returns the function that removes it. */
function show(view: View, el: HTMLElement): End {
  const paint = () => {
    for (const each of [view.el, ...view.el.querySelectorAll<HTMLElement>(".kz")])
      each.dataset.theme = themeName();
  };
  paint();
  const stopPaint = onColorMode(paint);
  el.append(view.el);
  return () => {
    stopPaint();
    view.close();
    view.el.remove();
  };
}

/** Unpacks a trait now and whenever it changes. A block that takes longer than the next one is left out. */
function follow<Name extends string, T>(
  model: AnyModel<Record<Name, DataView | null>>,
  name: Name,
  read: (packed: DataView | null) => Promise<T>,
  take: (value: T) => void,
): End {
  let newest = 0;
  const onChange = async () => {
    newest += 1;
    const mine = newest;
    const value = await read(model.get(name));
    if (mine === newest) take(value);
  };
  model.on(`change:${name}`, onChange);
  onChange();
  return () => {
    newest = -1;
    model.off(`change:${name}`, onChange);
  };
}

export default { initialize: () => ({ mount }) };
