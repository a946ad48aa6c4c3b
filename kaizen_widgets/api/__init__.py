"""A Kaizen Studio server's resources, typed and cached; one module for each resource."""

from kaizen_widgets.api.agent_models import (
    Agent,
    AgentAnswer,
    AgentContext,
    AgentCreate,
    AgentDetail,
    AgentTool,
    AgentVersion,
)
from kaizen_widgets.api.agent_stream import AgentStream
from kaizen_widgets.api.api import Api, Resources
from kaizen_widgets.api.auth import Organization, User
from kaizen_widgets.api.deployments import Deployment
from kaizen_widgets.api.executions import Execution
from kaizen_widgets.api.gateways import Gateway
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.api.metrics import Dashboard, MetricPoint, MetricSummary
from kaizen_widgets.api.pipelines import Pipeline, PipelineCreate, PipelineDetail, Validation
from kaizen_widgets.api.policies import Policy, PolicyDecision
from kaizen_widgets.api.query_defaults import studio_defaults
from kaizen_widgets.api.teams import Team, TeamMember

__all__ = [
    "Agent",
    "AgentAnswer",
    "AgentContext",
    "AgentCreate",
    "AgentDetail",
    "AgentStream",
    "AgentTool",
    "AgentVersion",
    "Api",
    "Dashboard",
    "Deployment",
    "Execution",
    "Gateway",
    "MetricPoint",
    "MetricSummary",
    "Organization",
    "Pipeline",
    "PipelineCreate",
    "PipelineDetail",
    "Policy",
    "PolicyDecision",
    "Resources",
    "Team",
    "TeamMember",
    "User",
    "Validation",
    "query_keys",
    "studio_defaults",
]
