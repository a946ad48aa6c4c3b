"""Where a studio and a Kaizen Studio server call one thing by two names; nothing else translates.

=============================================  =======================================================
in the studio                                  on the server
=============================================  =======================================================
agent ``provider`` and ``model``               ``model_id``: the model, or ``provider/model`` where its
                                               name does not tell whose it is
agent ``type``                                 ``agent_type``
agent ``is_active``                            ``status``: ``active``, or ``draft``; a new one is a
                                               draft and made active by a second request
agent ``tools``                                ``/agents/{id}/tools``, one request each after the agent
a deployment of a pipeline to an environment   a deployment of each of its agents to the environment's
                                               newest active gateway
a metric's ``range`` (``24h``, ``7d``)         ``start_date``, ``end_date``, ``interval``
a metric over time of one thing                ``/metrics/executions`` of it, counted here: the server
                                               knows ``/metrics/timeseries`` for everything only
pipeline ``nodes`` and ``edges``               rows of nodes and connections: see `pipeline_graph`
=============================================  =======================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar

from kaizen_widgets.errors import InvalidInputError, NotFoundError
from kaizen_widgets.graph import Graph

Interval = Literal["hour", "day", "week"]

OWNERS = {
    "openai": ("gpt-", "o1", "o3", "o4", "chatgpt", "text-embedding"),
    "anthropic": ("claude",),
}
"""How the names of models begin whose owner they tell."""
UNITS = {"h": 3600.0, "d": 86_400.0, "w": 604_800.0}
MOST_HOURS, MOST_DAYS = 72, 92


def model_id(provider: str, model: str) -> str:
    """Return the server's word for a provider's model."""
    return model if owner_of(model) == provider else f"{provider}/{model}"


def provider_and_model(model_id: str) -> tuple[str, str]:
    """Return whose a model is (empty if nobody knows), and its name."""
    provider, slash, model = model_id.partition("/")
    return (provider, model) if slash and provider and model else (owner_of(model_id), model_id)


def owner_of(model: str) -> str:
    """Return whose a model is by its name alone; empty if that does not tell."""
    name = model.lower()
    return next((owner for owner, starts in OWNERS.items() if name.startswith(starts)), "")


def agent_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return an agent's fields in the server's words; what is the server's already stays.

    Raises:
        InvalidInputError: Both words were given and do not agree, or half of one.
    """
    fields = dict(given)
    if "model" in fields or "provider" in fields:
        if "model_id" in fields or "model" not in fields:
            raise _wrong("model", "give model_id alone, or model with its provider")
        model, provider = fields.pop("model"), fields.pop("provider", "")
        fields["model_id"] = model_id(provider, model) if provider else model
    if "type" in fields:
        if "agent_type" in fields:
            raise _wrong("type", "give agent_type alone, or type")
        fields["agent_type"] = fields.pop("type")
    if "is_active" in fields:
        if "status" in fields:
            raise _wrong("is_active", "give status alone, or is_active")
        is_active = fields.pop("is_active")
        if is_active is not None:
            fields["status"] = "active" if is_active else "draft"
    return fields


def agents_of(graph: Graph, pipeline_id: str) -> list[str]:
    """Return the ids of a pipeline's agents, each once, in the order of its nodes.

    Raises:
        NotFoundError: It has none.
    """
    found = (node.data.get("agentId") for node in graph.nodes)
    ids = list(dict.fromkeys(id for id in found if isinstance(id, str) and id))
    if not ids:
        raise NotFoundError(
            f"Pipeline {pipeline_id!r} has no node with an agent, so nothing of it can be deployed.",
            status=404,
        )
    return ids


class Placed(Protocol):
    """A gateway."""

    @property
    def environment(self) -> str:
        """Where it stands."""
        ...

    @property
    def status(self) -> str:
        """Whether it works."""
        ...

    @property
    def created_at(self) -> datetime | None:
        """Since when it is there."""
        ...


G = TypeVar("G", bound=Placed)


def gateway_for(gateways: Sequence[G], environment: str) -> G:
    """Return the newest active gateway of an environment.

    Raises:
        NotFoundError: There is none.
    """
    fits = [one for one in gateways if (one.environment, one.status) == (environment, "active")]
    if not fits:
        raise NotFoundError(
            f"There is no active gateway for {environment!r}: make one with gateways.create().",
            status=404,
        )
    return max(fits, key=lambda one: str(one.created_at))


def stretch(range: str) -> tuple[timedelta, Interval]:
    """Return how long ``24h``, ``7d`` or ``12w`` is, and in which steps to look at it.

    Raises:
        InvalidInputError: It is no stretch of time.
    """
    found = re.fullmatch(r"([1-9]\d{0,3})([hdw])", range)
    if found is None:
        raise _wrong("range", f"give a number of hours, days or weeks, such as 24h, not {range!r}")
    length = timedelta(seconds=int(found[1]) * UNITS[found[2]])
    if length <= timedelta(hours=MOST_HOURS):
        return length, "hour"
    return length, "day" if length <= timedelta(days=MOST_DAYS) else "week"


def _wrong(field: str, said: str) -> InvalidInputError:
    return InvalidInputError(
        f"Nothing was sent: {field}: {said}.",
        status=422,
        code="VALIDATION_ERROR",
        details={field: [said]},
    )
