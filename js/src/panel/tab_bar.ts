/** A row of tabs; what they show is drawn elsewhere (widgets/tab_bar.py). Arrow keys move between them. */
import type { AnyModel } from "@anywidget/types";
import { afterOtherEdits } from "../pending_edits.ts";

interface Tab {
  name: string;
  label: string;
  detail?: string;
}

export function showTabs(model: AnyModel, el: HTMLElement): () => void {
  const bar = document.createElement("div");
  bar.className = "kz kaizen-tabs";
  bar.setAttribute("role", "tablist");
  el.append(bar);

  const choose = (name: string | null) =>
    afterOtherEdits(
      () => true,
      el,
      () => {
        model.set("selected", name);
        model.save_changes();
      },
    );
  const buttons = () => [...bar.children] as HTMLButtonElement[];

  const draw = () => {
    bar.setAttribute("aria-label", model.get("label"));
    const tabs: Tab[] = model.get("tabs");
    const focused = (document.activeElement as HTMLElement | null)?.dataset?.name;
    const had = bar.contains(document.activeElement);
    bar.replaceChildren(
      ...tabs.map(({ name, label, detail }) => {
        const button = document.createElement("button");
        button.type = "button";
        button.dataset.name = name;
        button.setAttribute("role", "tab");
        button.append(label);
        if (detail) {
          const more = document.createElement("span");
          more.textContent = detail;
          button.append(" ", more);
        }
        return button;
      }),
    );
    mark();
    if (had)
      buttons()
        .find((button) => button.dataset.name === focused)
        ?.focus();
  };
  const mark = () => {
    const selected = model.get("selected");
    const all = buttons();
    const entry = all.some(({ dataset }) => dataset.name === selected) ? selected : null;
    for (const [place, button] of all.entries()) {
      const isSelected = button.dataset.name === selected;
      button.setAttribute("aria-selected", String(isSelected));
      button.tabIndex = isSelected || (entry === null && place === 0) ? 0 : -1;
    }
  };
  const onClick = ({ target }: Event) => {
    const button = target instanceof Element ? target.closest("button") : null;
    const name = button?.dataset.name;
    if (name === undefined) return;
    const isOpen = model.get("selected") === name;
    if (isOpen && !model.get("collapsible")) return;
    choose(isOpen ? null : name);
  };
  const onKey = (event: KeyboardEvent) => {
    const all = buttons();
    const place = all.indexOf(document.activeElement as HTMLButtonElement);
    if (place < 0) return;
    const to = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    all.at(to % all.length)?.focus();
  };
  bar.addEventListener("click", onClick);
  bar.addEventListener("keydown", onKey);
  draw();
  model.on("change:tabs", draw);
  model.on("change:selected", mark);
  return () => {
    model.off("change:tabs", draw);
    model.off("change:selected", mark);
  };
}
