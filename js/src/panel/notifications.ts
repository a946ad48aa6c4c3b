/** Notifications in a live region, which is in the page before it has any content (widgets/notifications.py). */
import type { AnyModel } from "@anywidget/types";

interface Notification {
  id: string;
  type: string;
  title: string;
  message: string;
}
const WORDS: Readonly<Record<string, string>> = {
  success: "Done: ",
  warning: "Warning: ",
  error: "Error: ",
};

export function showNotifications(model: AnyModel, el: HTMLElement): () => void {
  el.classList.add("kaizen-panel", "kz");
  const region = document.createElement("div");
  region.className = "kaizen-notifications";
  region.setAttribute("role", "status");
  region.setAttribute("aria-live", "polite");
  region.setAttribute("aria-relevant", "additions");
  region.setAttribute("aria-label", "Notifications");
  el.append(region);
  const refresh = () => {
    const shown: Notification[] = model.get("_shown");
    const ids = new Set(shown.map(({ id }) => id));
    const items = [...region.children] as HTMLElement[];
    const existing = new Map(items.map((item) => [item.dataset.id, item]));
    for (const [id, item] of existing) if (!ids.has(id ?? "")) item.remove();
    // Existing items stay in place, so that only new ones are announced.
    for (const item of shown) if (!existing.has(item.id)) region.append(draw(model, item));
  };
  refresh();
  model.on("change:_shown", refresh);
  return () => model.off("change:_shown", refresh);
}

function draw(model: AnyModel, { id, type, title, message }: Notification): HTMLElement {
  const item = document.createElement("div");
  item.className = "kaizen-notification";
  item.dataset.type = type;
  item.dataset.id = id;
  const text = document.createElement("p");
  const head = document.createElement("strong");
  head.textContent = (WORDS[type] ?? "") + title;
  text.append(head, message ? ` ${message}` : "");
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "✕";
  close.setAttribute("aria-label", `Dismiss: ${title}`);
  close.addEventListener("click", () => {
    // Move the focus, which would be lost with the button.
    const next = item.nextElementSibling ?? item.previousElementSibling;
    next?.querySelector("button")?.focus();
    model.send({ kind: "dismiss", id });
  });
  item.append(text, close);
  return item;
}
