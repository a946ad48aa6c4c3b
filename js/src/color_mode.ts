/**
 * Whether the page is light, dark or has high contrast, and when that changes.
 *
 * The theme that the user chose for the studio is an attribute of `<body>` (widgets/theme.py). Without it JupyterLab
 * and Notebook have attributes of their own there; elsewhere the operating system decides.
 */
import type { Unsubscribe } from "./store.ts";

export type ColorMode = "light" | "dark";
/** The value of `data-theme` and `data-kz-theme` in `tokens.css`. */
export type ThemeName = ColorMode | "hc";

const DARK = "(prefers-color-scheme: dark)";
const MORE_CONTRAST = "(prefers-contrast: more)";
const PAGE = Symbol.for("kaizen-widgets.theme-of-page");

export function colorMode(): ColorMode {
  const chosen = document.body.dataset.kaizenTheme;
  if (chosen === "light" || chosen === "dark") return chosen;
  const light = document.body.dataset.jpThemeLight;
  if (light !== undefined) return light === "false" ? "dark" : "light";
  return globalThis.matchMedia?.(DARK).matches ? "dark" : "light";
}

/** The theme of `tokens.css`; its high contrast is light on dark, so a light page never has it. */
export function themeName(): ThemeName {
  const mode = colorMode();
  if (mode === "light") return mode;
  const { kaizenTheme, jpThemeName = "" } = document.body.dataset;
  const isChosenByHost = kaizenTheme === undefined && /high contrast/i.test(jpThemeName);
  return isChosenByHost || globalThis.matchMedia?.(MORE_CONTRAST).matches ? "hc" : "dark";
}

export function onColorMode(listener: () => void): Unsubscribe {
  const observer = new MutationObserver(listener);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "data-kaizen-theme"],
  });
  const media = [DARK, MORE_CONTRAST].map((query) => globalThis.matchMedia?.(query));
  for (const each of media) each?.addEventListener("change", listener);
  return () => {
    observer.disconnect();
    for (const each of media) each?.removeEventListener("change", listener);
  };
}

/** Writes the theme to `data-kz-theme` of the body, for elements that are not drawn by our code; once per page. */
export function paintPage(): void {
  const page = globalThis as { [PAGE]?: Unsubscribe };
  const paint = () => {
    const name = themeName();
    if (document.body.dataset.kzTheme !== name) document.body.dataset.kzTheme = name;
  };
  page[PAGE] ??= onColorMode(paint);
  paint();
}
