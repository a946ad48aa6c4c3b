// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { mount } from "../src/form/bundle.ts";
import type { FieldNode, FormSnapshot } from "../src/form/protocol.gen.ts";
import { trackPendingEdits } from "../src/pending_edits.ts";
import { FormModel, snapshot } from "./form.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
  document.body.replaceChildren();
});

function open(fields: FieldNode[], rest: Partial<FormSnapshot> = {}) {
  const model = new FormModel(snapshot(fields, rest));
  const el = document.createElement("div");
  document.body.append(el);
  const end = mount({ model: model as never, el });
  ends.push(end);
  const find = <T extends Element>(selector: string): T => {
    const found = el.querySelector<T>(selector);
    if (!found) throw new Error(`nothing fits ${selector} in ${el.innerHTML}`);
    return found;
  };
  return { model, el, end, find };
}

function type(input: HTMLInputElement | HTMLSelectElement, value: string): void {
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

const press = (target: Element, key: string, held: KeyboardEventInit = {}) =>
  target.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...held }),
  );

test("a field has its label, help and error where a screen reader finds them", () => {
  const { model, find } = open([{ name: "name", label: "Name", help: "Any.", required: true }]);
  const input = find<HTMLInputElement>("input");
  expect(find<HTMLLabelElement>("label").control).toBe(input);
  expect(input.getAttribute("aria-required")).toBe("true");
  expect(input.hasAttribute("aria-invalid")).toBe(false);
  expect(find(`#${input.getAttribute("aria-describedby")}`).textContent).toBe("Any.");
  model.patch({ errors: { "/name": ["Name is required"] } });
  expect(input.getAttribute("aria-invalid")).toBe("true");
  const described = input.getAttribute("aria-describedby")?.split(" ") ?? [];
  expect(described.map((id) => find(`#${id}`).textContent)).toEqual(["Any.", "Name is required"]);
});

test("Enter submits what was typed, but not in a long text", () => {
  const { model, find } = open([
    { name: "name", label: "Name" },
    { name: "text", label: "Text", kind: "long_text" },
  ]);
  press(find("textarea"), "Enter");
  expect(model.asked).toEqual([]);
  const input = find<HTMLInputElement>("input");
  type(input, "Helper");
  press(input, "Enter");
  expect(model.asked).toMatchObject([
    { kind: "submit", edits: [{ key: "/name", value: "Helper" }] },
  ]);
  press(find("textarea"), "Enter", { ctrlKey: true });
  expect(model.asked.at(-1)?.kind).toBe("submit");
});

test("F4: Enter waits for the edits of the user's own ipywidget, and submits once", async () => {
  const { model, find } = open([{ name: "name", label: "Name" }]);
  let heard = false;
  ends.push(trackPendingEdits(() => heard, document.body));
  const input = find<HTMLInputElement>("input");
  type(input, "Helper");
  press(input, "Enter");
  press(input, "Enter");
  expect(model.asked).toEqual([]);
  heard = true;
  await vi.waitFor(() => expect(model.asked).toHaveLength(1), 30_000);
  expect(model.asked).toMatchObject([
    { kind: "submit", edits: [{ key: "/name", value: "Helper" }] },
  ]);
});

test("Escape restores the value from before the focus", () => {
  const { find } = open([{ name: "name", label: "Name" }], {
    cells: { "/name": { value: "old" } },
  });
  const input = find<HTMLInputElement>("input");
  input.focus();
  type(input, "new");
  press(input, "Escape");
  expect(input.value).toBe("old");
});

test("F8: a number keeps the text that was typed, and steps with the arrow keys", () => {
  const { model, find } = open([{ name: "n", label: "N", kind: "number", step: "0.1" }]);
  const input = find<HTMLInputElement>("input");
  type(input, "3.");
  press(input, "Enter");
  expect(model.asked).toMatchObject([{ edits: [{ key: "/n", value: "3." }] }]);
  press(input, "ArrowUp");
  expect(input.value).toBe("3.1");
});

