"""Canvases in a real JupyterLab, side by side: ``python -m tests.benchmarks canvas``.

Options: ``--peers`` adds pynodewidget, panel-reactflow and ipycytoscape, installed into an environment that
is thrown away; ``--n 100,1000,10000`` says how many nodes; ``--json FILE`` keeps the numbers. Always there:
ours, a widget that keeps the whole list in a trait, and React Flow alone in a page, the lower limit.
Prints a Markdown table for each size, ratios to ours in brackets, and how the targets stand. Needs npm for
the floor. Numbers of a busy machine say little; ratios within one run say more.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from playwright.sync_api import Browser

from tests.benchmarks._canvas_rig import Bench, browsing
from tests.benchmarks._canvas_widgets import (
    BASELINE_JS,
    OURS,
    PEER_PACKAGES,
    PEERS,
    WHOLE_LIST,
    Contender,
    rows,
)
from tests.browser.lab import Lab
from tests.browser.server import JupyterServer

Row: TypeAlias = "dict[str, float | None]"
Results: TypeAlias = "dict[int, dict[str, Row]]"

UNITS = {
    "first paint": "ms",
    "bytes to open one": "B",
    "bytes of ten to one": "",
    "drag: bytes up": "B",
    "drag: messages up": "",
    "drag: frame median": "ms",
    "drag: frame worst": "ms",
    "drop to Python": "ms",
    "Python edit to page": "ms",
    "Python adds a node": "ms",
    "kernel CPU of an edit": "ms",
    "all in view: frame median": "ms",
    "all in view: frame worst": "ms",
    "memory of the page": "MB",
    "second view follows": "yes",
    "there after a reload": "yes",
}
FLOOR = "plain React Flow"


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks canvas", description=__doc__)
    parser.add_argument("--peers", action="store_true", help="also measure the peers")
    parser.add_argument("--n", default="100,1000,10000", help="numbers of nodes")
    parser.add_argument("--json", type=Path, help="where to keep the numbers")
    options = parser.parse_args(arguments)
    sizes = [int(size) for size in options.n.split(",")]
    with tempfile.TemporaryDirectory(prefix="kaizen-bench-") as folder:
        results: Results = {size: {} for size in sizes}
        for name, size in _measure(Path(folder), results, with_peers=options.peers):
            # A run takes minutes, so results are written after each step.
            sys.stderr.write(f"measured {name} with {size:,} nodes\n")
            if options.json:
                options.json.write_text(json.dumps(results, indent=2) + "\n")
    sys.stdout.write(table(results) + "\n" + targets(results))
    return 0


def _measure(folder: Path, results: Results, *, with_peers: bool) -> Iterator[tuple[str, int]]:
    """Fill in the results; yield the name and size of each as it is measured."""
    baseline = _build_baseline(folder / "js")
    with browsing("--js-flags=--expose-gc", "--enable-precise-memory-info") as browser:
        for size, found in results.items():
            found[FLOOR] = {"first paint": _floor(browser, baseline, size)}
            yield FLOOR, size
        ours = [OURS, WHOLE_LIST]
        yield from _serve(browser, folder / "ours", sys.executable, ours, baseline, results)
        if with_peers:
            python = _peers_python(folder / "peers")
            yield from _serve(browser, folder / "theirs", python, PEERS, baseline, results)


def _serve(
    browser: Browser,
    home: Path,
    python: str,
    contenders: Sequence[Contender],
    baseline: Path,
    results: Results,
) -> Iterator[tuple[str, int]]:
    home.mkdir()
    server = JupyterServer(home, python)
    try:
        for size, found in results.items():
            for contender in contenders:
                if size > contender.largest:
                    continue
                try:
                    found[contender.name] = _row(browser, server, contender, size, baseline)
                except Exception as error:
                    sys.stderr.write(f"{contender.name} with {size}: {error}\n")
                    found[contender.name] = {}
                server.end_sessions()
                yield contender.name, size
    finally:
        server.close()


def _row(
    browser: Browser, server: JupyterServer, contender: Contender, size: int, baseline: Path
) -> Row:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    small = size <= 100
    with Lab(server, context) as lab:
        bench = Bench(lab, contender, size, str(baseline))
        paint, opened = bench.first_paint()
        row: Row = {"first paint": paint, "bytes to open one": opened}
        drag = bench.drag_in_view() if size <= contender.drags else None
        if drag:
            row |= {
                "drag: bytes up": drag.bytes_up,
                "drag: messages up": drag.messages_up,
                "drag: frame median": drag.frame_median,
                "drag: frame worst": drag.frame_worst,
                "drop to Python": drag.to_python,
            }
        row["Python edit to page"] = bench.edits()
        row["Python adds a node"] = bench.python_to_page("add(widget, 'Added')", "Added")
        row["kernel CPU of an edit"] = bench.cpu_of_an_edit()
        afar = bench.drag_from_afar()
        if afar:
            row["all in view: frame median"] = afar.frame_median
            row["all in view: frame worst"] = afar.frame_worst
        row["memory of the page"] = bench.heap()
        if small:
            row["second view follows"] = bench.second_view()
            row["there after a reload"] = float(bench.reload())
            row["bytes of ten to one"] = _ten_to_one(browser, server, contender, baseline)
    context.close()
    return row


def _ten_to_one(
    browser: Browser, server: JupyterServer, contender: Contender, baseline: Path
) -> float:
    """Return the bytes of ten small canvases divided by those of one, which shows what the code costs."""
    with Lab(server, browser.new_context()) as lab:
        bench = Bench(lab, contender, 10, str(baseline))
        _, one = bench.first_paint()
        return 1 + bench.nine_more() / one


def _floor(browser: Browser, baseline: Path, size: int) -> float:
    """Return the ms plain React Flow takes to draw the same graph in an empty page."""
    nodes, edges = rows(size)
    page = browser.new_page(viewport={"width": 1050, "height": 560})
    page.route("**/baseline.js", lambda route: route.fulfill(path=str(baseline)))
    page.route(
        "**/page",
        lambda route: route.fulfill(body="<!doctype html><body></body>", content_type="text/html"),
    )
    page.goto("http://localhost/page")
    page.evaluate("import('/baseline.js')")
    took = page.evaluate(
        """([nodes, edges]) => new Promise((resolve) => {
          const began = performance.now();
          const look = () => document.querySelector(".react-flow__node")
            ? requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)))
            : requestAnimationFrame(look);
          plainReactFlow(
            nodes.map(([id, x, y, label]) => ({ id, position: { x, y }, data: { label } })),
            edges.map(([id, source, target]) => ({ id, source, target })));
          look();
        })""",
        [nodes, edges],
    )
    page.close()
    return took


def _build_baseline(folder: Path) -> Path:
    """Build the baseline's bundle, with React itself."""
    folder.mkdir()
    (folder / "package.json").write_text('{"private": true}')
    (folder / "baseline.js").write_text(BASELINE_JS)
    packages = ["react@19", "react-dom@19", "@xyflow/react@12", "esbuild@0.28"]
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", *packages],
        cwd=folder,
        check=True,
        stdout=sys.stderr,
    )
    options = ["--bundle", "--minify", "--format=esm", "--loader:.css=text", "--outfile=out.js"]
    define = '--define:process.env.NODE_ENV="production"'
    subprocess.run(
        ["node_modules/.bin/esbuild", "baseline.js", *options, define], cwd=folder, check=True
    )
    return folder / "out.js"


