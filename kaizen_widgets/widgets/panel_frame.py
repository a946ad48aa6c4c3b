"""PanelFrame: what every panel over a query has: its six states, messages about changes, dialogs, a footer.

A panel that has data never loses it: an error, a missing network or a missing permission is said in a line
below. Updates may come from any thread.
"""

from __future__ import annotations

import html
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.core.notifier import Notifier
from kaizen_widgets.displays.markup import MUTED, alert, heading, note
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.query import LiveQuery, Mutation, QueryResult
from kaizen_widgets.widgets.copy_button import CopyButton
from kaizen_widgets.widgets.dialog import Dialog, DialogHost
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.panel import Panel
from kaizen_widgets.widgets.panel_access import PanelAccess
from kaizen_widgets.widgets.panel_state import PanelState, panel_state, state_block, state_line

logger = logging.getLogger(__name__)


class PanelFrame(Panel):
    """A panel over one query.

    Args:
        resources: A `Studio`, an `Api`, or anything else with its resources as attributes.
        query: The query it shows; None for a panel that chooses it later, with `show_query`.
        body: Widgets that show the data; hidden while there is none.
        noun: What it shows, in the plural, such as ``agents``.
        permission: What the user needs to see it, such as ``agents:read``.
        title: Heading; empty for none.
        empty: Sentence for an empty list.
        buttons: Widgets beside the heading.
        footer: Widgets in the line below the data, before the Refresh button.
        below: Widgets below that line.
        on_data: Called with the data each time it changes, to show it in the body.
        dialogs: Where dialogs appear; by default in the panel itself.

    Attributes:
        access: What the user may do.
        dialogs: Where dialogs appear.
        state: The state that is shown.
        copy_button: Copies a request for the missing permission; None until one is missing.

    Raises:
        TypeError: ``resources`` has no query client.
    """

    # Class attributes, because ipywidgets also closes and prints widgets whose `__init__` raised.
    _unsubscribes: tuple[Callable[[], None], ...] = ()
    _unsubscribe_query: Callable[[], None] | None = None
    _is_open = False
    noun = ""

    def __init__(
        self,
        resources: Any,
        query: LiveQuery | None = None,
        *,
        body: Sequence[ipw.Widget] = (),
        noun: str = "data",
        permission: str = "",
        title: str = "",
        empty: str = "",
        buttons: Sequence[ipw.Widget] = (),
        footer: Sequence[ipw.Widget] = (),
        below: Sequence[ipw.Widget] = (),
        on_data: Callable[[Any], object] | None = None,
        dialogs: DialogHost | None = None,
    ) -> None:
        self.resources = resources
        self.access = PanelAccess(resources)
        self.dialogs = DialogHost() if dialogs is None else dialogs
        self.noun, self.permission, self.empty_text = noun, permission, empty
        self.query: LiveQuery | None = None
        self.state = PanelState("loading")
        self._has_own_dialogs = dialogs is None
        self._on_data = on_data
        self._shown: Any = _NOTHING
        self._failed_query: LiveQuery | None = None
        self._retry: Callable[[], object] | None = None
        self._drawing = Notifier(lambda error: logger.error("A panel failed", exc_info=error))
        self._client = self.access.client
        self.copy_button: CopyButton | None = None
        self.heading = ipw.HTML(heading(title) if title else "")
        self.header = ipw.HBox([self.heading, *buttons], layout=wrapping())
        self.header.layout.display = "flex" if title or buttons else "none"
        self.block = ipw.HTML()
        self.retry_button = _button("Try again", "Fetch the data again", "repeat")
        self.blocked = ipw.VBox([self.block, self.retry_button])
        self.blocked.layout.align_items = "stretch"
        self.retry_button.layout.align_self = "center"
        self.message = ipw.HTML()
        self.again_button = _button("Try again", "Do it again", "repeat")
        self.messages = ipw.HBox([self.message, self.again_button], layout=wrapping())
        self.messages.layout.display = "none"
        self.body = ipw.VBox(list(body))
        self.line = ipw.HTML()
        self.refresh_button = _button("Refresh", "Fetch the data again", "refresh")
        self.footer = ipw.HBox([*footer, self.line, self.refresh_button], layout=wrapping())
        self.footer.layout.justify_content = "space-between"
        self.footer.layout.margin = "4px 0 0"
        self.refresh_button.add_class("kaizen-quiet")
        for button in (self.retry_button, self.refresh_button):
            button.on_click(lambda _button: self.refetch())
        self.again_button.on_click(lambda _button: self._do_again())
        own = [self.dialogs] if self._has_own_dialogs else []
        super().__init__(
            [self.header, self.messages, self.blocked, self.body, self.footer, *below, *own],
            layout=ipw.Layout(width="100%"),
        )
        self.add_class("kaizen-resource-panel")
        self._client.mount()
        self._is_open = True
        self._unsubscribes = (
            self.access.subscribe(self._access_changed),
            self._client.online.subscribe(lambda _online: self.refresh()),
            self._client.mutation_cache.subscribe(lambda _mutation: self.refresh()),
        )
        if query is not None:
            self.show_query(query)

    # -------------------------------------------------------------- query

    def show_query(self, query: LiveQuery) -> None:
        """Show another query; the data of the one before stays until there is new data."""
        before, self.query = self._unsubscribe_query, query
        self._unsubscribe_query = query.subscribe(lambda _result: self.refresh())
        if before is not None:
            before()
        self.refresh()

    def refetch(self) -> None:
        """Fetch the data again, or join a fetch that is running."""
        if self.query is not None:
            self.query.observer.refetch(cancel_refetch=False)

    def refresh(self) -> None:
        """Show the current state; may be called at any time."""
        self._drawing.post(self._draw)

    # ------------------------------------------------------------ changes

    def perform(self, what: str, start: Callable[[], Mutation], done: str = "") -> Mutation | None:
        """Start a change, and say below the heading how it ended; a failed one can be tried again.

        Args:
            what: The change as a sentence would name it, such as ``Turn off Billing``.
            start: Starts it.
            done: Message after it succeeded.

        Returns:
            The mutation; None if it could not be started.
        """
        try:
            mutation = start()
        except KaizenError as error:
            self.say(f"{what}: {error}", problem=True)
            return None

        def follow() -> None:
            state = mutation.state
            if state.is_error:
                again = lambda: self.perform(what, start, done)  # noqa: E731
                self.say(f"{what} did not work: {state.error}", problem=True, again=again)
            elif state.is_paused:
                self.say(f"{what}: waits for the network.")
            elif state.is_success:
                self.say(done)

        mutation.subscribe(follow)
        follow()
        return mutation

    def answer(
        self,
        dialog: Callable[[], Dialog | None],
        start: Callable[[], Awaitable[Any]],
        done: str = "",
    ) -> Callable[[], Awaitable[Any]]:
        """Return an ``on_answer`` for a dialog: it makes a change, and the panel then says that it is done.

        The dialog stays open with the error if it fails, and says so if the change waits for the network.

        Args:
            dialog: Returns the dialog.
            start: Starts the change.
            done: Message after it succeeded.
        """

        async def run() -> None:
            change = start()
            if isinstance(change, Mutation):

                def follow() -> None:
                    shown = dialog()
                    if change.state.is_paused and shown is not None:
                        shown.show_problem(
                            "You are offline: this is sent when the network is back."
                        )

                change.subscribe(follow)
                follow()
            await change
            self.say(done)

        return run

    def say(
        self, text: str, *, problem: bool = False, again: Callable[[], object] | None = None
    ) -> None:
        """Show a message above the data until the next one; an empty text removes it.

        Args:
            text: What happened.
            problem: Whether it is an error.
            again: Does it again; adds a Try again button.
        """
        self._retry = again
        shown = text if len(text) <= 500 else f"{text[:500]}…"
        self.message.value = alert(shown) if problem else note(shown)
        self.again_button.layout.display = "" if again is not None else "none"
        self.messages.layout.display = "flex" if text else "none"

    def gate(
        self,
        permission: str,
        is_possible: Callable[[Any], bool] | None = None,
        reason: str | Callable[[Any], str] = "",
    ) -> dict[str, Any]:
        """Return ``is_enabled`` and ``reason`` of a `RowAction` or a switch that needs a permission.

        Args:
            permission: What the user needs, such as ``agents:update``.
            is_possible: Whether the record's state allows it.
            reason: Why it does not, as a text or a function of the record.
        """

        def is_enabled(record: Any) -> bool:
            return self.access.may(permission) and (is_possible is None or is_possible(record))

        def why(record: Any) -> str:
            refused = self.access.reason(permission)
            return refused or (reason(record) if callable(reason) else reason)

        return {"is_enabled": is_enabled, "reason": why}

    def close(self) -> None:
        """Close the panel and stop observing its query."""
        was_open, self._is_open = self._is_open, False
        unsubscribes, self._unsubscribes = self._unsubscribes, ()
        for unsubscribe in (*unsubscribes, self._unsubscribe_query):
            if unsubscribe is not None:
                unsubscribe()
        self._unsubscribe_query = None
        if was_open:
            self._client.unmount()
            if self._has_own_dialogs:
                self.dialogs.close()
        super().close()

    # ------------------------------------------------------------ drawing

    def is_empty(self, data: Any) -> bool:
        """Return whether the data is an empty list."""
        return isinstance(data, list | tuple) and not data

    def draw_state(self, state: PanelState, result: QueryResult) -> None:
        """Show a state; panels that show it in another way override it."""
        is_blocked = not state.has_data or (state.kind == "empty" and bool(state.title))
        self.block.value = state_block(state) if is_blocked else ""
        self.blocked.layout.display = "flex" if is_blocked else "none"
        self.body.layout.display = "" if state.has_data and state.kind != "empty" else "none"

    def _draw(self) -> None:
        if not self._is_open or self.query is None:
            return
        result = self.query.result
        if result.has_data and result.data is not self._shown:
            self._shown = result.data
            if self._on_data is not None:
                self._on_data(result.data)
        self._draw_frame(result)

    def _draw_frame(self, result: QueryResult) -> None:
        kept = self._shown is not _NOTHING
        online = self._client.online.is_online
        state = panel_state(
            result,
            noun=self.noun,
            now=self._client.environment.clock.now(),
            refusal=self.access.reason(self.permission),
            is_online=online,
            waiting=self._waiting(),
            is_empty=result.has_data and self.is_empty(result.data),
            empty=self.empty_text,
        )
        if kept and not state.has_data:
            # The data of the query before is still shown.
            state = PanelState(
                state.kind, state.title, state.text, state.badge, True, state.can_retry
            )
        if state.kind == "loading" and self._failed_query is self.query and not kept:
            # An error stays until a fetch ends: where it is fetched every few seconds, it would flicker.
            state = self.state
        self._failed_query = self.query if state.kind in ("error", "no permission") else None
        self.state = state
        self.draw_state(state, result)
        self._draw_request(state)
        self.retry_button.layout.display = "" if state.can_retry and not state.has_data else "none"
        self.line.value = (state_line(state) or _fetched(result)) if state.has_data else ""
        self.footer.layout.display = "flex" if state.has_data else "none"
        # Not disabled while fetching: a disabled button loses the keyboard focus.
        self.refresh_button.icon = "refresh spin" if result.is_fetching else "refresh"
        self.retry_button.icon = "repeat spin" if result.is_fetching else "repeat"

    def _draw_request(self, state: PanelState) -> None:
        """Offer a text that asks for the missing permission."""
        text = self.access.request(self.permission, self.noun)
        is_shown = state.kind == "no permission" and not state.has_data and bool(text)
        if is_shown and self.copy_button is None:
            self.copy_button = CopyButton("Copy the request")
            self.copy_button.layout.align_self = "center"
            self.blocked.children = (*self.blocked.children, self.copy_button)
        if self.copy_button is not None:
            self.copy_button.text = text
            self.copy_button.layout.display = None if is_shown else "none"

    def _waiting(self) -> int:
        found = self._client.mutation_cache.find_all(
            predicate=lambda mutation: mutation.state.is_paused
        )
        return len(found)

    def _access_changed(self) -> None:
        self.refresh()

    def _do_again(self) -> None:
        again, self._retry = self._retry, None
        self.say("")
        if again is not None:
            again()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.noun})"


_NOTHING = object()


def _button(label: str, tooltip: str, icon: str) -> ipw.Button:
    return ipw.Button(
        description=label, tooltip=tooltip, icon=icon, layout=ipw.Layout(width="auto")
    )


def _fetched(result: QueryResult) -> str:
    at = result.updated_at
    if at is None:
        return ""
    here = at.astimezone()
    return (
        f'<time datetime="{html.escape(at.isoformat())}" title="{here:%Y-%m-%d %H:%M:%S %Z}" '
        f'style="color: {MUTED}; font-size: 12px">Up to date, fetched at {here:%H:%M}</time>'
    )
