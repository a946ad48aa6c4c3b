"""Translates between the studio's names and a Kaizen Studio server's; the only module that does.

=============================================  =======================================================
in the studio                                  on the server
=============================================  =======================================================
agent ``provider`` and ``model``               ``model_id``: the model, or ``provider/model`` where its
                                               name does not imply the provider
agent ``type``                                 ``agent_type``
agent ``is_active``                            ``status``: ``active``, or ``draft``; a new one is a
                                               draft and made active by a second request
agent ``tools``                                ``/agents/{id}/tools``, one request each after the agent
a deployment of a pipeline to an environment   a deployment of each of its agents to the environment's
                                               newest active gateway
a metric's ``range`` (``24h``, ``7d``)         ``start_date``, ``end_date``, ``interval``
a metric over time of one thing, or in         ``/metrics/executions``, counted here: the server has
intervals of five minutes                      ``/metrics/timeseries`` for everything, from an hour on
pipeline ``nodes`` and ``edges``               rows of nodes and connections: see `pipeline_graph`
=============================================  =======================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from kaizen_widgets.api.models import invalid_input
from kaizen_widgets.errors import InvalidInputError, NotFoundError
from kaizen_widgets.graph import Graph

if TYPE_CHECKING:
    from kaizen_widgets.api.gateways import Gateway

Interval = Literal["five minutes", "hour", "day", "week"]

MODEL_PREFIXES = {
    "openai": ("gpt-", "o1", "o3", "o4", "chatgpt", "text-embedding"),
    "anthropic": ("claude",),
}
"""Beginnings of model names, by the provider they belong to."""
SECONDS = {"h": 3600.0, "d": 86_400.0, "w": 604_800.0}
MAX_FINE, MAX_HOURLY, MAX_DAILY = timedelta(hours=3), timedelta(hours=72), timedelta(days=92)
"""Longest time ranges with a point for each five minutes, each hour, and each day."""


def model_id(provider: str, model: str) -> str:
    """Return the server's name for a model of a provider."""
    return model if provider_of(model) == provider else f"{provider}/{model}"


def provider_and_model(model_id: str) -> tuple[str, str]:
    """Return the provider of a model (empty if unknown), and the model's name."""
    provider, slash, model = model_id.partition("/")
    return (provider, model) if slash and provider and model else (provider_of(model_id), model_id)


def provider_of(model: str) -> str:
    """Return the provider of a model; empty if it cannot be determined from the name."""
    name = model.lower()
    return next(
        (provider for provider, starts in MODEL_PREFIXES.items() if name.startswith(starts)), ""
    )


def agent_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return an agent's fields with the server's names; other names are not changed.

    Raises:
        InvalidInputError: Both names of a field were given, or a provider without its model.
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
        NotFoundError: The pipeline has no agents.
    """
    found = (node.data.get("agentId") for node in graph.nodes)
    ids = list(dict.fromkeys(id for id in found if isinstance(id, str) and id))
    if not ids:
        raise NotFoundError(
            f"Pipeline {pipeline_id!r} has no node with an agent, so there is nothing to deploy.",
            status=404,
        )
    return ids


def gateway_for(gateways: Sequence[Gateway], environment: str) -> Gateway:
    """Return the newest active gateway of an environment.

    Raises:
        NotFoundError: There is none.
    """
    matches = [
        each for each in gateways if (each.environment, each.status) == (environment, "active")
    ]
    if not matches:
        raise NotFoundError(
            f"There is no active gateway for {environment!r}: create one with gateways.create().",
            status=404,
        )
    return max(matches, key=lambda gateway: str(gateway.created_at))


def parse_range(range: str) -> tuple[timedelta, Interval]:
    """Return the length of ``24h``, ``7d`` or ``12w``, and the interval of its points.

    Raises:
        InvalidInputError: It is not a time range.
    """
    found = re.fullmatch(r"([1-9]\d{0,3})([hdw])", range)
    if found is None:
        raise _wrong("range", f"give a number of hours, days or weeks, such as 24h, not {range!r}")
    length = timedelta(seconds=int(found[1]) * SECONDS[found[2]])
    if length <= MAX_FINE:
        return length, "five minutes"
    if length <= MAX_HOURLY:
        return length, "hour"
    return length, "day" if length <= MAX_DAILY else "week"


def _wrong(field: str, message: str) -> InvalidInputError:
    return invalid_input({field: [message]})
