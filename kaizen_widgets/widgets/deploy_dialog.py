"""The form that deploys an agent, or one of its versions, to a gateway."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.widgets.form_panel import FormPanel


class DeployInput(BaseModel):
    """An agent and the gateway it goes to, as they are chosen by a user."""

    model_config = ConfigDict(title="Deploy")

    agent: Annotated[str, Field(min_length=1), Hint(messages={"missing": "Choose an agent"})]
    gateway: Annotated[
        str,
        Field(min_length=1, description="Where it runs: the environment is that of the gateway."),
        Hint(messages={"missing": "Choose a gateway"}),
    ]


def deploy_form(
    resources: Any,
    *,
    agents: Sequence[Any],
    gateways: Sequence[Any],
    version_id: str = "",
    on_success: Callable[[Any], object] | None = None,
) -> FormPanel:
    """Return the form; its result is the `Deployment`, which may have failed.

    Args:
        resources: A `Studio`, an `Api`, or anything else with its resources as attributes.
        agents: Agents to choose from; a single one is chosen already.
        gateways: Gateways to choose from; those that are not active are left out.
        version_id: Version of the agent; empty for the agent as it is.
        on_success: Called with the deployment.
    """
    places = [gateway for gateway in gateways if gateway.status == "active"]
    labels = {gateway.id: f"{gateway.environment} · {gateway.name}"[:120] for gateway in places}
    names = {agent.id: agent.name[:120] for agent in agents}

    async def deploy(value: DeployInput) -> Any:
        return await resources.deployments.create(
            agent_id=value.agent, gateway_id=value.gateway, agent_version_id=version_id
        )

    defaults = {"agent": next(iter(names)) if len(names) == 1 else None}
    if len(labels) == 1:
        defaults["gateway"] = next(iter(labels))
    form = FormPanel(
        DeployInput,
        deploy,
        title="",
        default_values={name: value for name, value in defaults.items() if value},
        options={"agent": lambda _values: names, "gateway": lambda _values: labels},
        on_success=on_success,
    )
    if not labels:
        form.status.value = "There is no active gateway: create one under Gateways first."
    return form
