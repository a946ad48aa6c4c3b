"""The state layer of an agent studio, in a notebook, owned by Python.

    from kaizen_widgets import Studio
    Studio()

Names here are loaded when first used, so that ``from kaizen_widgets import Graph`` needs no widget.
"""

from __future__ import annotations

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaizen_widgets.errors import KaizenError as KaizenError
    from kaizen_widgets.forms import Form as Form
    from kaizen_widgets.graph import Edge as Edge
    from kaizen_widgets.graph import Graph as Graph
    from kaizen_widgets.graph import Node as Node
    from kaizen_widgets.nodes import Kind as Kind
    from kaizen_widgets.nodes import KindConfig as KindConfig
    from kaizen_widgets.nodes import Look as Look
    from kaizen_widgets.nodes import Task as Task
    from kaizen_widgets.query import QueryClient as QueryClient
    from kaizen_widgets.stores import AuthStore as AuthStore
    from kaizen_widgets.stores import CanvasStore as CanvasStore
    from kaizen_widgets.stores import ExecutionStore as ExecutionStore
    from kaizen_widgets.stores import Store as Store
    from kaizen_widgets.stores import UIStore as UIStore
    from kaizen_widgets.stores import persist as persist
    from kaizen_widgets.studio import Studio as Studio
    from kaizen_widgets.widgets import AgentForm as AgentForm
    from kaizen_widgets.widgets import Canvas as Canvas
    from kaizen_widgets.widgets import ExecutionPanel as ExecutionPanel
    from kaizen_widgets.widgets import FormPanel as FormPanel
    from kaizen_widgets.widgets import MutationButton as MutationButton
    from kaizen_widgets.widgets import NodeForm as NodeForm
    from kaizen_widgets.widgets import QueryDevtools as QueryDevtools
    from kaizen_widgets.widgets import QueryPanel as QueryPanel
    from kaizen_widgets.widgets import RunPanel as RunPanel
    from kaizen_widgets.widgets import StoreDevtools as StoreDevtools

_HOMES = {
    "AgentForm": "widgets",
    "AuthStore": "stores",
    "Canvas": "widgets",
    "CanvasStore": "stores",
    "Edge": "graph",
    "ExecutionPanel": "widgets",
    "ExecutionStore": "stores",
    "Form": "forms",
    "FormPanel": "widgets",
    "Graph": "graph",
    "KaizenError": "errors",
    "Kind": "nodes",
    "KindConfig": "nodes",
    "Look": "nodes",
    "MutationButton": "widgets",
    "Node": "graph",
    "NodeForm": "widgets",
    "QueryClient": "query",
    "QueryDevtools": "widgets",
    "QueryPanel": "widgets",
    "RunPanel": "widgets",
    "Store": "stores",
    "StoreDevtools": "widgets",
    "Studio": "studio",
    "Task": "nodes",
    "UIStore": "stores",
    "persist": "stores",
}

__all__ = [
    "AgentForm",
    "AuthStore",
    "Canvas",
    "CanvasStore",
    "Edge",
    "ExecutionPanel",
    "ExecutionStore",
    "Form",
    "FormPanel",
    "Graph",
    "KaizenError",
    "Kind",
    "KindConfig",
    "Look",
    "MutationButton",
    "Node",
    "NodeForm",
    "QueryClient",
    "QueryDevtools",
    "QueryPanel",
    "RunPanel",
    "Store",
    "StoreDevtools",
    "Studio",
    "Task",
    "UIStore",
    "persist",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return metadata.version("kaizen-widgets")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
