"""Applies the messages of views to a form: edits, rows, branches, files."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Sequence
from typing import Any

from kaizen_widgets.errors import FormError, KaizenError
from kaizen_widgets.forms import Form
from kaizen_widgets.forms.fields.field_node import FieldNode
from kaizen_widgets.sync.form.form_actions import FormActions
from kaizen_widgets.sync.form.key_index import KeyIndex, UnknownKeyError
from kaizen_widgets.sync.form.messages import (
    AttachFile,
    BlurField,
    ChangeFields,
    ChooseBranch,
    NumberedMessage,
    ResetForm,
    RowOperation,
    SetOptional,
    SubmitForm,
)

log = logging.getLogger(__name__)

FILE_LIMIT = 8_000_000
"""Bytes of a file; Jupyter drops a connection over a message of 10 MiB."""


class MessageHandler:
    """Applies messages to one form.

    Args:
        form: The form.
        keys: Finds the names of keys.
        actions: Stores files.
        files: The names of picked files, by key.

    Attributes:
        echoes: Keys that views have edited; the next patch has their cells in any case.
        edited: Names of fields whose value may have changed.
    """

    def __init__(
        self, form: Form, keys: KeyIndex, actions: FormActions, files: dict[str, str]
    ) -> None:
        self._form = form
        self._keys = keys
        self._actions = actions
        self._files = files
        self.echoes: set[str] = set()
        self.edited: set[str] = set()

    def handle(self, message: NumberedMessage, buffers: Sequence[Any]) -> None:
        """Apply the message's edits, then its request; messages for removed rows are ignored."""
        for edit in message.edits:
            self._guarded(lambda edit=edit: self._edit(edit.key, edit.value))
        self._guarded(lambda: self._handle(message, buffers))

    def _guarded(self, call: Callable[[], object]) -> None:
        try:
            call()
        except UnknownKeyError:
            pass  # its row was removed, and a patch reported that
        except KaizenError as error:
            log.warning("A form refused what a view asked for: %s", error)

    def _handle(self, message: NumberedMessage, buffers: Sequence[Any]) -> None:
        match message:
            case BlurField():
                self._form.blur(self._keys.name_of(message.key)[0])
            case RowOperation():
                self._change_rows(message)
            case ChooseBranch():
                name, node = self._editable(message.key)
                if message.tag.isdigit() and int(message.tag) < len(node.branches):
                    self._form.choose_branch(name, int(message.tag))
                    self.edited.add(name)
            case SetOptional():
                name, _ = self._editable(message.key)
                self._form.change(name, self._form.tree.blank(name) if message.is_set else None)
                self.edited.add(name)
            case AttachFile():
                self._attach(message, buffers)
            case ChangeFields() | SubmitForm() | ResetForm():
                pass

    def _edit(self, key: str, value: Any) -> None:
        self.echoes.add(key)
        name, _ = self._editable(key)
        self._files.pop(key, None)
        current = self._form.get_value(name)
        self._form.change(name, self._form.tree.from_wire(name, value, current))

    def _editable(self, key: str) -> tuple[str, FieldNode]:
        """Return the name and the node of a field that views may edit.

        Raises:
            FormError: The field is read-only.
        """
        name, node = self._keys.name_of(key)
        if node.read_only or node.kind == "unsupported":
            raise FormError(f"{name} is read-only.")
        return name, node

    def _change_rows(self, message: RowOperation) -> None:
        name, node = self._editable(message.key)
        if not isinstance(self._form.get_value(name), list):
            self._form.change(name, [])  # it was not set, or no list
        rows = self._form.rows(name)
        count = len(rows)
        if message.operation == "insert":
            if node.max_items is None or count < node.max_items:
                # In a list, because a row may itself be a list.
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
        name, node = self._editable(message.key)
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
        self._files[message.key] = message.name
