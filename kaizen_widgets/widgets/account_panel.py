"""Who is signed in, with a button to sign out; a notice, with a way to sign in, when nobody is.

A password goes from its field to the server and is in no widget's state; the fields are emptied as soon as
somebody is signed in. Updates may come from any thread; what waits for a server does so on none of ours.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import ipywidgets as ipw
from pydantic import BaseModel, Field, SecretStr

from kaizen_widgets.errors import KaizenError
from kaizen_widgets.stores import AuthStore
from kaizen_widgets.widgets.form_panel import FormPanel
from kaizen_widgets.widgets.markup import note
from kaizen_widgets.widgets.notice import Notice
from kaizen_widgets.widgets.panel import AFTER_EDITS, Panel


class SignIn(BaseModel):
    """What a server asks who signs in."""

    email: str = Field(title="E-mail", min_length=1)
    password: SecretStr = Field(min_length=1)


class AccountPanel(Panel):
    """The session, above the canvas.

    Args:
        auth: Whose.
        login: Signs in with an e-mail and a password; both empty where `needs_password` is false.
        logout: Signs out; called with ``discard``, whether to give up unsaved edits.
        needs_password: Whether the server asks who signs in.
        start: Starts a coroutine on the background loop.
    """

    def __init__(
        self,
        auth: AuthStore,
        *,
        login: Callable[[str, str], object],
        logout: Callable[[bool], object],
        needs_password: bool,
        start: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._auth = auth
        self._login = login
        self._logout = logout
        self._needs_password = needs_password
        self._start = start
        self._lock = threading.RLock()
        self._shown: tuple[Any, ...] = ()
        self._problem = ""
        self._closed = False
        self._form: FormPanel | None = None
        # One for as long as nobody is signed in: a page would draw a new one before the old one went.
        self._out: Notice | None = None
        self._who = ipw.HTML()
        self._button = ipw.Button(
            tooltip="Sign out here and in your other notebooks: studio.logout()",
            layout=ipw.Layout(width="auto"),
        )
        self._button.on_click(lambda _button: self.sign_out())
        self._bar = ipw.HBox(
            [self._who, self._button],
            layout=ipw.Layout(width="100%", justify_content="flex-end", align_items="center"),
            _dom_classes=(AFTER_EDITS,),  # What was typed before is saved before.
        )
        self._notices = ipw.VBox(layout=ipw.Layout(width="100%"))
        super().__init__([self._bar, self._notices], layout=ipw.Layout(width="100%"))
        self._end = auth.subscribe(lambda _state, _previous: self.refresh())
        self.refresh()

    def sign_out(self, *, discard: bool = False) -> None:
        """Do what the button does; what stands in the way is said above the canvas."""
        with self._lock:
            if self._button.disabled:
                return
            self._button.disabled = True
            self._button.description = "Signing out…"
        self._start(self._signing_out(discard))

    def refresh(self) -> None:
        """Show how the session stands; what is shown already stays as it is."""
        with self._lock:
            auth = self._auth
            known = auth.has_tokens or auth.is_loading
            user = (auth.user or {}) if known else {}
            name = str(user.get("name") or user.get("email") or "")
            wanted = (known, name, auth.message, self._problem)
            if wanted == self._shown or self._closed:
                return
            self._shown = wanted
            self._who.value = note(name)
            self._button.description = "Sign out"
            self._button.disabled = False
            self._bar.layout.display = "" if auth.has_tokens else "none"
            old = self._notices.children
            notices = [] if known else [self._signed_out(auth.message)]
            if self._problem:
                notices.append(self._not_signed_out(self._problem))
            self._notices.children = notices
            for notice in old:
                if notice not in notices:
                    notice.close()
            if known:
                self._out = None
            if known and self._form is not None:
                self._form.reset()  # What was typed is kept by nobody.
                self._form.close()
                self._form = None

    def close(self) -> None:
        """Close the panel and stop listening."""
        self._end()
        with self._lock:  # A sign-out on its way ends without making widgets anew.
            self._closed = True
        for part in (*self._notices.children, self._form, self._notices, self._bar):
            if part is not None:
                part.close()
        for part in (self._who, self._button):
            part.close()
        super().close()

    # -------------------------------------------------------------- within

    async def _signing_out(self, discard: bool) -> None:
        problem = ""
        try:
            await asyncio.to_thread(self._logout, discard)
        except (KaizenError, TimeoutError) as error:
            problem = str(error) or "The server does not answer."
        with self._lock:
            self._problem, self._shown = problem, ()
        self.refresh()

    def _not_signed_out(self, problem: str) -> Notice:
        notice = Notice(problem, urgent=True)
        if self._auth.has_tokens:
            give_up = "Sign out and give up what is unsaved: studio.logout(discard=True)"
            notice.button(
                "Sign out anyway", give_up, lambda: self.sign_out(discard=True), sure=True
            )
            notice.button("Stay signed in", "Do nothing", self._stay)
        else:
            notice.button("Dismiss", "Hide this", self._stay)
        return notice

    def _stay(self) -> None:
        self._problem = ""
        self.refresh()

    def _signed_out(self, message: str) -> Notice:
        said = message or "Nobody is signed in."
        text = f"{said} Nothing can be opened or saved until you sign in."
        if self._out is not None:
            self._out.reword(text)
            return self._out
        notice = self._out = Notice(text)
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
                lambda given: self._signing_in(given.email, given.password.get_secret_value()),
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
