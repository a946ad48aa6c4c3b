"""One set of a store, beside zustand and psygnal: ``python -m tests.benchmarks stores``.

Rows are how many selector subscribers there are and how many keys the state has; one subscriber is
concerned by the set, and a call of any other ends the benchmark. A cell is the time of one set and its
ratio to zustand's (vanilla, subscribeWithSelector, under node) in this run; the rounds of all take turns,
and medians are compared, so that a busy machine slows all of them alike. psygnal has no selectors: its
subscribers are connected to a field of an evented dataclass. The last column is the floor of this Python: a
function that takes a lock, merges two dicts and asks the selectors in a loop, with nothing else.

zustand is installed from its lock into ``zustand/node_modules`` beside this file at the first run.
"""

from __future__ import annotations

import gc
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import field, make_dataclass
from pathlib import Path
from typing import Any

from psygnal import SignalGroupDescriptor
from traitlets import Int

from kaizen_widgets.stores import PlainStore, Store

HERE = Path(__file__).parent / "zustand"
SHAPES = ((1, 4), (1_000, 4), (1_000, 1_000))
"""Numbers of subscribers and of keys."""
REPEATS = 7
ROUNDS, SETS = 5, {1: 20_000, 1_000: 400}

Set = Callable[[int], object]

heard = 0


def main(_arguments: Sequence[str]) -> int:
    """Measure and print; there are no options."""
    node = shutil.which("node")
    if node is None:
        sys.stderr.write("There is no node to run zustand with.\n")
        return 2
    if not (HERE / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    write = sys.stdout.write
    write(
        f"{'subscribers, keys':20}" + "".join(f"{name:>24}" for name in ("zustand", *OURS)) + "\n"
    )
    for listeners, keys in SHAPES:
        medians = _measure(node, listeners, keys)
        base = medians["zustand"]
        cells = [f"{each:,.0f} ns  x{each / base:.2f}" for each in medians.values()]
        write(f"{f'{listeners:,}, {keys:,}':20}" + "".join(f"{cell:>24}" for cell in cells) + "\n")
    return 0


def _measure(node: str, listeners: int, keys: int) -> dict[str, float]:
    """Return the median nanoseconds of one set, for each library."""
    stores = {name: make(listeners, keys) for name, make in OURS.items()}
    times: dict[str, list[float]] = {"zustand": [], **{name: [] for name in stores}}
    sets, last = SETS[listeners], 0
    gc.freeze()
    for _ in range(REPEATS):
        command = [node, "sets.mjs", *map(str, (listeners, keys, ROUNDS, sets))]
        done = subprocess.run(command, cwd=HERE, check=True, text=True, stdout=subprocess.PIPE)
        times["zustand"].append(statistics.median(map(float, done.stdout.split())))
        for name, set_ in stores.items():
            values = range(last + 1, last + 1 + sets)
            started = time.perf_counter()
            for value in values:
                set_(value)
            times[name].append((time.perf_counter() - started) / sets * 1e9)
        last += sets
    return {name: statistics.median(each) for name, each in times.items()}


def _key(index: int, keys: int) -> str:
    return f"k{1 + index % (keys - 1) if index else 0}"


def _concerned(_new: Any, _old: Any = None) -> None:
    global heard
    heard += 1  # as zustand's does, in sets.mjs


def _unconcerned(*_: Any) -> None:
    raise AssertionError("an unconcerned listener was called")


def _subscribed(store: Any, listeners: int, keys: int) -> Set:
    for index in range(listeners):
        key = _key(index, keys)
        hears = _unconcerned if index else _concerned
        store.subscribe(lambda state, key=key: state[key], hears)
    return lambda value: store.set({"k0": value})


def _store(listeners: int, keys: int) -> Set:
    kind = type("Measured", (Store,), {f"k{index}": Int(0) for index in range(keys)})
    return _subscribed(kind(), listeners, keys)


def _plain(listeners: int, keys: int) -> Set:
    return _subscribed(PlainStore({f"k{n}": 0 for n in range(keys)}), listeners, keys)


def _psygnal(listeners: int, keys: int) -> Set:
    fields = [(f"k{index}", int, field(default=0)) for index in range(keys)]
    made: Any = make_dataclass("Evented", fields, namespace={"events": SignalGroupDescriptor()})()
    for index in range(listeners):
        signal = getattr(made.events, _key(index, keys))
        signal.connect(_unconcerned if index else _concerned, unique=False)

    def set_(value: int) -> None:
        made.k0 = value

    return set_


def _floor(listeners: int, keys: int) -> Set:
    lock, state = threading.RLock(), {f"k{n}": 0 for n in range(keys)}
    names = [_key(index, keys) for index in range(listeners)]
    entries = [
        [lambda state, name=name: state[name], 0, _unconcerned if index else _concerned]
        for index, name in enumerate(names)
    ]

    def set_(value: int) -> None:
        nonlocal state
        with lock:
            state = {**state, "k0": value}
        for entry in entries:
            fresh = entry[0](state)
            if fresh is not entry[1] and fresh != entry[1]:
                previous, entry[1] = entry[1], fresh
                entry[2](fresh, previous)

    return set_


OURS: dict[str, Callable[[int, int], Set]] = {
    "Store": _store,
    "PlainStore": _plain,
    "psygnal": _psygnal,
    "floor": _floor,
}
