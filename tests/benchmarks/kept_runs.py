"""What it costs to keep a run: ``python -m tests.benchmarks kept_runs [EVENTS]``.

Reading: pages of the events of a run in which a node logs 1,000 lines, and 100,000 or EVENTS. A cell is the
processor time of one page, its ratio to a slice of a list as long, and to the page of the short run.
Results: a chain of 50 nodes whose functions get and return a text of 100 or 100,000 characters. A cell is the
processor time of one node and its ratio to the same chain without keys (the policy ``never``): with keys,
which are fingerprints of code, config and what arrives; and again after one function in the middle changed,
so that half of the nodes are taken from the run before. It prints measurements and has no limits.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.engines import Run, start
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.nodes import Functions, default_registry
from kaizen_widgets.runs import Runner

SHORT = 1_000
EVENTS = 100_000
PAGE = 100
NODES = 50
LENGTHS = (100, 100_000)
REPEATS = 5


def main(arguments: Sequence[str]) -> int:
    """Measure and print; the option is the number of events of the long run."""
    loop = BackgroundLoop("benchmark")
    try:
        _pages(loop, int(arguments[0]) if arguments else EVENTS)
        for length in LENGTHS:
            _keys(loop, length)
    finally:
        loop.close()
    return 0


def _pages(loop: BackgroundLoop, count: int) -> None:
    runs = [_logged(loop, size) for size in (SHORT, count)]
    for name, place in (("first", 0.0), ("middle", 0.5), ("last", 1.0)):
        pages: list[float] = []
        for run, size in zip(runs, (SHORT, count), strict=True):
            after = int((size - PAGE) * place)
            pages.append(_time(lambda run=run, after=after: run.events(after, PAGE)))
        events = list(runs[1].events())
        at = int((count - PAGE) * place)
        floor = _time(lambda events=events, at=at: tuple(events[at : at + PAGE]))
        sys.stdout.write(
            f"{name + ' page of ' + str(PAGE):20} {count:,} events  {pages[1] * 1e6:.1f} us  "
            f"x{pages[1] / floor:.1f} of a slice  x{pages[1] / pages[0]:.2f} of {SHORT:,} events\n"
        )
    before = time.process_time()
    after = read = 0
    while page := runs[1].events(after, PAGE):
        after, read = page[-1].seq, read + len(page)
    spent = time.process_time() - before
    sys.stdout.write(f"{'all pages':20} {read:,} events  {spent * 1e3:.1f} ms\n")


def _logged(loop: BackgroundLoop, count: int) -> Run:
    def log(value: Any, ctx: Any) -> None:
        for number in range(count):
            ctx.log(number)

    graph = Graph([Node("log", type="agent", data={"label": "log"})])
    return start(graph, {"text": "t"}, loop=loop, functions={"log": log}).wait()


def _time(call: Callable[[], object], times: int = 200) -> float:
    def once() -> float:
        before = time.process_time()
        for _ in range(times):
            call()
        return (time.process_time() - before) / times

    return statistics.median(once() for _ in range(REPEATS))


def _keys(loop: BackgroundLoop, length: int) -> None:
    seconds: dict[str, list[float]] = {"never": [], "run": [], "again": []}
    for _ in range(REPEATS):  # In turns, so that a busy machine slows down all alike.
        for policy in ("never", "run"):
            runner = _chain(loop, length)
            runner.cache.policy = policy
            run, spent = _spent(lambda runner=runner: runner.run({"text": "t"}))
            seconds[policy].append(spent)
        runner.functions.register(f"n{NODES // 2}", lambda value: "z" * length)
        _, spent = _spent(lambda run=run: run.rerun(f"n{NODES // 2}"))
        seconds["again"].append(spent)
    medians = {name: statistics.median(each) / NODES for name, each in seconds.items()}
    names = {"never": "without keys", "run": "with keys", "again": "half from the run before"}
    for name, each in medians.items():
        sys.stdout.write(
            f"{names[name]:26} {length:,} characters  {each * 1e6:.0f} us a node  "
            f"x{each / medians['never']:.2f}\n"
        )


def _spent(begin: Callable[[], Run]) -> tuple[Run, float]:
    before = time.process_time()
    run = begin().wait()
    spent = time.process_time() - before
    if run.status != "completed":
        raise RuntimeError(f"The run {run.status}.")
    return run, spent


def _chain(loop: BackgroundLoop, length: int) -> Runner:
    nodes = [Node(f"n{index}", type="agent", data={"label": f"n{index}"}) for index in range(NODES)]
    edges = [Edge(f"e{index}", f"n{index - 1}", f"n{index}") for index in range(1, NODES)]
    functions = Functions()
    for index in range(NODES):
        functions.register(f"n{index}", lambda value, index=index: f"{index}".ljust(length, "y"))
    runner = Runner(functions, default_registry(), loop=loop)
    graph = Graph(nodes, edges)
    runner.graph = lambda: (graph, "p")
    return runner
