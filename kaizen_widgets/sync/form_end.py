"""The kernel's end of the form protocol: what views say goes into the form, what changed goes to views.

One end serves the views of one field area. What it believes the views know (`_told`) is compared with the
form after each operation, and the difference leaves as one `Patch`; changes made from Python within 50 ms
leave together. Pure: no Jupyter, and nothing of what was typed is ever logged.
"""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from pydantic import ValidationError

from kaizen_widgets.clock import Clock, Timer
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.forms.feed import Change as Happened
from kaizen_widgets.sync.form_cells import Cells, Places, UnknownKey, is_within, keep
from kaizen_widgets.sync.form_messages import (
    Attach,
    Blur,
    Cell,
    Change,
    Choose,
    FieldNode,
    Focus,
    FormHello,
    FormMessage,
    FormPicture,
    FormState,
    Option,
    Patch,
    ResetForm,
    RowOperation,
    SetOrNot,
    Submit,
    Whole,
    form_message,
)

log = logging.getLogger(__name__)

INTERVAL = 0.05
"""Seconds within which changes from Python leave as one patch."""
FILE_LIMIT = 8_000_000
"""Bytes of a file; Jupyter drops a connection over a message of 10 MiB."""
Mail = Patch | Whole
Errors = dict[str, tuple[str, ...]]


class Surroundings(Protocol):
    """What a panel adds to its form: options and hidden fields that follow other fields, read-outs."""

    @property
    def options(self) -> Mapping[str, tuple[Option, ...]]:
        """Options by key."""
        ...

    @property
    def hidden(self) -> tuple[str, ...]:
        """Keys of fields that are not shown now."""
        ...

    @property
    def notes(self) -> Mapping[str, str]:
        """Read-outs by key."""
        ...


class Desk(Protocol):
    """Whoever takes what views ask of the form as a whole."""

    def submit(self, client: str, /) -> object:
        """Submit the form; must not block for long."""
        ...

    def left(self, key: str, /) -> None:
        """Hear that a field lost the focus."""
        ...

    def reset(self) -> None:
        """Go back to where the form began."""
        ...

    def store_file(self, name: str, content: bytes, /) -> Any:
        """Keep a file for a field that holds a path, and return its draft."""
        ...


