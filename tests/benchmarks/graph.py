"""The cost of one change in a graph of 100 to 40,000 nodes: ``python -m tests.benchmarks graph``.

Rows are kinds of change, columns are sizes; a cell is the processor time of one change and its ratio to the
smallest graph of this run. The last row shows the cost without sharing: the list is rebuilt with one node
replaced. Sizes take turns within each repeat, and medians are compared, so that a busy machine slows down
all of them alike. It prints measurements and has no limits.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any, TypeAlias

from kaizen_widgets.graph import (
    AddElement,
    Batch,
    Edge,
    Graph,
    Node,
    RemoveElement,
    SetProperty,
    apply,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Change: TypeAlias = "Callable[[Graph, Sequence[int]], list[Callable[[], Any]]]"

SIZES = (100, 1_000, 10_000, 40_000)
REPEATS = 61
STEPS = 20
"""Changes timed together, each of another node of the same graph."""


def main(_arguments: Sequence[str]) -> int:
    """Measure and print; there are no options."""
    graphs = {size: _graph(size) for size in SIZES}
    # Keeps garbage collections during a measurement from visiting the graphs.
    gc.freeze()
    write = sys.stdout.write
    write(f"{'one change among':24}" + "".join(f"{f'{size:,} nodes':>24}" for size in SIZES) + "\n")
    for name, change in CHANGES.items():
        medians = _measure(change, graphs)
        cells = [f"{seconds * 1e6:.1f} us  x{seconds / medians[0]:.2f}" for seconds in medians]
        write(f"{name:24}" + "".join(f"{cell:>24}" for cell in cells) + "\n")
    return 0


def _graph(size: int) -> Graph:
    """Return a chain of nodes with a group around each tenth."""
    nodes = [
        Node(
            f"node-{index}",
            (index * 10, 0),
            type="agent",
            data={"label": f"Agent {index}", "config": {"model": "small", "tools": ["search"]}},
            **({"parent_id": f"node-{index - 1}"} if index % 10 == 1 else {}),
        )
        for index in range(size)
    ]
    edges = [Edge(f"edge-{n}", f"node-{n}", f"node-{n + 1}") for n in range(size - 1)]
    return Graph(nodes, edges)


def _measure(change: Change, graphs: dict[int, Graph]) -> list[float]:
    """Return the median seconds of one change, for each size."""
    steps = {size: change(graph, _spread(size)) for size, graph in graphs.items()}
    times: dict[int, list[float]] = {size: [] for size in graphs}
    for _ in range(REPEATS if change is not _rebuild else 5):
        for size in graphs:
            started = time.process_time()
            for step in steps[size]:
                step()
            times[size].append((time.process_time() - started) / len(steps[size]))
    return [statistics.median(times[size]) for size in graphs]


def _spread(size: int) -> list[int]:
    """Return indices spread over the graph, which include every kind of node."""
    return [(index * 7919 + 3) % (size - 1) for index in range(STEPS)]


def _applying(batches: Callable[[Graph, int], Batch]) -> Change:
    def steps(graph: Graph, places: Sequence[int]) -> list[Callable[[], Any]]:
        made = [batches(graph, place) for place in places]
        return [lambda batch=batch: apply(graph, batch) for batch in made]

    return steps


def _remove_and_undo(graph: Graph, places: Sequence[int]) -> list[Callable[[], Any]]:
    batches = [(RemoveElement(kind="node", id=f"node-{place}"),) for place in places]
    return [lambda batch=batch: apply(*apply(graph, batch)) for batch in batches]


def _rebuild(graph: Graph, places: Sequence[int]) -> list[Callable[[], Any]]:
    nodes = graph.nodes

    def step(place: int) -> list[Node]:
        moved = nodes[place].evolve(position={"x": 1.5, "y": 2.5})
        return [moved if node.id == moved.id else node for node in nodes]

    # Two are enough: among 40,000 nodes each takes longer than all the changes together.
    return [lambda place=place: step(place) for place in places[:2]]


def _move(graph: Graph, place: int) -> Batch:
    value = {"x": 1.5, "y": 2.5}
    return (SetProperty(kind="node", id=f"node-{place}", path=("position",), value=value),)


def _rename(graph: Graph, place: int) -> Batch:
    path = ("data", "label")
    return (SetProperty(kind="node", id=f"node-{place}", path=path, value="Renamed"),)


def _reparent(graph: Graph, place: int) -> Batch:
    # The first node comes before all others, so it can be the parent of any.
    target = max(place, 1)
    return (SetProperty(kind="node", id=f"node-{target}", path=("parentId",), value="node-0"),)


def _add(graph: Graph, place: int) -> Batch:
    item = Node("new", (1.5, 2.5), type="agent", data={"label": "New"})
    return (AddElement(kind="node", item=item, before=f"node-{place}"),)


CHANGES: dict[str, Change] = {
    "move a node": _applying(_move),
    "rename a node": _applying(_rename),
    "put a node in another": _applying(_reparent),
    "add a node": _applying(_add),
    "remove a node, undo": _remove_and_undo,
    "rebuild the whole list": _rebuild,
}
