"""The kernel's end of the form protocol: applies views' messages to the form, and sends views what changed.

One end serves all views of one field area. After each operation the form is compared with the state last sent
(`SentState`), and the difference leaves as one `FormPatch`; changes made from Python within 50 ms leave
together. It knows no Jupyter, and logs nothing that was typed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from pydantic import ValidationError

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.forms import Change, Form
from kaizen_widgets.forms.fields.field_node import FormDescription
from kaizen_widgets.sync.form.field_rules import FieldRules
from kaizen_widgets.sync.form.form_actions import FormActions
from kaizen_widgets.sync.form.key_index import KeyIndex
from kaizen_widgets.sync.form.message_handler import MessageHandler
from kaizen_widgets.sync.form.messages import (
    BlurField,
    Focus,
    FormHello,
    FormPatch,
    FormSnapshot,
    FormSnapshotMessage,
    NumberedMessage,
    ResetForm,
    SubmitForm,
    form_view_message,
    sender_of,
)
from kaizen_widgets.sync.form.sent_state import SentState
from kaizen_widgets.sync.ordered_inbox import OrderedInbox
from kaizen_widgets.sync.remembered_views import RememberedViews

log = logging.getLogger(__name__)

INTERVAL = 0.05
"""Seconds within which changes from Python leave as one patch."""


class _View:
    """State of one view: the number of its last message that was seen."""

    seen = 0


class FormEnd:
    """The kernel's end for one field area.

    Args:
        form: The form.
        send: Sends a message to all views.
        rules: Options, hidden fields and read-outs.
        actions: Handles submits, resets and files.
        description: The description of the fields.
        widgets: References to ipywidgets that take the place of controls, by key.
        only: Keys of the fields of this area; None for all.
        clock: Time and timers.
        on_failure: Called with an exception of user code that runs while a message is handled.
    """

    def __init__(
        self,
        form: Form,
        send: Callable[[FormPatch | FormSnapshotMessage], None],
        *,
        rules: FieldRules,
        actions: FormActions,
        description: FormDescription,
        widgets: Mapping[str, str],
        only: tuple[str, ...] | None,
        clock: Clock,
        on_failure: Callable[[Exception], object],
    ) -> None:
        self._form = form
        self._send = send
        self._actions = actions
        self._widgets = widgets
        self._clock = clock
        self._lock = threading.RLock()
        keys = KeyIndex(form, description)
        self._sent = SentState(form, keys, rules, description, only)
        self._handler = MessageHandler(form, keys, actions, self._sent.files)
        self.rev = 0
        self._views = RememberedViews(_View)
        self._answered: set[str] = set()
        self._changed: set[str] = set()
        self._holding = 0
        self._is_patch_due = False
        self._focus: Focus | None = None
        self._timer: Timer | None = None
        self._sent_at = float("-inf")
        self._inbox = OrderedInbox(on_repeated=self._answer, on_error=on_failure, clock=clock)
        self._unsubscribe = form.subscribe(self._on_change)

    # -------------------------------------------------------------- from Python

    @property
    def has_errors(self) -> bool:
        """Whether a field of this area has an error, or the form itself has."""
        with self._lock:
            self.flush()
            return self._sent.has_errors

    def snapshot(self) -> FormSnapshot:
        """Return all that a view needs to draw the form."""
        with self._lock:
            self.flush()
            return self._sent.snapshot(self.rev, self._widgets)

    def take_out(self, key: str) -> None:
        """Hide a field in this area, because another area draws it."""
        with self._lock:
            self._sent.taken_out.add(key)
            self._plan()

    def focus(self, key: str | None, client: str | None = None) -> None:
        """Move the focus.

        Args:
            key: The field; None for the first that has an error.
            client: The view; None for the view that the user is looking at.
        """
        with self._lock:
            self._focus = Focus(key=key, to=client)
            self._is_patch_due = True
            self.flush()

    def rules_changed(self) -> None:
        """Send views the changed options, hidden fields and read-outs."""
        with self._lock:
            self._plan()

    def close(self) -> None:
        """Stop listening to the form and to views."""
        self._unsubscribe()
        self._inbox.close()
        with self._lock:
            self._is_patch_due = False
            self._stop_timer()

    # --------------------------------------------------------------- from views

    def receive(self, content: Any, buffers: Sequence[Any] = ()) -> None:
        """Handle one message of a view; an invalid one is refused, and logged without its content."""
        try:
            message = form_view_message.validate_python(content)
        except ValidationError as error:
            kinds = sorted({detail["type"] for detail in error.errors(include_input=False)})
            log.warning("A form refused a message of a view: %s.", ", ".join(kinds))
            if (sender := sender_of(content)) is not None:
                self._inbox.receive(*sender, partial(self._refuse, *sender))
            return
        if isinstance(message, FormHello):
            self._greet(message)
            return
        self._inbox.receive(message.client, message.seq, partial(self._handle, message, buffers))

    def _handle(self, message: NumberedMessage, buffers: Sequence[Any]) -> None:
        failure: Exception | None = None
        with self._one_patch():
            self._see(message.client, message.seq)
            try:
                with self._form.batch():
                    self._handler.handle(message, buffers)
            except (
                Exception
            ) as error:  # a user's listener of the form; the message is handled all the same
                failure = error
        # Not under the lock: these run user code, which may take long, and no view waits for it.
        match message:
            case SubmitForm():
                self._actions.submit(message.client)
            case ResetForm():
                self._actions.reset()
            case BlurField():
                self._actions.on_blur(message.key)
        if failure is not None:
            raise failure

    def _see(self, client: str, seq: int) -> None:
        """Note that a message was seen; the next patch says so."""
        self._views[client].seen = seq
        self._answered.add(client)
        self._is_patch_due = True

    def _refuse(self, client: str, seq: int) -> None:
        """Send the whole form to a view, which shows the edit that was refused."""
        with self._lock:
            self._views[client].seen = seq
            self._send_snapshot(client)

    def _answer(self, client: str) -> None:
        """Answer a message that was handled before."""
        with self._one_patch():
            self._answered.add(client)
            self._is_patch_due = True

    def _greet(self, message: FormHello) -> None:
        with self._lock:
            self.flush()
            if message.missed:
                self._send_snapshot(message.client)
            else:
                self._answered.add(message.client)
                self._is_patch_due = True
                self.flush()

    # ----------------------------------------------------------------- to views

    def _send_snapshot(self, client: str) -> None:
        snapshot, seen = self.snapshot(), self._views[client].seen
        self._send(FormSnapshotMessage(kind="snapshot", to=client, seen=seen, snapshot=snapshot))

    def flush(self) -> None:
        """Send views what changed since the last patch."""
        with self._lock:
            if not self._is_patch_due:
                return
            self._is_patch_due = False
            self._stop_timer()
            handler = self._handler
            names, self._changed = self._changed | handler.edited, set()
            parts, has_changed = self._sent.difference(names, handler.echoes)
            handler.edited, handler.echoes = set(), set()
            base = self.rev
            self.rev += has_changed
            focus, self._focus = self._focus, None
            seen = {client: self._views[client].seen for client in sorted(self._answered)}
            self._answered.clear()
            self._sent_at = self._clock.monotonic()
            self._send(
                FormPatch(kind="patch", base=base, rev=self.rev, seen=seen, focus=focus, **parts)
            )

    def _on_change(self, change: Change) -> None:
        with self._lock:
            if change.is_reset:
                self._changed.add("")
                self._sent.files.clear()
            self._changed |= change.values | change.rows
            self._plan()

    def _plan(self) -> None:
        """Send a patch now, or together with the changes of the next moment."""
        self._is_patch_due = True
        if self._holding or self._timer is not None:
            return
        wait = self._sent_at + INTERVAL - self._clock.monotonic()
        if wait <= 0:
            self.flush()
        else:
            self._timer = self._clock.call_later(wait, self._on_time)

    def _on_time(self) -> None:
        with self._lock:
            self._timer = None
            self.flush()

    @contextmanager
    def _one_patch(self) -> Iterator[None]:
        """Send everything that changes inside as one patch at the end."""
        with self._lock:
            self._holding += 1
            try:
                yield
            finally:
                self._holding -= 1
                self.flush()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
