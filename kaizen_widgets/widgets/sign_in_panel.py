"""Signing in, registering, switching the organization and signing out, as one panel and as a dialog.

    SignInPanel(studio)                       # in a cell
    host.show(SignInPanel(studio).dialog())   # in an app

A password goes from its field to the server; it is never part of a widget's state, and the fields are cleared
as soon as a user is signed in. What was typed stays if the server refuses it or cannot be reached. Updates
may come from any thread; requests run on a thread of their own.
"""

from __future__ import annotations

import asyncio
import html
import logging
import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.api import Api, Organization
from kaizen_widgets.displays.markup import MUTED, alert, note
from kaizen_widgets.errors import ForbiddenError, KaizenError, UnauthorizedError
from kaizen_widgets.forms.sign_in_input import RegisterInput, SignInInput
from kaizen_widgets.query import LiveQuery
from kaizen_widgets.widgets.dialog import Dialog
from kaizen_widgets.widgets.form_panel import FormPanel
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.panel import AFTER_EDITS, Panel

logger = logging.getLogger(__name__)

TIMEOUT = 30.0
"""Seconds to wait for the server."""
ROLE_NAMES = {
    "org_owner": "Owner",
    "org_admin": "Admin",
    "developer": "Developer",
    "viewer": "Viewer",
}
"""What a server's roles are called."""


