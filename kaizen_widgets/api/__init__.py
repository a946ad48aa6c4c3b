"""What a Kaizen Studio server offers, typed and cached; one module a resource."""

from kaizen_widgets.api.agent_models import AgentAnswer, AgentContext, AgentTool
from kaizen_widgets.api.agent_stream import AgentStream
from kaizen_widgets.api.agents import Agent, AgentDetail, AgentInput, AgentVersion
from kaizen_widgets.api.api import Api
from kaizen_widgets.api.auth import Organization, User
from kaizen_widgets.api.decisions import Conflict, RecoveredDraft
from kaizen_widgets.api.defaults import studio_defaults
from kaizen_widgets.api.deployments import Deployment
from kaizen_widgets.api.executions import Execution
from kaizen_widgets.api.gateways import Gateway
from kaizen_widgets.api.keeping import Keeping
from kaizen_widgets.api.kept_changes import KeptChanges
from kaizen_widgets.api.kept_queries import keep_queries
from kaizen_widgets.api.keys import query_keys
from kaizen_widgets.api.metrics import Dashboard, MetricSummary
from kaizen_widgets.api.pipelines import Pipeline, PipelineDetail, PipelineInput, Validation
from kaizen_widgets.api.policies import Policy, PolicyDecision
from kaizen_widgets.api.series import Point
from kaizen_widgets.api.shortcuts import Resources
from kaizen_widgets.api.teams import Team, TeamMember

__all__ = [
    "Agent",
    "AgentAnswer",
    "AgentContext",
    "AgentDetail",
    "AgentInput",
    "AgentStream",
    "AgentTool",
    "AgentVersion",
    "Api",
    "Conflict",
    "Dashboard",
    "Deployment",
    "Execution",
    "Gateway",
    "Keeping",
    "KeptChanges",
    "MetricSummary",
    "Organization",
    "Pipeline",
    "PipelineDetail",
    "PipelineInput",
    "Point",
    "Policy",
    "PolicyDecision",
    "RecoveredDraft",
    "Resources",
    "Team",
    "TeamMember",
    "User",
    "Validation",
    "keep_queries",
    "query_keys",
    "studio_defaults",
]
