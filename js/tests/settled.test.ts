// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { widgetsAreHeard } from "../src/host_widgets.ts";
import { speak } from "../src/settled.ts";
import { FakeClock } from "./builders.ts";

const ends: (() => void)[] = [];
const clock = new FakeClock();
afterEach(() => {
  for (const end of ends.splice(0)) end();
  document.body.replaceChildren();
});

function panel() {
  const said = { heard: true };
  ends.push(speak(() => said.heard, clock));
  document.body.innerHTML = `<div><button class="kaizen-after-edits"><i></i></button><button id="b"></button></div>`;
  const [run, cancel] = [...document.querySelectorAll("button")] as HTMLButtonElement[];
  const [pressed, cancelled] = [vi.fn(), vi.fn()];
  run?.addEventListener("click", pressed);
  cancel?.addEventListener("click", cancelled);
  return { said, run: run as HTMLButtonElement, cancel, pressed, cancelled };
}

test("F4: a press goes at once when all was heard", () => {
  const { run, pressed } = panel();
  run.click();
  expect(pressed).toHaveBeenCalledOnce();
});

test("F4: a press waits for what was said before, and goes once", () => {
  const { said, run, pressed } = panel();
  said.heard = false;
  run.querySelector("i")?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  run.click();
  clock.advance(5_000);
  expect(pressed).not.toHaveBeenCalled();
  expect(run.getAttribute("aria-busy")).toBe("true");
  said.heard = true;
  clock.advance(200);
  expect(pressed).toHaveBeenCalledOnce();
  expect(run.hasAttribute("aria-busy")).toBe(false);
  run.click();
  expect(pressed).toHaveBeenCalledTimes(2);
});

test("F4: a button that does not ask for it never waits", () => {
  const { said, cancel, cancelled } = panel();
  said.heard = false;
  cancel?.click();
  expect(cancelled).toHaveBeenCalledOnce();
});

test("F4: who left the page is not waited for", () => {
  const { said, run, pressed } = panel();
  said.heard = false;
  for (const end of ends.splice(0)) end();
  run.click();
  expect(pressed).toHaveBeenCalledOnce();
});

test("an ipywidget with an update on its way is waited for, but not for ever", async () => {
  const model = { _pending_msgs: 0 };
  const heard = widgetsAreHeard({ _models: { a: Promise.resolve(model) } }, clock);
  expect(heard()).toBe(true);
  await Promise.resolve();
  model._pending_msgs = 1;
  expect(heard()).toBe(false);
  model._pending_msgs = 0;
  expect(heard()).toBe(true);
  model._pending_msgs = 2;
  expect(heard()).toBe(false);
  clock.advance(2_000);
  expect(heard()).toBe(true);
});

test("a host without a widget manager keeps nobody waiting", () => {
  expect(widgetsAreHeard(null, clock)()).toBe(true);
  expect(widgetsAreHeard({}, clock)()).toBe(true);
});
