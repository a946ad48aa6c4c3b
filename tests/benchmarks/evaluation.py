"""What an evaluation of 1,000 rows takes: ``python -m tests.benchmarks evaluation [ROWS]``.

A router pipeline with three functions, whose outputs are short or 100,000 characters long, judged by two
evaluators. It prints the processor time of a row, its ratio to the run of the row without an evaluation, and
the memory of the whole process at its peak. Each line is measured in a process of its own. It has no limits.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

from pydantic_evals.evaluators import Contains

from kaizen_widgets import patterns
from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.engines import start
from kaizen_widgets.evaluation import evaluate
from kaizen_widgets.nodes import Functions, default_registry

ROWS = 1_000
SAMPLE = 100


def main(arguments: Sequence[str]) -> int:
    """Measure and print; the option is the number of rows."""
    count = int(arguments[0]) if arguments else ROWS
    context = multiprocessing.get_context("spawn")
    for name, length in {"short outputs": 100, "long outputs": 100_000}.items():
        queue: Any = context.Queue()
        process = context.Process(target=_measure, args=(count, length, queue))
        process.start()
        seconds, floor, peak = queue.get(timeout=600)
        process.join()
        sys.stdout.write(
            f"{name:14} {count:,} rows  {seconds * 1e3:.1f} ms a row  x{seconds / floor:.1f} of its run  "
            f"{peak:.0f} MB at the peak\n"
        )
    return 0


def _measure(count: int, length: int, queue: Any) -> None:
    loop = BackgroundLoop("benchmark")
    graph = patterns.router(
        {"Billing": "'invoice' in text", "Technical": "'start' in text"}, default="Other"
    )
    functions = Functions(
        {
            name: lambda text: (text + "x" * length)[:length]
            for name in ("Billing", "Technical", "Other")
        }
    )
    known = {"loop": loop, "functions": functions, "registry": default_registry()}
    rows = [{"text": f"invoice {number}", "expected": "invoice"} for number in range(count)]
    evaluate(graph, rows[:5], [Contains("invoice")], **known).wait()  # Imports what it needs.
    before = time.process_time()
    done = evaluate(graph, rows, [Contains("invoice"), _is_short], **known).wait()
    seconds = (time.process_time() - before) / count
    if done.done != count or done.summary.errors:
        raise RuntimeError(repr(done))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    floors: list[float] = []
    for row in rows[:SAMPLE]:
        before = time.process_time()
        start(graph, {"text": row["text"]}, **known).wait()
        floors.append(time.process_time() - before)
    loop.close()
    queue.put((seconds, statistics.median(floors), peak))


def _is_short(output: str) -> bool:
    return len(output) < 200