def _peers_python(folder: Path) -> str:
    """Create an environment with the peers; return its Python."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    subprocess.run(
        [python, "-m", "pip", "install", "-q", *PEER_PACKAGES], check=True, stdout=sys.stderr
    )
    return python


def table(results: Results) -> str:
    """Return Markdown: a table for each size, each cell with its ratio to ours."""
    lines: list[str] = []
    for size, found in results.items():
        names = list(found)
        lines += ["", f"### {size:,} nodes", "", f"| | {' | '.join(names)} |"]
        lines.append("|---|" + "---|" * len(names))
        for measure, unit in UNITS.items():
            if any(found[name].get(measure) is not None for name in names):
                ours = found.get(OURS.name, {}).get(measure)
                cells = (_cell(found[name].get(measure), ours, unit) for name in names)
                lines.append(f"| {measure} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(value: float | None, ours: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "yes":
        return "yes" if value else "no"
    shown = f"{value:,.0f} {unit}" if value >= 100 else f"{value:.1f} {unit}"
    ratio = f" (x{value / ours:.2f})" if ours and value != ours else ""
    return shown.strip() + ratio


def targets(results: Results) -> str:
    """Return which targets are met in this run."""

    def of(size: int, name: str, measure: str) -> float | None:
        return results.get(size, {}).get(name, {}).get(measure)

    def ours(size: int, measure: str) -> float | None:
        return of(size, OURS.name, measure)

    def growth(measure: str) -> tuple[str, float | None, float]:
        ratio = _ratio(ours(10_000, measure), ours(100, measure))
        return f"{measure}: 10,000 against 100", ratio, 1.5

    checks: list[tuple[str, float | None, float]] = [
        (
            "bytes of a drag among 1,000: of the whole list's",
            _ratio(ours(1000, "drag: bytes up"), of(1000, WHOLE_LIST.name, "drag: bytes up")),
            1 / 500,
        ),
        ("drop to Python among 10,000, ms", ours(10_000, "drop to Python"), 10),
        ("Python edit to page among 10,000, ms", ours(10_000, "Python edit to page"), 35),
        growth("drop to Python"),
        growth("Python edit to page"),
        growth("kernel CPU of an edit"),
        (
            "first paint of 10,000: of the whole list's",
            _ratio(ours(10_000, "first paint"), of(10_000, WHOLE_LIST.name, "first paint")),
            1,
        ),
        (
            "first paint of 1,000: of plain React Flow's",
            _ratio(ours(1000, "first paint"), of(1000, FLOOR, "first paint")),
            1.2,
        ),
        ("frame of a drag among 10,000, ms", ours(10_000, "drag: frame median"), 17.5),
        ("the same, all in view, ms", ours(10_000, "all in view: frame median"), 33),
        ("memory of the page with 10,000, MB", ours(10_000, "memory of the page"), 250),
        ("bytes of ten canvases: of one's", ours(100, "bytes of ten to one"), 1.2),
    ]
    lines = ["", "| target | at most | measured | |", "|---|---|---|---|"]
    for name, value, limit in checks:
        if value is not None:
            verdict = "met" if value <= limit else "not met"
            lines.append(f"| {name} | {limit:.4g} | {value:.4g} | {verdict} |")
    return "\n".join(lines) + "\n"


def _ratio(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other