test("F8: an emptied optional number is not set, an emptied optional text is empty", () => {
  const { model, find } = open([
    { name: "n", label: "N", kind: "number", nullable: true },
    { name: "t", label: "T", nullable: true },
  ]);
  type(find<HTMLInputElement>('[data-kind="number"] input'), "");
  type(find<HTMLInputElement>(".kf-field:not([data-kind='number']) input"), "");
  press(find("input"), "Enter");
  expect(model.asked).toMatchObject([
    {
      edits: [
        { key: "/n", value: null },
        { key: "/t", value: "" },
      ],
    },
  ]);
});

test("a choice is sent immediately, with the option's own value", () => {
  const options = [
    { value: "auto", label: "Auto" },
    { value: 0, label: "0" },
  ];
  const { model, find } = open([{ name: "c", label: "C", kind: "select", options }]);
  type(find<HTMLSelectElement>("select"), "1");
  expect(model.asked).toMatchObject([{ kind: "change", edits: [{ key: "/c", value: 0 }] }]);
});

test("a chosen value that is no option any more is still shown", () => {
  const options = [{ value: "a", label: "A" }];
  const { find } = open([{ name: "c", label: "C", kind: "select", options }], {
    cells: { "/c": { value: "b" } },
  });
  expect(find<HTMLSelectElement>("select").selectedOptions[0]?.textContent).toBe("b (not offered)");
});

test("rows keep their element when they are moved", () => {
  const item: FieldNode = {
    kind: "object",
    label: "Item",
    fields: [{ name: "sku", label: "SKU" }],
  };
  const { model, el } = open([{ name: "items", label: "Items", kind: "list", item }], {
    cells: {
      "/items": { rows: ["r1", "r2"] },
      "/items/r1/sku": { value: "one" },
      "/items/r2/sku": { value: "two" },
    },
  });
  const rows = () => [...el.querySelectorAll<HTMLElement>(".kf-row")];
  const [first, second] = rows();
  expect(rows().map((row) => row.querySelector("input")?.value)).toEqual(["one", "two"]);
  model.patch({ cells: { "/items": { rows: ["r2", "r1"] } } });
  expect(rows()).toEqual([second, first]);
  second?.querySelector<HTMLButtonElement>('[aria-label="Remove Item 1"]')?.click();
  expect(model.asked).toMatchObject([{ kind: "row", operation: "remove", row: "r2" }]);
  model.patch({ cells: { "/items": { rows: ["r1"] } }, removed: ["/items/r2"] });
  expect(rows()).toEqual([first]);
});

test("an added row is focused", () => {
  const { model, el, find } = open([{ name: "tags", label: "Tags", kind: "list", item: {} }], {
    cells: { "/tags": { rows: [] } },
  });
  find<HTMLButtonElement>(".kf-add").click();
  model.patch({ cells: { "/tags": { rows: ["r1"] }, "/tags/r1": { value: "" } } });
  expect(document.activeElement).toBe(el.querySelector(".kf-row input"));
});

test("a union draws the chosen branch", () => {
  const branches = [
    { tag: "0", label: "Cat", node: { kind: "object" as const, fields: [{ name: "lives" }] } },
    { tag: "1", label: "Dog", node: { kind: "object" as const, fields: [{ name: "breed" }] } },
  ];
  const { model, el, find } = open([{ name: "pet", label: "Pet", kind: "union", branches }], {
    cells: { "/pet": { branch: "0" } },
  });
  expect(el.querySelector('[data-label="lives"]')).not.toBeNull();
  const picker = find<HTMLSelectElement>("select");
  picker.value = "1";
  picker.dispatchEvent(new Event("change", { bubbles: true }));
  expect(model.asked).toMatchObject([{ kind: "choose", key: "/pet", tag: "1" }]);
  model.patch({ cells: { "/pet": { branch: "1" } } });
  expect(el.querySelector('[data-label="breed"]')).not.toBeNull();
  expect(el.querySelector('[data-label="lives"]')).toBeNull();
});

