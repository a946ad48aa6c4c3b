"""Shows the signed-in user with a button to sign out, or a notice with a form to sign in.

A password is sent from its field to the server and is never part of a widget's state; the fields are
cleared as soon as a user is signed in. Updates may come from any thread; requests to the server run
on a thread of their own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import ipywidgets as ipw
from pydantic import BaseModel, Field, SecretStr

from kaizen_widgets.displays.markup import note
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.stores import AuthStore
from kaizen_widgets.widgets.form_panel import FormPanel
from kaizen_widgets.widgets.notice import Notice
from kaizen_widgets.widgets.panel import AFTER_EDITS, Panel


class SignIn(BaseModel):
    """Credentials of a user."""

    email: str = Field(title="E-mail", min_length=1)
    password: SecretStr = Field(min_length=1)


class AccountPanel(Panel):
    """The session, shown above the canvas.

    Args:
        auth: Store of the session.
        login: Signs in with an e-mail and a password; both are empty unless ``needs_password``.
        logout: Signs out; called with whether to give up unsaved edits.
        needs_password: Whether the server asks for an e-mail and a password.
        start: Starts a coroutine on the background loop.
        shows_user: Whether it shows the user with a button to sign out; problems are shown in any case.
    """

    def __init__(
        self,
        auth: AuthStore,
        *,
        login: Callable[[str, str], object],
        logout: Callable[[bool], object],
        needs_password: bool,
        start: Callable[[Coroutine[Any, Any, None]], object],
        shows_user: bool = True,
    ) -> None:
        self._auth = auth
        self._login = login
        self._logout = logout
        self._needs_password = needs_password
        self._start = start
        self._shows_user = shows_user
        self._lock = threading.RLock()
        self._shown: tuple[Any, ...] = ()
        self._problem = ""
        self._closed = False
        self._form: FormPanel | None = None
        # Reused while signed out, because a page draws a new notice before it removes the old one.
        self._signed_out_notice: Notice | None = None
        self._user = ipw.HTML()
        self._button = ipw.Button(
            tooltip="Sign out here and in your other notebooks: studio.logout()",
            layout=ipw.Layout(width="auto"),
        )
        self._button.on_click(lambda _button: self.sign_out())
        self._bar = ipw.HBox(
            [self._user, self._button],
            layout=ipw.Layout(width="100%", justify_content="flex-end", align_items="center"),
            _dom_classes=(AFTER_EDITS,),  # A click commits what is being typed first.
        )
        self._notices = ipw.VBox(layout=ipw.Layout(width="100%"))
        super().__init__([self._bar, self._notices], layout=ipw.Layout(width="100%"))
        self._unsubscribe = auth.subscribe(lambda _state, _previous: self.refresh())
        self.refresh()

    def sign_out(self, *, discard: bool = False) -> None:
        """Sign out as the button does; a problem is shown above the canvas.

        Args:
            discard: Give up unsaved edits.
        """
        with self._lock:
            if self._button.disabled:
                return
            self._button.disabled = True
            self._button.description = "Signing out…"
        self._start(self._signing_out(discard))

    def refresh(self) -> None:
        """Show the current session; if nothing changed, the widgets are not updated."""
        with self._lock:
            auth = self._auth
            known = auth.has_tokens or auth.is_loading
            user = (auth.user or {}) if known else {}
            name = str(user.get("name") or user.get("email") or "")
            wanted = (known, name, auth.message, self._problem)
            if wanted == self._shown or self._closed:
                return
            self._shown = wanted
            self._user.value = note(name)
            self._button.description = "Sign out"
            self._button.disabled = False
            self._bar.layout.display = "" if auth.has_tokens and self._shows_user else "none"
            old = self._notices.children
            notices = [] if known else [self._signed_out(auth.message)]
            if self._problem:
                notices.append(self._not_signed_out(self._problem))
            self._notices.children = notices
            for notice in old:
                if notice not in notices:
                    notice.close()
            if known:
                self._signed_out_notice = None
            if known and self._form is not None:
                self._form.reset()  # Clears the password.
                self._form.close()
                self._form = None

    def close(self) -> None:
        """Close the panel and stop listening."""
        self._unsubscribe()
        with self._lock:
            self._closed = True  # A running sign-out must not create new widgets.
        for part in (*self._notices.children, self._form, self._notices, self._bar):
            if part is not None:
                part.close()
        for part in (self._user, self._button):
            part.close()
        super().close()

    # ------------------------------------------------------------ internal

    async def _signing_out(self, discard: bool) -> None:
        problem = ""
        try:
            await asyncio.to_thread(self._logout, discard)
        except (KaizenError, TimeoutError) as error:
            problem = str(error) or "The server does not respond."
        with self._lock:
            self._problem, self._shown = problem, ()
        self.refresh()

    def _not_signed_out(self, problem: str) -> Notice:
        notice = Notice(problem, urgent=True)
        if self._auth.has_tokens:
            give_up = "Sign out and give up unsaved edits: studio.logout(discard=True)"
            notice.button(
                "Sign out anyway", give_up, lambda: self.sign_out(discard=True), sure=True
            )
            notice.button("Stay signed in", "Hide this message", self._dismiss)
        else:
            notice.button("Dismiss", "Hide this message", self._dismiss)
        return notice

    def _dismiss(self) -> None:
        self._problem = ""
        self.refresh()

    def _signed_out(self, message: str) -> Notice:
        reason = message or "You are signed out."
        text = f"{reason} Sign in to open and save pipelines."
        if self._signed_out_notice is not None:
            self._signed_out_notice.set_text(text)
            return self._signed_out_notice
        notice = self._signed_out_notice = Notice(text)
        if not self._needs_password:
            notice.button(
                "Sign in",
                "studio.login()",
                lambda: self._start(notice.follow(self._signing_in("", ""), "Signing in…")),
                primary=True,
            )
            return notice
        if self._form is None:
            self._form = FormPanel(
                SignIn,
                lambda credentials: self._signing_in(
                    credentials.email, credentials.password.get_secret_value()
                ),
                title="",
                submit_label="Sign in",
                busy_label="Signing in…",
                done_label="Signed in",
                reset_label="Clear",
            )
            self._form.submit_button.tooltip = "studio.login(email, password)"
        notice.add(self._form)
        return notice

    async def _signing_in(self, email: str, password: str) -> None:
        await asyncio.to_thread(self._login, email, password)

    def __repr__(self) -> str:
        return f"AccountPanel({'signed in' if self._auth.has_tokens else 'signed out'})"
