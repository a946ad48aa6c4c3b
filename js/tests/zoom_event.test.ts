// @vitest-environment jsdom
import { expect, test } from "vitest";
import { onZoom, tellZoom } from "../src/zoom_event.ts";

test("the zoom of a canvas is heard around it, also by who comes later, until the end", () => {
  const around = document.createElement("div");
  const canvas = around.appendChild(document.createElement("div"));
  const ending = new AbortController();
  const heard: number[] = [];
  tellZoom(canvas, 85);
  onZoom(around, (percent) => heard.push(percent), ending.signal);
  tellZoom(canvas, 100);
  ending.abort();
  tellZoom(canvas, 50);
  expect(heard).toEqual([85, 100]);
});

test("without a canvas nothing is heard", () => {
  const heard: number[] = [];
  onZoom(
    document.createElement("div"),
    (percent) => heard.push(percent),
    new AbortController().signal,
  );
  expect(heard).toEqual([]);
});
