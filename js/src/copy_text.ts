/** Copies text to the clipboard. */
import { h } from "./dom.ts";

/** Copies text; a page served over plain HTTP has no clipboard object. Returns whether it was copied. */
export async function copyText(text: string, from: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h("textarea", { "aria-hidden": "true" });
    area.style.cssText = "position: absolute; width: 1px; height: 1px; clip-path: inset(50%)";
    area.value = text;
    from.after(area);
    area.select();
    const isCopied = document.execCommand?.("copy") ?? false;
    area.remove();
    from.focus();
    return isCopied;
  }
}
