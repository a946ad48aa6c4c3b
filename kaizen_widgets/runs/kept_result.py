"""Results that nodes gave in a run, kept to be used again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kaizen_widgets.engines.fingerprint import Fingerprint, Fingerprinter
from kaizen_widgets.nodes import Routed
from kaizen_widgets.nodes.model_usage import ModelUsage
from kaizen_widgets.runs.node_key import NodeKey


@dataclass(frozen=True)
class KeptResult:
    """What a node gave.

    Attributes:
        run_id: Id of the run in which it did.
        key: What the output depends on.
        output: The output itself, or a `Routed` one.
        print: Fingerprint of the output when it was given.
        usage: What its requests to models used.
        seconds: How long it took.
    """

    run_id: str
    key: NodeKey
    output: Any
    print: Fingerprint
    usage: ModelUsage
    seconds: float

    def is_unchanged(self, prints: Fingerprinter) -> bool:
        """Return whether the output still has the content it had; what cannot be read counts as unchanged."""
        return output_print(self.output, prints).digest == self.print.digest


def output_print(output: Any, prints: Fingerprinter) -> Fingerprint:
    """Return the fingerprint of an output, with the ports it left by."""
    if issubclass(type(output), Routed):
        return prints.of(sorted(output.outputs), output.route, output.value)
    return prints.of(output)


class KeptResults:
    """The results of one run: a node in a loop has several. Safe from any thread.

    Args:
        before: Results of the run that is continued, if there is one.
        keep: Returns whether those of a node are taken over.
    """

    def __init__(
        self,
        before: KeptResults | None = None,
        keep: Callable[[str], bool] = lambda node_id: False,
    ) -> None:
        old = {} if before is None else before._results
        self._results = {key: dict(results) for key, results in old.items() if keep(key)}
        self._lock = threading.Lock()

    def add(self, node_id: str, result: KeptResult) -> None:
        """Keep a result; the newest of a node is the last."""
        with self._lock:
            results = self._results.setdefault(node_id, {})
            results.pop(result.key.digest, None)
            results[result.key.digest] = result

    def outputs(self) -> list[Any]:
        """Return the outputs of all results."""
        with self._lock:
            return [one.output for each in self._results.values() for one in each.values()]

    def clear(self) -> None:
        """Forget all results."""
        with self._lock:
            self._results.clear()

    def find(self, node_id: str, key: NodeKey) -> KeptResult | None:
        """Return the result of a node for a key, or None."""
        with self._lock:
            return self._results.get(node_id, {}).get(key.digest)

    def find_arrived(self, node_id: str, key: NodeKey) -> KeptResult | None:
        """Return the newest result of a node for which the same arrived, or None."""
        with self._lock:
            alike = [
                one
                for one in self._results.get(node_id, {}).values()
                if one.key.arrived == key.arrived
            ]
        return alike[-1] if alike else None

    def last(self, node_id: str) -> KeptResult | None:
        """Return the newest result of a node, or None."""
        with self._lock:
            return next(reversed(self._results.get(node_id, {}).values()), None)
