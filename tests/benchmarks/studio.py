"""What the studio and its panels cost: ``python -m tests.benchmarks studio``.

Four things, each as what was measured and its ratio to the limit, so that at most x1.00 is within it. Times
of the kernel are processor time.

* ``Studio()`` to drawn: its ratio to the same in another commit, with ``--against=COMMIT``. Both take turns
  in processes of their own. Without it, its ratio to 500 plain ipywidgets, the floor of this machine.
* A panel of 1,000 rows: kernel and browser together, limit 150 ms; all messages, limit 60 kB.
* A key press in the search field of 1,000 rows, to the changed rows: limit 16.7 ms, one frame. Beside it
  its ratio to 50 rows of a plain table, because times in a browser grow with the load of the machine.
* Ten panels on a page: the code they add, compressed, limit 80 kB; a second page of ten adds only loaders.

``--no-browser`` leaves out what needs Chromium. It prints measurements; it asserts nothing.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipywidgets as ipw

from kaizen_widgets import Canvas
from kaizen_widgets.api import Api, studio_defaults
from kaizen_widgets.query import QueryClient
from kaizen_widgets.testing import FakeClock, MockServer, VirtualLoop, fake_comms
from kaizen_widgets.transport import Tokens, Transport
from kaizen_widgets.widgets import QueryPanel
from tests.widgets.every_panel import AGENT, CASES, PanelCase, answer_all

ROOT = Path(__file__).parents[2]
ROUNDS = 3
ROWS = 1_000
TEN = ("agents", "pipelines", "deployments", "gateways", "metrics", "policies", "teams", "people", "user",
       "a query")  # fmt: skip
OPEN = """
import time
from kaizen_widgets import Studio
from kaizen_widgets.testing import fake_comms
with fake_comms():
    Studio(data=":memory:").close()
    start = time.process_time()
    studio = Studio(data=":memory:")
    studio.app
    print(time.process_time() - start)
    studio.close()
"""
PAGE = """<!doctype html><meta charset="utf-8"><body><main></main><script type="module">
const code = await import("data:text/javascript;base64,%s");
const bytes = Uint8Array.from(atob("%s"), (c) => c.charCodeAt(0));
const traits = { _table: new DataView(bytes.buffer), selected: [], search: "", sort: "",
  hidden_columns: [], total: null, has_more: false, is_loading: false, page_size: 50 };
