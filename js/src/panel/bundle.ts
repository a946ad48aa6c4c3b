/** The code that all panels of a page share: their look, their keys, dialogs, tabs, notifications and the theme. */
import type { AnyModel } from "@anywidget/types";
import { paintPage } from "../color_mode.ts";
import { addStyles } from "../styles.ts";
import tokens from "../tokens.css?inline";
import chosenTheme from "./chosen_theme.css?inline";
import { showCopyButton } from "./copy_button.ts";
import { showDialog } from "./dialog.ts";
import { keepKeys } from "./key_guard.ts";
import { showNotifications } from "./notifications.ts";
import css from "./panel.css?inline";
import { showTabs } from "./tab_bar.ts";
import { followTheme } from "./theme.ts";

type End = () => void;
type Draw = (model: AnyModel, el: HTMLElement) => End;

/** By the trait `_part` of the widget. */
const PARTS: Readonly<Record<string, Draw>> = {
  keys: keepKeys,
  copy: showCopyButton,
  dialog: showDialog,
  notifications: showNotifications,
  tabs: showTabs,
  theme: followTheme,
};

/** Draws one widget, and returns the function that removes it. */
export function mount({ model, el }: { model: AnyModel; el: HTMLElement }): End {
  for (const sheet of [tokens, chosenTheme, css]) addStyles(el, sheet);
  paintPage();
  return PARTS[String(model.get("_part"))]?.(model, el) ?? (() => {});
}

export default { initialize: () => ({ mount }) };