class SignInPanel(Panel):
    """The session: forms to sign in and to register, or the user with their organizations.

    Args:
        studio: A studio, or the `Api` of a server.
        needs_password: Whether the server asks for an e-mail and a password; found out by default.
        has_user: Whether the user's name, e-mail and role are shown.
        on_done: Called after signing in, registering or switching.

    Attributes:
        sign_in_form: `FormPanel` to sign in.
        register_form: `FormPanel` to register.
        organization: Select of the user's organizations.
    """

    # Class attributes, because ipywidgets also closes panels whose `__init__` raised.
    _unsubscribes: tuple[Callable[[], object], ...] = ()
    _organizations: LiveQuery | None = None
    _stop_organizations: Callable[[], object] | None = None

    def __init__(
        self,
        studio: Any,
        *,
        needs_password: bool | None = None,
        has_user: bool = True,
        on_done: Callable[[], object] | None = None,
    ) -> None:
        self._api: Api = getattr(studio, "api", studio)
        self._account = getattr(studio, "account", None)
        self._session = self._api.session
        self._on_done = on_done
        if needs_password is None:
            needs_password = bool(getattr(self._account, "needs_password", True))
        self._needs_password = needs_password
        self._has_user = has_user
        self._lock = threading.RLock()
        self._busy = False
        self._discards = False
        self._shown_organization = ""
        wide = ipw.Layout(width="100%")
        self.mode = ipw.ToggleButtons(
            options=[("Sign in", "sign_in"), ("Register", "register")],
            layout=ipw.Layout(margin="0 0 8px 0"),
            style={"button_width": "auto"},
            _dom_classes=("kaizen-segments",),
        )
        self.sign_in_form = self._form(
            SignInInput, self._sign_in, "Sign in", "Signing in…", "studio.login(email, password)"
        )
        self.register_form = self._form(
            RegisterInput, self._register, "Register", "Registering…", "Create your account"
        )
        self.local_button = ipw.Button(
            description="Sign in", button_style="primary", tooltip="studio.login()"
        )
        self.local_button.on_click(lambda _button: self._do("Signing in…", self._login, "", ""))
        self.message = ipw.HTML(layout=wide)
        self.user = ipw.HTML(layout=wide)
        self.organization = ipw.Dropdown(
            description="Organization",
            layout=ipw.Layout(width="auto", flex="1 1 220px", max_width="420px"),
            style={"description_width": "initial"},
        )
        self.switch_button = ipw.Button(description="Switch", layout=ipw.Layout(width="auto"))
        self.organization_row = ipw.HBox([self.organization, self.switch_button], layout=wrapping())
        self.organization_status = ipw.HTML(layout=wide)
        self.sign_out_button = ipw.Button(
            description="Sign out",
            tooltip="Sign out here and in your other notebooks: studio.logout()",
            layout=ipw.Layout(width="auto"),
        )
        self.status = ipw.HTML()
        self.sign_out_row = ipw.HBox(
            [self.sign_out_button, self.status], layout=wrapping(), _dom_classes=(AFTER_EDITS,)
        )
        self.mode.observe(lambda _change: self.refresh(), "value")
        self.organization.observe(lambda _change: self._show_switch(), "value")
        self.switch_button.on_click(lambda _button: self.switch())
        self.sign_out_button.on_click(lambda _button: self.sign_out())
        super().__init__(
            [
                self.message,
                self.mode,
                self.sign_in_form,
                self.register_form,
                self.local_button,
                self.user,
                self.organization_row,
                self.organization_status,
                self.sign_out_row,
            ],
            layout=ipw.Layout(width="100%"),
        )
        for name in ("kz", "kaizen-sign-in"):
            self.add_class(name)
        self._unsubscribes = (self._session.subscribe(lambda _state, _before: self.refresh()),)
        self.refresh()

    # ------------------------------------------------------------- public

    def dialog(self) -> Dialog:
        """Return a dialog with this panel, which closes once the user has signed in or switched."""
        is_signed_in = self._session.has_tokens
        dialog = Dialog("Your session" if is_signed_in else "Sign in", [self], answer=None)
        on_done = self._on_done

        def done() -> None:
            dialog.cancel()
            if on_done is not None:
                on_done()

        self._on_done = done
        return dialog

    def switch(self) -> None:
        """Switch to the chosen organization; a problem is shown below."""
        chosen = self.organization.value
        if chosen and chosen != self._current_organization():
            self._do("Switching…", self._switch, chosen)

    def sign_out(self) -> None:
        """Sign out; if edits are unsaved, the second press gives them up."""
        self._do("Signing out…", self._logout, self._discards)

    def refresh(self) -> None:
        """Show the current session."""
        with self._lock:
            if self.comm is None:
                return
            state = self._session.get()
            known = self._session.has_tokens
            asks = not known and self._needs_password
            reason = "" if known else str(state["message"])
            self._set(self.message, note(reason) if reason else "", bool(reason))
            self._show(self.mode, asks)
            self._show(self.sign_in_form, asks and self.mode.value == "sign_in")
            self._show(self.register_form, asks and self.mode.value == "register")
            # Not before a sign-out has ended, as a click would do nothing.
            self._show(self.local_button, not (known or self._needs_password or self._busy))
            self._set(self.user, _user(state["user"] or {}), known and self._has_user)
            self._show(self.sign_out_row, known)
            if known:
                self._follow_organizations()
            else:
                self._forget_organizations()
            self._draw_organizations()

    def close(self) -> None:
        """Close the panel and its parts, and stop listening; the session continues."""
        unsubscribes, self._unsubscribes = self._unsubscribes, ()
        for unsubscribe in unsubscribes:
            unsubscribe()
        self._forget_organizations()
        for form in (self.sign_in_form, self.register_form) if unsubscribes else ():
            form.reset()  # Clears the password.
            form.close()
        super().close()

    # ----------------------------------------------------------- requests

    async def _sign_in(self, given: SignInInput) -> None:
        password = given.password.get_secret_value()
        await asyncio.to_thread(self._login, given.email.strip(), password)

    async def _register(self, given: RegisterInput) -> None:
        email, password = given.email.strip(), given.password.get_secret_value()
        register = self._method("register", self._api.auth.register)
        await asyncio.to_thread(register, email, password, given.name, given.organization_name)

    def _login(self, email: str, password: str) -> None:
        self._method("login", self._api.auth.login)(email, password)

    def _switch(self, organization_id: str) -> None:
        self._method("switch", self._api.auth.switch)(organization_id)

    def _logout(self, discard: bool) -> None:
        if self._account is None:
            self._api.auth.logout().wait(TIMEOUT)
        else:
            self._account.logout(discard=discard)

    def _method(self, name: str, of_api: Callable[..., Any]) -> Callable[..., Any]:
        """Return the account's method, which also handles the open pipeline, or else the API's."""
        of_account = getattr(self._account, name, None)
        if of_account is not None:
            return of_account
        return lambda *given: of_api(*given).wait(TIMEOUT)

    def _done(self, _result: Any = None) -> None:
        for form in (self.sign_in_form, self.register_form):
            form.reset()  # Clears the password.
        if self._on_done is not None:
            self._on_done()

    def _do(self, busy: str, work: Callable[..., None], *given: Any) -> None:
        """Do something on another thread; show that, and afterwards a problem."""
        with self._lock:
            if self._busy:
                return
            self._busy = True
            self.status.value = note(busy)
            self._show(self.sign_out_row, True)
        self._api.query_client.loop.start(asyncio.to_thread(self._run, work, given))

    def _run(self, work: Callable[..., None], given: tuple[Any, ...]) -> None:
        problem = ""
        try:
            work(*given)
        except (KaizenError, TimeoutError) as error:
            problem = str(error) or "The server does not respond."
        except Exception as error:
            logger.exception("The session could not be changed")
            problem = str(error) or type(error).__name__
        with self._lock:
            self._busy = False
            is_sign_out = work == self._logout
            self._discards = bool(problem) and is_sign_out and self._session.has_tokens
            self.sign_out_button.description = (
                "Sign out and give up edits" if self._discards else "Sign out"
            )
            self.sign_out_button.button_style = "danger" if self._discards else ""
            self.status.value = alert(problem) if problem else ""
        self.refresh()
        if not problem and not is_sign_out:
            self._done()

    # ------------------------------------------------------ organizations

    def _follow_organizations(self) -> None:
        if self._organizations is None:
            self._organizations = self._api.user.organizations()
            self._stop_organizations = self._organizations.subscribe(lambda _result: self.refresh())

    def _forget_organizations(self) -> None:
        stop, self._stop_organizations = self._stop_organizations, None
        self._organizations = None
        if stop is not None:
            stop()

    def _draw_organizations(self) -> None:
        query = self._organizations
        if query is None:
            self._show(self.organization_row, False)
            self._set(self.organization_status, "", False)
            return
        result = query.result
        found: list[Organization] = result.data if result.has_data else []
        options = [(_organization(each), each.id) for each in found]
        current = self._current_organization()
        # A switch reads the organizations again before it knows the user again: what is chosen in between is
        # the organization that was left.
        chosen = self.organization.value if current == self._shown_organization else None
        self._shown_organization = current
        if options != list(self.organization.options):
            self.organization.options = options
        ids = [id for _, id in options]
        self.organization.value = next((id for id in (chosen, current) if id in ids), None)
        self._show(self.organization_row, len(options) > 1)
        self._show_switch()
        text = ""
        if result.is_error and not result.is_fetching:
            text = alert(f"Your organizations could not be read: {_reason(result.error)}")
        elif len(options) == 1:
            text = note(f"Organization: {options[0][0]}. You belong to no other.")
        elif not result.has_data:
            text = note("Reading your organizations…")
        self._set(self.organization_status, text, bool(text))

    def _show_switch(self) -> None:
        is_other = self.organization.value not in (None, self._current_organization())
        self.switch_button.disabled = not is_other
        self.switch_button.tooltip = (
            "Open this organization's pipelines and agents; edits are saved first"
            if is_other
            else "This is the organization you work in"
        )

    def _current_organization(self) -> str:
        return str((self._session.user or {}).get("organization_id", ""))

    # ------------------------------------------------------------ drawing

    def _form(
        self, model: type, submit: Callable[[Any], Any], label: str, busy: str, tooltip: str
    ) -> FormPanel:
        form = FormPanel(
            model,
            submit,
            on_success=self._done,
            title="",
            submit_label=label,
            busy_label=busy,
            done_label="Signed in",
            reset_label="Clear",
        )
        form.submit_button.tooltip = tooltip
        return form

    def _show(self, widget: ipw.DOMWidget, visible: bool) -> None:
        display = "" if visible else "none"
        if isinstance(widget.layout, ipw.Layout) and (widget.layout.display or "") != display:
            widget.layout.display = display

    def _set(self, widget: ipw.HTML, markup: str, visible: bool) -> None:
        if widget.value != markup:
            widget.value = markup
        self._show(widget, visible)

    def __repr__(self) -> str:
        return "SignInPanel()"


def _user(user: dict[str, Any]) -> str:
    name = _short(user.get("name") or user.get("email") or "You")
    email = _short(user.get("email") or "")
    role = str(user.get("role") or "")
    facts = " · ".join(part for part in (email, ROLE_NAMES.get(role, _short(role))) if part)
    return (
        f'<div dir="auto" style="font-weight: 600; line-height: 20px">{html.escape(name)}</div>'
        f'<div style="color: {MUTED}; line-height: 20px">{html.escape(facts)}</div>'
    )


def _organization(organization: Organization) -> str:
    role = ROLE_NAMES.get(organization.role, organization.role)
    name = _short(organization.name)
    return f"{name} · {role}" if role else name


def _short(text: Any, limit: int = 80) -> str:
    text = str(text)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _reason(error: BaseException | None) -> str:
    if isinstance(error, ForbiddenError | UnauthorizedError):
        return str(error) or "the server refuses it."
    return str(error) or type(error).__name__
