"""The interface of engines: an engine runs one node, and knows nodes but not graphs.

Order, skipping, time limits and cancelling belong to the scheduler, so they are the same on every engine.
"""

from __future__ import annotations

from typing import Any, Protocol

from kaizen_widgets.nodes import Context, Work


class Engine(Protocol):
    """Runs nodes."""

    @property
    def max_parallel(self) -> int:
        """Number of nodes of one run that may run at the same time, waiting ones aside; at least 1."""
        ...

    async def run(self, work: Work, ctx: Context) -> Any:
        """Run one node and return its output, or raise its error.

        Cancelled once, it asks the node to stop and waits until it has; cancelled again, it abandons the node
        and returns. Text the node prints goes to ``ctx``.
        """
        ...
