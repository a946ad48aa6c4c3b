"""Node kinds: what a pipeline's nodes are, how they are configured and drawn, and what they do."""

from kaizen_widgets.nodes.context import Context
from kaizen_widgets.nodes.function_kind import FunctionKind, node
from kaizen_widgets.nodes.functions import Functions
from kaizen_widgets.nodes.kind import Kind, KindConfig, Routed, Task, Work
from kaizen_widgets.nodes.look import Look, Port
from kaizen_widgets.nodes.model_usage import ModelUsage, UsageLimits
from kaizen_widgets.nodes.registry import Registry, default_registry
from kaizen_widgets.nodes.values import Input

__all__ = [
    "Context",
    "FunctionKind",
    "Functions",
    "Input",
    "Kind",
    "KindConfig",
    "Look",
    "ModelUsage",
    "Port",
    "Registry",
    "Routed",
    "Task",
    "UsageLimits",
    "Work",
    "default_registry",
    "node",
]
