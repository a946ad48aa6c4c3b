"""UserPanel: the signed-in user's profile, permissions and organizations.

UserPanel(studio)
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Annotated, Any

import ipywidgets as ipw
from pydantic import BaseModel, ConfigDict, Field

from kaizen_widgets.api.auth import User
from kaizen_widgets.displays.formats import format_time_ago
from kaizen_widgets.displays.markup import MUTED, alert, hint, skeleton
from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.forms.sign_in_input import EMAIL, NO_EMAIL
from kaizen_widgets.query import LiveQuery
from kaizen_widgets.widgets.dialog import Dialog, DialogHost
from kaizen_widgets.widgets.form_dialog import form_dialog
from kaizen_widgets.widgets.form_panel import FormPanel
from kaizen_widgets.widgets.panel_frame import PanelFrame
from kaizen_widgets.widgets.sign_in_panel import ROLE_NAMES, SignInPanel

MAX_PERMISSIONS = 300
"""Permissions that are shown."""


class ProfileInput(BaseModel):
    """What users change of their own profile."""

    model_config = ConfigDict(extra="forbid", title="Profile")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    email: Annotated[
        str,
        Field(pattern=EMAIL, title="E-mail"),
        Hint(messages={"string_pattern_mismatch": NO_EMAIL}),
    ]


class UserPanel(PanelFrame):
    """The signed-in user.

    Args:
        resources: A `Studio`, or the `Api` of a server.
        dialogs: Where dialogs appear; by default in the panel itself.

    Attributes:
        profile: HTML widget with the name, the e-mail and the role.
        permissions: HTML widget with what the user may do.
        session_panel: `SignInPanel` with the organizations and Sign out.

    Raises:
        TypeError: ``resources`` has no query client.
    """

    _stop: Callable[[], None] | None = None
    session_panel: SignInPanel | None = None

    def __init__(self, resources: Any, *, dialogs: DialogHost | None = None) -> None:
        wide = ipw.Layout(width="100%")
        self.profile = ipw.HTML(layout=wide)
        self.edit_button = ipw.Button(description="Edit profile", layout=ipw.Layout(width="auto"))
        self.edit_button.on_click(lambda _button: self.edit_profile())
        self.permissions = ipw.HTML(skeleton(2), layout=wide)
        self.session_panel = SignInPanel(resources, has_user=False)
        self._granted: LiveQuery = resources.user.permissions()
        super().__init__(
            resources,
            body=[self.profile, self.permissions],
            noun="your profile",
            title="You",
            buttons=[self.edit_button],
            on_data=self._show,
            dialogs=dialogs,
        )
        # Not in the body, so that a user whose profile cannot be read may still sign in or out.
        parts: list[Any] = list(self.children)
        self.children = (*parts[:4], self.session_panel, *parts[4:])
        self._stop = self._granted.subscribe(lambda _result: self.refresh())
        self.show_query(resources.user.current())

    def edit_profile(self) -> Dialog | None:
        """Show the form of the user's name and e-mail in a dialog; return the dialog."""
        user = self.query.data if self.query is not None else None
        if user is None:
            self.say("Your profile is not known yet.", problem=True)
            return None

        async def save(given: ProfileInput) -> Any:
            fields = {"name": given.name, "email": given.email.strip()}
            changed = {
                name: value for name, value in fields.items() if value != getattr(user, name)
            }
            return await self.resources.users.update(user.id, **changed) if changed else user

        form = FormPanel(
            ProfileInput,
            save,
            title="",
            on_success=self._saved,
            default_values={"name": user.name, "email": user.email},
        )
        return self.dialogs.show(form_dialog("Edit profile", form, answer="Save profile"))

    def refetch(self) -> None:
        """Fetch the profile and the permissions again."""
        super().refetch()
        self._granted.observer.refetch(cancel_refetch=False)

    def close(self) -> None:
        """Close the panel and stop observing its queries; the session continues."""
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()
        if self.session_panel is not None:
            self.session_panel.close()
        super().close()

    # ------------------------------------------------------------ internal

    def _saved(self, _user: Any) -> None:
        self.say("Your profile is saved.")
        self.refetch()

    def _show(self, user: User) -> None:
        self.profile.value = _profile(user, self._client.environment.clock.now())

    def _draw(self) -> None:
        super()._draw()
        if not self._is_open:
            return
        result = self._granted.result
        if result.has_data:
            markup = _permissions(result.data, self.access.role)
        elif result.is_error and not result.is_fetching:
            markup = alert(f"Your permissions could not be read: {str(result.error)[:400]}")
        else:
            markup = skeleton(2)
        if self.permissions.value != markup:
            self.permissions.value = markup


def _profile(user: User, now: Any) -> str:
    rows = [
        ("Name", user.name),
        ("E-mail", user.email),
        ("Role", ROLE_NAMES.get(user.role, user.role)),
        ("Status", user.status),
        ("Two-factor sign-in", "on" if user.mfa_enabled else "off"),
        ("Last sign-in", format_time_ago(user.last_login_at, now)),
        ("Member", format_time_ago(user.created_at, now)),
    ]
    cells = "".join(
        f'<div style="color: {MUTED}">{name}</div>'
        f'<div dir="auto" style="overflow-wrap: anywhere">{_text(value)}</div>'
        for name, value in rows
        if value
    )
    return (
        '<div style="display: grid; grid-template-columns: 140px minmax(0, 1fr); gap: 4px 12px; '
        f'margin: 8px 0; font-size: 13px; line-height: 20px">{cells}</div>'
    )


def _permissions(granted: list[str], role: str) -> str:
    """Return what a user may do, by resource."""
    if not granted:
        return hint("You have no permissions. Ask an owner of the organization.")
    by_resource: dict[str, list[str]] = {}
    for permission in granted[:MAX_PERMISSIONS]:
        resource, _, action = permission.partition(":")
        by_resource.setdefault(resource, []).append("everything" if action in ("*", "") else action)
    rows = "".join(
        f'<tr><th scope="row" style="text-align: left; font-weight: 500; padding: 2px 16px 2px 0">'
        f'{_text(resource)}</th><td style="padding: 2px 0">{_text(", ".join(actions))}</td></tr>'
        for resource, actions in sorted(by_resource.items())
    )
    further = len(granted) - MAX_PERMISSIONS
    more = f'<p style="color: {MUTED}">{further} more</p>' if further > 0 else ""
    name = html.escape(ROLE_NAMES.get(role, role))
    what = f"What you may do as {name}" if name else "What you may do"
    return (
        f'<details><summary style="cursor: pointer; padding: 4px 0">{what}: {len(granted)} '
        f'permissions</summary><table style="border-collapse: collapse; font-size: 13px; '
        f'line-height: 20px">{rows}</table>{more}</details>'
    )


def _text(value: Any, limit: int = 200) -> str:
    text = str(value)
    return html.escape(text if len(text) <= limit else f"{text[: limit - 1]}…")
