"""The API's resources as attributes, so that a studio's users write `studio.agents`, not `studio.api.agents`.

Only doors: what stands behind each says what can be asked of it.
"""

from __future__ import annotations

from kaizen_widgets.api.agents import Agents
from kaizen_widgets.api.api import Api
from kaizen_widgets.api.auth import CurrentUser
from kaizen_widgets.api.deployments import Deployments
from kaizen_widgets.api.executions import Executions
from kaizen_widgets.api.gateways import Gateways
from kaizen_widgets.api.metrics import Metrics
from kaizen_widgets.api.pipelines import Pipelines
from kaizen_widgets.api.policies import Policies
from kaizen_widgets.api.teams import Teams
from kaizen_widgets.api.users import Users


class Resources:
    """Whatever has an `Api`, seen as its resources.

    Attributes:
        api: Where they come from.
    """

    api: Api

    @property
    def agents(self) -> Agents:
        """The agents: ``studio.agents.list().wait()``."""
        return self.api.agents

    @property
    def pipelines(self) -> Pipelines:
        """The pipelines: ``studio.pipelines.list().wait()``."""
        return self.api.pipelines

    @property
    def gateways(self) -> Gateways:
        """The gateways: ``studio.gateways.list().wait()``."""
        return self.api.gateways

    @property
    def deployments(self) -> Deployments:
        """The deployments: ``studio.deployments.list(status="active").wait()``."""
        return self.api.deployments

    @property
    def metrics(self) -> Metrics:
        """The metrics: ``studio.metrics.timeseries(deployment_id, "24h").wait()``."""
        return self.api.metrics

    @property
    def teams(self) -> Teams:
        """The teams: ``studio.teams.members(team_id).wait()``."""
        return self.api.teams

    @property
    def users(self) -> Users:
        """The organization's users: ``studio.users.list(search="ada").wait()``."""
        return self.api.users

    @property
    def policies(self) -> Policies:
        """The policies: ``studio.policies.evaluate(user_id, "agent", "read").wait()``."""
        return self.api.policies

    @property
    def executions(self) -> Executions:
        """Executions on the server: ``studio.executions.start(pipeline_id, inputs).wait()``."""
        return self.api.executions

    @property
    def user(self) -> CurrentUser:
        """Who is signed in: ``studio.user.current().wait()``."""
        return self.api.user
