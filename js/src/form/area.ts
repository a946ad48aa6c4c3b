/**
 * The field area: every field of a form, its error summary and its standing, and the events of them all.
 *
 * One listener an event for the whole area: 600 fields cost no more than one.
 */
import { button, h, setAttribute } from "./dom.ts";
import { build } from "./field.ts";
import { inGroups } from "./fieldset.ts";
import { type FieldView, Form, type WidgetManager } from "./form.ts";
import { isOurs, isWithin, join, upwards } from "./keys.ts";
import { leafOf } from "./leaf.ts";
import type { FieldNode, Focus } from "./protocol.gen.ts";
import type { News, Replica } from "./replica.ts";

/** What is done at once with, because nobody goes on typing in it. */
const DONE: ReadonlySet<string> = new Set(["checkbox", "radio", "select-one", "range", "color"]);
const STANDING = {
  fine: "",
  waiting: "The kernel is busy; what you typed waits for it.",
  gone: "The kernel is gone: what you type now stays in this page. Run the cell again.",
} as const;

export class Area {
  readonly el: HTMLFormElement;
  private form: Form;
  private readonly fields = h("div", { class: "kf-body" });
  private readonly summary = h("div", { class: "kf-summary", role: "group", tabindex: "-1" });
  private readonly standing = h("p", { class: "kf-standing", role: "status" });
  private readonly spoken = h("p", { class: "kf-spoken", role: "status" });
  private views: FieldView[] = [];
  private unsubscribe = () => {};
  /** Whether something was typed since the focus came into the form, or since Enter submitted it. */
  private isTyping = false;
  /** Whether a submit waits for what was said before it. */
  private isSubmitting = false;

  constructor(
    private readonly replica: Replica,
    private readonly prefix: string,
    private readonly manager: WidgetManager | null,
    /** Calls back once the kernel has heard what the page's other controls said: a user's own, say. */
    private readonly afterOthers: (then: () => void) => void,
    private readonly signal: AbortSignal,
  ) {
    this.form = new Form(replica, prefix, manager, build);
    this.el = h("form", { class: "kaizen-form", novalidate: true, autocomplete: "off" });
    this.el.append(this.summary, this.fields, this.standing, this.spoken);
    this.listen(signal);
    this.draw();
    this.unsubscribe = replica.subscribe((news) => this.hear(news));
    signal.addEventListener("abort", () => {
      this.unsubscribe();
      for (const view of this.views) view.end();
      this.el.remove();
    });
  }

  // ------------------------------------------------------------------ drawing

  private draw(): void {
    const { snapshot } = this.replica;
    for (const view of this.views) view.end();
    this.form = new Form(this.replica, this.prefix, this.manager, build);
    const found = snapshot.only?.map((key) => ({
      key,
      node: nodeAt(this.form, snapshot.root, key),
    }));
    const root = this.form.resolve(snapshot.root);
    const isPlain = root.kind === "object" && !root.nullable;
    const drawn =
      found ??
      (isPlain
        ? (root.fields ?? []).map((node) => ({ key: join("", node.name ?? ""), node }))
        : [{ key: "", node: root }]);
    const nodes = drawn.flatMap(({ node, key }) => (node ? [{ node, key }] : []));
    this.views = nodes.map(({ node, key }) => build(this.form, node, key));
    this.fields.replaceChildren(
      ...inGroups(
        this.form,
        nodes.map(({ node }) => node),
        this.views,
      ),
    );
    this.el.toggleAttribute("data-alone", found !== undefined);
    this.refreshSummary();
    this.refreshStanding();
  }

  /** Draws all anew under the hands: focus and caret stay where they were. */
  private redraw(): void {
    const old = document.activeElement;
    const held = this.el.contains(old) ? leafOf(old)?.key : undefined;
    const caret = isWritten(old) ? ([old.selectionStart, old.selectionEnd] as const) : null;
    this.draw();
    if (held === undefined) return;
    this.form.viewOf(held)?.focus();
    const now = document.activeElement;
    if (caret && isWritten(now)) now.setSelectionRange(...caret);
  }

  private hear({ keys, all, focus }: News): void {
    if (all) this.redraw();
    else this.form.refresh(keys);
    this.refreshSummary();
    this.refreshStanding();
    if (focus) this.takeFocus(focus);
  }

  /** Says what is wrong after a failed submit, each with a way to its field; before, only what is the form's. */
  private refreshSummary(): void {
    const { snapshot } = this.replica;
    // A field that was taken out of the panel leaves the summary to the panel.
    if (snapshot.only?.length === 1) {
      this.summary.hidden = true;
      return;
    }
    const own = this.form.hasView("") ? [] : this.form.errors("");
    const keys = snapshot.state.submitCount ? this.form.keysWithErrors() : [];
    const strangers = keys.filter((key) => this.shownAt(key) === null);
    const listed = keys.length > 1 ? keys : strangers;
    this.summary.hidden = !own.length && !listed.length;
    const heading = keys.length > 1 ? `${keys.length} fields need attention` : "";
    const lines = listed.map((key) => {
      const at = this.shownAt(key);
      const [name, said] = [this.form.nameOf(key), this.form.errors(key).join(" ")];
      const text = said.toLowerCase().startsWith(name.toLowerCase()) ? said : `${name}: ${said}`;
      return h(
        "li",
        {},
        at === null
          ? text
          : button(text, { class: "kf-link" }, () => this.form.viewOf(at)?.focus()),
      );
    });
    const parts = [
      ...own.map((text) => h("p", { class: "kf-own", role: "alert" }, text)),
      ...(heading ? [h("p", { class: "kf-count" }, heading)] : []),
      ...(lines.length ? [h("ul", {}, ...lines)] : []),
    ];
    const said = parts.map((part) => part.textContent).join("\n");
    if (this.summary.dataset.said !== said) {
      this.summary.dataset.said = said;
      this.summary.replaceChildren(...parts);
      setAttribute(this.summary, "aria-label", heading || "Problems");
    }
  }

