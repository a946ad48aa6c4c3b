/**
 * Whether the page is light or dark, and when that changes.
 *
 * JupyterLab and Notebook say so on `<body>`; elsewhere the operating system does (trap 20).
 */
import type { Unsubscribe } from "./store.ts";

export type ColorMode = "light" | "dark";

const QUERY = "(prefers-color-scheme: dark)";

export function colorMode(): ColorMode {
  const light = document.body.dataset.jpThemeLight;
  if (light !== undefined) return light === "false" ? "dark" : "light";
  return globalThis.matchMedia?.(QUERY).matches ? "dark" : "light";
}

export function onColorMode(listener: () => void): Unsubscribe {
  const observer = new MutationObserver(listener);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  const media = globalThis.matchMedia?.(QUERY);
  media?.addEventListener("change", listener);
  return () => {
    observer.disconnect();
    media?.removeEventListener("change", listener);
  };
}
