"""What scheduling a node costs, for 1,000 and 10,000 nodes: ``python -m tests.benchmarks runs``.

Muted nodes, which only the scheduler touches, and synthesizers, which the local engine runs like any node, on
a background loop as in a notebook. A cell is the processor time of one node, checking the graph included, its
ratio to the floor, and to the smaller graph of this run. The floor is what asyncio needs for a task that does
nothing; the peer is pydantic-graph, whose steps return what they get, without checks, log or cancelling.
Shapes: a chain, one node before all others, and nodes without edges. It prints measurements and has no
limits.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from pydantic_graph import GraphBuilder

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.engines import start
from kaizen_widgets.graph import Edge, Graph, Node

SIZES = (1_000, 10_000)
REPEATS = 3


def main(_arguments: Sequence[str]) -> int:
    """Measure and print; there are no options."""
    write = sys.stdout.write
    floor = statistics.median(_floor(SIZES[0]) for _ in range(REPEATS))
    write(f"floor: one asyncio task {floor * 1e6:.1f} us\n")
    peer = statistics.median(_peer(SIZES[0]) for _ in range(REPEATS))
    write(f"peer: one step of pydantic-graph {peer * 1e6:.0f} us  x{peer / floor:.1f}\n")
    write(f"{'one node of':24}" + "".join(f"{f'{size:,} nodes':>30}" for size in SIZES) + "\n")
    for name, (shape, is_muted) in ROWS.items():
        graphs = [shape(size, is_muted) for size in SIZES]
        gc.collect()
        gc.freeze()
        # Sizes take turns, so that a busy machine slows down both alike.
        rounds = [[_run(graph) for graph in graphs] for _ in range(REPEATS)]
        medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
        cells = [
            f"{seconds * 1e6:.0f} us  x{seconds / floor:.1f}  x{seconds / medians[0]:.2f}"
            for seconds in medians
        ]
        write(f"{name:24}" + "".join(f"{cell:>30}" for cell in cells) + "\n")
        gc.unfreeze()
    return 0


def _floor(count: int) -> float:
    async def all_of_them() -> None:
        for _ in range(count):
            await asyncio.get_running_loop().create_task(_nothing())

    before = time.process_time()
    asyncio.run(all_of_them())
    return (time.process_time() - before) / count


def _run(graph: Graph) -> float:
    loop = BackgroundLoop("benchmark")
    loop.wait(_nothing())  # Its thread has started.
    try:
        before = time.process_time()
        run = start(graph, {"n": 1}, loop=loop).wait()
        spent = time.process_time() - before
    finally:
        loop.close()
    if run.status != "completed":
        raise RuntimeError(f"The run {run.status}.")
    return spent / len(graph.nodes)


async def _nothing() -> None:
    return None


def _peer(count: int) -> float:
    """Return the seconds a node of a chain takes pydantic-graph, without building the chain."""
    builder = GraphBuilder(input_type=int, output_type=int, auto_instrument=False)

    async def same(ctx: Any) -> int:
        return ctx.inputs

    steps = [builder.step(node_id=f"n{index}")(same) for index in range(count)]
    builder.add(builder.edge_from(builder.start_node).to(steps[0]))
    for one, other in pairwise(steps):
        builder.add(builder.edge_from(one).to(other))
    builder.add(builder.edge_from(steps[-1]).to(builder.end_node))
    graph = builder.build()
    before = time.process_time()
    asyncio.run(graph.run(inputs=1))
    return (time.process_time() - before) / count


def _nodes(size: int, is_muted: bool) -> list[Node]:
    data = {"policy": {"muted": True}} if is_muted else {}
    return [Node(f"n{index}", type="synthesizer", data=data) for index in range(size)]


def _chain(size: int, is_muted: bool) -> Graph:
    edges = [Edge(f"e{index}", f"n{index - 1}", f"n{index}") for index in range(1, size)]
    return Graph(_nodes(size, is_muted), edges)


def _fan(size: int, is_muted: bool) -> Graph:
    return Graph(_nodes(size, is_muted), [Edge(f"e{i}", "n0", f"n{i}") for i in range(1, size)])


def _wide(size: int, is_muted: bool) -> Graph:
    return Graph(_nodes(size, is_muted))


ROWS: dict[str, tuple[Callable[[int, bool], Graph], bool]] = {
    "a chain, muted": (_chain, True),
    "one before all, muted": (_fan, True),
    "a chain, run": (_chain, False),
    "one before all, run": (_fan, False),
    "without edges, run": (_wide, False),
}
