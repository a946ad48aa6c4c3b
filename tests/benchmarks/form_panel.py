"""What a form costs, beside ipyautoui and pydantic-panel: ``python -m tests.benchmarks form_panel``.

Forms of 50 fields, and of 200 rows of 3: seconds to build one in the kernel, and comm messages until it is
there (for a second form: the shared code travels once a kernel). Then, at 200 rows, what a keystroke costs in
the kernel and in messages, and how long a real browser takes from the picture to the painted form.

The peers are installed into a virtual environment that is thrown away; ``--peers=PYTHON`` takes a Python that
has them, ``--no-peers`` leaves them out, and ``--no-browser`` the paint. It measures and prints; it asserts
nothing.
"""

from __future__ import annotations

import base64
import json
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from kaizen_widgets.testing import fake_comms
from kaizen_widgets.widgets import FormPanel
from tests.benchmarks._form_models import Rows, fastest, fifty_fields

ROOT = Path(__file__).parents[2]
PEERS = ("ipyautoui==0.9.0", "pydantic-panel==0.2.0")
FORMS: dict[str, Callable[[], type[BaseModel]]] = {
    "50 fields": fifty_fields,
    "200 rows of 3": lambda: Rows,
}
PAGE = """<!doctype html><meta charset="utf-8"><body><main></main><script type="module">
const code = await import("data:text/javascript;base64,%s");
const picture = %s;
const model = { get: () => picture, on() {}, off() {}, send() {} };
const { mount } = code.default.initialize();
const start = performance.now();
mount({ model, el: document.querySelector("main") });
requestAnimationFrame(() => setTimeout(() => { window.took = performance.now() - start; }));
</script>"""


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    write = sys.stdout.write
    given = next((one.partition("=")[2] for one in arguments if one.startswith("--peers=")), "")
    peers: dict[str, Any] = {}
    if "--no-peers" not in arguments:
        peers = _measure_peers(given) if given else _install_peers()
    write(f"{'':16}{'':16}{'build':>12}{'messages':>12}{'ours is':>16}\n")
    for name, model in FORMS.items():
        seconds, messages = _measure_ours(model())
        write(f"{name:16}{'kaizen-widgets':16}{seconds * 1e3:9.1f} ms{messages:12}\n")
        for peer, found in peers.items():
            if isinstance(found, str):
                write(f"{name:16}{peer:16} failed: {found}\n")
                continue
            one = found[name]
            times = f"1/{one['seconds'] / seconds:.0f}"
            write(
                f"{name:16}{peer:16}{one['seconds'] * 1e3:9.1f} ms{one.get('messages', '-'):>12}"
                f"{times:>16}\n"
            )
    kernel, messages = _measure_keystroke()
    write(
        f"\na keystroke at 200 rows: {kernel * 1e3:.2f} ms in the kernel, {messages} message out\n"
    )
    if "--no-browser" not in arguments:
        write(f"first paint of 200 rows: {_measure_paint():.0f} ms\n")
    return 0


def _measure_ours(model: type[BaseModel]) -> tuple[float, int]:
    with fake_comms() as comms:
        FormPanel(model)
        before = len(comms)
        FormPanel(model)
        messages = sum(len(opened.sent) for opened in comms[before:])
        return fastest(lambda: FormPanel(model)), messages


def _measure_keystroke() -> tuple[float, float]:
    """Return the median seconds the kernel takes for one, and how many messages it answers with."""
    with fake_comms() as comms:
        panel = FormPanel(Rows)
        comm = comms.of(panel.area)
        row = panel.form.rows("rows").ids[100]
        comm.clear()
        times: list[float] = []
        for n in range(1, 101):
            edits = [{"key": f"/rows/{row}/sku", "value": f"sku-{n}"}]
            message = {"kind": "change", "client": "me", "seq": n, "edits": edits}
            start = time.perf_counter()
            comm.deliver_custom(message)
            times.append(time.perf_counter() - start)
        return statistics.median(times), len(comm.custom) / len(times)


def _measure_paint() -> float:
    """Return the median milliseconds in a real browser, from the picture to the painted form."""
    sys.path.append(str(ROOT / ".ci"))
    import chromium  # where Chromium is, is the gate's business
    from playwright.sync_api import sync_playwright

    with fake_comms():
        picture = FormPanel(Rows).area.get_state()["_snapshot"]
    source = (ROOT / "kaizen_widgets" / "static" / "form.js").read_bytes()
    html = PAGE % (base64.b64encode(source).decode(), json.dumps(picture).replace("<", "\\u003c"))
    chromium.lend_node()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        times: list[float] = []
        for _ in range(5):
            page = browser.new_page(viewport={"width": 900, "height": 900})
            page.set_content(html)
            page.wait_for_function("window.took")
            times.append(page.evaluate("window.took"))
            page.close()
        browser.close()
    return statistics.median(times)


def _install_peers() -> dict[str, Any]:
    """Install the peers somewhere, and measure them there."""
    with tempfile.TemporaryDirectory() as folder:
        sys.stderr.write(f"installing {', '.join(PEERS)} for this run ...\n")
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / "bin" / "python")
        install = [python, "-m", "pip", "install", "--quiet", *PEERS]
        done = subprocess.run(install, capture_output=True, text=True)
        if done.returncode:
            return {"peers": f"pip failed: {done.stderr.strip().splitlines()[-1:]}"}
        return _measure_peers(python)


def _measure_peers(python: str) -> dict[str, Any]:
    """Measure the peers in a Python that has them."""
    script = str(Path(__file__).with_name("_form_peers.py"))
    done = subprocess.run([python, script], capture_output=True, text=True)
    if done.returncode:
        return {"peers": done.stderr.strip().splitlines()[-1]}
    return json.loads(done.stdout.strip().splitlines()[-1])
