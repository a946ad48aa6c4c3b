"""What all connectors have in common."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any, ClassVar

from kaizen_widgets.core.text import quoted
from kaizen_widgets.graph import Node
from kaizen_widgets.nodes.functions import Functions
from kaizen_widgets.nodes.kind import Kind, Task


class BaseConnector(Kind):
    """A kind that connects, unless a function is registered under the name of its node.

    Attributes:
        needs_module: Module it needs, of the extra ``connectors``; empty for none.
    """

    needs_module: ClassVar[str] = ""
    touches_world = True

    def check(self, node: Node, config: Any, functions: Functions) -> Iterable[str]:
        """Refuse what cannot connect, without connecting."""
        if functions.find_function(node.label, node.id) is not None:
            return
        yield from self.problems(config)
        if self.needs_module and find_spec(self.needs_module) is None:
            yield (
                f"needs {self.needs_module}, which is not installed: "
                f"pip install 'kaizen-widgets[connectors]'"
            )

    def problems(self, config: Any) -> Iterable[str]:
        """Return what is wrong with a config, as ends of sentences."""
        return ()

    async def run(self, task: Task) -> Any:
        """Connect, or call the function in its place."""
        function = task.functions.find_function(task.label, task.node_id)
        if function is not None:
            return await task.call(function, task.value)
        return await self.connect(task)

    async def connect(self, task: Task) -> Any:
        """Do what the connector is for."""
        raise TypeError(f"The connector {quoted(self.name)} has no connect(self, task).")
