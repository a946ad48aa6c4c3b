/** The bundle of tables, shared by all `DataGrid`s of a page (see `loader.ts`); without React. */
import { browserClock } from "../clock.ts";
import { onColorMode, paintPage, themeName } from "../color_mode.ts";
import { addStyles } from "../styles.ts";
import tokens from "../tokens.css?inline";
import css from "./grid.css?inline";
import { GridView, type Model } from "./grid_view.ts";
import { readTable } from "./table.ts";

/** Draws one view, and returns the function that removes it. */
export function mount({ model, el }: { model: Model; el: HTMLElement }): () => void {
  for (const sheet of [tokens, css]) addStyles(el, sheet);
  paintPage();
  const view = new GridView(model, browserClock);
  const paint = () => {
    view.el.dataset.theme = themeName();
  };
  paint();
  const stopPaint = onColorMode(paint);
  el.append(view.el);
  let newest = 0;
  const take = async () => {
    newest += 1;
    const mine = newest;
    const table = await readTable(model.get("_table"));
    // A table that was unpacked more slowly than the one after it is old.
    if (mine === newest) view.setTable(table);
  };
  const draw = () => view.draw();
  const search = () => view.takeSearch();
  const drawn = ["selected", "sort", "hidden_columns", "total", "is_loading", "page_size"] as const;
  model.on("change:_table", take);
  model.on("change:search", search);
  for (const name of drawn) model.on(`change:${name}`, draw);
  take();
  return () => {
    newest = -1;
    model.off("change:_table", take);
    model.off("change:search", search);
    for (const name of drawn) model.off(`change:${name}`, draw);
    stopPaint();
    view.close();
    view.el.remove();
  };
}

export default { initialize: () => ({ mount }) };
