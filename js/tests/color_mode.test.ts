// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { colorMode, onColorMode, themeName } from "../src/color_mode.ts";

afterEach(() => {
  delete document.body.dataset.kaizenTheme;
  delete document.body.dataset.jpThemeLight;
  vi.unstubAllGlobals();
});

const browserIs = (dark: boolean) =>
  vi.stubGlobal("matchMedia", () => ({
    matches: dark,
    addEventListener: () => {},
    removeEventListener: () => {},
  }));

test("the color mode follows JupyterLab's theme", () => {
  browserIs(true);
  document.body.dataset.jpThemeLight = "true";
  expect(colorMode()).toBe("light");
  document.body.dataset.jpThemeLight = "false";
  expect(colorMode()).toBe("dark");
});

test("the color mode follows the browser without JupyterLab", () => {
  browserIs(true);
  expect(colorMode()).toBe("dark");
  browserIs(false);
  expect(colorMode()).toBe("light");
});

test("a chosen theme takes precedence and is noticed immediately", async () => {
  browserIs(false);
  document.body.dataset.jpThemeLight = "true";
  const listener = vi.fn();
  const end = onColorMode(listener);
  document.body.dataset.kaizenTheme = "dark";
  await Promise.resolve();
  expect(listener).toHaveBeenCalledOnce();
  expect(colorMode()).toBe("dark");
  end();
  document.body.dataset.kaizenTheme = "nonsense";
  await Promise.resolve();
  expect(listener).toHaveBeenCalledOnce();
  expect(colorMode()).toBe("light");
});

test("high contrast is the host's theme, or a dark page of a user who wants more contrast", () => {
  browserIs(false);
  document.body.dataset.jpThemeLight = "false";
  expect(themeName()).toBe("dark");
  document.body.dataset.jpThemeName = "JupyterLab Dark High Contrast";
  expect(themeName()).toBe("hc");
  document.body.dataset.kaizenTheme = "dark";
  expect(themeName()).toBe("dark");
  browserIs(true);
  expect(themeName()).toBe("hc");
  document.body.dataset.kaizenTheme = "light";
  expect(themeName()).toBe("light");
  delete document.body.dataset.jpThemeName;
});
