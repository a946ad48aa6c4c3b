/**
 * The field area: all fields of a form, the summary of its errors, its status, and their events.
 *
 * Each event has one listener for the whole area, so that 600 fields cost no more than one.
 */

import { build } from "./build_field.ts";
import { button, h, setAttribute } from "./dom.ts";
import { isOurs, isWithin, join, upwards } from "./field_keys.ts";
import { type FieldView, FormContext, type WidgetManager } from "./form_context.ts";
import type { FormChange, FormReplica } from "./form_replica.ts";
import { leafFieldOf } from "./leaf_field.ts";
import { grouped } from "./object_field.ts";
import type { FieldNode, Focus } from "./protocol.gen.ts";

/** Types of input in which one event completes the edit. */
const DONE: ReadonlySet<string> = new Set(["checkbox", "radio", "select-one", "range", "color"]);
const STANDING = {
  fine: "",
  waiting: "The kernel is busy; your edits are sent when it is free.",
  gone: "The kernel is gone: your edits are not sent. Run the cell again.",
} as const;

export class FieldArea {
  readonly el: HTMLFormElement;
  private form: FormContext;
  private readonly fields = h("div", { class: "kf-body" });
  private readonly summary = h("div", { class: "kf-summary", role: "group", tabindex: "-1" });
  private readonly status = h("p", { class: "kf-status", role: "status" });
  private readonly announcement = h("p", { class: "kf-announcement", role: "status" });
  private views: FieldView[] = [];
  private unsubscribe = () => {};
  /** Whether something was typed since the form got the focus, or since Enter submitted it. */
  private isTyping = false;
  /** Whether a submit waits for earlier edits of other controls. */
  private isSubmitting = false;

