/**
 * Whether the page is light or dark, and when that changes.
 *
 * The theme that the user chose for the studio is an attribute of `<body>` (widgets/theme.py). Without it JupyterLab
 * and Notebook have an attribute of their own there; elsewhere the operating system decides.
 */
import type { Unsubscribe } from "./store.ts";

export type ColorMode = "light" | "dark";

const QUERY = "(prefers-color-scheme: dark)";

export function colorMode(): ColorMode {
  const chosen = document.body.dataset.kaizenTheme;
  if (chosen === "light" || chosen === "dark") return chosen;
  const light = document.body.dataset.jpThemeLight;
  if (light !== undefined) return light === "false" ? "dark" : "light";
  return globalThis.matchMedia?.(QUERY).matches ? "dark" : "light";
}

export function onColorMode(listener: () => void): Unsubscribe {
  const observer = new MutationObserver(listener);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ["data-jp-theme-light", "data-kaizen-theme"],
  });
  const media = globalThis.matchMedia?.(QUERY);
  media?.addEventListener("change", listener);
  return () => {
    observer.disconnect();
    media?.removeEventListener("change", listener);
  };
}
