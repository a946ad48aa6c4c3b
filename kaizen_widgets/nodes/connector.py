"""The connector kind: calls a registered function by the connector's name; no network by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kaizen_widgets.errors import RunError
from kaizen_widgets.graph import Node
from kaizen_widgets.nodes.agent import TimedConfig, no_function, quoted
from kaizen_widgets.nodes.functions import Functions
from kaizen_widgets.nodes.kind import Kind
from kaizen_widgets.nodes.look import Look
from kaizen_widgets.nodes.work import Task


class ConnectorConfig(TimedConfig):
    """Config of a connector node."""

    connector: str = ""
    """The name its function is registered under; empty for the node's label."""


class ConnectorKind(Kind):
    """Calls the connector's function with what arrives and passes on what it returns."""

    look = Look(
        type="connector",
        title="Connector",
        description="Calls the function of a connector by name.",
        icon="connector",
        color="#6b7280",
        defaults={"connector": ""},
    )
    Config = ConnectorConfig

    def check(self, node: Node, config: ConnectorConfig, functions: Functions) -> Iterable[str]:
        """Refuse a node without a function."""
        name = config.connector or node.label
        return [] if functions.find(name) else [no_function(name)]

    async def run(self, task: Task) -> Any:
        """Call the function."""
        name = task.config.connector or task.label
        function = task.functions.find(name)
        if function is None:
            raise RunError(f"{quoted(task.label)} {no_function(name)}.", node_id=task.node_id)
        return await task.call(function, task.value)
