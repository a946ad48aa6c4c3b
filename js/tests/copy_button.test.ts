// @vitest-environment jsdom
/** The button that copies: what it copies, and what it says where copying is not possible. */
import { afterEach, expect, test, vi } from "vitest";
import { showCopyButton } from "../src/panel/copy_button.ts";
import { FakeModel } from "./canvas/model.ts";

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function open() {
  const fake = new FakeModel();
  fake.traits.label = "Copy the request";
  fake.traits.text = "Please";
  const el = document.createElement("div");
  document.body.append(el);
  const end = showCopyButton(fake.model as never, el);
  return { button: el.querySelector("button") as HTMLButtonElement, end };
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve));

test("the text is copied, and the button says so for a while", async () => {
  vi.useFakeTimers();
  const writeText = vi.fn(async () => {});
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  const { button, end } = open();
  button.click();
  await vi.advanceTimersByTimeAsync(0);
  expect(writeText).toHaveBeenCalledWith("Please");
  expect(button.textContent).toBe("Copied");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(button.textContent).toBe("Copy the request");
  end();
});

test("a browser that refuses the clipboard is named", async () => {
  vi.stubGlobal("navigator", {});
  const { button, end } = open();
  button.click();
  await settled();
  expect(button.textContent).toContain("does not allow");
  end();
});
