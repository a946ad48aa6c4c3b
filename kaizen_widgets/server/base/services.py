"""What every route works with: the database, the clock, fresh ids, all handed in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from kaizen_widgets.core.clock import Clock, NewId
from kaizen_widgets.server.agent_model import AgentModel, Echo
from kaizen_widgets.server.base.database import Database
from kaizen_widgets.server.limits import Counter, SignInLimits


@dataclass(frozen=True)
class Services:
    """The app's database, its time, its ids, and what answers for agents."""

    database: Database
    clock: Clock
    new_id: NewId
    model: AgentModel = field(default_factory=Echo)
    limits: SignInLimits = field(default_factory=SignInLimits)
    tries: Counter = field(default_factory=Counter)


async def _services(request: Request) -> Services:
    return request.app.state.services


WithServices = Annotated[Services, Depends(_services)]
"""``studio: WithServices`` gives a route its services."""
