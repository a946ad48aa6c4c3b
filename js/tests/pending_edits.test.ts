// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { widgetsAreReceived } from "../src/host_widgets.ts";
import { afterOtherEdits, trackPendingEdits } from "../src/pending_edits.ts";
import { FakeClock } from "./canvas/builders.ts";

const ends: (() => void)[] = [];
const clock = new FakeClock();
afterEach(() => {
  for (const end of ends.splice(0)) end();
  document.body.replaceChildren();
});

function panel() {
  const said = { heard: true };
  document.body.innerHTML = `<div><button class="kaizen-after-edits"><i></i></button><button id="b"></button></div>`;
  ends.push(trackPendingEdits(() => said.heard, document.body, clock));
  const [run, cancel] = [...document.querySelectorAll("button")] as HTMLButtonElement[];
  const [pressed, cancelled] = [vi.fn(), vi.fn()];
  run?.addEventListener("click", pressed);
  cancel?.addEventListener("click", cancelled);
  return { said, run: run as HTMLButtonElement, cancel, pressed, cancelled };
}

test("F4: a click is handled immediately when all edits were received", () => {
  const { run, pressed } = panel();
  run.click();
  expect(pressed).toHaveBeenCalledOnce();
});

test("F4: a click waits for earlier edits and is handled once", () => {
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

test("F4: a button without the class never waits", () => {
  const { said, cancel, cancelled } = panel();
  said.heard = false;
  cancel?.click();
  expect(cancelled).toHaveBeenCalledOnce();
});

test("F4: a click does not wait for a view that was removed", () => {
  const { said, run, pressed } = panel();
  said.heard = false;
  for (const end of ends.splice(0)) end();
  run.click();
  expect(pressed).toHaveBeenCalledOnce();
});

test("a click waits for updates of ipywidgets, at most two seconds", async () => {
  const model = { _pending_msgs: 0 };
  const never = new Promise<never>(() => {});
  const heard = widgetsAreReceived({ _models: { a: Promise.resolve(model), never } }, clock);
  expect(heard()).toBe(false); // nothing is known of it yet
  await Promise.resolve();
  expect(heard()).toBe(true);
  model._pending_msgs = 1;
  expect(heard()).toBe(false);
  model._pending_msgs = 0;
  expect(heard()).toBe(true);
  model._pending_msgs = 2;
  expect(heard()).toBe(false);
  clock.advance(2_000);
  expect(heard()).toBe(true);
});

test("a click does not wait without a widget manager", () => {
  expect(widgetsAreReceived(null, clock)()).toBe(true);
  expect(widgetsAreReceived({}, clock)()).toBe(true);
});

test("F4: a form's own submit waits for the edits of other views", () => {
  const { said } = panel();
  const own = () => false;
  const asked = vi.fn();
  ends.push(trackPendingEdits(own, document.body, clock));
  afterOtherEdits(own, document.body, asked, clock);
  expect(asked).toHaveBeenCalledOnce();
  said.heard = false;
  afterOtherEdits(own, document.body, asked, clock);
  clock.advance(5_000);
  expect(asked).toHaveBeenCalledOnce();
  said.heard = true;
  clock.advance(200);
  expect(asked).toHaveBeenCalledTimes(2);
});

test("F4: a click does not wait for edits of another notebook", () => {
  document.body.innerHTML = `<div class="jp-Notebook" id="a"></div>
    <div class="jp-Notebook" id="b"><button class="kaizen-after-edits"></button></div>`;
  const [busy, button] = [document.querySelector("#a"), document.querySelector("button")];
  if (!busy || !button) throw new Error("two notebooks");
  ends.push(trackPendingEdits(() => false, busy, clock));
  const pressed = vi.fn();
  button.addEventListener("click", pressed);
  button.click();
  expect(pressed).toHaveBeenCalledOnce();
});