  private refreshStanding(): void {
    const { state } = this.replica.snapshot;
    const text = STANDING[this.replica.standing] || (state.isValidating ? "Checking…" : "");
    if (this.standing.textContent !== text) this.standing.textContent = text;
    this.standing.hidden = !text;
    this.standing.dataset.standing = this.replica.standing;
    setAttribute(this.el, "aria-busy", state.isSubmitting ? "true" : null);
  }

  private takeFocus({ key, to }: Focus): void {
    if (to ? to !== this.replica.client : !this.el.isConnected || !document.hasFocus()) return;
    // Whoever types already is not sent elsewhere.
    if (this.isTyping && this.el.contains(document.activeElement)) return;
    const wanted = key ?? this.form.keysWithErrors()[0];
    const at = wanted === undefined ? null : this.shownAt(wanted);
    if (at !== null && this.form.viewOf(at)?.focus()) {
      const count = this.form.keysWithErrors().length;
      this.spoken.textContent =
        count === 1 ? "1 field needs attention" : `${count} fields need attention`;
    } else if (!this.summary.hidden) this.summary.focus();
  }

  /** The key of the view that shows a key: its own, or the nearest above it that is on the page. */
  private shownAt(key: string): string | null {
    for (const above of upwards(key)) {
      if (this.form.isHidden(above)) return null;
      if (this.form.hasView(above)) return above;
    }
    return null;
  }

  // ------------------------------------------------------------------- events

  private listen(signal: AbortSignal): void {
    const { el } = this;
    const on = <K extends keyof HTMLElementEventMap>(
      name: K,
      listener: (event: HTMLElementEventMap[K]) => void,
    ) => el.addEventListener(name, listener, { signal });
    on("submit", (event) => event.preventDefault());
    on("input", ({ target }) => {
      if (target instanceof HTMLInputElement && target.type === "file") return;
      this.isTyping = true;
      leafOf(target)?.changed(isDone(target) && !isSliding(target));
    });
    on("change", ({ target }) => {
      const leaf = leafOf(target);
      if (target instanceof HTMLInputElement && target.type === "file") {
        const file = target.files?.[0];
        if (file) leaf?.attach(file);
      } else if (isSliding(target)) leaf?.changed(true);
    });
    on("focusin", ({ target, relatedTarget }) => {
      leafOf(target)?.focused();
      // Whoever comes back may have missed a last patch: Jupyter drops some (trap 1).
      if (relatedTarget instanceof Node && el.contains(relatedTarget)) return;
      this.isTyping = false;
      this.replica.hello();
    });
    on("focusout", ({ target, relatedTarget }) => {
      const leaf = leafOf(target);
      // What is redrawn loses the focus too, and nobody left it.
      if (leaf && el.contains(leaf.el) && leafOf(relatedTarget) !== leaf) leaf.blurred();
    });
    on("click", ({ target }) => {
      const step = target instanceof Element ? target.closest<HTMLElement>("[data-step]") : null;
      if (step) leafOf(step)?.step(Number(step.dataset.step));
    });
    on("keydown", (event) => this.onKey(event));
    // A page that goes away takes what was typed within the last moment along.
    window.addEventListener("pagehide", () => this.replica.flush(), { signal });
  }

  private submit(): void {
    this.isTyping = false;
    if (this.isSubmitting) return;
    this.isSubmitting = true;
    this.afterOthers(() => {
      this.isSubmitting = false;
      if (!this.signal.aborted) this.replica.ask({ kind: "submit" });
    });
  }

  private onKey(event: KeyboardEvent): void {
    if (event.isComposing || !isOurs(event)) return;
    event.stopPropagation();
    const { target, key } = event;
    const leaf = leafOf(target);
    const chord = event.ctrlKey || event.metaKey;
    if (key === "Enter" && (chord || submits(target, leaf?.takesEnter ?? true))) {
      event.preventDefault();
      this.submit();
    } else if (key === "Escape") {
      if (leaf?.revert()) event.preventDefault();
    } else if ((key === "ArrowUp" || key === "ArrowDown") && !chord) {
      const times = (key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1);
      if (leaf?.step(times)) event.preventDefault();
    }
  }
}

/** Whether a control has a caret: a date, say, has none to put anywhere. */
function isWritten(target: Element | null): target is HTMLInputElement | HTMLTextAreaElement {
  return (
    target instanceof HTMLTextAreaElement ||
    (target instanceof HTMLInputElement && target.selectionStart !== null)
  );
}

function isDone(target: EventTarget | null): boolean {
  return (
    (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) &&
    DONE.has(target.type)
  );
}

/** A slider or color picker that is being dragged says `input` all the time, and `change` at its end. */
function isSliding(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && ["range", "color"].includes(target.type);
}

/** Whether Enter in this control means the whole form. */
function submits(target: EventTarget | null, takesEnter: boolean): boolean {
  return (
    target instanceof HTMLInputElement &&
    !takesEnter &&
    !["file", "button", "color"].includes(target.type)
  );
}

/** The node of a field by its key, as far as that is fixed: under no rows and no branches. */
function nodeAt(form: Form, root: FieldNode, key: string): FieldNode | null {
  let node: FieldNode | undefined = form.resolve(root);
  let at = "";
  while (node && at !== key) {
    node = node.fields?.find((field) => isWithin(key, join(at, field.name ?? "")));
    if (!node) return null;
    at = join(at, node.name ?? "");
    node = form.resolve(node);
  }
  return node ?? null;
}
