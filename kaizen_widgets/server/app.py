"""The API as one ASGI app: in process through httpx's ASGI transport, or over HTTP by any ASGI server.

Routes are plain functions that run on worker threads, so a save never holds up the loop that serves.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, FastAPI

from kaizen_widgets.core.clock import Clock, NewId, random_id
from kaizen_widgets.server import (
    agent_execute,
    agent_parts,
    agents,
    auth,
    deployments,
    errors,
    executions,
    gateways,
    metrics,
    pipeline_graph,
    pipelines,
    policies,
    teams,
    trials,
    users,
)
from kaizen_widgets.server.agent_model import AgentModel, Echo
from kaizen_widgets.server.base.database import Database
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.limits import SignInLimits

PREFIX = "/api/v1"
# `pipelines` before `pipeline_graph`: its /pipelines/patterns is no pipeline's id.
ROUTES = (
    auth,
    agents,
    agent_parts,
    agent_execute,
    pipelines,
    pipeline_graph,
    gateways,
    deployments,
    metrics,
    teams,
    users,
    policies,
    executions,
    trials,
)


def create_app(
    database: Database,
    clock: Clock,
    new_id: NewId = random_id,
    *,
    model: AgentModel | None = None,
    limits: SignInLimits | None = None,
) -> FastAPI:
    """Return the app over an open database; whoever opened the database closes it.

    Args:
        database: Where everything is kept.
        clock: What the time is, for stamps and for tokens that expire.
        new_id: Gives ids to what is created.
        model: Answers when an agent is executed; by default one that says what it was asked.
        limits: How often somebody may try to sign in.
    """
    app = FastAPI(
        title="Kaizen Studio (embedded)",
        version=_version(),
        responses=errors.DOCUMENTED,
        # No page of ours asks another host for its scripts.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = Services(
        database, clock, new_id, model or Echo(), limits or SignInLimits()
    )
    errors.install(app, new_id)
    api = APIRouter(prefix=PREFIX)
    for module in ROUTES:
        api.include_router(module.router)
    app.include_router(api)
    return app


def _version() -> str:
    try:
        return version("kaizen-widgets")
    except PackageNotFoundError:
        # A checkout on the path that was never installed.
        return "0"
