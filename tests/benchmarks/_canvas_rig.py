"""A notebook in a real browser, with measurements of its websocket and its frames."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

from tests.benchmarks._canvas_widgets import OURS, Contender
from tests.browser.lab import Lab

MOVES = 30
EDITS = 5
PROBES = """() => {
  const clock = () => performance.timeOrigin + performance.now();
  const settled = (call) => requestAnimationFrame(() => requestAnimationFrame(call));
  window.probes = {
    // Resolves with the time when `seen` first holds and a frame with it was drawn.
    when(seen, painted) {
      this.answer = 0;
      const look = () => {
        if (this.answer || !seen()) return;
        this.answer = -1;
        observer.disconnect();
        if (painted) settled(() => { this.answer = clock(); });
        else this.answer = clock();
      };
      const observer = new MutationObserver(look);
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
      look();
    },
    frames: null,
    record() {
      this.frames = [];
      let last = performance.now();
      const next = () => {
        if (!this.frames) return;
        const now = performance.now();
        this.frames.push(now - last);
        last = now;
        requestAnimationFrame(next);
      };
      requestAnimationFrame(next);
      window.addEventListener("pointerup", () => { this.up = clock(); }, { capture: true, once: true });
    },
    take() { const { frames } = this; this.frames = null; return frames; },
    text(selector, text) {
      return [...document.querySelectorAll(selector)].some((each) => each.textContent.includes(text));
    },
  };
}"""


@contextmanager
def browsing(*arguments: str) -> Iterator[Browser]:
    """Open the Chromium that the gate uses; close it at the end."""
    sys.path.append(str(Path(__file__).parents[2] / ".ci"))
    import chromium

    chromium.lend_node()
    options = ["--no-sandbox", *arguments]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=options)
        try:
            yield browser
        finally:
            browser.close()


class Drag(NamedTuple):
    """The cost of one drag of 30 moves."""

    bytes_up: int
    messages_up: int
    frame_median: float
    frame_worst: float
    to_python: float | None


class Meter:
    """Counts the bytes and messages of the page's websockets."""

    def __init__(self, page: Page) -> None:
        self.up = self.down = self.messages_up = 0
        page.on("websocket", self._on_socket)

    def _on_socket(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: self._sent(len(frame)))
        socket.on("framereceived", lambda frame: self._received(len(frame)))

    def _sent(self, size: int) -> None:
        self.up += size
        self.messages_up += 1

    def _received(self, size: int) -> None:
        self.down += size

    def reset(self) -> None:
        """Set all counts to zero."""
        self.up = self.down = self.messages_up = 0


