"""Signing in and out: here, in the user's other kernels, and in the other tabs of the browser.

Signing out takes everything of the user's away before it says that it is done: answers on their way, the
pipeline, the query cache, the journal, what is stored, the keyring. Unsaved edits are not taken away
unasked. The other kernels learn of it from the file they share (`OtherKernels`), their tabs at once
(`TabLink`); they follow, and tell nobody, so nothing goes round.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from kaizen_widgets.api import Api
from kaizen_widgets.errors import KaizenError, StoreError, UnauthorizedError
from kaizen_widgets.graph import Graph
from kaizen_widgets.saving import OtherKernels, PipelineSaver
from kaizen_widgets.stores import Persistence, UIStore
from kaizen_widgets.studio.connection import StudioConnection
from kaizen_widgets.widgets import AccountPanel, Canvas
from kaizen_widgets.widgets.tabs import Message, TabLink

logger = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that signing out waits for other notebooks to save, and for the server to end the session."""
WAIT = 30.0
ELSEWHERE = "Signed out in another notebook."


class Account:
    """Who uses a studio; `panel` shows it, with the buttons to sign in and out.

    Args:
        api: The server's resources and the session.
        saver: Saves the open pipeline.
        canvas: Cannot be edited while nobody is signed in.
        ui: Follows the other kernels' theme.
        connection: The server, and what kernels share.
        ui_kept: What persists ``ui``; None for a studio that shares nothing.
        forget: Drops what else is known of the user; called when a session ends.
        opened: Shows something to work on; called when one begins.
    """

    def __init__(
        self,
        api: Api,
        saver: PipelineSaver,
        canvas: Canvas,
        ui: UIStore,
        *,
        connection: StudioConnection,
        ui_kept: Persistence | None,
        forget: Callable[[], object],
        opened: Callable[[], object],
    ) -> None:
        self._api = api
        self._auth = api.session
        self._saver = saver
        self._canvas = canvas
        self._ui = ui
        self._ui_kept = ui_kept
        self._auth_kept = connection.auth_kept
        self._local = connection.local
        self._forget = forget
        self._opened = opened
        self._lock = threading.RLock()
        self._was_read_only: bool | None = None
        self._owner = self._user_id()
        self._following = threading.local()
        self.tabs = TabLink(self._heard)
        self.panel = AccountPanel(
            self._auth,
            login=self.login,
            logout=lambda discard: self.logout(discard=discard),
            needs_password=connection.local is None,
            start=api.query_client.loop.start,
        )
        self._other_kernels = connection.storage and OtherKernels(
            connection.storage,
            connection.scope,
            clock=api.query_client.loop,
            on_change=self._look,
            on_session=self._follow,
        )
        if self._ui_kept is not None:
            self._ui_kept.refresh()
            self._ui_kept.rehydrate()  # what was written between its making and our first look
        self._ends = [
            ui.subscribe(lambda state: state["theme"], self._theme_changed),
            self._auth.subscribe(
                lambda state: state["user"], lambda _new, _old: self._note_owner()
            ),
        ]
        if self._other_kernels:
            self._other_kernels.start()

    # ------------------------------------------------------------- verbs

    def login(self, email: str = "", password: str = "") -> None:
        """Sign in; the user's other notebooks at this server do so too.

        Raises:
            UnauthorizedError: E-mail and password do not fit, or are missing.
        """
        with self._lock:
            before = self._owner
            if self._local is not None and not email:
                self._take_local()
            elif not (email and password):
                raise UnauthorizedError(
                    "Signing in needs an e-mail and a password: studio.login(email, password).",
                    status=401,
                )
            else:
                self._api.auth.login(email, password).wait(WAIT)
            self._begin(before)
            if self._other_kernels:
                self._other_kernels.tell(signed_in=True)
            self.tabs.tell_session(signed_in=True)

    def logout(self, *, discard: bool = False) -> None:
        """Save, sign out everywhere, and leave nothing of the user's behind.

        Args:
            discard: Give up unsaved edits, here and in other notebooks, and drafts not yet recovered.

        Raises:
            StoreError: There are unsaved edits, and nothing was done; or the session is over, but the
                message names what could not be taken away.
        """
        if not discard:
            self._saver.save(WAIT)
        with self._lock:
            if not self._auth.has_tokens:
                return
            if not discard:
                self._check_saved()
            problems = self._end_session()
            if self._other_kernels:
                self._other_kernels.tell(signed_in=False)
            self.tabs.tell_session(signed_in=False)
        if problems:
            raise StoreError(f"Signed out, but: {' '.join(problems)}", store="auth")

    def close(self) -> None:
        """Follow nobody any more; the session stays."""
        if self._other_kernels:
            self._other_kernels.close()
        for end in self._ends:
            end()
        self.panel.close()
        with self._lock:
            pass  # What has begun to follow another notebook comes to its end.

    # ------------------------------------------------------- signing out

    def _check_saved(self) -> None:
        """Wait a little for other notebooks to save what they have.

        Raises:
            StoreError: Something is unsaved; the message says where.
        """
        if self._saver.canvas.is_dirty:
            raise StoreError(
                "There are unsaved edits: save them, or logout(discard=True).", store="canvas"
            )
        changes = self._api.query_client.mutation_cache.find_all(status="pending")
        if waiting := sum(mutation.state.is_paused for mutation in changes):
            many = "A change waits" if waiting == 1 else f"{waiting} changes wait"
            raise StoreError(
                f"{many} to reach the server: wait for the network, or logout(discard=True).",
                store="auth",
            )
        journal = self._saver.journal
        if journal is None:
            return
        end = time.monotonic() + PATIENCE
        while names := journal.unsaved_elsewhere():
            if time.monotonic() > end:
                named = ", ".join(repr(name) for name in dict.fromkeys(names))
                raise StoreError(
                    f"Another notebook, or a draft not yet recovered, has unsaved edits to {named}: "
                    "save or discard them there, or logout(discard=True).",
                    store="journal",
                )
            time.sleep(0.1)

    def _end_session(self) -> list[str]:
        """Take everything away; return what could not be, in sentences."""
        tokens, client = self._api.transport.tokens, self._api.query_client
        could_keep = not self._auth.token_storage_problem
        tokens.void()  # first: what is on its way belongs to nobody now
        self._leave_pipeline()
        client.loop.wait(self._revoke(), WAIT)
        problems: list[str] = []
        for take_away in (self._saver.purge, self._purge_stored, client.forget):
            try:
                take_away()
            except KaizenError as error:
                problems.append(str(error))
        if could_keep and self._auth.token_storage_problem:
            problems.append(
                f"The keyring may still hold the session: {self._auth.token_storage_problem}."
            )
        self._owner = ""
        return problems

    async def _revoke(self) -> None:
        """End the session here, and at the server if it answers in time."""
        try:
            await asyncio.wait_for(self._api.auth.endpoints.logout(), PATIENCE)
        except TimeoutError:
            logger.info("The server did not answer; the session there ends by itself.")

    def _purge_stored(self) -> None:
        if self._auth_kept is not None:
            self._auth_kept.clear_storage()

    def _leave_pipeline(self) -> None:
        if self._was_read_only is None:
            self._was_read_only = self._canvas.read_only
        self._canvas.read_only = True
        self._saver.open(Graph(), id=None, name="")
        self._forget()

    # -------------------------------------------------------- signing in

    def _take_local(self) -> None:
        if self._local is not None:
            session = self._local()
            self._auth.login(session["user"], session["access_token"], session["refresh_token"])

    def _begin(self, before: str) -> None:
        """Go on where the same user was, or open something."""
        if before and before != self._user_id():
            self._leave_pipeline()
        if self._was_read_only is not None:
            self._canvas.read_only = self._was_read_only
            self._was_read_only = None
        if self._saver.canvas.pipeline_id is None and not self._saver.canvas.is_dirty:
            self._opened()
        self._saver.autosave.reconnected()

    # --------------------------------------------------------- following

    def _follow(self, signed_in: bool) -> None:
        """Do as another kernel did. Called on the loop's thread, where nothing may wait."""
        work = self._follow_in if signed_in else self._follow_out
        self._api.query_client.loop.start(asyncio.to_thread(work))

    def _follow_out(self) -> None:
        with self._lock:
            if not self._auth.has_tokens:
                return
            self._api.transport.tokens.void()
            self._leave_pipeline()
            self._auth.leave(ELSEWHERE)
            self._api.query_client.forget()
            self._owner = ""

    def _follow_in(self) -> None:
        with self._lock:
            if self._auth.has_tokens:
                return
            before = self._owner
            try:
                if self._local is not None:
                    self._take_local()
                elif self._auth_kept is not None:
                    self._auth_kept.rehydrate()  # the user from the file, the tokens from the keyring
                if self._auth.has_tokens:
                    self._api.auth.resume().wait(WAIT)
                    self._begin(before)
            except (KaizenError, TimeoutError) as error:
                logger.warning("Following another notebook's sign-in failed: %s", error)

    def _heard(self, message: Message) -> None:
        """Look at once; where no file is shared, the message is all there is."""
        if self._other_kernels and self._other_kernels.are_reachable:
            self._other_kernels.look()
        elif message.type == "LOGOUT":
            self._follow(signed_in=False)
        elif message.theme is not None:
            self._set_theme(lambda: self._ui.set_theme(message.theme or "system"))

    def _look(self) -> None:
        if self._ui_kept is not None:
            self._set_theme(self._ui_kept.refresh)
        self._saver.look()

    def _set_theme(self, change: Callable[[], object]) -> None:
        # Not under our lock: this may be the loop's thread, for which a sign-out waits holding it.
        self._following.now = True
        try:
            change()
        finally:
            self._following.now = False

    def _theme_changed(self, theme: Any, _before: Any) -> None:
        if not getattr(self._following, "now", False):
            self.tabs.tell_theme(theme)

    def _note_owner(self) -> None:
        self._owner = self._user_id() or self._owner

    def _user_id(self) -> str:
        return str((self._auth.user or {}).get("id", ""))

    def __repr__(self) -> str:
        return f"Account({self._auth!r})"