test("F12: after a failed submit a summary links to each field, and the first is focused", () => {
  const { model, el, find } = open([
    { name: "a", label: "First" },
    { name: "b", label: "Second" },
  ]);
  const state = { ...snapshot().state, submitCount: 1 };
  model.sent.push({ kind: "submit", client: "", seq: 0, edits: [] });
  const client = model.sent[0]?.client ?? "";
  model.patch({
    state,
    errors: { "/b": ["wrong"], "/a": ["missing"] },
    focus: { key: null, to: client },
  });
  const [first, second] = el.querySelectorAll("input");
  expect(document.activeElement).toBe(first);
  const links = [...find(".kf-summary").querySelectorAll<HTMLButtonElement>("button")];
  expect(links.map((link) => link.textContent)).toEqual(["First: missing", "Second: wrong"]);
  links[1]?.click();
  expect(document.activeElement).toBe(second);
});

test("F9: a password is sent once, with the blur, and in no other message", () => {
  const { model, find } = open([{ name: "p", label: "P", kind: "password" }, { name: "q" }]);
  const input = find<HTMLInputElement>('input[type="password"]');
  input.focus();
  type(input, "hunter2");
  find<HTMLInputElement>('.kf-field:not([data-kind="password"]) input').focus();
  expect(
    model.asked
      .map((message) => JSON.stringify(message))
      .join()
      .match(/hunter2/g),
  ).toHaveLength(1);
  model.patch({ cells: { "/p": { secret: true } } });
  expect(input.value).toBe("hunter2");
  model.patch({ cells: { "/p": {} } });
  expect(input.value).toBe("");
});

test("F7: a view that is drawn again keeps an unsent password and the caret", () => {
  const fields: FieldNode[] = [{ name: "p", label: "P", kind: "password" }, { name: "q" }];
  const { model, el, find } = open(fields, { cells: { "/p": { secret: true } } });
  const input = find<HTMLInputElement>('input[type="password"]');
  input.focus();
  type(input, "hunter2");
  input.setSelectionRange(2, 4);
  const whole = snapshot(fields, { rev: 9, cells: { "/p": { secret: true } } });
  model.sendSnapshot(whole);
  const redrawn = find<HTMLInputElement>('input[type="password"]');
  expect(redrawn).not.toBe(input);
  expect(redrawn.value).toBe("hunter2");
  expect(document.activeElement).toBe(redrawn);
  expect([redrawn.selectionStart, redrawn.selectionEnd]).toEqual([2, 4]);
  expect(JSON.stringify(model.asked)).not.toContain("hunter2");
  el.querySelectorAll("input")[1]?.focus();
  expect(JSON.stringify(model.asked)).toContain("hunter2");
});

test("F9: Escape undoes an unsent password, and keeps the stored one", () => {
  const { model, el, find } = open([{ name: "p", label: "P", kind: "password" }, { name: "q" }], {
    cells: { "/p": { secret: true } },
  });
  const input = find<HTMLInputElement>('input[type="password"]');
  input.focus();
  type(input, "hunter2");
  press(input, "Escape");
  expect(input.value).toBe("");
  expect(input.placeholder).toContain("set");
  el.querySelectorAll("input")[1]?.focus();
  expect(model.asked).toMatchObject([{ kind: "blur", key: "/p", edits: [] }]);
});

test("a hidden field returns with its value", () => {
  const { model, find } = open([{ name: "a", label: "A" }], { cells: { "/a": { value: "x" } } });
  model.patch({ hidden: ["/a"] });
  expect(find<HTMLElement>(".kf-field").hidden).toBe(true);
  model.patch({ hidden: [] });
  expect(find<HTMLElement>(".kf-field").hidden).toBe(false);
  expect(find<HTMLInputElement>("input").value).toBe("x");
});

