/** The header of the studio: the pipeline, its saved state, the history, Run, theme and user. */
import type { AnyModel } from "@anywidget/types";
import { whenConnected } from "../panel/when_connected.ts";
import { afterOtherEdits } from "../pending_edits.ts";
import { saveStatus } from "../save_status.ts";
import { h } from "./dom.ts";
import type { Action, HeaderState, PipelineEntry } from "./header_state.ts";
import { type IconName, icon } from "./icons.ts";
import { Menu } from "./menu.ts";
import { fillRunForm, isComplete, type LastInputs } from "./run_form.ts";
import { fillTitleMenu, type TitleMenu } from "./title_menu.ts";
import { makeZoom } from "./zoom.ts";

const APP = ".kaizen-studio";
const MAC = /Mac|iP(hone|ad)/.test(globalThis.navigator?.platform ?? "");
const THEMES = [
  ["system", "As the page"],
  ["light", "Light"],
  ["dark", "Dark"],
] as const;

export function showHeader(model: AnyModel, el: HTMLElement): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  const inputs: LastInputs = new Map();
  const state = (): HeaderState => model.get("_state");
  const act = (action: Action) =>
    afterOtherEdits(
      () => true,
      el,
      () => {
        try {
          model.send({ kind: "action", ...action });
        } catch {
          // The kernel is gone; the canvas says so.
        }
      },
    );

  // --- parts
  const titleText = h("b");
  const titleButton = h("button", { type: "button", class: "ks-title" }, titleText, icon("down"));
  const saved = h("span", { class: "ks-saved", role: "status" });
  const saveNow = h(
    "button",
    { type: "button", class: "ks-link", hidden: true, onclick: () => act({ name: "save" }) },
    "Save now",
  );
  const button = (name: string, image: IconName, onclick: () => void) =>
    h(
      "button",
      { type: "button", class: "ks-icon", "aria-label": name, title: name, onclick },
      icon(image),
    );
  const isOff = (each: HTMLElement) => each.getAttribute("aria-disabled") === "true";
  const undo = button("Undo", "undo", () => isOff(undo) || act({ name: "undo" }));
  const redo = button("Redo", "redo", () => isOff(redo) || act({ name: "redo" }));
  const arrange = button("Arrange", "arrange", () => act({ name: "arrange" }));
  arrange.title = "Arrange the nodes from left to right";
  const zoom = makeZoom(act, button);
  const full = button("Full screen", "fullscreen", () => toggleFullscreen(el));
  const themeButton = button("Theme", "theme", () => {});
  const run = h(
    "button",
    { type: "button", class: "ks-run", onclick: () => onRun() },
    icon("run", 14),
    h("span", {}, "Run"),
  );
  const more = h(
    "button",
    {
      type: "button",
      class: "ks-run ks-more",
      "aria-label": "Inputs of the run",
      title: "Inputs of the run",
    },
    icon("down"),
  );
  const userButton = h("button", { type: "button", class: "ks-user" });

  // --- menus
  let titleMenu: TitleMenu | null = null;
  const pipelines = new Menu({
    label: "Pipelines",
    role: "dialog",
    align: "left",
    button: titleButton,
    fill: (box) => {
      titleMenu = fillTitleMenu(
        box,
        state(),
        act,
        () => pipelines.close(),
        () => act({ name: "export" }),
      );
      act({ name: "list" });
    },
  });
  const runMenu = new Menu({
    label: "Inputs of the run",
    role: "dialog",
    align: "right",
    button: more,
    fill: (box) =>
      fillRunForm(box, state(), last(), (given) => {
        inputs.set(state().pipelineId, given);
        runMenu.close();
        act({ name: "run", inputs: given });
      }),
  });
  const themes = new Menu({
    label: "Theme",
    role: "menu",
    align: "right",
    button: themeButton,
    fill: (box) => {
      for (const [theme, label] of THEMES) {
        const isChosen = state().theme === theme;
        box.append(
          h(
            "button",
            {
              type: "button",
              class: "ks-item",
              role: "menuitemradio",
              "aria-checked": isChosen,
              onclick: () => {
                themes.close();
                act({ name: "theme", value: theme });
              },
            },
            isChosen ? icon("check") : h("i"),
            h("span", {}, label),
          ),
        );
      }
    },
  });
  const userMenu = new Menu({
    label: "User",
    role: "menu",
    align: "right",
    button: userButton,
    fill: (box) => {
      const item = (image: IconName, label: string, name: string) =>
        userMenu.addItem(label, () => act({ name }), image);
      if (!state().signedIn) {
        item("user", "Sign in…", "account");
        return;
      }
      box.append(h("p", { class: "ks-note" }, state().user));
      item("user", "Account…", "account");
      item("leave", "Sign out", "sign_out");
    },
  });

  const last = () => inputs.get(state().pipelineId) ?? {};
  const onRun = () => {
    if (state().run !== "idle") act({ name: "cancel" });
    else if (isComplete(state(), last())) act({ name: "run", inputs: last() });
    else runMenu.open();
  };

  const bar = h(
    "div",
    { class: "kz ks-header" },
    h("div", { class: "ks-side ks-left" }, titleButton, pipelines.box, saved, saveNow),
    h(
      "div",
      { class: "ks-side", role: "group", "aria-label": "Pipeline" },
      undo,
      redo,
      h("span", { class: "ks-line" }),
      arrange,
      ...zoom.parts,
      full,
      themeButton,
      themes.box,
      h("span", { class: "ks-line" }),
      h("span", { class: "ks-split" }, run, more),
      runMenu.box,
      userButton,
      userMenu.box,
    ),
  );
  el.append(bar);

  // --- state
  const draw = () => {
    const now = state();
    titleText.textContent = now.title;
    titleButton.title = now.title;
    titleButton.setAttribute("aria-label", `${now.title}: pipelines`);
    const status = saveStatus({ status: now.save, message: now.saveMessage });
    const text = status?.text ?? "";
    if (saved.textContent !== text) saved.textContent = text;
    saved.title = text;
    saved.dataset.tone = status?.tone ?? "quiet";
    saveNow.hidden = !["dirty", "failed"].includes(now.save);
    enable(
      undo,
      now.canUndo,
      `Undo${now.undoLabel && `: ${now.undoLabel}`}`,
      MAC ? "⌘Z" : "Ctrl+Z",
    );
    enable(
      redo,
      now.canRedo,
      `Redo${now.redoLabel && `: ${now.redoLabel}`}`,
      MAC ? "⇧⌘Z" : "Ctrl+Shift+Z",
    );
    const isIdle = now.run === "idle";
    const label = isIdle ? "Run" : now.run === "running" ? "Cancel" : "Cancelling…";
    if (run.dataset.label !== label) {
      run.dataset.label = label;
      run.toggleAttribute("data-running", !isIdle);
      run.replaceChildren(icon(isIdle ? "run" : "stop", 14), h("span", {}, label));
      run.title = isIdle ? "Run the pipeline: studio.run()" : "Cancel the run: studio.cancel()";
    }
    more.hidden = !isIdle;
    userButton.hidden = !now.hasUsers;
    userButton.replaceChildren(now.signedIn ? initials(now.user) : icon("user"));
    userButton.setAttribute("aria-label", now.signedIn ? `User ${now.user}` : "Sign in");
    userButton.title = now.signedIn ? now.user : "Sign in";
  };
  draw();
  const onMessage = (content: unknown) => {
    const { kind, ...rest } = (content ?? {}) as Record<string, unknown>;
    if (kind === "pipelines") titleMenu?.list(rest.pipelines as PipelineEntry[]);
    else if (kind === "file") download(String(rest.name), String(rest.text));
    else if (kind === "ask_inputs" && !runMenu.isOpen) runMenu.open();
  };
  model.on("change:_state", draw);
  model.on("msg:custom", onMessage);
  document.addEventListener(
    "fullscreenchange",
    () => {
      const isFull = document.fullscreenElement?.contains(el) ?? false;
      full.replaceChildren(icon(isFull ? "shrink" : "fullscreen"));
      full.title = isFull ? "Leave full screen (Escape)" : "Full screen";
      full.setAttribute("aria-label", isFull ? "Leave full screen" : "Full screen");
    },
    { signal },
  );
  const observer = new ResizeObserver(([entry]) => {
    bar.dataset.narrow = String((entry?.contentRect.width ?? 0) < 760);
  });
  observer.observe(bar);
  const endWait = whenConnected(el, () => {
    const app = el.closest(APP);
    app?.classList.add("kaizen-ready");
    if (app) zoom.follow(app, signal);
  });
  return () => {
    endWait();
    ending.abort();
    observer.disconnect();
    for (const menu of [pipelines, runMenu, themes, userMenu, zoom.menu]) menu.close(false);
    model.off("change:_state", draw);
    model.off("msg:custom", onMessage);
  };
}

function enable(each: HTMLElement, isOn: boolean, title: string, keys: string): void {
  // Not `disabled`: a button that becomes disabled loses the focus, and the notebook would get the next key.
  each.setAttribute("aria-disabled", String(!isOn));
  each.title = `${title} (${keys})`;
}

function initials(name: string): string {
  const words = name.trim().split(/[\s@.]+/u);
  return words
    .slice(0, 2)
    .map((word) => [...word][0]?.toLocaleUpperCase() ?? "")
    .join("");
}

function toggleFullscreen(el: HTMLElement): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void el.closest(APP)?.requestFullscreen?.();
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = h("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
