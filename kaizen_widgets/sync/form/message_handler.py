"""What a view asks of single fields, done to the form: edits, rows, branches, files."""

from __future__ import annotations

import base64
import logging
from collections.abc import Sequence
from typing import Any, Protocol

from kaizen_widgets.errors import FormError, KaizenError
from kaizen_widgets.sync.form.key_index import KeyIndex, UnknownKeyError
from kaizen_widgets.sync.form.messages import (
    AttachFile,
    Blur,
    Change,
    ChooseBranch,
    FieldNode,
    NumberedMessage,
    ResetForm,
    RowOperation,
    SetOptional,
    Submit,
)

log = logging.getLogger(__name__)

FILE_LIMIT = 8_000_000
"""Bytes of a file; Jupyter drops a connection over a message of 10 MiB."""


class FormActions(Protocol):
    """Whoever takes what views ask of the form as a whole."""

    def submit(self, client: str, /) -> object:
        """Submit the form; must not block for long."""
        ...

    def on_blur(self, key: str, /) -> None:
        """Handle that a field lost the focus."""
        ...

    def reset(self) -> None:
        """Go back to where the form began."""
        ...

    def store_file(self, name: str, content: bytes, /) -> Any:
        """Keep a file for a field that holds a path, and return its draft."""
        ...


class MessageHandler:
    """Carries messages out.

    Args:
        form: The form.
        places: Finds names.
        actions: Stores files.

    Attributes:
        files: Names of the files that were picked, by key.
        told: Keys whose views hold what they sent, and are told what came of it in any case.
        changed: Names of fields that may have become something else.
    """

    def __init__(
        self, form: Any, places: KeyIndex, actions: FormActions, files: dict[str, str]
    ) -> None:
        self._form = form
        self._places = places
        self._actions = actions
        self.files = files
        self.told: set[str] = set()
        self.changed: set[str] = set()

    def take(self, message: NumberedMessage, buffers: Sequence[Any]) -> None:
        """Make the message's edits, then do what it asks; what is about a row that is gone is let go."""
        for edit in message.edits:
            self._guarded(lambda edit=edit: self._change(edit.key, edit.value))
        self._guarded(lambda: self._carry_out(message, buffers))

    def _guarded(self, call: Any) -> None:
        try:
            call()
        except UnknownKeyError:
            pass  # its row is gone, and a patch says so
        except KaizenError as error:
            log.warning("A form did not do what a view asked: %s", error)

    def _carry_out(self, message: NumberedMessage, buffers: Sequence[Any]) -> None:
        match message:
            case Blur():
                self._form.blur(self._places.name_of(message.key)[0])
            case RowOperation():
                self._move_rows(message)
            case ChooseBranch():
                name, node = self._changeable(message.key)
                if message.tag.isdigit() and int(message.tag) < len(node.branches):
                    self._form.choose_branch(name, int(message.tag))
                    self.changed.add(name)
            case SetOptional():
                name, _ = self._changeable(message.key)
                self._form.change(name, self._form.tree.blank(name) if message.is_set else None)
                self.changed.add(name)
            case AttachFile():
                self._attach(message, buffers)
            case Change() | Submit() | ResetForm():
                pass

    def _change(self, key: str, value: Any) -> None:
        self.told.add(key)
        name, _ = self._changeable(key)
        self.files.pop(key, None)
        current = self._form.get_value(name)
        self._form.change(name, self._form.tree.from_wire(name, value, current))

    def _changeable(self, key: str) -> tuple[str, FieldNode]:
        """Return the name of a field, and what it is.

        Raises:
            FormError: The field is only shown: no page lets anybody change it.
        """
        name, node = self._places.name_of(key)
        if node.read_only or node.kind == "unsupported":
            raise FormError(f"{name} is read-only.")
        return name, node

    def _move_rows(self, message: RowOperation) -> None:
        name, node = self._changeable(message.key)
        if not isinstance(self._form.get_value(name), list):
            self._form.change(name, [])  # it was not set, or no list at all
        rows = self._form.rows(name)
        count = len(rows)
        if message.operation == "insert":
            if node.max_items is None or count < node.max_items:
                # In a list: a row may be one itself.
                blank = self._form.tree.blank(f"{name}.0" if name else "0")
                rows.insert(min(message.index, count), [blank])
            return
        ids = rows.ids
        if message.row not in ids:
            raise UnknownKeyError(message.row)
        index = ids.index(message.row)
        if message.operation == "remove":
            rows.remove(index)
        else:
            rows.move(index, min(message.index, count - 1))

    def _attach(self, message: AttachFile, buffers: Sequence[Any]) -> None:
        name, node = self._changeable(message.key)
        if node.kind != "file":
            raise UnknownKeyError(message.key)
        content = bytes(buffers[0]) if buffers else b""
        if len(content) > FILE_LIMIT:
            self._form.set_error(name, f"A file may have {FILE_LIMIT // 1_000_000} MB.")
            return
        if node.whole:  # a path
            draft = self._actions.store_file(message.name, content)
        else:
            raw = {"base64": base64.b64encode(content).decode()}
            draft = self._form.tree.from_wire(name, raw, self._form.get_value(name))
        self._form.change(name, draft)
        self.files[message.key] = message.name
