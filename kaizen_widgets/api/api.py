"""All resources of one server in one object: reads are queries, changes are mutations."""

from __future__ import annotations

from kaizen_widgets.api.agent_endpoints import AgentEndpoints
from kaizen_widgets.api.agents import Agents
from kaizen_widgets.api.auth import Auth, AuthEndpoints, CurrentUser
from kaizen_widgets.api.deployments import DeploymentEndpoints, Deployments
from kaizen_widgets.api.executions import ExecutionEndpoints, Executions
from kaizen_widgets.api.gateways import GatewayEndpoints, Gateways
from kaizen_widgets.api.metrics import MetricEndpoints, Metrics
from kaizen_widgets.api.pipeline_versions import PipelineVersionEndpoints, PipelineVersions
from kaizen_widgets.api.pipelines import PipelineEndpoints, Pipelines
from kaizen_widgets.api.policies import Policies, PolicyEndpoints
from kaizen_widgets.api.teams import TeamEndpoints, Teams
from kaizen_widgets.api.users import UserEndpoints, Users
from kaizen_widgets.query import QueryClient
from kaizen_widgets.stores import AuthStore
from kaizen_widgets.transport import Transport


class Resources:
    """The resources of one server, as attributes.

    Attributes:
        agents: ``agents.list().wait()``.
        pipelines: ``pipelines.list().wait()``.
        gateways: ``gateways.list().wait()``.
        deployments: ``deployments.list(status="active").wait()``.
        metrics: ``metrics.timeseries(deployment_id, "24h").wait()``.
        teams: ``teams.members(team_id).wait()``.
        users: Users of the organization: ``users.list(search="ada").wait()``.
        policies: ``policies.evaluate(user_id, "agent", "read").wait()``.
        executions: Executions on the server: ``executions.start(pipeline_id, inputs).wait()``.
        user: The signed-in user: ``user.current().wait()``.
    """

    agents: Agents
    pipelines: Pipelines
    pipeline_versions: PipelineVersions
    gateways: Gateways
    deployments: Deployments
    metrics: Metrics
    teams: Teams
    users: Users
    policies: Policies
    executions: Executions
    user: CurrentUser

    def share_resources(self, other: Resources) -> None:
        """Set the resources of another object as attributes of this one."""
        for name in Resources.__annotations__:
            setattr(self, name, getattr(other, name))


class Api(Resources):
    """The resources of a server, with the transport, cache and session they use.

    Args:
        transport: HTTP client that sends the requests; used on the query client's loop only.
        query_client: Query client whose cache holds the answers.
        workspace_id: Workspace of new agents and pipelines; empty for the server's default.
        session: Session that uses the transport's tokens; a new one by default.
    """

    def __init__(
        self,
        transport: Transport,
        query_client: QueryClient,
        *,
        workspace_id: str = "",
        session: AuthStore | None = None,
    ) -> None:
        self.transport = transport
        self.query_client = query_client
        self.session = AuthStore(transport.tokens) if session is None else session
        auth = AuthEndpoints(transport, self.session)
        self.auth = Auth(auth, query_client, self.session)
        self.user = CurrentUser(auth, query_client)
        agents = AgentEndpoints(transport, workspace_id)
        pipelines = PipelineEndpoints(transport, self.user, workspace_id)
        gateways = GatewayEndpoints(transport)
        self.agents = Agents(agents, query_client)
        self.pipelines = Pipelines(pipelines, query_client)
        self.pipeline_versions = PipelineVersions(PipelineVersionEndpoints(transport), query_client)
        self.gateways = Gateways(gateways, query_client)
        self.deployments = Deployments(
            DeploymentEndpoints(transport, agents, gateways, pipelines), query_client
        )
        clock = query_client.environment.clock
        self.metrics = Metrics(MetricEndpoints(transport, clock), query_client)
        self.teams = Teams(TeamEndpoints(transport), query_client)
        self.users = Users(UserEndpoints(transport), query_client)
        self.policies = Policies(PolicyEndpoints(transport), query_client)
        self.executions = Executions(ExecutionEndpoints(transport, pipelines), query_client)

    def __repr__(self) -> str:
        return f"Api({self.transport!r})"
