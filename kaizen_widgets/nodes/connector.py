"""The connector kind: calls a function registered under the connector's name; uses no network by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kaizen_widgets.graph import Node
from kaizen_widgets.nodes.functions import Functions, missing_function
from kaizen_widgets.nodes.kind import Kind, Task, TimedConfig
from kaizen_widgets.nodes.look import Look


class ConnectorConfig(TimedConfig):
    """Config of a connector node."""

    connector: str = ""
    """Name its function is registered under; empty for the node's label."""


class ConnectorKind(Kind):
    """Calls the connector's function with what arrives and passes on its result."""

    look = Look(
        type="connector",
        title="Connector",
        description="Calls the function of a connector by name.",
        icon="connector",
        color="#6b7280",
        defaults={"connector": ""},
    )
    Config = ConnectorConfig
    call_field = "connector"
    touches_world = True

    def check(self, node: Node, config: ConnectorConfig, functions: Functions) -> Iterable[str]:
        """Refuse a node without a function."""
        name = config.connector or node.label
        return [] if functions.find_function(name) else [missing_function(name)]

    async def run(self, task: Task) -> Any:
        """Call the function."""
        name = task.config.connector or task.label
        return await task.call(task.functions.get_for([name], task.label, task.node_id), task.value)