const model = { get: (name) => traits[name], set() {}, save_changes() {}, on() {}, off() {}, send() {} };
const el = document.querySelector("main");
const rows = () => el.querySelectorAll("tbody tr").length;
const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
const start = performance.now();
code.default.initialize().mount({ model, el });
while (rows() < 50) await painted();
await painted();
const opened = performance.now() - start;
const input = el.querySelector("input");
const keys = [];
for (const text of ["9", "98", "987", "98", "9", ""]) {
  input.value = text;
  const before = performance.now();
  input.dispatchEvent(new Event("input", { bubbles: true }));
  document.body.getBoundingClientRect();
  keys.push(performance.now() - before);
  await painted();
}
const cells = "<td>some text</td>".repeat(8);
const before = performance.now();
document.body.insertAdjacentHTML("beforeend", `<table>${`<tr>${cells}</tr>`.repeat(50)}</table>`);
document.body.getBoundingClientRect();
const floor = performance.now() - before;
await painted();
window.took = { opened, floor, key: keys.sort((a, b) => a - b)[keys.length - 1] };
</script>"""


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    write = sys.stdout.write
    against = next((one.partition("=")[2] for one in arguments if one.startswith("--against=")), "")
    floor = statistics.median(_seconds(_plain_widgets) for _ in range(ROUNDS))
    write(f"floor: 500 plain ipywidgets {floor * 1e3:.0f} ms\n")
    own, other = _studio(against)
    beside = f"x{own / other:.2f} of {against}" if other else f"x{own / floor:.2f} of the floor"
    write(f"{'Studio() to drawn':34}{own * 1e3:8.0f} ms  {beside}\n")
    kernel, size, table = _panel()
    paint = {} if "--no-browser" in arguments else _paint(table)
    opened = kernel * 1e3 + paint.get("opened", 0.0)
    where = "kernel and browser" if paint else "kernel only"
    write(f"{f'a panel of {ROWS:,} rows, {where}':34}{opened:8.1f} ms  x{opened / 150:.2f}\n")
    write(f"{'  its messages':34}{size / 1e3:8.1f} kB  x{size / 60_000:.2f}\n")
    if paint:
        key = paint["key"]
        peer = f"x{key / paint['floor']:.1f} of 50 plain rows"
        write(f"{'  the slowest of six key presses':34}{key:8.1f} ms  x{key / 16.7:.2f}, {peer}\n")
    first, second, seconds = _ten_panels()
    write(f"{'ten panels, code they add':34}{first / 1e3:8.1f} kB  x{first / 80_000:.2f}\n")
    write(f"{'  ten more':34}{second / 1e3:8.1f} kB  x{second / 80_000:.2f}\n")
    write(
        f"{'  their time in the kernel':34}{seconds * 1e3:8.0f} ms  x{seconds / floor:.2f} of the floor\n"
    )
    return 0


def _seconds(work: Any) -> float:
    """Return processor time, which other work on the machine changes little."""
    before = time.process_time()
    work()
    return time.process_time() - before


def _plain_widgets() -> None:
    with fake_comms():
        for _ in range(500):
            ipw.HTML("text")


def _studio(against: str) -> tuple[float, float]:
    """Return the median seconds of this commit and of another, 0 without one."""
    times: dict[Path, list[float]] = {ROOT: []}
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "other"
        if against:
            _git("worktree", "add", "--detach", "--quiet", str(other), against)
            shutil.copytree(
                ROOT / "kaizen_widgets" / "static",
                other / "kaizen_widgets" / "static",
                dirs_exist_ok=True,
            )
            times[other] = []
        try:
            for _ in range(ROUNDS):
                for tree, found in times.items():
                    found.append(_in_process(tree))
        finally:
            if against:
                _git("worktree", "remove", "--force", str(other))
    return statistics.median(times[ROOT]), statistics.median(times.get(other) or [0.0])


def _git(*arguments: str) -> None:
    subprocess.run(["git", "-C", str(ROOT), *arguments], check=True)


def _in_process(tree: Path) -> float:
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tree)!r})\n{OPEN}"]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        command, cwd=tree, capture_output=True, text=True, check=True, env=environment
    )
    return float(done.stdout.strip().splitlines()[-1])


def _client() -> tuple[Api, MockServer, VirtualLoop]:
    loop = VirtualLoop(FakeClock())
    server = MockServer(loop.clock)
    answer_all(server)
    tokens = Tokens("access", "refresh")
    transport = Transport(
        "https://k.example.com", clock=loop.clock, transport=server, tokens=tokens
    )
    client = QueryClient(loop=loop, clock=loop.clock, default_options=studio_defaults())
    return Api(transport, client), server, loop


def _panel() -> tuple[float, int, bytes]:
    """Return the seconds of the kernel for a panel of 1,000 agents, its messages in bytes, and its table."""
    api, server, loop = _client()
    rows = [
        {
            **AGENT,
            "id": f"{place:036}",
            "name": f"Agent {place}",
            "updated_at": "2026-01-01T00:00:00Z",
        }
        for place in range(ROWS)
    ]

    def page(call: Any) -> Any:
        at = int(call.query["offset"])
        return {"records": rows[at : at + int(call.query["limit"])], "total": ROWS}

    server.answer("GET", "/agents", page)
    with fake_comms() as comms:
        query = api.agents.list()
        loop.advance(1)
        QueryPanel(query)  # It brings the shared code.
        before = len(comms)
        panel = QueryPanel(query)
        size = sum(
            len(json.dumps(message.data)) + sum(map(len, message.buffers))
            for opened in comms[before:]
            for message in opened.sent
        )
        assert len(panel.grid.records) == ROWS
        seconds = statistics.median(_seconds(lambda: QueryPanel(query)) for _ in range(ROUNDS))
        return seconds, size, panel.grid._table


def _paint(table: bytes) -> dict[str, float]:
    """Return milliseconds in a browser: to the painted rows, and of the slowest key press."""
    sys.path.append(str(ROOT / ".ci"))
    import chromium  # where Chromium is, is the gate's business
    from playwright.sync_api import sync_playwright

    source = (ROOT / "kaizen_widgets" / "static" / "grid.js").read_bytes()
    page_html = PAGE % (base64.b64encode(source).decode(), base64.b64encode(table).decode())
    chromium.lend_node()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        found: list[dict[str, float]] = []
        for _ in range(ROUNDS):
            page = browser.new_page(viewport={"width": 900, "height": 900})
            page.set_content(page_html)
            page.wait_for_function("window.took")
            found.append(page.evaluate("window.took"))
            page.close()
        browser.close()
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def _open(api: Api, cases: Sequence[PanelCase]) -> list[Any]:
    return [case.make(api) for case in cases]


def _ten_panels() -> tuple[int, int, float]:
    """Return the code in bytes, compressed, that ten panels and ten more add, and seconds of the first."""
    api, _server, loop = _client()
    cases = [case for case in CASES if case.name in TEN]
    assert len(cases) == 10
    with fake_comms() as comms:
        Canvas()  # The page has a canvas already.
        sizes: list[int] = []
        times: list[float] = []
        for _ in range(2):
            before = len(comms)
            times.append(_seconds(lambda: (_open(api, cases), loop.advance(1))))
            sizes.append(
                sum(
                    len(zlib.compress(code.encode(), 9))
                    for opened in comms[before:]
                    for message in opened.sent
                    if (code := (message.data.get("state") or {}).get("_esm"))
                )
            )
        return sizes[0], sizes[1], times[0]
