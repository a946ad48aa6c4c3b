"""What a running node may say, and how it hears that it should stop.

A function gets it by asking for a parameter named ``ctx``. Safe from any thread. What it says after
its node has ended is dropped.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from typing import Any, Literal

from kaizen_widgets.errors import RunCancelledError, RunError

Say = Callable[[Literal["log", "progress"], Mapping[str, Any]], object]


class Context:
    """One node's line to its run.

    Args:
        node_id: The node.
        label: What to call it.
        say: Takes what the node says.
    """

    def __init__(self, node_id: str, label: str, say: Say) -> None:
        self.node_id = node_id
        self.label = label
        self.say = say
        self.threads = 0
        """How many calls of the node go on in threads; kept by the engine."""
        self._stop = threading.Event()

    def log(self, text: object) -> None:
        """Add a line to the run's log."""
        self.say("log", {"stream": "log", "text": str(text)})

    def progress(self, fraction: float) -> None:
        """Say how much of this node's work is done, from 0 to 1; less or more is taken as 0 or 1.

        Raises:
            RunError: It is not a number.
        """
        if (
            isinstance(fraction, bool)
            or not isinstance(fraction, int | float)
            or math.isnan(fraction)
        ):
            raise RunError(
                f"Progress of {self.label!r} must be a number from 0 to 1, not {fraction!r}.",
                node_id=self.node_id,
            )
        self.say("progress", {"fraction": min(max(float(fraction), 0.0), 1.0)})

    @property
    def cancelled(self) -> bool:
        """Whether the node should stop: its run was cancelled, or its time is over."""
        return self._stop.is_set()

    def check(self) -> None:
        """Raise if the node should stop; call it between steps of long work.

        Raises:
            RunCancelledError: The run was cancelled, or the node's time is over.
        """
        if self._stop.is_set():
            raise RunCancelledError(f"{self.label!r} was told to stop.", node_id=self.node_id)

    def stop(self) -> None:
        """Tell the node to stop; for whoever runs it."""
        self._stop.set()

    def __repr__(self) -> str:
        return f"Context({self.label!r}{', cancelled' if self.cancelled else ''})"
