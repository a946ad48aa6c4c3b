"""The users, teams and roles that one policy applies to: assign it, and take it from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from kaizen_widgets.api.policies import Policy, PolicyAssignment
from kaizen_widgets.displays.grid_column import Column
from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.widgets.data_grid import DataGrid, RowAction
from kaizen_widgets.widgets.dialog import Dialog, DialogHost
from kaizen_widgets.widgets.form_dialog import form_dialog
from kaizen_widgets.widgets.form_panel import FormPanel
from kaizen_widgets.widgets.panel_access import PanelAccess
from kaizen_widgets.widgets.panel_frame import PanelFrame

KINDS = {"user": "User", "team": "Team", "role": "Role"}


class AssignmentInput(BaseModel):
    """Whom to assign a policy to, as a user chooses it: ``role:viewer``, ``team:ID`` or ``user:ID``."""

    model_config = ConfigDict(extra="forbid", title="Assignment")

    target: Annotated[
        str,
        Field(min_length=1, description="The policy applies only to those it is assigned to."),
        Hint(label="To whom", messages={"missing": "Choose a user, a team or a role"}),
    ]


class PolicyAssignments(PanelFrame):
    """To whom a policy is assigned.

    Args:
        resources: A `Studio`, an `Api`, or anything else with ``policies``.
        policy: The `Policy`.
        targets: Returns by ``role:NAME``, ``team:ID`` and ``user:ID`` the names of those it may be for.
        dialogs: Where dialogs appear; by default in the panel itself.

    Attributes:
        grid: The table of assignments.
    """

    def __init__(
        self,
        resources: Any,
        policy: Policy,
        targets: Callable[[], Mapping[str, str]],
        *,
        dialogs: DialogHost | None = None,
    ) -> None:
        self.policy = policy
        self.policies: Any = resources.policies
        self._targets = targets
        self.access = PanelAccess(resources)  # Before the table, whose buttons ask it.
        gate = self.gate("policies:assign")
        self.grid = DataGrid(
            columns=[
                Column("name", "Applies to", "title", value=self._name),
                Column("principal_type", "Kind", "text", value=_kind),
                Column("created_at", "Since", "date"),
                Column("principal_id", "Id", "id", is_hidden=True),
            ],
            title="Assignments",
            empty="It is assigned to nobody, so it applies to nobody. Assign it.",
            actions=[RowAction("remove", "Take it from them", is_danger=True, **gate)],
            toolbar=[RowAction("assign", "Assign", "add", **gate)],
        )
        super().__init__(
            resources,
            self.policies.assignments(policy.id),
            body=[self.grid],
            noun="assignments",
            permission="policies:read",
            on_data=self._show,
            dialogs=dialogs,
        )
        self.grid.on_action(self._act)

    # ------------------------------------------------------------- actions

    def assign(self) -> Dialog:
        """Show a dialog that assigns the policy to somebody; return the dialog."""

        async def save(given: AssignmentInput) -> Any:
            kind, _, principal = given.target.partition(":")
            return await self.policies.assign(self.policy.id, kind, principal)

        form = FormPanel(
            AssignmentInput,
            save,
            title="",
            options={"target": lambda _values: self._candidates()},
            on_success=lambda made: self.say(f"The policy applies to {self._name(made)} now."),
        )
        return self.dialogs.show(
            form_dialog(f"Assign {_short(self.policy.name)}", form, answer="Assign")
        )

    def remove(self, assignment: PolicyAssignment) -> Dialog:
        """Ask, and take the policy from somebody; return the dialog."""
        name = self._name(assignment)
        dialog: Dialog | None = None
        answer = self.answer(
            lambda: dialog,
            lambda: self.policies.unassign(assignment.id),
            f"The policy no longer applies to {name}.",
        )
        dialog = self.dialogs.confirm(
            f"Take {_short(self.policy.name)} from {name}?",
            "It no longer applies to them. It can be assigned again.",
            "Take it from them",
            answer,
        )
        return dialog

    def close(self) -> None:
        """Close the panel and its table, and stop observing."""
        if self._is_open:
            self.grid.close()
        super().close()

    def is_empty(self, data: Any) -> bool:
        """Return False: the table says what it means that there are none."""
        return False

    # ------------------------------------------------------------ internal

    def _show(self, assignments: list[PolicyAssignment]) -> None:
        self.grid.records = assignments

    def _access_changed(self) -> None:
        self.grid.draw_again()
        super()._access_changed()

    def _act(self, name: str, assignment: Any) -> None:
        if name == "assign":
            self.assign()
        elif name == "remove":
            self.remove(assignment)

    def _name(self, assignment: PolicyAssignment) -> str:
        target = _target(assignment)
        return _short(self._targets().get(target) or assignment.principal_id)

    def _candidates(self) -> Mapping[str, str]:
        """Return those it is not assigned to yet."""
        taken = {_target(each) for each in self.grid.records}
        return {target: name for target, name in self._targets().items() if target not in taken}


def _target(assignment: PolicyAssignment) -> str:
    return f"{assignment.principal_type}:{assignment.principal_id}"


def _kind(assignment: PolicyAssignment) -> str:
    return KINDS.get(assignment.principal_type) or assignment.principal_type


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