  constructor(
    private readonly replica: FormReplica,
    private readonly prefix: string,
    private readonly manager: WidgetManager | null,
    /** Calls back when the kernel has seen the edits of the page's other controls, ipywidgets for example. */
    private readonly afterOtherEdits: (then: () => void) => void,
    private readonly signal: AbortSignal,
  ) {
    this.form = new FormContext(replica, prefix, manager, build);
    this.el = h("form", { class: "kaizen-form kz", novalidate: true, autocomplete: "off" });
    this.el.append(this.summary, this.fields, this.status, this.announcement);
    this.listen(signal);
    this.draw();
    this.unsubscribe = replica.subscribe((change) => this.onChange(change));
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
    this.form = new FormContext(this.replica, this.prefix, this.manager, build);
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
      ...grouped(
        this.form,
        nodes.map(({ node }) => node),
        this.views,
      ),
    );
    this.el.toggleAttribute("data-alone", found !== undefined);
    this.refreshSummary();
    this.refreshStanding();
  }

  /** Draws everything again; focus and caret stay where they are. */
  private redraw(): void {
    const old = document.activeElement;
    const held = this.el.contains(old) ? leafFieldOf(old)?.key : undefined;
    const caret = isWritten(old) ? ([old.selectionStart, old.selectionEnd] as const) : null;
    this.draw();
    if (held === undefined) return;
    this.form.viewOf(held)?.focus();
    const now = document.activeElement;
    if (caret && isWritten(now)) now.setSelectionRange(...caret);
  }

  private onChange({ keys, all, focus }: FormChange): void {
    if (all) this.redraw();
    else this.form.refresh(keys);
    this.refreshSummary();
    this.refreshStanding();
    if (focus) this.takeFocus(focus);
  }

  /** Lists all errors after a failed submit, with links to their fields; before, only the form's own. */
  private refreshSummary(): void {
    const { snapshot } = this.replica;
    // The summary of a field that was taken out of its panel is in the panel.
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
    const text = STANDING[this.replica.status] || (state.isValidating ? "Checking…" : "");
    if (this.status.textContent !== text) this.status.textContent = text;
    this.status.hidden = !text;
    this.status.dataset.status = this.replica.status;
    setAttribute(this.el, "aria-busy", state.isSubmitting ? "true" : null);
  }

  private takeFocus({ key, to }: Focus): void {
    if (to ? to !== this.replica.client : !this.el.isConnected || !document.hasFocus()) return;
    // The focus does not leave a field in which the user is typing.
    if (this.isTyping && this.el.contains(document.activeElement)) return;
    const wanted = key ?? this.form.keysWithErrors()[0];
    const at = wanted === undefined ? null : this.shownAt(wanted);
    if (at !== null && this.form.viewOf(at)?.focus()) {
      const count = this.form.keysWithErrors().length;
      this.announcement.textContent =
        count === 1 ? "1 field needs attention" : `${count} fields need attention`;
    } else if (!this.summary.hidden) this.summary.focus();
  }

  /** The key of the view that shows a key: the key itself, or the nearest above it that is on the page. */
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
      leafFieldOf(target)?.changed(isDone(target) && !isSliding(target));
    });
    on("change", ({ target }) => {
      const leaf = leafFieldOf(target);
      if (target instanceof HTMLInputElement && target.type === "file") {
        const file = target.files?.[0];
        if (file) leaf?.attach(file);
      } else if (isSliding(target)) leaf?.changed(true);
    });
    on("focusin", ({ target, relatedTarget }) => {
      leafFieldOf(target)?.focused();
      // Jupyter drops messages above a rate, so a view that was not focused may have missed the last patch.
      if (relatedTarget instanceof Node && el.contains(relatedTarget)) return;
      this.isTyping = false;
      this.replica.hello();
    });
    on("focusout", ({ target, relatedTarget }) => {
      const leaf = leafFieldOf(target);
      // A control that is drawn again loses the focus too, but was not left.
      if (leaf && el.contains(leaf.el) && leafFieldOf(relatedTarget) !== leaf) leaf.blurred();
    });
    on("click", ({ target }) => {
      const step = target instanceof Element ? target.closest<HTMLElement>("[data-step]") : null;
      if (step) leafFieldOf(step)?.step(Number(step.dataset.step));
    });
    on("keydown", (event) => this.onKey(event));
    // When the page is closed, send what was typed in the last moment.
    window.addEventListener("pagehide", () => this.replica.flush(), { signal });
  }

  private submit(): void {
    this.isTyping = false;
    if (this.isSubmitting) return;
    this.isSubmitting = true;
    this.afterOtherEdits(() => {
      this.isSubmitting = false;
      if (!this.signal.aborted) this.replica.request({ kind: "submit" });
    });
  }

  private isInDialog(target: EventTarget | null): boolean {
    return target instanceof Element && target.closest(".kaizen-dialog") !== null;
  }

  private onKey(event: KeyboardEvent): void {
    if (event.isComposing || !isOurs(event)) return;
    const { target, key } = event;
    const leaf = leafFieldOf(target);
    const isReverted = key === "Escape" && (leaf?.revert() ?? false);
    // Where there is nothing to revert, Escape closes the dialog around the form.
    if (key === "Escape" && !isReverted && this.isInDialog(target)) return;
    event.stopPropagation();
    const chord = event.ctrlKey || event.metaKey;
    if (key === "Enter" && (chord || submits(target, leaf?.takesEnter ?? true))) {
      event.preventDefault();
      this.submit();
    } else if (key === "Escape") {
      if (isReverted) event.preventDefault();
    } else if ((key === "ArrowUp" || key === "ArrowDown") && !chord) {
      const times = (key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1);
      if (leaf?.step(times)) event.preventDefault();
    }
  }
}

/** Whether a control has a caret that can be set; that of a date cannot. */
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

/** Whether a control fires `input` while it is dragged, and `change` at the end. */
function isSliding(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && ["range", "color"].includes(target.type);
}

/** Whether Enter in a control submits the form. */
function submits(target: EventTarget | null, takesEnter: boolean): boolean {
  return (
    target instanceof HTMLInputElement &&
    !takesEnter &&
    !["file", "button", "color"].includes(target.type)
  );
}

/** Returns the node of a key that is not below rows or branches. */
function nodeAt(form: FormContext, root: FieldNode, key: string): FieldNode | null {
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
