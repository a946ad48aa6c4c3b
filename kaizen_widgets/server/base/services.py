"""The services every route works with: database, clock, ids, agent model and sign-in limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from kaizen_widgets.core.background import BackgroundLoop, background
from kaizen_widgets.core.clock import Clock, NewId
from kaizen_widgets.server.base.agent_model import AgentModel, Echo
from kaizen_widgets.server.base.client_address import TrustedProxies
from kaizen_widgets.server.base.database import Database
from kaizen_widgets.server.base.sign_in_limits import AttemptCounter, SignInLimits


@dataclass(frozen=True)
class Services:
    """The services of one app.

    Attributes:
        database: Where everything is stored.
        clock: The current time, and timers.
        new_id: Returns a new id.
        model: Answers when an agent is executed.
        limits: Sign-in attempts allowed per minute.
        attempts: Sign-in attempts made so far.
        proxies: Reverse proxies whose ``X-Forwarded-For`` is trusted.
        loop: The event loop that executions run on.
    """

    database: Database
    clock: Clock
    new_id: NewId
    model: AgentModel = field(default_factory=Echo)
    limits: SignInLimits = field(default_factory=SignInLimits)
    attempts: AttemptCounter = field(default_factory=AttemptCounter)
    proxies: TrustedProxies = field(default_factory=TrustedProxies)
    loop: BackgroundLoop = background


async def _services(request: Request) -> Services:
    return request.app.state.services


WithServices = Annotated[Services, Depends(_services)]
"""``services: WithServices`` gives a route the app's services."""
