"""DeploymentsPanel: agents on gateways, to deploy, promote, stop and redeploy, with logs that follow.

DeploymentsPanel(studio)
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import ipywidgets as ipw

from kaizen_widgets.core.clock import Timer
from kaizen_widgets.displays.grid_column import Tone
from kaizen_widgets.widgets.data_grid import Column, RowAction
from kaizen_widgets.widgets.deploy_dialog import deploy_form
from kaizen_widgets.widgets.deployment_log import DeploymentLogPanel
from kaizen_widgets.widgets.dialog import Dialog, DialogHost
from kaizen_widgets.widgets.gateways_panel import GatewaysPanel
from kaizen_widgets.widgets.record_names import RecordNames
from kaizen_widgets.widgets.resource_panel import ResourcePanel

TONES: Final[Mapping[str, Tone]] = {
    "active": "good", "failed": "bad", "pending": "accent", "deploying": "accent", "stopped": "muted",
}  # fmt: skip
STATUSES: Final = {
    "All": None,
    "Active": "active",
    "Failed": "failed",
    "Stopped": "stopped",
    "Deploying": "deploying",
}
"""What the Show menu offers, and the status that the server filters by."""
POLL: Final = 3.0
"""Seconds between two fetches while a deployment is on its way."""
MAX_AGENTS: Final = 100
"""Agents that the Deploy dialog offers; others are deployed from the agents panel."""


class DeploymentsPanel(ResourcePanel):
    """The deployments of the organization, and its gateways.

    Args:
        resources: A `Studio`, an `Api`, or anything else with its resources as attributes.
        dialogs: Where dialogs appear; by default in the panel itself.

    Attributes:
        grid: The table; its ``selected``, ``search`` and ``sort`` are traits.
        show: The menu that chooses which deployments are listed.

    Raises:
        TypeError: ``resources`` has no query client.
    """

    _poll: Timer | None = None

    def __init__(self, resources: Any, *, dialogs: DialogHost | None = None) -> None:
        self.deployments: Any = getattr(resources, "deployments", None)
        self.show = ipw.Dropdown(
            options=list(STATUSES), description="Show", layout=ipw.Layout(width="180px"),
            style={"description_width": "auto"},
        )  # fmt: skip
        self._agents: RecordNames | None = None
        self._gateways: RecordNames | None = None
        if hasattr(resources, "deployments"):
            self._agents = RecordNames(resources.agents, self._names_changed)
            self._gateways = RecordNames(
                resources.gateways,
                self._names_changed,
                label=lambda gateway: " · ".join(
                    part for part in (gateway.environment, gateway.name) if part
                ),
            )
        super().__init__(
            resources,
            self.deployments,
            columns=[
                Column("agent_id", "Agent", "title", value=self.agent_name),
                Column("gateway_id", "Where", "text", value=self.gateway_name),
                Column("status", "State", "status", tones=TONES),
                Column("error_message", "Problem", "text"),
                Column("deployed_at", "Since", "date"),
                Column("endpoint_url", "Endpoint", "text", is_hidden=True),
                Column("agent_version_id", "Version", "id", is_hidden=True),
                Column("id", "Id", "id", is_hidden=True),
            ],
            noun="deployments",
            permission="deployments:read",
            title="Deployments",
            empty="No deployments yet. Deploy puts an agent on a gateway.",
            actions=[
                RowAction("logs", "Log", "history"),
                RowAction(
                    "promote",
                    "Promote…",
                    "promote",
                    **self.gate(
                        "deployments:create",
                        lambda deployment: deployment.status == "active",
                        lambda deployment: (
                            f"It is {deployment.status}: only an active one is promoted."
                        ),
                    ),
                ),
                RowAction("redeploy", "Redeploy", "refresh", **self.gate("deployments:update")),
                RowAction(
                    "stop",
                    "Stop",
                    "stop",
                    is_danger=True,
                    **self.gate(
                        "deployments:delete",
                        lambda deployment: deployment.status in ("active", "deploying"),
                        lambda deployment: f"It is {deployment.status} already.",
                    ),
                ),
            ],
            toolbar=lambda: [
                RowAction("gateways", "Gateways"),
                RowAction("new", "Deploy", "deploy", **self.gate("deployments:create")),
            ],
            handlers={
                "new": lambda _record: self.deploy(),
                "gateways": lambda _record: self.show_gateways(),
                "logs": self.show_log,
                "promote": self.promote,
                "redeploy": self.redeploy,
                "stop": self.stop,
            },
            searches_server=False,
            footer=[self.show],
            dialogs=dialogs,
        )
        self.show.observe(lambda _change: self._filter(), names="value")
        self.grid.on_open(self.show_log)

    # ------------------------------------------------------------- actions

    def deploy(self) -> Dialog:
        """Show a dialog that deploys an agent to a gateway; return the dialog."""
        agents = self.resources.agents

        async def load() -> tuple[list[Any], list[Any]]:
            found, gateways = await asyncio.gather(
                _awaited(agents.pages(sort="name")), _awaited(self.resources.gateways.list())
            )
            rows = [row for page in found["pages"] for row in page["rows"]]
            return [row for row in rows if row.status != "archived"][:MAX_AGENTS], gateways

        return self.show_form(
            "Deploy an agent",
            load,
            lambda found: deploy_form(
                self.resources, agents=found[0], gateways=found[1], on_success=self._deployed
            ),
            "Deploy",
        )

    def promote(self, deployment: Any) -> Dialog:
        """Show a dialog that deploys the same agent, in the same version, to another gateway."""
        agent = _Choice(deployment.agent_id, self.agent_name(deployment))

        async def load() -> list[Any]:
            found = await self.resources.gateways.list()
            return [gateway for gateway in found if gateway.id != deployment.gateway_id]

        return self.show_form(
            f"Promote {_short(agent.name)}",
            load,
            lambda gateways: deploy_form(
                self.resources,
                agents=[agent],
                gateways=gateways,
                version_id=deployment.agent_version_id,
                on_success=self._deployed,
            ),
            "Promote",
        )

    def redeploy(self, deployment: Any) -> Dialog:
        """Ask, and deploy the agent as it is now in place of a deployment; return the dialog."""
        name = _short(self.agent_name(deployment))
        dialog: Dialog | None = None

        async def run() -> None:
            self._deployed(await self.deployments.redeploy(deployment.id))

        dialog = self.dialogs.confirm(
            f"Redeploy {name}?",
            f"The agent as it is now replaces what runs on {self.gateway_name(deployment)}; "
            "the deployment before is stopped.",
            "Redeploy",
            run,
            danger=False,
        )
        return dialog

    def stop(self, deployment: Any) -> Dialog:
        """Ask, and stop a deployment; return the dialog."""
        name = _short(self.agent_name(deployment))
        dialog: Dialog | None = None
        answer = self.answer(
            lambda: dialog,
            lambda: self.deployments.stop(deployment.id),
            f"{name} is stopped. Redeploy starts it again.",
        )
        dialog = self.dialogs.confirm(
            f"Stop {name}?",
            f"Calls to it on {self.gateway_name(deployment)} fail from now on. "
            "Redeploy starts it again.",
            "Stop",
            answer,
        )
        return dialog

    def show_log(self, deployment: Any) -> DeploymentLogPanel:
        """Show the log of a deployment below the table; return it."""
        log = DeploymentLogPanel(self.resources, deployment, dialogs=self.dialogs)
        self.show_detail(
            f"Log of {self.agent_name(deployment)}, {self.gateway_name(deployment)}", log
        )
        return log

    def show_gateways(self) -> GatewaysPanel:
        """Show the gateways below the table; return them."""
        gateways = GatewaysPanel(self.resources, dialogs=self.dialogs)
        self.show_detail("", gateways)  # The table has the heading.
        return gateways

    def agent_name(self, deployment: Any) -> str:
        """Return the name of a deployment's agent, or the beginning of its id."""
        return self._agents.name(deployment.agent_id) if self._agents else ""

    def gateway_name(self, deployment: Any) -> str:
        """Return the name of a deployment's gateway, or the beginning of its id."""
        return self._gateways.name(deployment.gateway_id) if self._gateways else ""

    def show_rows(self) -> None:
        """Show the fetched deployments, and look up the names of their agents and gateways."""
        if self._agents is not None and self._gateways is not None:
            self._agents.want(row.agent_id for row in self._rows)
            self._gateways.want(row.gateway_id for row in self._rows)
        super().show_rows()
        self._poll_while_deploying()

    def close(self) -> None:
        """Close the panel and stop observing."""
        for names in (self._agents, self._gateways):
            if names is not None:
                names.close()
        if self._poll is not None:
            self._poll.cancel()
        super().close()

    # ------------------------------------------------------------ internal

    def _deployed(self, deployment: Any) -> None:
        name = _short(self.agent_name(deployment))
        if deployment.status == "failed":
            self.say(f"{name} could not be deployed: {deployment.error_message}", problem=True)
        else:
            self.say(f"{name} is deployed to {self.gateway_name(deployment)}.")

    def _filter(self) -> None:
        self.set_filters(status=STATUSES[str(self.show.value)])

    def _names_changed(self) -> None:
        if self._is_open:
            self.show_rows()

    def _poll_while_deploying(self) -> None:
        is_waiting = any(row.status in ("pending", "deploying") for row in self._rows)
        if not is_waiting or self._poll is not None or not self._is_open:
            return

        def fetch() -> None:
            self._poll = None
            if self._is_open:
                self.refetch()

        self._poll = self._client.environment.clock.call_later(POLL, fetch)


class _Choice:
    """An agent of which only id and name are known."""

    def __init__(self, id: str, name: str) -> None:
        self.id, self.name = id, name


async def _awaited(query: Any) -> Any:
    return await query


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
