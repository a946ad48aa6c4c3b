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
    from kaizen_widgets.stores import CanvasStore as CanvasStore
    from kaizen_widgets.studio import Studio as Studio
    from kaizen_widgets.widgets import AgentForm as AgentForm
    from kaizen_widgets.widgets import Canvas as Canvas
    from kaizen_widgets.widgets import FormPanel as FormPanel
    from kaizen_widgets.widgets import MutationButton as MutationButton
    from kaizen_widgets.widgets import NodeForm as NodeForm
    from kaizen_widgets.widgets import QueryDevtools as QueryDevtools
    from kaizen_widgets.widgets import QueryPanel as QueryPanel
    from kaizen_widgets.widgets import RunPanel as RunPanel

_HOMES = {
    "AgentForm": "widgets",
    "Canvas": "widgets",
    "CanvasStore": "stores",
    "Edge": "graph",
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
    "Studio": "studio",
    "Task": "nodes",
}

__all__ = [
    "AgentForm",
    "Canvas",
    "CanvasStore",
    "Edge",
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
    "Studio",
    "Task",
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