class FormEnd:
    """One field area.

    Args:
        form: The form; its `tree` translates between drafts and what goes over the wire.
        send: Puts a mail on the wire.
        surroundings: What the panel adds.
        desk: Takes submits, resets and files.
        root: The form's root node.
        definitions: What recursive fields refer to.
        widgets: The users' own widgets by key, as references the page resolves.
        only: Keys of the fields of this area; None for all.
        clock: Time and timers.
    """

    def __init__(
        self,
        form: Any,
        send: Callable[[Mail], None],
        *,
        surroundings: Surroundings,
        desk: Desk,
        root: FieldNode,
        definitions: Mapping[str, FieldNode],
        widgets: Mapping[str, str],
        only: tuple[str, ...] | None,
        clock: Clock,
    ) -> None:
        self._form = form
        self._send = send
        self._around = surroundings
        self._desk = desk
        self._root = root
        self._definitions = definitions
        self.widgets = dict(widgets)
        self.places = Places(form, root, definitions)
        self._clock = clock
        self._lock = threading.RLock()
        self._only = only
        self._seen: dict[str, int] = {}
        self._taken: set[str] = set()
        self._files: dict[str, str] = {}
        self._holding = 0
        self._dirty: set[str] = set()
        self._echo: set[str] = set()
        self._owed = False
        self._focus: Focus | None = None
        self._timer: Timer | None = None
        self._sent_at = float("-inf")
        self.rev = 0
        self._computes = any(_computes(node) for node in (root, *definitions.values()))
        self._computed: Cells = {}
        self._told: Cells = {}
        self._told_errors: Errors = {}
        self._told_around: tuple[Any, ...] = ({}, (), {})
        self._told_state: FormState | None = None
        self._tell_all()
        self._end = form.subscribe(self._on_change)

    # ------------------------------------------------------------ from Python

    @property
    def has_errors(self) -> bool:
        """Whether a field that is drawn here has an error, or the form itself has."""
        with self._lock:
            self.flush()
            return any(
                not any(is_within(key, taken) for taken in self._taken) for key in self._told_errors
            )

    def take_out(self, key: str) -> None:
        """Draw a field no longer: another area does."""
        with self._lock:
            self._taken.add(key)
            self._plan()

    def picture(self) -> FormPicture:
        """Return all that a view needs to draw the form, as the views were told it."""
        with self._lock:
            self.flush()
            options, hidden, notes = self._told_around
            assert self._told_state is not None
            return FormPicture(
                root=self._root,
                definitions=dict(self._definitions),
                only=self._only,
                rev=self.rev,
                cells={key: Cell(**cell) for key, cell in self._told.items()},
                errors=self._told_errors,
                options=options,
                hidden=hidden,
                notes=notes,
                widgets=self.widgets,
                state=self._told_state,
            )

    def focus(self, key: str | None, client: str | None = None) -> None:
        """Move the focus to a field, or (without a key) to the first that has an error."""
        with self._lock:
            self._focus = Focus(key=key, to=client)
            self._owed = True
            self.flush()

    def changed_around(self) -> None:
        """Tell the views what the panel adds, as it is now."""
        with self._lock:
            self._plan()

    @contextmanager
    def one_patch(self) -> Iterator[None]:
        """Have all that happens inside leave as one patch at the end."""
        with self._lock:
            self._holding += 1
            try:
                yield
            finally:
                self._holding -= 1
                if not self._holding:
                    self.flush()

    def close(self) -> None:
        """Stop listening."""
        self._end()
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    # ----------------------------------------------------------- from a view

    def receive(self, content: Any, buffers: Sequence[Any] = ()) -> None:
        """Take one message of a view; what is none is refused, and logged without its content."""
        try:
            message = form_message.validate_python(content)
        except ValidationError as error:
            kinds = sorted({detail["type"] for detail in error.errors(include_input=False)})
            log.warning("A form refused a message of a view: %s.", ", ".join(kinds))
            return
        if isinstance(message, FormHello):
            self._greet(message)
            return
        with self.one_patch():
            if message.seq <= self._seen.get(message.client, 0):
                return  # sent twice, done once
            self._seen[message.client] = message.seq
            self._owed = True
            with self._form.batch():
                for edit in message.edits:
                    self._change(edit.key, edit.value)
                self._carry_out(message, buffers)
        # Outside: they call a user's code, which may take its time, and waits for no view.
        if isinstance(message, Submit):
            self._desk.submit(message.client)
        elif isinstance(message, ResetForm):
            self._desk.reset()
        elif isinstance(message, Blur):
            self._desk.left(message.key)

    def _greet(self, message: FormHello) -> None:
        with self._lock:
            self.flush()
            seen = self._seen.setdefault(message.client, 0)
            if message.rev != self.rev:
                self._send(self._whole(message.client, seen))
            else:
                self._owed = True
                self.flush()

    def _carry_out(self, message: FormMessage, buffers: Sequence[Any]) -> None:
        try:
            match message:
                case Blur():
                    self._form.blur(self.places.name_of(message.key)[0])
                case RowOperation():
                    self._move_rows(message)
                case Choose():
                    name, node = self.places.name_of(message.key)
                    if message.tag.isdigit() and int(message.tag) < len(node.branches):
                        self._form.choose_branch(name, int(message.tag))
                        self._dirty.add(name)
                case SetOrNot():
                    name, _ = self.places.name_of(message.key)
                    draft = self._form.tree.blank(name) if message.is_set else None
                    self._form.change(name, draft)
                    self._dirty.add(name)
                case Attach():
                    self._attach(message, buffers)
                case Change() | Submit() | ResetForm():
                    pass
        except UnknownKey:
            pass  # its row is gone, and the patch says so
        except KaizenError as error:
            log.warning("A form did not do what a view asked: %s", error)

    def _change(self, key: str, value: Any) -> None:
        try:
            name, _ = self.places.name_of(key)
            current = self._form.get_value(name)
            self._form.change(name, self._form.tree.from_wire(name, value, current))
        except UnknownKey:
            return
        except KaizenError as error:
            log.warning("A form did not take a value of a view: %s", error)
        self._files.pop(key, None)
        # Told again even when nothing seems to have changed: the view may hold something else.
        self._echo.add(key)

    def _move_rows(self, message: RowOperation) -> None:
        name, node = self.places.name_of(message.key)
        rows = self._form.rows(name)
        ids = list(rows.ids)
        count = len(ids)
        if message.operation == "insert":
            if node.max_items is None or count < node.max_items:
                index = min(message.index, count)
                # In a list: a row may be one itself.
                rows.insert(index, [self._form.tree.blank(f"{name}.0" if name else "0")])
            return
        if message.row not in ids:
            raise UnknownKey(message.row)
        index = ids.index(message.row)
        if message.operation == "remove":
            rows.remove(index)
        else:
            rows.move(index, min(message.index, count - 1))

    def _attach(self, message: Attach, buffers: Sequence[Any]) -> None:
        name, node = self.places.name_of(message.key)
        if node.kind != "file":
            raise UnknownKey(message.key)
        content = bytes(buffers[0]) if buffers else b""
        if len(content) > FILE_LIMIT:
            self._form.set_error(name, f"A file may have {FILE_LIMIT // 1_000_000} MB.")
            return
        if node.whole:  # a path
            draft = self._desk.store_file(message.name, content)
        else:
            raw = {"base64": base64.b64encode(content).decode()}
            draft = self._form.tree.from_wire(name, raw, self._form.get_value(name))
        self._form.change(name, draft)
        self._files[message.key] = message.name

    # -------------------------------------------------------------- to views

    def _on_change(self, happened: Happened) -> None:
        with self._lock:
            if happened.is_reset:
                self._dirty.add("")
                self._files.clear()
            self._dirty |= happened.values | happened.rows
            self._plan()

    def _plan(self) -> None:
        """Tell now, or with what else comes within a moment."""
        if self._holding or self._timer is not None:
            self._owed = True
            return
        self._owed = True
        wait = self._sent_at + INTERVAL - self._clock.monotonic()
        if wait <= 0:
            self.flush()
        else:
            self._timer = self._clock.call_later(wait, self._on_time)

    def _on_time(self) -> None:
        with self._lock:
            self._timer = None
            self.flush()

    def flush(self) -> None:
        """Send what the views do not know yet."""
        with self._lock:
            if not self._owed:
                return
            self._owed = False
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            patch = self._patch()
            self._sent_at = self._clock.monotonic()
            self._send(patch)

    def _patch(self) -> Patch:
        cells, gone = self._take_cells()
        facts: dict[str, Any] = {}
        errors = self._errors()
        changed = {key: said for key, said in errors.items() if self._told_errors.get(key) != said}
        changed |= {key: () for key in self._told_errors if key not in errors}
        self._told_errors = errors
        options, hidden, notes = around = self._surroundings()
        told_options, told_hidden, told_notes = self._told_around
        self._told_around = around
        facts["options"] = _differing(told_options, options, ())
        facts["notes"] = _differing(told_notes, notes, "")
        if hidden != told_hidden:
            facts["hidden"] = hidden
        state = self._state()
        if state != self._told_state:
            facts["state"] = self._told_state = state
        focus, self._focus = self._focus, None
        base = self.rev
        if cells or gone or changed or any(facts.values()) or "hidden" in facts:
            self.rev += 1
        return Patch(
            kind="patch",
            base=base,
            rev=self.rev,
            seen=dict(self._seen),
            cells={key: Cell(**cell) for key, cell in cells.items()},
            gone=tuple(gone),
            errors=changed,
            focus=focus,
            **facts,
        )

    def _take_cells(self) -> tuple[Cells, list[str]]:
        """Return the cells that differ from what was told, and keys that are no more; tell them so."""
        names, self._dirty = self._dirty, set()
        if "" in names:
            names = {""}
        else:
            # What lies under another one is read with it.
            names = {
                name
                for name in names
                if not any(other != name and name.startswith(f"{other}.") for other in names)
            }
        changed: Cells = {}
        gone: list[str] = []
        wants = keep(self._only)
        for name in names:
            key, node = self.places.key_of(name)
            if node is None:
                continue  # below what views know, or gone
            fresh = {
                key: cell
                for key, cell in self._cells(name, key, node).items()
                if wants(key) and key not in self._computed
            }
            if len(fresh) > 1 or node.kind in ("object", "list", "dict", "tuple", "union"):
                for told in [told for told in self._told if is_within(told, key)]:
                    if told not in fresh and told not in self._computed:
                        del self._told[told]
                        gone.append(told)
            for fresh_key, cell in fresh.items():
                if self._told.get(fresh_key) != cell:
                    self._told[fresh_key] = changed[fresh_key] = cell
        self._computed = self._compute()
        for key, cell in self._computed.items():
            if wants(key) and self._told.get(key) != cell:
                self._told[key] = changed[key] = cell
        for key in self._echo:
            if key in self._told:
                changed[key] = self._told[key]
        self._echo = set()
        return changed, gone

    def _cells(self, name: str, key: str, node: FieldNode) -> Cells:
        wire = self._form.tree.to_wire(name, self._form.get_value(name))
        cells = self.places.cells(name, wire, key, node)
        for file_key, file_name in self._files.items():
            value = cells.get(file_key, {}).get("value")
            if isinstance(value, dict):
                value["name"] = file_name
        return cells

    def _compute(self) -> Cells:
        """Return the cells of what the model computes; without a model it is not known."""
        if not self._computes:
            return {}
        known = self._form.tree.computed(self._form.value)
        fresh: Cells = dict.fromkeys(self._computed, {})
        for name, value in known.items():
            key, node = self.places.key_of(name)
            if node is not None:
                fresh[key] = {"value": value}
        return fresh

    def _errors(self) -> Errors:
        found: dict[str, list[str]] = {}
        wants = keep(self._only)
        for name, error in self._form.errors.items():
            key, node = self.places.key_of(name.removesuffix(".root") if name != "root" else "")
            if node is None and name.startswith("root."):
                key = ""
            if wants(key):
                said = list(error.types.values()) if error.types else [error.message]
                found.setdefault(key, []).extend(one for one in said if one)
        return {key: tuple(dict.fromkeys(said)) for key, said in found.items()}

    def _surroundings(self) -> tuple[Any, ...]:
        wants = keep(self._only)
        return (
            {key: value for key, value in self._around.options.items() if wants(key)},
            (*(key for key in self._around.hidden if wants(key)), *sorted(self._taken)),
            {key: value for key, value in self._around.notes.items() if wants(key)},
        )

    def _state(self) -> FormState:
        form = self._form
        return FormState(
            is_dirty=form.is_dirty,
            is_valid=form.is_valid,
            is_submitting=form.is_submitting,
            is_validating=form.is_validating,
            submit_count=form.submit_count,
        )

    def _tell_all(self) -> None:
        """Take all there is as told: who asks gets it whole."""
        wants = keep(self._only)
        cells = self._cells("", "", self._root)
        self._computed = self._compute()
        cells |= self._computed
        self._told = {key: cell for key, cell in cells.items() if wants(key)}
        self._told_errors = self._errors()
        self._told_around = self._surroundings()
        self._told_state = self._state()
        self._dirty.clear()

    def _whole(self, client: str, seen: int) -> Whole:
        return Whole(kind="whole", to=client, seen=seen, picture=self.picture())


def _computes(node: FieldNode) -> bool:
    """Whether a node, or one below, is worked out by the model."""
    below = (*node.fields, *(branch.node for branch in node.branches), node.item, node.names)
    return node.kind == "computed" or any(_computes(one) for one in below if one is not None)


def _differing(old: Mapping[str, Any], new: Mapping[str, Any], none: Any) -> dict[str, Any]:
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    return changed | {key: none for key in old if key not in new}
