"""What a Kaizen Studio server offers, typed and cached: agents, pipelines, and who is signed in."""

from kaizen_widgets.api.agents import Agent, AgentDetail, AgentInput, AgentVersion
from kaizen_widgets.api.api import Api
from kaizen_widgets.api.auth import Organization, User
from kaizen_widgets.api.decisions import Conflict, RecoveredDraft
from kaizen_widgets.api.defaults import studio_defaults
from kaizen_widgets.api.keeping import Keeping
from kaizen_widgets.api.kept_queries import keep_queries
from kaizen_widgets.api.keys import query_keys
from kaizen_widgets.api.pipelines import Pipeline, PipelineDetail, PipelineInput, Validation

__all__ = [
    "Agent",
    "AgentDetail",
    "AgentInput",
    "AgentVersion",
    "Api",
    "Conflict",
    "Keeping",
    "Organization",
    "Pipeline",
    "PipelineDetail",
    "PipelineInput",
    "RecoveredDraft",
    "User",
    "Validation",
    "keep_queries",
    "query_keys",
    "studio_defaults",
]
