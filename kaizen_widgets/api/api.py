"""Every resource of one server behind one object: reads are queries, changes are mutations."""

from __future__ import annotations

from kaizen_widgets.api.agents import AgentEndpoints, Agents
from kaizen_widgets.api.auth import Auth, AuthEndpoints, CurrentUser
from kaizen_widgets.api.pipelines import PipelineEndpoints, Pipelines
from kaizen_widgets.query import QueryClient
from kaizen_widgets.stores import AuthStore
from kaizen_widgets.transport import Transport


class Api:
    """A server's resources.

    Args:
        transport: How to reach it; used on the client's loop only.
        query_client: Where answers are kept.
        workspace_id: Where new things belong; empty for the server's choice.
        session: Who is signed in, over the transport's tokens; one of its own by default.
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
        self.agents = Agents(AgentEndpoints(transport, workspace_id), query_client)
        self.pipelines = Pipelines(
            PipelineEndpoints(transport, self.user, workspace_id), query_client
        )

    def __repr__(self) -> str:
        return f"Api({self.transport!r})"
