"""What every route works with: the database, the clock and fresh ids, all handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from kaizen_widgets.clock import Clock, NewId
from kaizen_widgets.server.database import Database


@dataclass(frozen=True)
class Services:
    """The app's database, its time, and its ids."""

    database: Database
    clock: Clock
    new_id: NewId


async def _services(request: Request) -> Services:
    return request.app.state.services


WithServices = Annotated[Services, Depends(_services)]
"""``studio: WithServices`` gives a route its services."""
