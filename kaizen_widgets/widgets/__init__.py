"""The ipywidgets layer: what a notebook shows."""

from kaizen_widgets.widgets.account_panel import AccountPanel
from kaizen_widgets.widgets.agent_form import AgentForm
from kaizen_widgets.widgets.agents_panel import AgentsPanel
from kaizen_widgets.widgets.canvas import Canvas
from kaizen_widgets.widgets.deployments_panel import DeploymentsPanel
from kaizen_widgets.widgets.evaluation_panel import EvaluationPanel
from kaizen_widgets.widgets.execution_panel import ExecutionPanel
from kaizen_widgets.widgets.field_area import FieldArea
from kaizen_widgets.widgets.form_panel import FormPanel
from kaizen_widgets.widgets.gateways_panel import GatewaysPanel
from kaizen_widgets.widgets.metrics_panel import MetricsPanel
from kaizen_widgets.widgets.mutation_button import MutationButton
from kaizen_widgets.widgets.node_calls import NodeCalls
from kaizen_widgets.widgets.node_form import NodeForm
from kaizen_widgets.widgets.notifications import Notifications
from kaizen_widgets.widgets.pipelines_panel import PipelinesPanel
from kaizen_widgets.widgets.policies_panel import PoliciesPanel
from kaizen_widgets.widgets.policy_form import PolicyForm
from kaizen_widgets.widgets.query_devtools import QueryDevtools
from kaizen_widgets.widgets.query_panel import QueryPanel
from kaizen_widgets.widgets.run_panel import RunPanel
from kaizen_widgets.widgets.sign_in_panel import SignInPanel
from kaizen_widgets.widgets.store_devtools import StoreDevtools
from kaizen_widgets.widgets.team_panel import TeamPanel
from kaizen_widgets.widgets.theme import Theme
from kaizen_widgets.widgets.unsaved_panel import UnsavedPanel
from kaizen_widgets.widgets.user_panel import UserPanel
from kaizen_widgets.widgets.versions_panel import VersionsPanel

__all__ = [
    "AccountPanel",
    "AgentForm",
    "AgentsPanel",
    "Canvas",
    "DeploymentsPanel",
    "EvaluationPanel",
    "ExecutionPanel",
    "FieldArea",
    "FormPanel",
    "GatewaysPanel",
    "MetricsPanel",
    "MutationButton",
    "NodeCalls",
    "NodeForm",
    "Notifications",
    "PipelinesPanel",
    "PoliciesPanel",
    "PolicyForm",
    "QueryDevtools",
    "QueryPanel",
    "RunPanel",
    "SignInPanel",
    "StoreDevtools",
    "TeamPanel",
    "Theme",
    "UnsavedPanel",
    "UserPanel",
    "VersionsPanel",
]
