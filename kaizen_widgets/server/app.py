"""The API as one ASGI app: in process through httpx's ASGI transport, or over HTTP by any ASGI server.

Routes are plain functions that run on worker threads, so a save never holds up the loop that serves.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, FastAPI

from kaizen_widgets.clock import Clock, NewId, random_id
from kaizen_widgets.server import agent_parts, agents, auth, errors, pipeline_graph, pipelines
from kaizen_widgets.server.database import Database
from kaizen_widgets.server.services import Services

PREFIX = "/api/v1"


def create_app(database: Database, clock: Clock, new_id: NewId = random_id) -> FastAPI:
    """Return the app over an open database; whoever opened the database closes it.

    Args:
        database: Where everything is kept.
        clock: What the time is, for stamps and for tokens that expire.
        new_id: Gives ids to what is created.
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
    app.state.services = Services(database, clock, new_id)
    errors.install(app, new_id)
    api = APIRouter(prefix=PREFIX)
    # `pipelines` first: its /pipelines/patterns is no pipeline's id.
    for module in (auth, agents, agent_parts, pipelines, pipeline_graph):
        api.include_router(module.router)
    app.include_router(api)
    return app


def _version() -> str:
    try:
        return version("kaizen-widgets")
    except PackageNotFoundError:
        # A checkout on the path that was never installed.
        return "0"
