"""Signing in and out: here, in the user's other kernels, and in the other tabs of the browser.

Signing out deletes all of the user's data before it returns: the pipeline, the query cache, the journal,
stored states and the session in the keyring; pending responses are dropped. Unsaved edits are deleted only if
the user asked for that. The other kernels are notified through the file they share (`OtherKernels`), other
tabs immediately (`TabLink`); they follow without sending notifications, so messages do not circulate.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from kaizen_widgets.api import Api
from kaizen_widgets.errors import InvalidInputError, KaizenError, StoreError, UnauthorizedError
from kaizen_widgets.graph import Graph
from kaizen_widgets.saving import OtherKernels, PipelineSaver
from kaizen_widgets.stores import Persistence, UIStore
from kaizen_widgets.studio.connection import StudioConnection
from kaizen_widgets.widgets import AccountPanel, Canvas
from kaizen_widgets.widgets.tabs import TabLink, TabMessage

logger = logging.getLogger(__name__)

SIGN_OUT_TIMEOUT = 5.0
"""Seconds that signing out waits for other notebooks to save, and for the server to end the session."""
TIMEOUT = 30.0
"""Seconds that signing in waits for the server."""
SIGNED_OUT_ELSEWHERE = "Signed out in another notebook."


class Account:
    """The signed-in user of a studio; `panel` shows the user, with buttons to sign in and out.

    Args:
        api: API client with the session.
        saver: Saver of the open pipeline.
        canvas: Canvas of the studio; read-only while no user is signed in.
        ui: UI store, which follows the other kernels' theme.
        connection: Connection to the server, with the files the kernels share.
        ui_persistence: Persistence of ``ui``; None for a studio that shares nothing.
        forget_user: Deletes other data of the user; called when a session ends.
        open_pipeline: Opens a pipeline; called when a session begins and none is open.
    """

    def __init__(
        self,
        api: Api,
        saver: PipelineSaver,
        canvas: Canvas,
        ui: UIStore,
        *,
        connection: StudioConnection,
        ui_persistence: Persistence | None,
        forget_user: Callable[[], object],
        open_pipeline: Callable[[], object],
    ) -> None:
        self._api = api
        self._auth = api.session
        self._saver = saver
        self._canvas = canvas
        self._ui = ui
        self._ui_persistence = ui_persistence
        self._auth_persistence = connection.auth_persistence
        self._last_opened = connection.last_opened()
        self._sign_in_locally = connection.local
        self._forget_user = forget_user
        self._open_pipeline = open_pipeline
        self._lock = threading.RLock()
        self._was_read_only: bool | None = None
        self._owner = self._user_id()
        self._follows_theme = threading.local()
        self.tabs = TabLink(self._receive)
        self.panel = AccountPanel(
            self._auth,
            login=self.login,
            logout=lambda discard: self.logout(discard=discard),
            needs_password=connection.local is None,
            start=api.query_client.loop.start,
            shows_user=False,  # The header of the app does.
        )
        self._other_kernels = connection.storage and OtherKernels(
            connection.storage,
            connection.scope,
            clock=api.query_client.loop,
            on_change=self._on_shared_change,
            on_session=self._follow,
        )
        if self._ui_persistence is not None:
            self._ui_persistence.refresh()
            # Read again, because `OtherKernels` reports only writes after its first read of the file.
            self._ui_persistence.rehydrate()
        self._unsubscribes = [
            ui.subscribe(lambda state: state["theme"], self._theme_changed),
            self._auth.subscribe(
                lambda state: state["user"], lambda _new, _old: self._note_owner()
            ),
        ]
        if self._other_kernels:
            self._other_kernels.start()

    # ------------------------------------------------------------- public

    def login(self, email: str = "", password: str = "") -> None:
        """Sign in, and have the user's other notebooks that use this server do the same.

        Raises:
            UnauthorizedError: E-mail or password is wrong or missing.
        """
        with self._lock:
            before = self._owner
            if self._sign_in_locally is not None and not (email or password):
                self._start_local_session(self._sign_in_locally)
            elif not (email and password):
                raise UnauthorizedError(
                    "Signing in needs an e-mail and a password: studio.login(email, password).",
                    status=401,
                )
            else:
                self._login_with_password(email, password)
            self._begin_session(before)
            if self._other_kernels:
                self._other_kernels.notify(signed_in=True)
            self.tabs.notify_session(signed_in=True)

    def check_signed_in(self) -> None:
        """Check that a user is signed in.

        Raises:
            UnauthorizedError: Nobody is; the message says how to sign in.
        """
        if not self._auth.has_tokens:
            reason = (
                self._auth.message or f"No user is signed in at {self._api.transport.base_url}."
            )
            login = "studio.login(email, password)" if self.needs_password else "studio.login()"
            raise UnauthorizedError(f"{reason} Call {login}.", status=401)

    @property
    def needs_password(self) -> bool:
        """Whether the server asks for an e-mail and a password; the embedded API does not."""
        return self._sign_in_locally is None

    def register(self, email: str, password: str, name: str, organization_name: str) -> None:
        """Create a user with an organization, and sign in as `login` does.

        Raises:
            StatusError: The server refuses it, for example because the e-mail is taken.
        """
        with self._lock:
            before = self._owner
            self._api.auth.register(email, password, name, organization_name).wait(TIMEOUT)
            self._begin_session(before)
            if self._other_kernels:
                self._other_kernels.notify(signed_in=True)
            self.tabs.notify_session(signed_in=True)

    def switch(self, organization_id: str) -> None:
        """Save, switch to another organization of the user, and open a pipeline there.

        Raises:
            StoreError: There are unsaved edits, and nothing was done.
            StatusError: The user does not belong to the organization; the pipeline is opened again.
        """
        self._saver.save(TIMEOUT)
        with self._lock:
            self._check_saved()
            self._leave_pipeline()
            try:
                self._api.auth.switch(organization_id).wait(TIMEOUT)
            finally:
                # In the organization of before if that failed.
                self._begin_session(self._owner)

    def logout(self, *, discard: bool = False) -> None:
        """Save, sign out everywhere, and delete all of the user's data.

        Args:
            discard: Give up unsaved edits, here and in other notebooks, and drafts not yet recovered.

        Raises:
            StoreError: There are unsaved edits, and nothing was done; or the session is over, but the
                message names what could not be deleted.
        """
        if not discard:
            self._saver.save(TIMEOUT)
        with self._lock:
            if not self._auth.has_tokens:
                return
            if not discard:
                self._check_saved()
            problems = self._end_session()
            if self._other_kernels:
                self._other_kernels.notify(signed_in=False)
            self.tabs.notify_session(signed_in=False)
        if problems:
            raise StoreError(f"Signed out, but: {' '.join(problems)}", store="auth")

    def close(self) -> None:
        """Stop following other notebooks, without ending the session."""
        if self._other_kernels:
            self._other_kernels.close()
        for unsubscribe in self._unsubscribes:
            unsubscribe()
        self.panel.close()
        with self._lock:
            pass  # Wait for a sign-in or sign-out that is being followed.

    # ------------------------------------------------------- signing out

    def _check_saved(self) -> None:
        """Wait up to `SIGN_OUT_TIMEOUT` for other notebooks to save their edits.

        Raises:
            StoreError: Something is unsaved; the message says where.
        """
        if self._saver.canvas.is_dirty:
            raise StoreError(
                "There are unsaved edits: save them, or call logout(discard=True).", store="canvas"
            )
        changes = self._api.query_client.mutation_cache.find_all(status="pending")
        if waiting := sum(mutation.state.is_paused for mutation in changes):
            some = "A change waits" if waiting == 1 else f"{waiting} changes wait"
            raise StoreError(
                f"{some} to reach the server: wait for the network, or call logout(discard=True).",
                store="auth",
            )
        names: list[str] = [draft.pipeline_name for draft in self._saver.drafts]
        if (journal := self._saver.journal) is not None:
            end = time.monotonic() + SIGN_OUT_TIMEOUT
            while (names := journal.unsaved_elsewhere()) and time.monotonic() < end:
                time.sleep(0.1)
        if names:
            pipelines = ", ".join(repr(name) for name in dict.fromkeys(names))
            raise StoreError(
                f"Another notebook, or a draft not yet recovered, has unsaved edits to {pipelines}: "
                "save or discard them there, or call logout(discard=True).",
                store="journal",
            )

    def _end_session(self) -> list[str]:
        """Delete all of the user's data; return a sentence for each part that could not be deleted."""
        tokens, client = self._api.transport.tokens, self._api.query_client
        keyring_worked = not self._auth.token_storage_problem
        tokens.void()  # First, so that pending responses are dropped.
        self._leave_pipeline()
        client.loop.wait(self._revoke_session(), TIMEOUT)
        problems: list[str] = []
        for delete in (self._saver.purge, self._purge_stored, client.forget):
            try:
                delete()
            except KaizenError as error:
                problems.append(str(error))
        if keyring_worked and self._auth.token_storage_problem:
            problems.append(
                f"The keyring may still contain the session: {self._auth.token_storage_problem}."
            )
        self._owner = ""
        return problems

    async def _revoke_session(self) -> None:
        """End the session here, and on the server if it responds in time."""
        try:
            await asyncio.wait_for(self._api.auth.endpoints.logout(), SIGN_OUT_TIMEOUT)
        except TimeoutError:
            logger.info("The server did not respond; the session there will expire.")

    def _purge_stored(self) -> None:
        if self._last_opened is not None:
            self._last_opened.purge()
        if self._auth_persistence is not None:
            self._auth_persistence.clear_storage()

    def _leave_pipeline(self) -> None:
        if self._was_read_only is None:
            self._was_read_only = self._canvas.read_only
        self._canvas.read_only = True
        self._saver.open(Graph(), id=None, name="")
        self._forget_user()

    # -------------------------------------------------------- signing in

    def _login_with_password(self, email: str, password: str) -> None:
        try:
            self._api.auth.login(email, password).wait(TIMEOUT)
        except (InvalidInputError, UnauthorizedError) as error:
            if self._sign_in_locally is None:
                raise
            raise UnauthorizedError(
                "The embedded API knows no such e-mail and password. Its local user needs neither: "
                "studio.login().",
                status=401,
            ) from error

    def _start_local_session(self, sign_in: Callable[[], Any]) -> None:
        session = sign_in()
        self._auth.login(session["user"], session["access_token"], session["refresh_token"])

    def _begin_session(self, owner_before: str) -> None:
        """Continue with the same user's pipeline, or open one."""
        if owner_before and owner_before != self._user_id():
            self._leave_pipeline()
        if self._was_read_only is not None:
            self._canvas.read_only = self._was_read_only
            self._was_read_only = None
        if self._saver.canvas.pipeline_id is None and not self._saver.canvas.is_dirty:
            self._open_pipeline()
        self._saver.autosave.reconnected()

    # --------------------------------------------------------- following

    def _follow(self, signed_in: bool) -> None:
        """Sign in or out because another kernel did; called on the loop's thread, which must not wait."""
        work = self._follow_in if signed_in else self._follow_out
        self._api.query_client.loop.start(asyncio.to_thread(work))

    def _follow_out(self) -> None:
        with self._lock:
            if not self._auth.has_tokens:
                return
            self._api.transport.tokens.void()
            self._leave_pipeline()
            self._auth.leave(SIGNED_OUT_ELSEWHERE)
            self._api.query_client.forget()
            self._owner = ""

    def _follow_in(self) -> None:
        with self._lock:
            if self._auth.has_tokens:
                return
            before = self._owner
            try:
                if self._sign_in_locally is not None:
                    self._start_local_session(self._sign_in_locally)
                elif self._auth_persistence is not None:
                    # The user comes from the shared file, the tokens from the keyring.
                    self._auth_persistence.rehydrate()
                if self._auth.has_tokens:
                    self._api.auth.resume().wait(TIMEOUT)
                    self._begin_session(before)
            except (KaizenError, TimeoutError) as error:
                logger.warning("Following another notebook's sign-in failed: %s", error)

    def _receive(self, message: TabMessage) -> None:
        """Check the shared file now; without one, follow the message itself."""
        if self._other_kernels and self._other_kernels.are_reachable:
            self._other_kernels.check()
        elif message.type == "LOGOUT":
            self._follow(signed_in=False)
        elif message.theme is not None:
            self._change_theme(lambda: self._ui.set_theme(message.theme or "system"))

    def _on_shared_change(self) -> None:
        if self._ui_persistence is not None:
            self._change_theme(self._ui_persistence.refresh)
        self._saver.check_shared_file()

    def _change_theme(self, change: Callable[[], object]) -> None:
        """Change the theme as another kernel did, without notifying the tabs."""
        # Not under our lock: a sign-out holds it while it waits for the loop, whose thread this may be.
        self._follows_theme.now = True
        try:
            change()
        finally:
            self._follows_theme.now = False

    def _theme_changed(self, theme: Any, _before: Any) -> None:
        if not getattr(self._follows_theme, "now", False):
            self.tabs.notify_theme(theme)

    def _note_owner(self) -> None:
        self._owner = self._user_id() or self._owner

    def _user_id(self) -> str:
        return str((self._auth.user or {}).get("id", ""))

    def __repr__(self) -> str:
        return f"Account({self._auth!r})"
