"""Translates between the names of fields and their keys.

A name counts rows (`items.3.qty`), a key names them by their ids (`/items/r7/qty`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms import Form
from kaizen_widgets.forms.fields.field_node import FieldNode, FormDescription
from kaizen_widgets.forms.paths import MISSING, Path, join, parse

Cells = dict[str, dict[str, Any]]


class UnknownKeyError(Exception):
    """A key names no field of the form: its row may have been removed."""


class KeyIndex:
    """Finds the keys of names, and the names of keys.

    Args:
        form: The form, for row ids and chosen branches.
        description: The description of its fields.
    """

    def __init__(self, form: Form, description: FormDescription) -> None:
        self._form = form
        self._definitions = description.definitions
        self._root = self._resolved(description.root)

    def key_of(self, name: str) -> tuple[str, FieldNode | None]:
        """Return the key of a name, and its node.

        Of a name that views do not know it is the key of the nearest one above it, and None.
        """
        key, node, path = "", self._root, ()
        for part in parse(name):
            step = self._step(node, path, part)
            if step is None:
                return key, None
            segment, node = step
            key += segment
            path = (*path, part)
        return key, node

    def name_of(self, key: str) -> tuple[str, FieldNode]:
        """Return the name of a key, and its node.

        Raises:
            UnknownKeyError: There is no such field, or its row was removed.
        """
        node, path = self._root, ()
        for segment in key.split("/")[1:]:
            part: str | int = segment.replace("~1", "/").replace("~0", "~")
            node = self._branch(node, path)
            if node.kind in ("list", "dict") or self._is_pair(node) or node.kind == "tuple":
                part = self._index(node, path, str(part))
            step = self._step(node, path, part)
            if step is None:
                raise UnknownKeyError(key)
            node = step[1]
            path = (*path, part)
        return join(path), node

    def cells(self, name: str, json: Any, key: str, node: FieldNode) -> Cells:
        """Return the cells of a field and all fields below it.

        Args:
            name: The name of the field.
            json: Its draft, as `FormFields.to_wire` returns it.
            key: Its key.
            node: Its node.
        """
        found: Cells = {}
        self._collect(parse(name), json, key, node, found)
        return found

    # ------------------------------------------------------------------ private

    def _collect(self, path: Path, json: Any, key: str, node: FieldNode, found: Cells) -> None:
        node = self._resolved(node)
        cell = found.setdefault(key, {})
        if json is None or json is MISSING:
            if node.nullable and json is None:
                cell["unset"] = True
            if node.kind != "union" or node.nullable:
                return
        match node.kind:
            case "object":
                inner: Any = json if isinstance(json, dict) else {}
                for field in node.fields:
                    self._collect(
                        (*path, field.name),
                        inner.get(field.name, MISSING),
                        key + _segment(field.name),
                        field,
                        found,
                    )
            case "tuple":
                for index, field in enumerate(node.fields):
                    part = json[index] if isinstance(json, list) and index < len(json) else MISSING
                    self._collect((*path, index), part, f"{key}/{index}", field, found)
            case "list" | "dict":
                rows = json if isinstance(json, list) else []
                ids = self._ids(path)
                cell["rows"] = tuple(ids)
                item = _row(node)
                for index, (row, row_id) in enumerate(zip(rows, ids, strict=False)):
                    self._collect((*path, index), row, f"{key}/{row_id}", item, found)
            case "union":
                tag = self._tag(path)
                cell["branch"] = "" if tag is None else str(tag)
                if tag is not None:
                    self._collect(path, json, key, node.branches[tag].node, found)
            case _:
                cell.update(_leaf_cell(json))

    def _step(self, node: FieldNode, path: Path, part: str | int) -> tuple[str, FieldNode] | None:
        """Return the segment of a key for one part of a name, and its node."""
        node = self._branch(node, path)
        match node.kind:
            case "list" | "dict":
                ids = self._ids(path) if isinstance(part, int) else ()
                if not isinstance(part, int) or not 0 <= part < len(ids):
                    return None
                return f"/{ids[part]}", self._resolved(_row(node))
            case "object" | "tuple":
                wanted = str(part)
                for field in node.fields:
                    if field.name == wanted:
                        return _segment(wanted), self._resolved(field)
        return None

    def _branch(self, node: FieldNode, path: Path) -> FieldNode:
        """Return the node of the chosen branch, in nested unions that of the innermost."""
        node = self._resolved(node)
        while node.kind == "union":
            tag = self._tag(path)
            if tag is None or tag >= len(node.branches):
                return node
            node = self._resolved(node.branches[tag].node)
        return node

    def _resolved(self, node: FieldNode) -> FieldNode:
        """Return the definition a node refers to, with the node's own name and label."""
        if not node.ref:
            return node
        own = node.model_dump(exclude_defaults=True, exclude={"kind", "ref"})
        own = {name: getattr(node, name) for name in own}
        return self._definitions[node.ref].model_copy(update=own)

    def _index(self, node: FieldNode, path: Path, part: str) -> int:
        if node.kind in ("list", "dict"):
            try:
                return self._ids(path).index(part)
            except ValueError:
                raise UnknownKeyError(part) from None
        if not part.isdigit():
            raise UnknownKeyError(part)
        return int(part)

    @staticmethod
    def _is_pair(node: FieldNode) -> bool:
        return node.kind == "object" and bool(node.fields) and node.fields[0].name == "0"

    def _ids(self, path: Path) -> Sequence[str]:
        try:
            return self._form.rows(join(path)).ids
        except FormError:
            return ()  # its value is no list, as its error says

    def _tag(self, path: Path) -> int | None:
        return self._form.branch(join(path))


def is_within(key: str, above: str) -> bool:
    """Whether ``key`` is ``above`` or below it."""
    return key == above or key.startswith(f"{above}/")


def _segment(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _row(node: FieldNode) -> FieldNode:
    """Return the node of one row: an item, or of a dict its key and value as a pair."""
    item = node.item or FieldNode(kind="unsupported")
    if node.kind == "list":
        return item
    names = node.names or FieldNode()
    return FieldNode(
        kind="tuple",
        fields=(names.model_copy(update={"name": "0"}), item.model_copy(update={"name": "1"})),
    )


def _leaf_cell(json: Any) -> dict[str, Any]:
    """Return the cell of one control; the content of a file and a password are left out."""
    if isinstance(json, dict):
        if json.get("secret"):
            return {"secret": True}
        if isinstance(json.get("base64"), str):
            text = json["base64"].rstrip("=")
            return {"value": {"size": len(text) * 3 // 4, "name": ""}}
    return {} if json is MISSING or json is None else {"value": json}
