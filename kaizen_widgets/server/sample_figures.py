"""What a new studio has been doing: a gateway, two agents on it, and a week of figures to look at.

The figures are made up, the same for everybody but for the day they end on.
"""

from __future__ import annotations

import math
import random
import sqlite3
from collections.abc import Mapping
from datetime import timedelta

from kaizen_widgets.server.access import Caller
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.timestamps import stamp
from kaizen_widgets.server.deployments import deploy
from kaizen_widgets.server.metric_rows import moment, record
from kaizen_widgets.server.rows import insert

DAYS = 7
DEPLOYED = ("Billing", "Technical")
PRICE = 0.6e-6
"""Dollars a token, about."""
ERRORS = {
    "RateLimitError": "The provider asked to slow down.",
    "TimeoutError": "No answer within 30 s.",
    "ContextLengthError": "The conversation is longer than the model reads.",
}


def add(
    db: sqlite3.Connection,
    studio: Services,
    organization_id: str,
    user_id: str,
    agents: Mapping[str, str],
) -> None:
    """Add them to an organization; ``agents`` are ids by name."""
    gateway_id, now = studio.new_id(), stamp(studio.clock)
    insert(
        db,
        "gateways",
        {
            "id": gateway_id,
            "organization_id": organization_id,
            "name": "This machine",
            "description": "Where the embedded studio answers.",
            "api_url": "http://127.0.0.1:8000",
            "environment": "development",
            "status": "active",
            "health_check_url": "",
            "created_at": now,
            "updated_at": now,
        },
    )
    owner = Caller(user_id, organization_id, "", "org_owner")
    chance = random.Random(7)  # noqa: S311 (figures to look at)
    for name in DEPLOYED:
        deployment_id = deploy(db, studio, owner, agents[name], gateway_id, "")
        for hour in range(DAYS * 24):
            # People write by day; nobody at four in the morning.
            for _ in range(round(2 * chance.random() * (1 - math.cos(hour / 24 * math.tau)))):
                _record(db, studio, organization_id, deployment_id, agents[name], hour, chance)


def _record(
    db: sqlite3.Connection,
    studio: Services,
    organization_id: str,
    deployment_id: str,
    agent_id: str,
    hours_ago: int,
    chance: random.Random,
) -> None:
    error = chance.choice(list(ERRORS)) if chance.random() < 0.05 else ""
    asked, answered = chance.randint(80, 600), 0 if error else chance.randint(40, 400)
    when = studio.clock.now() - timedelta(hours=hours_ago, minutes=chance.uniform(0, 60))
    record(
        db,
        studio,
        organization_id,
        {
            "deployment_id": deployment_id,
            "agent_id": agent_id,
            "status": ("timeout" if error == "TimeoutError" else "failure") if error else "success",
            "latency_ms": 30_000
            if error == "TimeoutError"
            else round(chance.lognormvariate(6.6, 0.4)),
            "input_tokens": asked,
            "output_tokens": answered,
            "cost_usd": round((asked + 4 * answered) * PRICE, 6),
            "error_type": error,
            "error_message": ERRORS.get(error, ""),
            "created_at": moment(when.isoformat(), "created_at"),
        },
    )
