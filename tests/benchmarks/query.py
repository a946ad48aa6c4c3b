"""The query cache beside query-core under Node, in one run: ``python -m tests.benchmarks query``.

Each row is an operation: query-core's time, ours, and the ratio. The two take turns, and each time is the
median of all turns, so that a busy machine slows both alike. The last lines compare the cost of one more
observer and one more entry among few and among many; it is the same where cost is linear.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kaizen_widgets.query import DefaultOptions, QueryClient, QueryOptions
from kaizen_widgets.testing.fake_clock import FakeClock, VirtualLoop
from tests.conformance.original import QUERY, NoOriginalError, run_original

TURNS = 3
REPEATS = 9
WARM = 3


@dataclass
class World:
    """A client, one of its queries, and what is done between two repeats, which is not timed."""

    client: QueryClient
    between: Callable[[], object] = lambda: None
    query: Any = None


@dataclass
class Scenario:
    """One operation, its world, and how often it runs in one repeat."""

    steps: int
    prepare: Callable[[], World]
    run: Callable[[World, int], object]


def main(_arguments: Sequence[str]) -> int:
    """Measure and print; there are no options."""
    theirs: dict[str, list[float]] = {}
    ours: dict[str, list[float]] = {}
    for _ in range(TURNS):
        try:
            answer = run_original(QUERY, QUERY / "bench.mjs")
        except NoOriginalError as error:
            sys.stderr.write(f"{error}\n")
            return 2
        for name, seconds in json.loads(answer).items():
            theirs.setdefault(name, []).append(seconds)
        for name, scenario in SCENARIOS.items():
            ours.setdefault(name, []).append(_measure(scenario))
    medians = {name: statistics.median(times) for name, times in ours.items()}
    write = sys.stdout.write
    write(f"{'':32}{'query-core':>14}{'ours':>14}{'ratio':>8}\n")
    for name, seconds in medians.items():
        original = statistics.median(theirs[name]) if name in theirs else None
        beside = f"{original * 1e6:>11.2f} us" if original else f"{'':>14}"
        ratio = f"x{seconds / original:>6.2f}" if original else ""
        write(f"{name:32}{beside}{seconds * 1e6:>11.2f} us {ratio:>7}\n")
    for what, few, many, times in (
        ("one more observer", "write, 100 observers", "write, 10,000 observers", 100),
        ("one more entry", "invalidate 100", "invalidate 1,000", 10),
    ):
        write(
            f"{what} costs x{medians[many] / medians[few] / times:.2f} among {times} times as many\n"
        )
    return 0


def _measure(scenario: Scenario) -> float:
    """Return the median seconds of one operation."""
    world = scenario.prepare()
    # The world stays: a collection in the middle of a measurement need not walk it.
    gc.collect()
    gc.freeze()
    times = []
    for repeat in range(-WARM, REPEATS):
        started = time.perf_counter()
        for step in range(scenario.steps):
            scenario.run(world, repeat * scenario.steps + step)
        if repeat >= 0:
            times.append((time.perf_counter() - started) / scenario.steps)
        world.between()
    gc.unfreeze()
    world.client.clear()
    return statistics.median(times)


def _client() -> QueryClient:
    loop = VirtualLoop(FakeClock())
    fresh = QueryOptions(stale_time=float("inf"), gc_time=float("inf"))
    return QueryClient(loop=loop, clock=loop.clock, default_options=DefaultOptions(queries=fresh))


def _observed(observers: int) -> Callable[[], World]:
    def prepare() -> World:
        client = _client()
        client.set_query_data(("agents",), {"n": -1, "rows": []})
        for _ in range(observers):
            client.observe(query_key=("agents",)).subscribe(lambda _: None)
        return World(client, query=client.live(query_key=("agents",)))

    return prepare


def _filled(matching: int, others: int) -> Callable[[], World]:
    def prepare() -> World:
        client = _client()
        for n in range(matching):
            client.set_query_data(("agents", "detail", str(n)), n)
        for n in range(others):
            client.set_query_data(("pipelines", "detail", str(n)), n)
        return World(client, lambda: client.set_queries_data(("agents",), lambda n: n + 1))

    return prepare


def _numbered(entries: int) -> Callable[[], World]:
    def prepare() -> World:
        client = _client()
        for n in range(entries):
            client.set_query_data(("agents", n), n)
        return World(client)

    return prepare


def _find_number(world: World, _: int) -> Any:
    return world.client.get_queries_data(("agents", 7))


def _write(world: World, n: int) -> Any:
    return world.client.set_query_data(("agents",), {"n": n, "rows": []})


def _read(world: World, _: int) -> Any:
    return world.client.get_query_data(("agents",))


def _find(world: World, _: int) -> Any:
    return world.client.get_queries_data(("agents", "detail"))


def _invalidate(world: World, _: int) -> Any:
    return world.client.invalidate_queries(("agents",), refetch_type="none")


SCENARIOS = {
    "read what is cached": Scenario(20_000, _observed(1), _read),
    "read the data of a LiveQuery": Scenario(
        5_000, _observed(1), lambda world, _: world.query.data
    ),
    "write, 1 observer": Scenario(2_000, _observed(1), _write),
    "write, 100 observers": Scenario(100, _observed(100), _write),
    "write, 10,000 observers": Scenario(2, _observed(10_000), _write),
    "find 10 of 10,000 by prefix": Scenario(10, _filled(10, 9_990), _find),
    "find 1 of 10,000 by number": Scenario(10, _numbered(10_000), _find_number),
    "find 10,000 of 10,000": Scenario(10, _filled(10_000, 0), _find),
    "invalidate 100": Scenario(1, _filled(100, 0), _invalidate),
    "invalidate 1,000": Scenario(1, _filled(1_000, 0), _invalidate),
    "invalidate 1,000 among 10,000": Scenario(1, _filled(1_000, 9_000), _invalidate),
}
