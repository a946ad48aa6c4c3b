"""The members of one team: add, change roles and remove."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kaizen_widgets.forms.invite_input import TeamMemberInput
from kaizen_widgets.query import LiveQuery
from kaizen_widgets.widgets.data_grid import Column, DataGrid, RowAction
from kaizen_widgets.widgets.dialog import Dialog, DialogHost
from kaizen_widgets.widgets.form_dialog import form_dialog
from kaizen_widgets.widgets.form_panel import FormPanel
from kaizen_widgets.widgets.panel_access import PanelAccess
from kaizen_widgets.widgets.panel_frame import PanelFrame

TEAM_ROLES = {"team_lead": "Team lead", "member": "Member"}
MAX_CHOICES = 500
"""Users that the form offers."""


class TeamMembers(PanelFrame):
    """The members of a team.

    Args:
        resources: A `Studio`, an `Api`, or anything else with ``teams`` and ``users``.
        team: The `Team`.
        dialogs: Where dialogs appear; by default in the panel itself.

    Attributes:
        grid: The table of members.
    """

    _stop: Callable[[], None] | None = None

    def __init__(self, resources: Any, team: Any, *, dialogs: DialogHost | None = None) -> None:
        self.team = team
        self.teams: Any = resources.teams
        self._users: LiveQuery = resources.users.list()
        self._members: list[Any] = []
        self.access = PanelAccess(resources)  # Before the table, whose buttons ask it.
        update = "teams:update"
        self.grid = DataGrid(
            columns=[
                Column("name", "Name", "title", value=lambda member: self._name(member.user_id)),
                Column("email", "E-mail", "text", value=self._email),
                Column("role", "Role", "text", value=_role),
                Column("created_at", "Joined", "date"),
                Column("user_id", "User", "id", is_hidden=True),
            ],
            key="user_id",
            title="Members",
            empty="This team has no members yet. Add one.",
            actions=[
                RowAction(
                    "lead", "Make team lead", **self.gate(update, _is_member, "Leads already.")
                ),
                RowAction(
                    "member", "Make member", **self.gate(update, _is_lead, "Is a member already.")
                ),
                RowAction("remove", "Remove from the team", is_danger=True, **self.gate(update)),
            ],
            toolbar=[RowAction("add", "Add member", "add", **self.gate(update))],
        )
        super().__init__(
            resources,
            body=[self.grid],
            noun="members",
            permission="teams:read",
            on_data=self._show,
            dialogs=dialogs,
        )
        self.grid.on_action(self._act)
        self._stop = self._users.subscribe(lambda _result: self._show(self._members))
        self.show_query(self.teams.members(team.id))

    # ------------------------------------------------------------- actions

    def add(self) -> Dialog:
        """Show the form of a new member in a dialog; return the dialog."""

        async def save(given: TeamMemberInput) -> Any:
            return await self.teams.add_member(self.team.id, given.user_id, given.role)

        form = FormPanel(
            TeamMemberInput,
            save,
            title="",
            options={"user_id": lambda _values: self._candidates()},
            on_success=lambda member: self.say(f"{self._name(member.user_id)} is in the team now."),
        )
        title = f"Add a member to {_short(self.team.name)}"
        return self.dialogs.show(form_dialog(title, form, answer="Add member"))

    def set_role(self, member: Any, role: str) -> None:
        """Change the role of a member."""
        name = self._name(member.user_id)
        self.perform(
            f"Make {name} {TEAM_ROLES[role].lower()}",
            lambda: self.teams.change_member(self.team.id, member.user_id, role),
            f"{name} is {TEAM_ROLES[role].lower()} now.",
        )

    def remove(self, member: Any) -> Dialog:
        """Ask, and remove a member from the team; return the dialog."""
        name = self._name(member.user_id)
        dialog: Dialog | None = None
        answer = self.answer(
            lambda: dialog,
            lambda: self.teams.remove_member(self.team.id, member.user_id),
            f"{name} is no longer in the team.",
        )
        text = "They stay in the organization, and can be added again."
        title = f"Remove {name} from {_short(self.team.name)}?"
        dialog = self.dialogs.confirm(title, text, "Remove", answer)
        return dialog

    def close(self) -> None:
        """Close the panel and its table, and stop observing."""
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()
            self.grid.close()
        super().close()

    def is_empty(self, data: Any) -> bool:
        """Return False: the table says what to do without members."""
        return False

    # ------------------------------------------------------------ internal

    def _access_changed(self) -> None:
        self.grid.draw_again()
        super()._access_changed()

    def _show(self, members: list[Any]) -> None:
        self._members = members
        self.grid.records = members

    def _act(self, name: str, member: Any) -> None:
        match name:
            case "add":
                self.add()
            case "lead":
                self.set_role(member, "team_lead")
            case "member":
                self.set_role(member, "member")
            case "remove":
                self.remove(member)

    def _names(self) -> Mapping[str, Any]:
        return {user.id: user for user in self._users.data or ()}

    def _name(self, user_id: str) -> str:
        user = self._names().get(user_id)
        return _short(user.name or user.email) if user is not None else user_id[:8]

    def _email(self, member: Any) -> str:
        user = self._names().get(member.user_id)
        return user.email if user is not None else ""

    def _candidates(self) -> Mapping[str, str]:
        """Return the users who are not in the team yet, by id."""
        inside = {member.user_id for member in self._members}
        others = [user for user in self._names().values() if user.id not in inside]
        return {user.id: f"{_short(user.name)}, {user.email[:60]}" for user in others[:MAX_CHOICES]}


def _is_member(member: Any) -> bool:
    return member.role != "team_lead"


def _is_lead(member: Any) -> bool:
    return member.role == "team_lead"


def _role(member: Any) -> str:
    return TEAM_ROLES.get(member.role) or str(member.role)


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
