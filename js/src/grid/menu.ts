/** A menu over the page: of a row, or of the columns. One at a time. */
import { h } from "../dom.ts";
import { icon } from "./icons.ts";

export interface MenuItem {
  readonly label: string;
  readonly icon?: string;
  readonly danger?: boolean;
  /** Whether it is checked; a menu of such items stays open. */
  readonly checked?: boolean;
  /** Why it cannot be chosen. */
  readonly refusal?: string | null;
  readonly choose: () => void;
}

const EDGE = 8;

/** Opens a menu beside `anchor` inside `root`; returns the function that closes it. */
export function openMenu(
  root: HTMLElement,
  anchor: HTMLElement,
  name: string,
  items: readonly MenuItem[],
): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  const menu = h("div", { class: "kg-menu", role: "menu", "aria-label": name });
  const buttons = items.map((item) => menuButton(item, close));
  menu.append(...buttons);
  root.append(menu);
  anchor.setAttribute("aria-expanded", "true");
  place(menu, anchor);
  focus(0);

  function close(keepsFocus = true): void {
    if (signal.aborted) return;
    ending.abort();
    const held = menu.contains((menu.getRootNode() as Document).activeElement);
    menu.remove();
    anchor.setAttribute("aria-expanded", "false");
    if (held && keepsFocus) anchor.focus();
  }

  function focus(index: number): void {
    buttons[(index + buttons.length) % buttons.length]?.focus();
  }

  menu.addEventListener(
    "keydown",
    (event) => {
      const at = buttons.indexOf(event.target as HTMLButtonElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
      if (to !== undefined) focus(to);
      else if (event.key === "Escape" || event.key === "Tab") close();
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
  const outside = (event: Event) => {
    const path = event.composedPath();
    if (!path.includes(menu) && !path.includes(anchor)) close(false);
  };
  document.addEventListener("pointerdown", outside, { signal, capture: true });
  document.addEventListener("scroll", outside, { signal, capture: true, passive: true });
  menu.addEventListener(
    "focusout",
    ({ relatedTarget }) => {
      if (relatedTarget && !menu.contains(relatedTarget as Node)) close(false);
    },
    { signal },
  );
  return close;
}

function menuButton(item: MenuItem, close: () => void): HTMLButtonElement {
  const isCheck = item.checked !== undefined;
  const button = h(
    "button",
    {
      type: "button",
      tabindex: -1,
      role: isCheck ? "menuitemcheckbox" : "menuitem",
      class: item.danger ? "kg-item kg-danger" : "kg-item",
      "aria-checked": isCheck ? String(item.checked) : null,
      "aria-disabled": item.refusal ? "true" : null,
      title: item.refusal ?? null,
    },
    h("span", { class: "kg-item-icon" }),
    h("span", {}, item.label),
    item.refusal ? h("span", { class: "kg-item-reason" }, item.refusal) : null,
  );
  const mark = button.firstElementChild;
  if (isCheck) mark?.append(icon("check"));
  else if (item.icon) mark?.append(icon(item.icon));
  button.addEventListener("click", () => {
    if (item.refusal) return;
    if (isCheck) {
      const checked = button.getAttribute("aria-checked") !== "true";
      button.setAttribute("aria-checked", String(checked));
    } else close();
    item.choose();
  });
  return button;
}

/** Puts a fixed element below its anchor, or above it, inside the page. */
function place(menu: HTMLElement, anchor: HTMLElement): void {
  // An ancestor with `contain` or `transform` makes "fixed" relative to itself: measure where 0, 0 is.
  menu.style.left = "0";
  menu.style.top = "0";
  const at = menu.getBoundingClientRect();
  const { left, right, top, bottom } = anchor.getBoundingClientRect();
  const width = document.documentElement.clientWidth;
  const height = document.documentElement.clientHeight;
  const x = right - at.width < EDGE ? left : right - at.width;
  const fits = bottom + 4 + at.height <= height - EDGE || top < at.height;
  const y = fits ? bottom + 4 : top - at.height - 4;
  menu.style.left = `${Math.max(EDGE, Math.min(x, width - at.width - EDGE)) - at.left}px`;
  menu.style.top = `${y - at.top}px`;
}
