"""What an engine is: something that runs one node. It knows nodes, not graphs.

Order, skipping, time limits and cancelling are the scheduler's, so they mean the same on every engine.
"""

from __future__ import annotations

from typing import Any, Protocol

from kaizen_widgets.nodes import Context, Work


class Engine(Protocol):
    """Runs nodes."""

    @property
    def max_parallel(self) -> int:
        """How many nodes of one run may run at once, at least 1."""
        ...

    async def run(self, work: Work, ctx: Context) -> Any:
        """Run one node and return what it gives, or raise what it raises.

        Cancelled once, it asks the node to stop and waits until it has; cancelled again, it leaves the
        node to itself and ends. What the node prints goes to ``ctx``.
        """
        ...
