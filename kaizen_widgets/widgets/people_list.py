"""The users of the organization: invite, change roles, suspend and remove."""

from __future__ import annotations

from typing import Any

from kaizen_widgets.forms.invite_input import InviteInput, RoleInput
from kaizen_widgets.widgets.data_grid import Column, RowAction
from kaizen_widgets.widgets.dialog import Dialog, DialogHost
from kaizen_widgets.widgets.form_dialog import form_dialog
from kaizen_widgets.widgets.form_panel import FormPanel
from kaizen_widgets.widgets.resource_panel import ResourcePanel
from kaizen_widgets.widgets.sign_in_panel import ROLE_NAMES


class PeopleList(ResourcePanel):
    """The users of the organization.

    Args:
        resources: A `Studio`, an `Api`, or anything else with its resources as attributes.
        dialogs: Where dialogs appear; by default in the panel itself.

    Attributes:
        grid: The table; its ``selected``, ``search`` and ``sort`` are traits.

    Raises:
        TypeError: ``resources`` has no query client.
    """

    def __init__(self, resources: Any, *, dialogs: DialogHost | None = None) -> None:
        self.users: Any = resources.users
        update = "users:update"
        super().__init__(
            resources,
            self.users,
            columns=[
                Column("name", "Name", "title", second="email"),
                Column("role", "Role", "text", value=_role, is_filter=True),
                Column(
                    "status",
                    "Status",
                    "status",
                    tones={"active": "good", "suspended": "bad", "invited": "accent"},
                ),
                Column("last_login_at", "Last sign-in", "date"),
                Column("created_at", "Joined", "date"),
                Column("email", "E-mail", "text", is_hidden=True),
                Column("id", "Id", "id", is_hidden=True),
            ],
            noun="users",
            title="People",
            empty="No users yet. Invite a colleague.",
            actions=[
                RowAction("role", "Change role", "key", **self.gate(update)),
                RowAction(
                    "suspend",
                    "Suspend",
                    **self.gate(update, self._can_suspend, self._why_not_suspended),
                ),
                RowAction(
                    "resume",
                    "Let in again",
                    **self.gate(
                        update, lambda user: user.status == "suspended", "Is not suspended."
                    ),
                ),
                RowAction(
                    "remove",
                    "Remove",
                    is_danger=True,
                    **self.gate("users:delete", self._is_other, "This is you."),
                ),
            ],
            toolbar=lambda: [RowAction("invite", "Invite", "add", **self.gate("users:create"))],
            handlers={
                "invite": lambda _record: self.invite(),
                "role": self.change_role,
                "suspend": self.suspend,
                "resume": self.resume,
                "remove": self.remove,
            },
            dialogs=dialogs,
        )
        self.grid.on_open(self.change_role)

    # ------------------------------------------------------------- actions

    def invite(self) -> Dialog:
        """Show the form of a new user in a dialog; return the dialog."""

        async def save(given: InviteInput) -> Any:
            return await self.users.create(
                email=given.email.strip(),
                name=given.name,
                password=given.password,
                role=given.role,
            )

        form = FormPanel(InviteInput, save, title="", on_success=self._invited)
        return self.dialogs.show(form_dialog("Invite a colleague", form, answer="Invite"))

    def change_role(self, user: Any) -> Dialog | None:
        """Show the role of a user in a dialog; return the dialog, or None if it cannot be changed."""
        refused = self.access.reason("users:update")
        if refused or user.role not in ROLE_NAMES:
            self.say(refused or f"The role {user.role[:60]!r} is not known here.", problem=True)
            return None

        async def save(given: RoleInput) -> Any:
            if given.role == user.role:
                return user
            return await self.users.update(user.id, role=given.role)

        name = _short(user.name or user.email)
        form = FormPanel(
            RoleInput,
            save,
            title="",
            default_values={"role": user.role},
            on_success=lambda saved: self.say(f"{name} is {_role(saved)} now."),
        )
        return self.dialogs.show(form_dialog(f"Role of {name}", form, answer="Change role"))

    def suspend(self, user: Any) -> Dialog:
        """Ask, and suspend a user; return the dialog."""
        name = _short(user.name or user.email)
        dialog: Dialog | None = None
        answer = self.answer(
            lambda: dialog,
            lambda: self.users.update(user.id, status="suspended"),
            f"{name} is suspended.",
        )
        text = (
            "They can no longer sign in until you let them in again. Nothing of theirs is deleted."
        )
        dialog = self.dialogs.confirm(f"Suspend {name}?", text, "Suspend", answer)
        return dialog

    def resume(self, user: Any) -> None:
        """Let a suspended user sign in again."""
        name = _short(user.name or user.email)
        self.perform(
            f"Let {name} in again",
            lambda: self.users.update(user.id, status="active"),
            f"{name} can sign in again.",
        )

    def remove(self, user: Any) -> Dialog:
        """Ask, and remove a user from the organization; return the dialog."""
        name = _short(user.name or user.email)
        dialog: Dialog | None = None
        answer = self.answer(
            lambda: dialog, lambda: self.users.delete(user.id), f"{name} is removed."
        )
        text = "Their sessions end, and they leave all teams. What they made stays. This cannot be undone."
        dialog = self.dialogs.confirm(f"Remove {name}?", text, "Remove", answer)
        return dialog

    # ------------------------------------------------------------ internal

    def _invited(self, user: Any) -> None:
        self.say(f"{_short(user.name)} can sign in now, as {user.email[:100]} with that password.")

    def _is_other(self, user: Any) -> bool:
        own = (self.access.session and self.access.session.user) or {}
        return user.id != own.get("id")

    def _can_suspend(self, user: Any) -> bool:
        return self._is_other(user) and user.status != "suspended"

    def _why_not_suspended(self, user: Any) -> str:
        return "Is suspended already." if user.status == "suspended" else "This is you."


def _role(user: Any) -> str:
    return ROLE_NAMES.get(user.role) or str(user.role)


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
