"""The API as one ASGI app: in process through httpx's ASGI transport, or over HTTP by any ASGI server.

Routes are plain functions that run on worker threads, so a save never holds up the event loop that serves.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, FastAPI

from kaizen_widgets.core.clock import Clock, NewId, random_id
from kaizen_widgets.server.agents import agents
from kaizen_widgets.server.base.agent_model import AgentModel, Echo
from kaizen_widgets.server.base.api_errors import DOCUMENTED, install_error_handlers
from kaizen_widgets.server.base.client_address import TrustedProxies
from kaizen_widgets.server.base.database import Database
from kaizen_widgets.server.base.permissions import ROUTES
from kaizen_widgets.server.base.request_middleware import RequestMiddleware
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.sign_in_limits import SignInLimits
from kaizen_widgets.server.deployments import deployments, gateways
from kaizen_widgets.server.executions import agent_execution, executions, metrics, trials
from kaizen_widgets.server.organization import auth, policies, teams, users
from kaizen_widgets.server.pipelines import pipelines, saved_versions

PREFIX = "/api/v1"
ROUTERS = (
    auth.router,
    users.router,
    teams.router,
    policies.router,
    agents.router,
    agent_execution.router,
    pipelines.router,
    saved_versions.router,
    executions.router,
    trials.router,
    metrics.router,
    gateways.router,
    deployments.router,
)


def create_app(
    database: Database,
    clock: Clock,
    new_id: NewId = random_id,
    *,
    model: AgentModel | None = None,
    limits: SignInLimits | None = None,
    allowed_hosts: Iterable[str] = (),
    trusted_proxies: Iterable[str] = (),
) -> FastAPI:
    """Return the app over an open database; closing the database stays with the caller.

    Args:
        database: Where everything is stored.
        clock: The current time, for timestamps and for tokens that expire.
        new_id: Returns a new id.
        model: Answers when an agent is executed; by default one that repeats the question.
        limits: How many sign-in attempts an address may make.
        allowed_hosts: Names the API is reached under, such as ``studio.example.com``. Requests for another
            ``Host`` are refused, except those for the address the server listens on and for the loopback.
        trusted_proxies: Addresses or networks of reverse proxies, whose ``X-Forwarded-For`` is believed. Run
            the ASGI server without proxy handling of its own (Uvicorn: ``--no-proxy-headers``).

    Raises:
        ValueError: A proxy is neither an address nor a network.
    """
    app = FastAPI(
        title="Kaizen Studio (embedded)",
        version=_version(),
        responses=DOCUMENTED,
        # FastAPI's documentation pages load scripts from another host.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = Services(
        database,
        clock,
        new_id,
        model=model or Echo(),
        limits=limits or SignInLimits(),
        proxies=TrustedProxies(trusted_proxies),
    )
    install_error_handlers(app, PREFIX, ROUTES)
    app.add_middleware(RequestMiddleware, new_id=new_id, allowed_hosts=tuple(allowed_hosts))
    api = APIRouter(prefix=PREFIX)
    for router in ROUTERS:
        api.include_router(router)
    app.include_router(api)
    return app


def _version() -> str:
    try:
        return version("kaizen-widgets")
    except PackageNotFoundError:
        # A checkout on the path that was never installed.
        return "0"