test("a removed view has no listeners", () => {
  const { model, el, end } = open([{ name: "a", label: "A" }]);
  expect(model.listening).toBe(1);
  end();
  expect(model.listening).toBe(0);
  expect(el.children).toHaveLength(0);
});

test("F11: the focus does not leave a field in which someone types", () => {
  const { model, el } = open([
    { name: "a", label: "First" },
    { name: "b", label: "Second" },
  ]);
  const [, second] = el.querySelectorAll("input");
  if (!second) throw new Error("two fields");
  second.focus();
  type(second, "typing on");
  model.patch({ errors: { "/a": ["missing"] }, focus: { to: model.sent[0]?.client ?? "" } });
  expect(document.activeElement).toBe(second);
});

test("the first of many rows are drawn immediately, the rest in later frames", async () => {
  const ids = Array.from({ length: 200 }, (_, index) => `r${index}`);
  const { el, end } = open([{ name: "tags", label: "Tags", kind: "list", item: {} }], {
    cells: { "/tags": { rows: ids }, "/tags/r199": { value: "last" } },
  });
  const rows = () => el.querySelectorAll<HTMLElement>(".kf-row");
  expect(rows()).toHaveLength(50);
  await vi.waitFor(() => expect(rows()).toHaveLength(200), 30_000);
  expect([...rows()].map((row) => row.dataset.row)).toEqual(ids);
  expect(rows()[199]?.querySelector("input")?.value).toBe("last");
  end();
});

test("F8: a line, a row and a key keep their line breaks while they are edited", () => {
  const text = { value: "line one\nline two" };
  const { model, el } = open(
    [
      { name: "note", label: "Note" },
      { name: "tags", label: "Tags", kind: "list", item: { label: "Tag" } },
      { name: "by", label: "By", kind: "dict", names: { label: "Key" }, item: { label: "Value" } },
    ],
    {
      cells: {
        "/note": text,
        "/tags": { rows: ["r1"] },
        "/tags/r1": text,
        "/by": { rows: ["r2"] },
        "/by/r2/0": text,
        "/by/r2/1": text,
      },
    },
  );
  const areas = [...el.querySelectorAll("textarea")];
  expect(areas.length).toBe(4);
  for (const area of areas) {
    area.value += "!";
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
  }
  const edits = model.asked.flatMap((message) => ("edits" in message ? message.edits : []));
  expect(edits.map(({ value }) => value)).toEqual(areas.map(() => "line one\nline two!"));
});

test("F8: a text with line breaks keeps its label, its error and the kind of its breaks", () => {
  const { model, find } = open([{ name: "note", label: "Note", required: true }]);
  model.patch({ errors: { "/note": ["Too long"] }, cells: { "/note": { value: "a\r\nb" } } });
  const area = find<HTMLTextAreaElement>("textarea");
  expect(find<HTMLLabelElement>("label").control).toBe(area);
  expect(area.getAttribute("aria-required")).toBe("true");
  expect(area.getAttribute("aria-invalid")).toBe("true");
  area.value = "a\nb\nc";
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
  expect(model.asked.at(-1)).toMatchObject({ edits: [{ key: "/note", value: "a\r\nb\r\nc" }] });
});

test("F8: pasted lines stay lines in a control of one line", () => {
  const { model, find } = open([{ name: "note", label: "Note" }]);
  const input = find<HTMLInputElement>("input");
  input.value = "<>";
  input.focus();
  input.setSelectionRange(1, 1);
  const paste = new Event("paste", { bubbles: true, cancelable: true });
  Object.assign(paste, { clipboardData: { getData: () => "one\ntwo" } });
  input.dispatchEvent(paste);
  const area = find<HTMLTextAreaElement>("textarea");
  expect(paste.defaultPrevented).toBe(true);
  expect([area.value, area.selectionStart, document.activeElement]).toEqual([
    "<one\ntwo>",
    8,
    area,
  ]);
  area.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
  expect(model.asked.at(-1)).toMatchObject({ edits: [{ key: "/note", value: "<one\ntwo>" }] });
});
