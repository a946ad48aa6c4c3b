"""PoliciesPanel: what the policies of the organization allow and deny, to create, change, try and switch off.

PoliciesPanel(studio)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaizen_widgets.api import Policy
from kaizen_widgets.forms.policy_input import sentence_of
from kaizen_widgets.query import LiveQuery
from kaizen_widgets.widgets.data_grid import Column, RowAction
from kaizen_widgets.widgets.decision_form import DecisionForm
from kaizen_widgets.widgets.dialog import Dialog, DialogHost
from kaizen_widgets.widgets.form_dialog import form_dialog
from kaizen_widgets.widgets.policy_assignments import PolicyAssignments
from kaizen_widgets.widgets.policy_form import ROLES, PolicyForm, check_editable
from kaizen_widgets.widgets.resource_panel import ResourcePanel

MAX_TARGETS = 100
"""Teams and users that a policy can be assigned to in the form; all can in Python."""


class PoliciesPanel(ResourcePanel):
    """The policies of the organization.

    Args:
        resources: A `Studio`, an `Api`, or anything else with its resources as attributes.
        dialogs: Where dialogs appear; by default in the panel itself.

    Attributes:
        grid: The table; its ``selected``, ``search`` and ``sort`` are traits.

    Raises:
        TypeError: ``resources`` has no query client.
    """

    def __init__(self, resources: Any, *, dialogs: DialogHost | None = None) -> None:
        self.policies: Any = resources.policies
        self._others: dict[str, LiveQuery] = {}
        super().__init__(
            resources,
            self.policies,
            columns=[
                Column("name", "Name", "title", second="description"),
                Column("effect", "Effect", "status", tones={"deny": "bad", "allow": "good"}),
                Column("rule", "Action", "code", value=_rule),
                Column("when", "When", "text", value=lambda policy: sentence_of(policy.conditions)),
                Column(
                    "is_active", "On", "switch", value=_is_active, **self.gate("policies:update")
                ),
                Column("updated_at", "Changed", "date"),
                Column("priority", "Priority", "number", is_hidden=True),
                Column("created_at", "Created", "date", is_hidden=True),
                Column("id", "Id", "id", is_hidden=True),
            ],
            noun="policies",
            permission="policies:read",
            title="Policies",
            empty="No policies yet: roles alone decide. A policy allows or denies an action.",
            actions=[
                RowAction("try", "Try a decision", "play", **self.gate("policies:evaluate")),
                RowAction("edit", "Edit", "edit", **self.gate("policies:update")),
                RowAction("assignments", "Applies to…", "people"),
                RowAction("delete", "Delete", is_danger=True, **self.gate("policies:delete")),
            ],
            toolbar=lambda: [
                RowAction("ask", "Try a decision", "play", **self.gate("policies:evaluate")),
                RowAction("new", "New policy", "add", **self.gate("policies:create")),
            ],
            handlers={
                "new": lambda _record: self.new_policy(),
                "ask": lambda _record: self.try_decision(),
                "try": self.try_decision,
                "edit": self.edit_policy,
                "assignments": self.show_assignments,
                "delete": self.delete_policy,
                "is_active": self.toggle,
            },
            dialogs=dialogs,
        )
        # For the names in the forms; nothing is shown of them until then.
        self._others = {"users": resources.users.list(), "teams": resources.teams.list()}
        self.grid.on_open(self.edit_policy)

    # ------------------------------------------------------------- actions

    def new_policy(self) -> Dialog:
        """Show the form of a new policy in a dialog; return the dialog."""
        form = PolicyForm(
            policies=self.policies, targets=self._targets(), title="", on_success=self._saved
        )
        return self.dialogs.show(form_dialog("New policy", form, answer="Create policy", wide=True))

    def edit_policy(self, policy: Policy) -> Dialog | None:
        """Show the form of a policy in a dialog; return the dialog, or None if not allowed."""
        refused = self.access.reason("policies:update")
        if refused:
            self.say(refused, problem=True)
            return None

        async def load() -> Any:
            # Not what the cache has: a change that somebody else made would be taken back.
            loaded = await self.policies.detail(policy.id).refetch()
            check_editable(loaded)
            return loaded

        def form_of(loaded: Any) -> PolicyForm:
            return PolicyForm(
                loaded,
                policies=self.policies,
                targets=self._targets(),
                title="",
                on_success=self._saved,
            )

        title = f"Edit {_short(policy.name)}"
        return self.show_form(title, load, form_of, "Save policy", wide=True)

    def try_decision(self, policy: Policy | None = None) -> Dialog:
        """Show a dialog that asks what the policies say about an action; return the dialog."""
        user = (self.access.session and self.access.session.user) or {}
        form = DecisionForm(
            self.policies, users=self._users, policy=policy, user_id=str(user.get("id") or "")
        )
        title = "Try a decision" if policy is None else f"Try {_short(policy.name)}"
        return self.dialogs.show(Dialog(title, [form], answer=None, wide=True))

    def show_assignments(self, policy: Policy) -> PolicyAssignments:
        """Show to whom a policy is assigned, below the table; return the panel."""
        shown = PolicyAssignments(self.resources, policy, self._targets, dialogs=self.dialogs)
        self.show_detail(f"Who {policy.name} applies to", shown)
        return shown

    def toggle(self, policy: Policy) -> None:
        """Switch a policy on or off; shown immediately, and taken back if the server refuses."""
        refused = self.access.reason("policies:update")
        if refused:
            self.say(refused, problem=True)
            self.show_rows()
            return
        wanted = not _is_active(policy)
        what = f"Turn {'on' if wanted else 'off'} {_short(policy.name)}"
        self.perform(what, lambda: self.policies.set_active(policy.id, wanted))

    def delete_policy(self, policy: Policy) -> Dialog:
        """Ask, and delete a policy; return the dialog."""
        dialog: Dialog | None = None
        name = _short(policy.name)
        answer = self.answer(
            lambda: dialog, lambda: self.policies.delete(policy.id), f"{name} is deleted."
        )
        dialog = self.dialogs.confirm(
            f"Delete {name}?",
            "It no longer applies to anybody, and its assignments are lost. This cannot be undone; "
            "to keep it, switch it off.",
            "Delete",
            answer,
        )
        return dialog

    # ------------------------------------------------------------ internal

    def _saved(self, policy: Policy) -> None:
        self.say(f"{_short(policy.name)} is saved.")

    def _users(self) -> Mapping[str, str]:
        """Return the names of the users by id; at least the signed-in user's."""
        own = (self.access.session and self.access.session.user) or {}
        names = {str(own["id"]): _named(own.get("name"), own.get("role"))} if own.get("id") else {}
        for user in self._known("users"):
            names[user.id] = _named(user.name or user.email, user.role)
        return names

    def _targets(self) -> Mapping[str, str]:
        teams = {f"team:{each.id}": f"Team {_short(each.name)}" for each in self._known("teams")}
        users = {f"user:{each.id}": _short(each.name) for each in self._known("users")}
        return {**ROLES, **teams, **users}

    def _known(self, name: str) -> list[Any]:
        query = self._others.get(name)
        return list(query.data or ())[:MAX_TARGETS] if query is not None else []


def _is_active(policy: Policy) -> bool:
    return policy.status == "active"


def _rule(policy: Policy) -> str:
    return f"{policy.resource_type}:{policy.action}"


def _named(name: Any, role: Any) -> str:
    return f"{_short(str(name or 'You'))} ({role})" if role else _short(str(name or "You"))


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