class Bench:
    """One contender with one size of graph, in a notebook of its own."""

    def __init__(self, lab: Lab, contender: Contender, size: int, baseline: str) -> None:
        self.lab = lab
        self.page = lab.page
        self.contender = contender
        self.size = size
        self.meter = Meter(lab.page)
        make = f"BASELINE = {baseline!r}\n{contender.make}"
        show = f"widget = make({size})\nshown = time.time()\nwidget"
        more = f"from IPython.display import display\nfor _ in range(9):\n    display(make({size}))"
        lab.open([make, show, more, "widget"])
        lab.run_cell(0)
        self.page.evaluate(PROBES)

    @property
    def selector(self) -> str:
        """CSS selector of its nodes."""
        return self.contender.node

    def first_paint(self) -> tuple[float, int]:
        """Show it; return the ms from display to a drawn frame, and the bytes it took."""
        self.meter.reset()
        self.page.evaluate(
            "(s) => window.probes.when(() => document.querySelector(s || 'canvas'), true)",
            self.selector,
        )
        self.lab.run_cell(1)
        self.page.wait_for_function("window.probes.answer > 0", timeout=120_000)
        took = self.page.evaluate("window.probes.answer") - self.lab.python("shown") * 1000
        self.page.wait_for_timeout(1_500)
        return took, self.meter.down

    def nine_more(self) -> int:
        """Show nine more; return the bytes."""
        self.meter.reset()
        self.lab.run_cell(2)
        self.page.wait_for_timeout(2_500)
        return self.meter.down

    def drag(self, x: float, y: float) -> Drag:
        """Drag from a point of the page."""
        self.page.mouse.move(x - 2, y)
        self.page.wait_for_timeout(150)
        self.page.mouse.move(x, y)
        self.page.wait_for_timeout(150)
        self.lab.run_python("moved.clear()")
        self.meter.reset()
        self.page.evaluate("window.probes.record()")
        self.page.mouse.down()
        for step in range(1, MOVES + 1):
            self.page.mouse.move(x + step * 3, y + step * 2)
        self.page.mouse.up()
        frames = self.page.evaluate("window.probes.take()")[2:]
        self.page.wait_for_timeout(1_200)
        up = self.page.evaluate("window.probes.up")
        times = [time * 1000 - up for time in self.lab.python("moved")]
        return Drag(
            self.meter.up,
            self.meter.messages_up,
            statistics.median(frames),
            max(frames),
            # A contender that sends while dragging sends nothing at the drop.
            times[-1] if times and times[-1] > 0 else None,
        )

    def drag_in_view(self) -> Drag | None:
        """Drag a node in view; None when nodes are not elements."""
        if not self.selector:
            return None
        box = self.page.locator(self.selector).nth(2).bounding_box()
        assert box is not None
        # Not near its borders, where the handles are.
        return self.drag(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)

    def drag_from_afar(self) -> Drag | None:
        """Zoom out and drag a node near the center; only for ours."""
        if self.contender is not OURS:
            return None
        self.page.get_by_role("button", name="Fit view").first.click()
        self.page.wait_for_timeout(1_500)
        place = """([x, y]) => {
          const [dx, dy, zoom] = document.querySelector(".react-flow__viewport").style.transform
            .match(/-?\\d+(\\.\\d+)?(e-\\d+)?/g).map(Number);
          const board = document.querySelector(".react-flow").getBoundingClientRect();
          return [board.left + dx + x * zoom, board.top + dy + y * zoom];
        }"""
        width = max(int(self.size**0.5), 1)
        at = [(width // 3) * 280 + 104, (self.size // width // 3) * 130 + 27]
        return self.drag(*self.page.evaluate(place, at))

    def python_to_page(self, code: str, text: str) -> float | None:
        """Run code in the kernel; return the ms until the page shows a text."""
        if not self.selector:
            return None
        self.page.evaluate(
            "([s, t]) => window.probes.when(() => window.probes.text(s, t), false)",
            [self.selector, text],
        )
        self.lab.run_python(f"began = time.time()\n{code}")
        try:
            self.page.wait_for_function("window.probes.answer > 0", timeout=20_000)
        except Exception:
            return None
        took = self.page.evaluate("window.probes.answer") - self.lab.python("began") * 1000
        self.page.wait_for_timeout(300)
        return took

    def edits(self) -> float | None:
        """Return the median of a few edits of one node from Python."""
        times = [
            self.python_to_page(f"edit(widget, 'Edit {number}')", f"Edit {number}")
            for number in range(EDITS)
        ]
        known = [time for time in times if time is not None]
        return statistics.median(known) if known else None

    def cpu_of_an_edit(self) -> float:
        """Return the kernel's processor time of one edit, in ms."""
        self.lab.run_python(
            "cpu = time.process_time()\n"
            "for number in range(20): edit(widget, f'Cpu {number}')\n"
            "cpu = (time.process_time() - cpu) / 20 * 1000"
        )
        return self.lab.python("cpu")

    def second_view(self) -> float | None:
        """Show a second view and drag in the first; return whether the second follows."""
        if not self.selector:
            return None
        self.lab.run_cell(3)
        self.page.wait_for_timeout(1_500)
        views = """(s) => [...document.querySelectorAll(".react-flow")]
          .map((view) => view.querySelectorAll(s)[2]?.style.transform)"""
        before = self.page.evaluate(views, self.selector)
        self.drag_in_view()
        after = self.page.evaluate(views, self.selector)
        return float(len(before) >= 2 and before[1] != after[1])

    def heap(self) -> float:
        """Return the page's memory in MB after a garbage collection."""
        return (
            self.page.evaluate("() => { window.gc?.(); return performance.memory.usedJSHeapSize; }")
            / 1e6
        )

    def reload(self) -> bool:
        """Drag, save, load the page again; return whether the node is where it was dropped."""
        if not self.selector:
            return False
        place = "(s) => document.querySelectorAll(s)[2]?.style.transform"
        before = self.page.evaluate(place, self.selector)
        self.lab.reload()
        self.page.locator(self.selector).first.wait_for(timeout=30_000)
        self.page.wait_for_timeout(1_000)
        after: Any = self.page.evaluate(place, self.selector)
        return before == after
