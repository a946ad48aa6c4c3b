"""What `kaizen_widgets.nodelay` gains: ``python -m tests.benchmarks nodelay``.

Two servers of one run, with the extension and without it, take turns in one browser: from an edit in Python
until the page shows it, and from Enter in one tab until another tab shows the new name.
Median and worst in ms.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser

from tests.benchmarks._canvas_rig import PROBES, Bench, browsing
from tests.benchmarks._canvas_widgets import OURS
from tests.browser.lab import Lab
from tests.browser.server import JupyterServer

ROUNDS = 12


class Side:
    """A notebook in two tabs, on a server of its own."""

    def __init__(self, browser: Browser, home: Path, *, enabled: bool) -> None:
        home.mkdir()
        extension = f"kaizen_widgets.nodelay={enabled}"
        self.server = JupyterServer(home, options={"ServerApp.jpserver_extensions": extension})
        self.lab = Lab(self.server, browser.new_context(viewport={"width": 1280, "height": 900}))
        self.bench = Bench(self.lab, OURS, 100, "")
        self.bench.first_paint()
        self.lab.save()
        self.other = self.lab.second_tab().page
        self.other.evaluate(PROBES)
        self.other.locator(OURS.node).first.wait_for()
        self.times: dict[str, list[float]] = {"Python to page": [], "tab to tab": []}

    def measure(self, turn: int) -> None:
        """Take each time once; the first turn warms up."""
        edited = self.bench.python_to_page(f"edit(widget, 'Edit {turn}')", f"Edit {turn}")
        for name, took in {"Python to page": edited, "tab to tab": self._rename(turn)}.items():
            if turn and took is not None:
                self.times[name].append(took)

    def _rename(self, turn: int) -> float:
        name = f"Name {turn}"
        self.other.evaluate(
            "([s, t]) => window.probes.when(() => window.probes.text(s, t), false)",
            [OURS.node, name],
        )
        page = self.lab.page
        page.locator(OURS.node).nth(2).click()
        page.keyboard.press("F2")
        page.keyboard.type(name)
        page.wait_for_timeout(100)  # what the click selected is told first
        page.evaluate(
            """() => addEventListener("keydown", () => {
              window.pressed = performance.timeOrigin + performance.now();
            }, { capture: true, once: true })"""
        )
        page.keyboard.press("Enter")
        self.other.wait_for_function("window.probes.answer > 0", timeout=20_000)
        took = self.other.evaluate("window.probes.answer") - page.evaluate("window.pressed")
        page.wait_for_timeout(200)
        return took


def main(_arguments: Sequence[str]) -> int:
    """Measure and print; there are no options."""
    with tempfile.TemporaryDirectory() as folder, browsing() as browser:
        sides = {
            name: Side(browser, Path(folder) / name, enabled=enabled)
            for name, enabled in {"without": False, "with": True}.items()
        }
        try:
            for turn in range(ROUNDS + 1):
                for side in sides.values():
                    side.measure(turn)
        finally:
            for side in sides.values():
                side.server.close()
    sys.stdout.write(f"{'':10}{'what':18}{'median, ms':>12}{'worst, ms':>12}\n")
    for name, side in sides.items():
        for what, taken in side.times.items():
            median = statistics.median(taken)
            sys.stdout.write(f"{name:10}{what:18}{median:>12.1f}{max(taken):>12.1f}\n")
    return 0
