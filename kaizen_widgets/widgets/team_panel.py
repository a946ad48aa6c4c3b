"""TeamPanel: the teams of the organization with their members, and its users.

TeamPanel(studio)
"""

from __future__ import annotations

from typing import Any

from kaizen_widgets.forms.invite_input import TeamInput
from kaizen_widgets.widgets.data_grid import Column, RowAction
from kaizen_widgets.widgets.dialog import Dialog, DialogHost
from kaizen_widgets.widgets.form_dialog import form_dialog
from kaizen_widgets.widgets.form_panel import FormPanel
from kaizen_widgets.widgets.people_list import PeopleList
from kaizen_widgets.widgets.resource_panel import ResourcePanel
from kaizen_widgets.widgets.team_members import TeamMembers


class TeamPanel(ResourcePanel):
    """The teams and the users of the organization.

    Args:
        resources: A `Studio`, an `Api`, or anything else with its resources as attributes.
        dialogs: Where dialogs appear; by default in the panel itself.

    Attributes:
        grid: The table of teams; its ``selected``, ``search`` and ``sort`` are traits.
        people: The `PeopleList` below.

    Raises:
        TypeError: ``resources`` has no query client.
    """

    people: PeopleList | None = None

    def __init__(self, resources: Any, *, dialogs: DialogHost | None = None) -> None:
        self.teams: Any = resources.teams
        super().__init__(
            resources,
            self.teams,
            columns=[
                Column("name", "Name", "title", second="description"),
                Column("created_at", "Created", "date"),
                Column("updated_at", "Changed", "date", is_hidden=True),
                Column("id", "Id", "id", is_hidden=True),
            ],
            noun="teams",
            permission="teams:read",
            title="Teams",
            empty="No teams yet. A team is users who share policies; create one with New team.",
            actions=[
                RowAction("members", "Members", "people", **self.gate("teams:read")),
                RowAction("edit", "Edit", "edit", **self.gate("teams:update")),
                RowAction("delete", "Delete", is_danger=True, **self.gate("teams:delete")),
            ],
            toolbar=lambda: [RowAction("new", "New team", "add", **self.gate("teams:create"))],
            handlers={
                "new": lambda _record: self.new_team(),
                "members": self.show_members,
                "edit": self.edit_team,
                "delete": self.delete_team,
            },
            dialogs=dialogs,
        )
        self.people = PeopleList(resources, dialogs=self.dialogs)
        self.people.layout.margin = "16px 0 0 0"
        # Below, so that the users are there whatever happens to the teams.
        parts: list[Any] = list(self.children)
        self.children = (*parts[:-1], self.people, parts[-1])
        self.grid.observe(lambda _change: self._selected(), names="selected")
        self.grid.on_open(self.show_members)

    # ------------------------------------------------------------- actions

    def new_team(self) -> Dialog:
        """Show the form of a new team in a dialog; return the dialog."""

        async def save(given: TeamInput) -> Any:
            return await self.teams.create(**given.model_dump())

        form = FormPanel(
            TeamInput,
            save,
            title="",
            on_success=lambda team: self.say(f"{_short(team.name)} is created. Add its members."),
        )
        return self.dialogs.show(form_dialog("New team", form, answer="Create team"))

    def edit_team(self, team: Any) -> Dialog:
        """Show the form of a team in a dialog; return the dialog."""

        async def save(given: TeamInput) -> Any:
            return await self.teams.update(team.id, **given.model_dump())

        form = FormPanel(
            TeamInput,
            save,
            title="",
            default_values={"name": team.name, "description": team.description or ""},
            on_success=lambda saved: self.say(f"{_short(saved.name)} is saved."),
        )
        return self.dialogs.show(form_dialog(f"Edit {_short(team.name)}", form, answer="Save team"))

    def delete_team(self, team: Any) -> Dialog:
        """Ask, and delete a team; return the dialog."""
        name = _short(team.name)
        dialog: Dialog | None = None
        answer = self.answer(
            lambda: dialog, lambda: self.teams.delete(team.id), f"{name} is deleted."
        )
        text = (
            "Its members stay in the organization, but policies assigned to the team no longer apply to "
            "them. This cannot be undone."
        )
        dialog = self.dialogs.confirm(f"Delete {name}?", text, "Delete", answer)
        return dialog

    def show_members(self, team: Any) -> TeamMembers:
        """Show the members of a team below the teams; return them."""
        shown = self.members
        if shown is not None and shown.team.id == team.id:
            return shown
        members = TeamMembers(self.resources, team, dialogs=self.dialogs)
        self.show_detail(f"Members of {team.name}", members)
        return members

    @property
    def members(self) -> TeamMembers | None:
        """The members of the team that is shown; None if none is."""
        shown = self._detail_widget
        return shown if isinstance(shown, TeamMembers) else None

    def close(self) -> None:
        """Close the panel with its lists, and stop observing."""
        if self.people is not None:
            self.people.close()
        super().close()

    # ------------------------------------------------------------ internal

    def refetch(self) -> None:
        """Fetch the teams, the members and the users again."""
        super().refetch()
        for part in (self.people, self.members):
            if part is not None:
                part.refetch()

    def _selected(self) -> None:
        team = self.selected_record
        if team is not None:
            self.show_members(team)

    def _show_pages(self, data: Any) -> None:
        super()._show_pages(data)
        shown = self.members
        if shown is not None and self.record(shown.team.id) is None and not self._has_more():
            self.close_detail()


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
