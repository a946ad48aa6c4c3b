/** A user's own ipywidget in place of a control, between the field's label and its errors. */
import { h, setAttribute, setText } from "./dom.ts";
import type { FieldView, FormContext, HostedView, Placement } from "./form_context.ts";
import type { FieldNode } from "./protocol.gen.ts";

export class HostedWidget implements FieldView {
  readonly el: HTMLElement;
  private readonly place = h("div", { class: "kf-hosted" });
  private readonly stopWatching: () => void;
  private view: HostedView | null = null;
  private ended = false;

  constructor(form: FormContext, node: FieldNode, key: string, place: Placement, widget: string) {
    const id = form.newId();
    const label = place.label ?? node.label ?? node.name ?? "";
    const note = h("output", { class: "kf-note" });
    const error = h("p", { class: "kf-error", id: `${id}-error` });
    const help = node.help ? h("p", { class: "kf-help", id: `${id}-help` }, node.help) : null;
    this.el = h(
      "div",
      {
        class: "kf-field",
        role: "group",
        "data-kind": "hosted",
        "data-label": label,
        "aria-labelledby": `${id}-label`,
      },
      h(
        "div",
        { class: "kf-head" },
        h("span", { class: "kf-label", id: `${id}-label` }, label),
        note,
      ),
      this.place,
      help,
      error,
    );
    this.stopWatching = form.watch(key, this, () => {
      const errors = form.errors(key);
      setText(note, form.replica.snapshot.notes[key] ?? "");
      setText(error, errors.join("\n"));
      setAttribute(
        this.el,
        "aria-describedby",
        `${help?.id ?? ""} ${errors.length ? error.id : ""}`.trim() || null,
      );
      this.el.toggleAttribute("data-invalid", errors.length > 0);
      this.el.hidden = form.isHidden(key);
    });
    void this.show(form, widget);
  }

  focus(): boolean {
    const first = this.place.querySelector<HTMLElement>(
      "input, select, textarea, button, [tabindex]:not([tabindex='-1'])",
    );
    first?.focus();
    return first !== null;
  }

  end(): void {
    this.ended = true;
    this.stopWatching();
    this.view?.remove();
  }

  private async show(form: FormContext, widget: string): Promise<void> {
    try {
      if (!form.manager) throw new Error("this page shows no widget inside another");
      const model = await form.manager.get_model(widget.replace("IPY_MODEL_", ""));
      const view = await form.manager.create_view(model as never);
      if (this.ended) {
        view.remove();
        return;
      }
      this.view = view;
      const { luminoWidget } = view;
      luminoWidget?.processMessage(new Message("before-attach"));
      this.place.replaceChildren(luminoWidget?.node ?? view.el);
      luminoWidget?.processMessage(new Message("after-attach"));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.place.textContent = `Your widget cannot be shown here: ${why}.`;
    }
  }
}

/** A message of Lumino, reduced to what its widgets read: the library is larger than this form. */
class Message {
  readonly isConflatable = false;
  constructor(readonly type: string) {}
  conflate(): boolean {
    return false;
  }
}
