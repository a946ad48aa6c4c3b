"""Where a field stands for a view: keys for names, and the cells of all that is at or below a name.

A name counts rows (`items.3.qty`), a key names them (`/items/r7/qty`): see `form_messages`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.paths import MISSING, Path, join, parse
from kaizen_widgets.sync.form.messages import FieldNode

Cells = dict[str, dict[str, Any]]


class UnknownKeyError(Exception):
    """A key names no field of the form as it is now: its row may be gone."""


class KeyIndex:
    """Finds one's way between names and keys of one form.

    Args:
        form: Gives drafts, row ids and chosen branches.
        root: The form as views know it.
        definitions: What recursive fields refer to.
    """

    def __init__(self, form: Any, root: FieldNode, definitions: Mapping[str, FieldNode]) -> None:
        self._form = form
        self._root = self._resolved(root)
        self._definitions = definitions

    def key_of(self, name: str) -> tuple[str, FieldNode | None]:
        """Return the key of a name, or of the nearest thing above that views know, and its node."""
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
        """Return the name of a key, and what is there.

        Raises:
            UnknownKeyError: There is no such field, or no such row any more.
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

    def cells(self, name: str, wire: Any, key: str, node: FieldNode) -> Cells:
        """Return the cells of a field and all below.

        Args:
            name: The field.
            wire: Its drafts, as `FieldTree.to_wire` gives them.
            key: Its key.
            node: What it is.
        """
        found: Cells = {}
        self._walk(parse(name), wire, key, node, found)
        return found

    # ------------------------------------------------------------- within

    def _walk(self, path: Path, wire: Any, key: str, node: FieldNode, found: Cells) -> None:
        node = self._resolved(node)
        cell = found.setdefault(key, {})
        if wire is None or wire is MISSING:
            if node.nullable and wire is None:
                cell["unset"] = True
            if node.kind != "union" or node.nullable:
                return
        match node.kind:
            case "object":
                inner: Any = wire if isinstance(wire, dict) else {}
                for field in node.fields:
                    self._walk(
                        (*path, field.name),
                        inner.get(field.name, MISSING),
                        key + _segment(field.name),
                        field,
                        found,
                    )
            case "tuple":
                for index, field in enumerate(node.fields):
                    part = wire[index] if isinstance(wire, list) and index < len(wire) else MISSING
                    self._walk((*path, index), part, f"{key}/{index}", field, found)
            case "list" | "dict":
                rows = wire if isinstance(wire, list) else []
                ids = self._ids(path)
                cell["rows"] = tuple(ids)
                item = _row(node)
                for index, (row, row_id) in enumerate(zip(rows, ids, strict=False)):
                    self._walk((*path, index), row, f"{key}/{row_id}", item, found)
            case "union":
                tag = self._tag(path)
                cell["branch"] = "" if tag is None else str(tag)
                if tag is not None:
                    self._walk(path, wire, key, node.branches[tag].node, found)
            case _:
                cell.update(_leaf(wire))

    def _step(self, node: FieldNode, path: Path, part: str | int) -> tuple[str, FieldNode] | None:
        """Return the part of a key for one part of a name, and what is there."""
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
        """Return what really stands here: the chosen branch, and of that again."""
        node = self._resolved(node)
        while node.kind == "union":
            tag = self._tag(path)
            if tag is None or tag >= len(node.branches):
                return node
            node = self._resolved(node.branches[tag].node)
        return node

    def _resolved(self, node: FieldNode) -> FieldNode:
        """Follow a reference; the place's own name and label stay."""
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
            return ()  # what stands there is no list, as its error says

    def _tag(self, path: Path) -> int | None:
        return self._form.branch(join(path))


def is_within(key: str, above: str) -> bool:
    """Whether ``key`` is ``above`` or lies under it."""
    return key == above or key.startswith(f"{above}/")


def _segment(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _row(node: FieldNode) -> FieldNode:
    """Return what one row is: an item, or a dict's key and value as the two parts of a pair."""
    item = node.item or FieldNode(kind="unsupported")
    if node.kind == "list":
        return item
    names = node.names or FieldNode()
    return FieldNode(
        kind="tuple",
        fields=(names.model_copy(update={"name": "0"}), item.model_copy(update={"name": "1"})),
    )


def _leaf(wire: Any) -> dict[str, Any]:
    """Return the cell of one control; a file's content and a password stay here."""
    if isinstance(wire, dict):
        if wire.get("secret"):
            return {"secret": True}
        if isinstance(wire.get("base64"), str):
            text = wire["base64"].rstrip("=")
            return {"value": {"size": len(text) * 3 // 4, "name": ""}}
    return {} if wire is MISSING or wire is None else {"value": wire}
