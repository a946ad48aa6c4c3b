"""GatewaysPanel: the gateways that agents can be deployed to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from kaizen_widgets.displays.grid_column import Tone
from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.widgets.data_grid import Column, RowAction
from kaizen_widgets.widgets.dialog import Dialog, DialogHost
from kaizen_widgets.widgets.form_dialog import form_dialog
from kaizen_widgets.widgets.form_panel import FormPanel
from kaizen_widgets.widgets.resource_panel import ResourcePanel

Environment = Annotated[str, Field(min_length=1, max_length=100, description="Such as staging.")]
GatewayName = Annotated[str, Field(min_length=1, max_length=255), Hint(widget="text")]
ApiUrl = Annotated[
    str,
    Field(min_length=1, max_length=2000, description="Address of the gateway's API."),
    Hint(label="URL", widget="text", placeholder="https://gateway.example.com"),
]
TONES: Final[Mapping[str, Tone]] = {"active": "good", "inactive": "muted", "error": "bad"}


class NewGatewayInput(BaseModel):
    """A new gateway as it is filled in by a user."""

    model_config = ConfigDict(title="Gateway")

    name: GatewayName
    environment: Environment = "development"
    api_url: ApiUrl
    api_key: Annotated[
        SecretStr,
        Field(min_length=1, description="Sent to the server; never shown again."),
        Hint(label="Key"),
    ]
    description: Annotated[str, Field(max_length=2000)] = ""


class GatewayInput(BaseModel):
    """An existing gateway as it is changed by a user."""

    model_config = ConfigDict(title="Gateway")

    name: GatewayName
    environment: Environment
    api_url: ApiUrl
    api_key: Annotated[
        SecretStr | None, Field(description="Leave it out to keep the key."), Hint(label="New key")
    ] = None
    description: Annotated[str, Field(max_length=2000)] = ""
    status: Literal["active", "inactive", "error"] = "active"


class GatewaysPanel(ResourcePanel):
    """The gateways of the organization.

    Args:
        resources: A `Studio`, an `Api`, or anything else with its resources as attributes.
        dialogs: Where dialogs appear; by default in the panel itself.

    Raises:
        TypeError: ``resources`` has no query client.
    """

    def __init__(self, resources: Any, *, dialogs: DialogHost | None = None) -> None:
        self.gateways: Any = getattr(resources, "gateways", None)
        super().__init__(
            resources,
            self.gateways,
            columns=[
                Column("name", "Name", "title", second="description"),
                Column("environment", "Environment", "text", is_filter=True),
                Column("status", "State", "status", tones=TONES),
                Column("last_health_status", "Health", "text"),
                Column("last_health_check", "Checked", "date"),
                Column("api_url", "URL", "text", is_hidden=True),
                Column("id", "Id", "id", is_hidden=True),
            ],
            noun="gateways",
            permission="deployments:read",
            title="Gateways",
            empty="No gateways yet. A gateway is a place where deployed agents run; create one first.",
            actions=[
                RowAction("check", "Check its health", "check"),
                RowAction("edit", "Edit", "edit", **self.gate("deployments:update")),
                RowAction("delete", "Delete", is_danger=True, **self.gate("deployments:delete")),
            ],
            toolbar=lambda: [
                RowAction("new", "New gateway", "add", **self.gate("deployments:create"))
            ],
            handlers={
                "new": lambda _record: self.new_gateway(),
                "check": self.check,
                "edit": self.edit_gateway,
                "delete": self.delete,
            },
            dialogs=dialogs,
        )

    def new_gateway(self) -> Dialog:
        """Show the form of a new gateway in a dialog; return the dialog."""

        async def create(value: NewGatewayInput) -> Any:
            return await self.gateways.create(**_fields(value))

        form = FormPanel(
            NewGatewayInput,
            create,
            title="",
            on_success=lambda made: self.say(f"{_short(made.name)} is created."),
        )
        return self.dialogs.show(form_dialog("New gateway", form, answer="Create gateway"))

    def edit_gateway(self, gateway: Any) -> Dialog:
        """Show the form of a gateway in a dialog; return the dialog."""

        async def update(value: GatewayInput) -> Any:
            return await self.gateways.update(gateway.id, **_fields(value))

        names = set(GatewayInput.model_fields) - {"api_key"}
        form = FormPanel(
            GatewayInput,
            update,
            title="",
            default_values={name: getattr(gateway, name) for name in names},
            on_success=lambda made: self.say(f"{_short(made.name)} is saved."),
        )
        return self.dialogs.show(
            form_dialog(f"Edit {_short(gateway.name)}", form, answer="Save gateway")
        )

    def check(self, gateway: Any) -> None:
        """Ask the server for the health of a gateway, and say what it answers."""
        mutation = self.perform(
            f"Check {_short(gateway.name)}", lambda: self.gateways.check(gateway.id)
        )
        if mutation is None:
            return

        def follow() -> None:
            health = mutation.data
            if mutation.state.is_success and health is not None:
                took = f" in {health.response_time_ms:.0f} ms" if health.response_time_ms else ""
                why = f": {health.error}" if health.error else "."
                self.say(f"{_short(gateway.name)} is {health.status}{took}{why}")

        mutation.subscribe(follow)
        follow()

    def delete(self, gateway: Any) -> Dialog:
        """Ask, and delete a gateway; return the dialog."""
        name = _short(gateway.name)
        dialog: Dialog | None = None
        answer = self.answer(
            lambda: dialog, lambda: self.gateways.delete(gateway.id), f"{name} is deleted."
        )
        dialog = self.dialogs.confirm(
            f"Delete {name}?",
            "Agents can no longer be deployed to it. It cannot be brought back.",
            "Delete",
            answer,
        )
        return dialog


def _fields(value: BaseModel) -> dict[str, Any]:
    # Not `model_dump`, which would be the place where the key becomes plain text.
    found = {name: getattr(value, name) for name in type(value).model_fields}
    return {name: field for name, field in found.items() if field is not None}


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
