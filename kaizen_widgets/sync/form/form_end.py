"""The kernel's end of the form protocol: what views say goes into the form, what changed goes to views.

One end serves the views of one field area. After each operation the form is compared with what the views
were told (`form_told`), and the difference leaves as one `Patch`; changes made from Python within 50 ms
leave together. Pure: no Jupyter, and nothing of what was typed is ever logged.
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
from kaizen_widgets.forms import Change as Happened
from kaizen_widgets.sync.form.field_rules import FieldRules
from kaizen_widgets.sync.form.key_index import KeyIndex
from kaizen_widgets.sync.form.message_handler import FormActions, MessageHandler
from kaizen_widgets.sync.form.messages import (
    Blur,
    FieldNode,
    Focus,
    FormHello,
    FormSnapshot,
    FormSnapshotMessage,
    NumberedMessage,
    Patch,
    ResetForm,
    Submit,
    form_message,
    sender_of,
)
from kaizen_widgets.sync.form.sent_state import SentState
from kaizen_widgets.sync.ordered_inbox import OrderedInbox

log = logging.getLogger(__name__)

INTERVAL = 0.05
"""Seconds within which changes from Python leave as one patch."""
Mail = Patch | FormSnapshotMessage


class FormEnd:
    """One field area.

    Args:
        form: The form; its `tree` translates between drafts and what goes over the wire.
        send: Puts a mail on the wire.
        rules: Options, hidden fields and read-outs.
        actions: Takes submits, resets and files.
        root: The form's root node.
        definitions: What recursive fields refer to.
        widgets: The users' own widgets by key, as references the page resolves.
        only: Keys of the fields of this area; None for all.
        clock: Time and timers.
        on_failure: Takes what a user's own code raised while a view's message was done.
    """

    def __init__(
        self,
        form: Any,
        send: Callable[[Mail], None],
        *,
        rules: FieldRules,
        actions: FormActions,
        root: FieldNode,
        definitions: Mapping[str, FieldNode],
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
        places = KeyIndex(form, root, definitions)
        self._told = SentState(form, places, rules, root, definitions, only)
        self._intake = MessageHandler(form, places, actions, self._told.files)
        self.rev = 0
        self._seen: dict[str, int] = {}
        self._dirty: set[str] = set()
        self._holding = 0
        self._is_owed = False
        self._focus: Focus | None = None
        self._timer: Timer | None = None
        self._sent_at = float("-inf")
        self._line = OrderedInbox(again=self._answer, on_error=on_failure, clock=clock)
        self._end = form.subscribe(self._on_change)

    # ------------------------------------------------------------ from Python

    @property
    def has_errors(self) -> bool:
        """Whether a field that is drawn here has an error, or the form itself has."""
        with self._lock:
            self.flush()
            return self._told.has_errors

    def picture(self) -> FormSnapshot:
        """Return all that a view needs to draw the form, as the views were told it."""
        with self._lock:
            self.flush()
            return self._told.picture(self.rev, self._widgets)

    def take_out(self, key: str) -> None:
        """Draw a field no longer: another area does."""
        with self._lock:
            self._told.taken_out.add(key)
            self._plan()

    def focus(self, key: str | None, client: str | None = None) -> None:
        """Move the focus to a field, or (without a key) to the first that has an error."""
        with self._lock:
            self._focus = Focus(key=key, to=client)
            self._is_owed = True
            self.flush()

    def changed_around(self) -> None:
        """Tell the views what the panel adds, as it is now."""
        with self._lock:
            self._plan()

    def close(self) -> None:
        """Stop listening."""
        self._end()
        self._line.close()
        with self._lock:
            self._is_owed = False
            self._stop_timer()

    # ----------------------------------------------------------- from a view

    def receive(self, content: Any, buffers: Sequence[Any] = ()) -> None:
        """Take one message of a view; what is none is refused, and logged without its content."""
        try:
            message = form_message.validate_python(content)
        except ValidationError as error:
            kinds = sorted({detail["type"] for detail in error.errors(include_input=False)})
            log.warning("A form refused a message of a view: %s.", ", ".join(kinds))
            if (sender := sender_of(content)) is not None:
                self._line.take(*sender, partial(self._refuse, *sender))
            return
        if isinstance(message, FormHello):
            self._greet(message)
            return
        self._line.take(message.client, message.seq, partial(self._take, message, buffers))

    def _take(self, message: NumberedMessage, buffers: Sequence[Any]) -> None:
        failure: Exception | None = None
        with self._one_patch():
            self._is_owed = True
            self._seen[message.client] = message.seq
            try:
                with self._form.batch():
                    self._intake.take(message, buffers)
            except Exception as error:  # somebody who watches the form; what was asked goes on
                failure = error
        # Outside: they call a user's code, which may take its time, and waits for no view.
        match message:
            case Submit():
                self._actions.submit(message.client)
            case ResetForm():
                self._actions.reset()
            case Blur():
                self._actions.on_blur(message.key)
        if failure is not None:
            raise failure

    def _refuse(self, client: str, seq: int) -> None:
        """Have a view show what is, where it shows what was refused."""
        with self._lock:
            self._seen[client] = seq
            self._send_whole(client)

    def _answer(self) -> None:
        with self._one_patch():
            self._is_owed = True

    def _greet(self, message: FormHello) -> None:
        with self._lock:
            self.flush()
            self._seen.setdefault(message.client, 0)
            if message.missed:
                self._send_whole(message.client)
            else:
                self._is_owed = True
                self.flush()

    # -------------------------------------------------------------- to views

    def _send_whole(self, client: str) -> None:
        picture = self.picture()
        self._send(
            FormSnapshotMessage(kind="whole", to=client, seen=self._seen[client], picture=picture)
        )

    def flush(self) -> None:
        """Send what the views do not know yet."""
        with self._lock:
            if not self._is_owed:
                return
            self._is_owed = False
            self._stop_timer()
            intake = self._intake
            names, self._dirty = self._dirty | intake.changed, set()
            parts, is_news = self._told.differences(names, intake.told)
            intake.changed, intake.told = set(), set()
            base = self.rev
            self.rev += is_news
            focus, self._focus = self._focus, None
            self._sent_at = self._clock.monotonic()
            self._send(
                Patch(
                    kind="patch",
                    base=base,
                    rev=self.rev,
                    seen=dict(self._seen),
                    focus=focus,
                    **parts,
                )
            )

    def _on_change(self, happened: Happened) -> None:
        with self._lock:
            if happened.is_reset:
                self._dirty.add("")
                self._told.files.clear()
            self._dirty |= happened.values | happened.rows
            self._plan()

    def _plan(self) -> None:
        """Tell now, or with what else comes within a moment."""
        self._is_owed = True
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
        """Have all that happens inside leave as one patch at the end."""
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
