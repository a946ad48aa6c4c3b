/** Writes the theme that a user chose to the body of the page. */
import type { AnyModel } from "@anywidget/types";

/** The widgets of one page, newest last; the newest one sets the theme. Shared by all versions of this code. */
const VIEWS = Symbol.for("kaizen-widgets.theme");

export function followTheme(model: AnyModel, el: HTMLElement): () => void {
  const page = globalThis as { [VIEWS]?: AnyModel[] };
  page[VIEWS] ??= [];
  const views = page[VIEWS];
  const apply = () => {
    const theme = views.at(-1)?.get("theme") ?? "system";
    if (theme === "system") delete document.body.dataset.kaizenTheme;
    else document.body.dataset.kaizenTheme = theme;
  };
  el.classList.add("kaizen-unseen");
  views.push(model);
  model.on("change:theme", apply);
  apply();
  return () => {
    views.splice(views.lastIndexOf(model), 1);
    model.off("change:theme", apply);
    apply();
  };
}
