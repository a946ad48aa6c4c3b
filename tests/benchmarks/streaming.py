"""What a run sends to the page while ten nodes stream text: ``python -m tests.benchmarks streaming``.

Ten agents stream 100 tokens a second each for some seconds, in real time, in a studio whose canvas and run
panel are open in one page. Counted are the messages of all widgets as JSON, and for comparison one message
a token, which is what a plain trait would send. It prints measurements and has no limits.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kaizen_widgets import Studio, patterns
from kaizen_widgets.engines import LocalEngine
from kaizen_widgets.testing import fake_comms
from kaizen_widgets.testing.fake_comm import FakeComms

AGENTS = [f"Agent {number}" for number in range(10)]
TOKENS_A_SECOND = 100
SECONDS = 4
TOKEN = "tokens "


def main(_arguments: Sequence[str]) -> int:
    """Measure and print; there are no options."""
    with fake_comms() as comms, tempfile.TemporaryDirectory() as folder:
        studio = Studio(data=Path(folder) / "studio.db")
        try:
            size, count, seconds = _measure(studio, comms)
        finally:
            studio.close()
    tokens = len(AGENTS) * TOKENS_A_SECOND * SECONDS
    plain = sum(
        _size({"method": "update", "state": {"text": TOKEN * place}}) for place in range(100)
    )
    sys.stdout.write(
        f"{tokens / seconds:,.0f} tokens a second on {len(AGENTS)} nodes for {seconds:.1f} s\n"
        f"messages: {count / seconds:.1f} a second, {size / seconds / 1000:.1f} kB a second\n"
        f"one message a token: {tokens / seconds * plain / 100 / 1000:.1f} kB a second\n"
    )
    return 0


def _measure(studio: Studio, comms: FakeComms) -> tuple[int, int, float]:
    """Return bytes and number of the messages of a run, and how long it took in seconds."""
    for name in AGENTS:
        studio.agent(name)(_write)
    studio.new("Streaming", patterns.parallel(AGENTS))
    # All ten at a time; a run has eight by default.
    studio.runner._engine = LocalEngine(max_parallel=len(AGENTS))
    panel: Any = studio.run_panel
    comm = comms.of(studio.canvas)
    comm.deliver_custom({"kind": "hello", "client": "page"})
    before = [len(one.sent) for one in comms]
    known = len(comms)
    began = time.perf_counter()
    run = studio.run(text="go").wait()
    seconds = time.perf_counter() - began
    sent = [
        message
        for place, one in enumerate(comms)
        for message in one.sent[before[place] if place < known else 0 :]
    ]
    if run.status != "completed" or panel is None:
        raise RuntimeError(f"The run {run.status}.")
    return sum(map(_size, sent)), len(sent), seconds


async def _write(text: str, ctx: Any) -> str:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for place in range(TOKENS_A_SECOND * SECONDS):
        ctx.stream(TOKEN)
        # By the clock, so that a slow machine falls behind as little as it can.
        await asyncio.sleep(max(began + place / TOKENS_A_SECOND - loop.time(), 0))
    return text


def _size(message: Any) -> int:
    return len(json.dumps(getattr(message, "data", message)))
