"""Results that are used again in other runs: in this kernel, or from a file by other kernels too."""

from __future__ import annotations

import json
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from kaizen_widgets.engines.fingerprint import Fingerprint, Fingerprinter
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import Routed
from kaizen_widgets.nodes.model_usage import ModelUsage
from kaizen_widgets.nodes.node_policy import CachePolicy
from kaizen_widgets.runs.kept_result import KeptResult, output_print
from kaizen_widgets.runs.node_key import NodeKey
from kaizen_widgets.stores import SqliteStorage

MAX_RESULTS = 2_000
"""Results that the kernel keeps; those used longest ago are dropped first."""
MAX_BYTES = 500_000_000
"""Bytes that these may have together, as far as they can be measured."""
MAX_TEXT = 4_000_000
"""Longest JSON of a result that is written to the file."""
MAX_FILE_RESULTS = 1_000
"""Results that the file keeps; the oldest are dropped first."""
PREFIX = "result/"
POLICIES = ("never", "run", "session", "disk")


class ResultCache:
    """The cache of results.

    A result is found again by what it depends on: the node's code, its config and what arrived, by content.
    What cannot be compared by content is not cached, nor is an output that has changed since.

    Args:
        storage: Opens the file for the policy ``disk``, when it is first needed; without one such results
            last as long as the kernel.

    Attributes:
        reasons: Why the newest results that should be cached were not, by node id.
    """

    def __init__(self, storage: Callable[[], SqliteStorage] | None = None) -> None:
        self._policy: CachePolicy = "run"
        self._open = storage
        self._storage: SqliteStorage | None = None
        self._results: OrderedDict[str, KeptResult] = OrderedDict()
        self._size = 0
        self._lock = threading.RLock()
        self.reasons: dict[str, str] = {}

    @property
    def policy(self) -> CachePolicy:
        """Policy of nodes that have none in their ``policy``.

        ``never``: a node always runs. ``run``: its result is used when its run is run again in part.
        ``session``: by every run of this kernel. ``disk``: by other kernels as well, if it is JSON.
        """
        return self._policy

    @policy.setter
    def policy(self, policy: CachePolicy) -> None:
        if policy not in POLICIES:
            names = ", ".join(POLICIES)
            raise RunError(f"The policy of a cache is one of {names}, not {policy!r:.80}.")
        self._policy = policy

    def find(self, key: NodeKey, policy: CachePolicy, prints: Fingerprinter) -> KeptResult | None:
        """Return the result for a key if there is one that has not changed since; may read a file."""
        if policy not in ("session", "disk") or key.inexact:
            return None
        with self._lock:
            found = self._results.get(key.digest)
            if found is not None:
                self._results.move_to_end(key.digest)
        if found is None and policy == "disk":
            found = self._read(key, prints)
        if found is None or found.is_unchanged(prints):
            return found
        with self._lock:
            if self._results.get(key.digest) is found:
                self._drop(key.digest)
        return None

    def add(self, node_id: str, result: KeptResult, policy: CachePolicy) -> None:
        """Cache a result if its policy says so and it can be compared; may write a file."""
        if policy not in ("session", "disk"):
            return
        inexact = result.key.inexact or result.print.inexact
        if inexact:
            self.reasons[node_id] = f"not cached: {inexact} cannot be compared"
            return
        self.reasons.pop(node_id, None)
        with self._lock:
            self._drop(result.key.digest)
            self._results[result.key.digest] = result
            self._size += result.print.size
            while len(self._results) > MAX_RESULTS or self._size > MAX_BYTES:
                self._drop(next(iter(self._results)))
        if policy == "disk" and not self._write(result):
            self.reasons[node_id] = "not written to disk: its output is no JSON, or too large"

    def clear(self) -> None:
        """Forget all results, those in the file too."""
        with self._lock:
            self._results.clear()
            self._size = 0
            self.reasons.clear()
            if (storage := self._file()) is not None:
                for name in storage.names(PREFIX):
                    storage.remove(name)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._storage is not None:
                self._storage.close()
                self._storage = None

    def __len__(self) -> int:
        return len(self._results)

    def __repr__(self) -> str:
        return f"ResultCache({len(self)} results, policy={self.policy!r})"

    # ------------------------------------------------------------ internal

    def _drop(self, digest: str) -> None:
        dropped = self._results.pop(digest, None)
        if dropped is not None:
            self._size -= dropped.print.size

    def _file(self) -> SqliteStorage | None:
        with self._lock:
            if self._storage is None and self._open is not None:
                self._storage = self._open()
            return self._storage

    def _write(self, result: KeptResult) -> bool:
        storage = self._file()
        if storage is None:
            return True
        output = result.output
        route = None
        if issubclass(type(output), Routed):
            route = {"outputs": sorted(output.outputs), "route": output.route}
            output = output.value
        if result.print.size > MAX_TEXT or not _is_json(output):
            return False
        usage = result.usage
        text = json.dumps(
            {
                "run_id": result.run_id,
                "print": result.print.digest,
                "size": result.print.size,
                "output": output,
                "route": route,
                "seconds": result.seconds,
                "usage": usage.to_json()
                | {"cost": None if usage.cost is None else str(usage.cost)},
            }
        )
        if len(text) > MAX_TEXT:
            return False
        storage.set(f"{PREFIX}{result.key.digest}", text)
        self._limit_file(storage)
        return True

    def _limit_file(self, storage: SqliteStorage) -> None:
        storage.write(
            lambda db: db.execute(
                "DELETE FROM states WHERE substr(name, 1, ?) = ? AND name NOT IN (SELECT name FROM states "
                "WHERE substr(name, 1, ?) = ? ORDER BY rowid DESC LIMIT ?)",
                (len(PREFIX), PREFIX, len(PREFIX), PREFIX, MAX_FILE_RESULTS),
            )
        )

    def _read(self, key: NodeKey, prints: Fingerprinter) -> KeptResult | None:
        """Return a result of the file if it is whole: anything could be in a file."""
        storage = self._file()
        text = None if storage is None else storage.get(f"{PREFIX}{key.digest}")
        if text is None:
            return None
        try:
            data = json.loads(text)
            output = data["output"]
            if data["route"] is not None:
                taken = frozenset(map(str, data["route"]["outputs"]))
                output = Routed(output, taken, str(data["route"]["route"]))
            cost = data["usage"]["cost"]
            usage = ModelUsage(
                int(data["usage"]["requests"]),
                int(data["usage"]["input_tokens"]),
                int(data["usage"]["output_tokens"]),
                None if cost is None else Decimal(cost),
                int(data["usage"]["unpriced"]),
            )
            print_ = Fingerprint(str(data["print"]), size=int(data["size"]))
            result = KeptResult(
                str(data["run_id"]), key, output, print_, usage, float(data["seconds"])
            )
        except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
            return None
        if output_print(output, prints).digest != print_.digest:
            return None
        with self._lock:
            self._results[key.digest] = result
            self._size += print_.size
        return result


def _is_json(value: Any, depth: int = 0) -> bool:
    """Return whether JSON gives back the very same value: no tuples, no keys but texts, no NaN."""
    kind = type(value)
    if kind is float:
        return math.isfinite(value)
    if kind in (str, int, bool, type(None)):
        return True
    if depth > 50:
        return False
    if kind is list:
        return all(_is_json(item, depth + 1) for item in value)
    if kind is dict:
        return all(type(key) is str and _is_json(item, depth + 1) for key, item in value.items())
    return False
