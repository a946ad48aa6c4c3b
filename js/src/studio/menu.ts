/**
 * A box under a button of the header: a menu or a small form. Escape, a press elsewhere and leaving it with Tab close
 * it; the focus goes back to the button. Arrow keys move between its items.
 */
import { h } from "./dom.ts";
import { type IconName, icon } from "./icons.ts";

const ITEMS = 'input:not([type="file"], :disabled), textarea, button:not(:disabled)';

export interface MenuOptions {
  readonly label: string;
  readonly role: "menu" | "dialog";
  readonly align: "left" | "right";
  /** The button that opens it. */
  readonly button: HTMLElement;
  /** Fills the box each time it is opened. */
  readonly fill: (box: HTMLElement) => void;
}

export class Menu {
  readonly box: HTMLElement;

  constructor(private readonly options: MenuOptions) {
    const { label, role, align, button } = options;
    this.box = h("div", { class: "ks-menu", role, "aria-label": label, hidden: true });
    this.box.dataset.align = align;
    button.setAttribute("aria-haspopup", role);
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => this.toggle());
    this.box.addEventListener("keydown", (event) => this.takeKey(event));
    this.box.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.contains(relatedTarget)) this.close(false);
    });
  }

  get isOpen(): boolean {
    return !this.box.hidden;
  }

  toggle(): void {
    if (this.isOpen) this.close();
    else this.open();
  }

  open(): void {
    this.box.replaceChildren();
    this.options.fill(this.box);
    this.box.hidden = false;
    this.options.button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", this.onPress, true);
    this.items()[0]?.focus({ preventScroll: true });
  }

  /** Adds an item, which closes the menu and then calls `choose`. */
  addItem(label: string, choose: () => void, image?: IconName): void {
    const onclick = () => {
      this.close();
      choose();
    };
    this.box.append(
      h(
        "button",
        { type: "button", class: "ks-item", role: "menuitem", onclick },
        ...(image ? [icon(image)] : []),
        h("span", {}, label),
      ),
    );
  }

  /** Fills it again, and keeps the focus where it was. */
  refresh(refill: () => void): void {
    if (this.isOpen) refill();
  }

  close(takeFocus = true): void {
    if (!this.isOpen) return;
    const had = this.box.contains(document.activeElement);
    this.box.hidden = true;
    this.options.button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", this.onPress, true);
    if (takeFocus && had) this.options.button.focus({ preventScroll: true });
  }

  private contains(target: Node): boolean {
    return this.box.contains(target) || this.options.button.contains(target);
  }

  private readonly onPress = ({ target }: Event): void => {
    if (target instanceof Node && !this.contains(target)) this.close(false);
  };

  private items(): HTMLElement[] {
    return [...this.box.querySelectorAll<HTMLElement>(ITEMS)].filter(
      (item) => item.closest("[hidden]") === null,
    );
  }

  private takeKey(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.close();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || event.target instanceof HTMLTextAreaElement) return;
    const items = this.items();
    const place = items.indexOf(document.activeElement as HTMLElement);
    event.preventDefault();
    event.stopPropagation();
    items.at((place + step) % items.length)?.focus();
  }
}
