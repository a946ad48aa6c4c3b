"""The public names of kaizen_widgets: `__init__.py` reads this list, and type checkers do too."""

from kaizen_widgets.errors import KaizenError as KaizenError
from kaizen_widgets.forms import Form as Form
from kaizen_widgets.graph import Edge as Edge
from kaizen_widgets.graph import Graph as Graph
from kaizen_widgets.graph import Node as Node
from kaizen_widgets.nodes import Kind as Kind
from kaizen_widgets.nodes import KindConfig as KindConfig
from kaizen_widgets.nodes import Look as Look
from kaizen_widgets.nodes import Task as Task
from kaizen_widgets.nodes import node as node
from kaizen_widgets.query import QueryClient as QueryClient
from kaizen_widgets.stores import AuthStore as AuthStore
from kaizen_widgets.stores import CanvasStore as CanvasStore
from kaizen_widgets.stores import ExecutionStore as ExecutionStore
from kaizen_widgets.stores import Store as Store
from kaizen_widgets.stores import UIStore as UIStore
from kaizen_widgets.stores import persist as persist
from kaizen_widgets.studio import Studio as Studio
from kaizen_widgets.widgets import AgentForm as AgentForm
from kaizen_widgets.widgets import AgentsPanel as AgentsPanel
from kaizen_widgets.widgets import Canvas as Canvas
from kaizen_widgets.widgets import DeploymentsPanel as DeploymentsPanel
from kaizen_widgets.widgets import EvaluationPanel as EvaluationPanel
from kaizen_widgets.widgets import ExecutionPanel as ExecutionPanel
from kaizen_widgets.widgets import FormPanel as FormPanel
from kaizen_widgets.widgets import GatewaysPanel as GatewaysPanel
from kaizen_widgets.widgets import MetricsPanel as MetricsPanel
from kaizen_widgets.widgets import MutationButton as MutationButton
from kaizen_widgets.widgets import NodeForm as NodeForm
from kaizen_widgets.widgets import PipelinesPanel as PipelinesPanel
from kaizen_widgets.widgets import PoliciesPanel as PoliciesPanel
from kaizen_widgets.widgets import PolicyForm as PolicyForm
from kaizen_widgets.widgets import QueryDevtools as QueryDevtools
from kaizen_widgets.widgets import QueryPanel as QueryPanel
from kaizen_widgets.widgets import RunPanel as RunPanel
from kaizen_widgets.widgets import SignInPanel as SignInPanel
from kaizen_widgets.widgets import StoreDevtools as StoreDevtools
from kaizen_widgets.widgets import TeamPanel as TeamPanel
from kaizen_widgets.widgets import UserPanel as UserPanel

__all__: list[str]
__version__: str
