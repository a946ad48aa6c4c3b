// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { widgetsAreHeard } from "../src/host_widgets.ts";
import { afterOthers, speak } from "../src/pending_edits.ts";
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
  ends.push(speak(() => said.heard, document.body, clock));
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
  const never = new Promise<never>(() => {});
  const heard = widgetsAreHeard({ _models: { a: Promise.resolve(model), never } }, clock);
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

test("a host without a widget manager keeps nobody waiting", () => {
  expect(widgetsAreHeard(null, clock)()).toBe(true);
  expect(widgetsAreHeard({}, clock)()).toBe(true);
});

test("F4: what a page asks on its own line waits for all that others said", () => {
  const { said } = panel();
  const own = () => false;
  const asked = vi.fn();
  ends.push(speak(own, document.body, clock));
  afterOthers(own, document.body, asked, clock);
  expect(asked).toHaveBeenCalledOnce();
  said.heard = false;
  afterOthers(own, document.body, asked, clock);
  clock.advance(5_000);
  expect(asked).toHaveBeenCalledOnce();
  said.heard = true;
  clock.advance(200);
  expect(asked).toHaveBeenCalledTimes(2);
});

test("F4: what another notebook of the page waits for keeps no press of this one", () => {
  document.body.innerHTML = `<div class="jp-Notebook" id="a"></div>
    <div class="jp-Notebook" id="b"><button class="kaizen-after-edits"></button></div>`;
  const [busy, button] = [document.querySelector("#a"), document.querySelector("button")];
  if (!busy || !button) throw new Error("two notebooks");
  ends.push(speak(() => false, busy, clock));
  const pressed = vi.fn();
  button.addEventListener("click", pressed);
  button.click();
  expect(pressed).toHaveBeenCalledOnce();
});
