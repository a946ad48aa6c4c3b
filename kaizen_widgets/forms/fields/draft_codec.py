"""Writes drafts as JSON for a browser, and reads them back: numbers as digits, and never a secret.

A secret that is set is written as ``{"secret": true}``; when that is read back, the current secret stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import SecretStr

from kaizen_widgets.forms.fields.container_nodes import KEY, VALUE, DictNode, ListNode, TupleNode
from kaizen_widgets.forms.fields.leaf_nodes import (
    EXACT,
    MAX_DEPTH,
    JsonLeaf,
    LeafNode,
    NumberLeaf,
    OpaqueLeaf,
    SecretLeaf,
    UnparsedJson,
    WholeValue,
)
from kaizen_widgets.forms.fields.object_nodes import ObjectNode, bare
from kaizen_widgets.forms.fields.tagged_union import TaggedUnion
from kaizen_widgets.forms.fields.type_node import DecodeContext, Field
from kaizen_widgets.forms.fields.union_nodes import UnionNode
from kaizen_widgets.forms.paths import MISSING, Path

SET: Final = {"secret": True}
"""JSON in place of a secret."""

_INTEGER = re.compile(r"0|-?[1-9][0-9]*")


class DraftCodec:
    """Writes and reads the drafts of one form.

    Args:
        pins: The chosen branches of unions without a tag, by path.
    """

    def __init__(self, pins: Mapping[Path, int]) -> None:
        self._pins = pins

    def write(self, field: Field, draft: Any, path: Path) -> Any:
        """Return a draft as JSON without secrets."""
        node = bare(field.node)
        if draft is None or draft is MISSING:
            return None
        match node:
            case SecretLeaf():
                return dict(SET) if _is_set(draft) else ""
            case OpaqueLeaf():
                return None
            case JsonLeaf():
                return json_text(draft)
            case NumberLeaf():
                is_number = isinstance(draft, int | float) and not isinstance(draft, bool)
                return repr(draft) if is_number else _plain(draft)
            case ObjectNode() if isinstance(draft, dict):
                return {
                    name: self.write(part, draft[name], (*path, name))
                    for name, part in node.fields.items()
                    if name in draft
                }
            case ListNode() | TupleNode() | DictNode() if isinstance(draft, list):
                written = []
                for index, item in enumerate(draft):
                    part = node.child(index, draft)
                    written.append(
                        _plain(item) if part is None else self.write(part, item, (*path, index))
                    )
                return written
            case UnionNode():
                branch = self._branch(node, draft, path)
                return _plain(draft) if branch is None else self.write(branch, draft, path)
            case _:
                return _plain(draft)

    def read(self, field: Field, raw: Any, current: Any, path: Path) -> Any:
        """Return the draft of JSON that a browser sent for a field.

        Args:
            field: The position.
            raw: The JSON.
            current: The draft there now, or `MISSING`.
            path: The path of the field.
        """
        node = bare(field.node)
        if raw is None:
            return None
        match node:
            case SecretLeaf():
                if raw == SET:
                    return "" if current is MISSING or current is None else current
                return SecretStr(raw) if isinstance(raw, str) and raw else raw
            case OpaqueLeaf():
                return None if current is MISSING else current
            case JsonLeaf() if isinstance(raw, str):
                return _json_value(raw)
            case NumberLeaf() if isinstance(raw, str):
                return _number(raw, node)
            case ObjectNode() if isinstance(raw, dict):
                had = current if isinstance(current, dict) else {}
                return {
                    **{key: item for key, item in had.items() if key not in node.fields},
                    **{
                        name: self.read(
                            node.fields[name], item, had.get(name, MISSING), (*path, name)
                        )
                        if name in node.fields
                        else item
                        for name, item in raw.items()
                    },
                }
            case ListNode() if isinstance(raw, list):
                return node.ordered(self._rows(node, raw, current, path))
            case TupleNode() if isinstance(raw, list):
                return self._rows(node, raw, current, path)
            case DictNode() if isinstance(raw, list):
                had = current if isinstance(current, list) else []
                return [
                    self._rows(node.row.node, pair, had[n] if n < len(had) else MISSING, (*path, n))
                    if isinstance(pair, list) and len(pair) == VALUE + 1 - KEY
                    else pair
                    for n, pair in enumerate(raw)
                ]
            case UnionNode():
                known = raw if isinstance(node, TaggedUnion) or current is MISSING else current
                branch = self._branch(node, known, path)
                return raw if branch is None else self.read(branch, raw, current, path)
            case _:
                return raw

    def _rows(self, node: Any, raw: list[Any], current: Any, path: Path) -> list[Any]:
        had = current if isinstance(current, list) else []
        read = []
        for index, item in enumerate(raw):
            part = node.child(index, raw)
            known = had[index] if index < len(had) else MISSING
            read.append(item if part is None else self.read(part, item, known, (*path, index)))
        return read

    def _branch(self, node: UnionNode, draft: Any, path: Path) -> Field | None:
        index = node.choice(draft, DecodeContext(self._pins), path)
        return None if index is None else node.branches[index].field


def json_text(draft: Any) -> str:
    """Return the text of any value, as JSON where it has a JSON form."""
    if isinstance(draft, UnparsedJson):
        return draft.text
    if isinstance(draft, WholeValue):
        draft = _plain(draft.value)
    indent = 2 if isinstance(draft, dict | list) and draft else None
    try:
        return json.dumps(draft, ensure_ascii=False, indent=indent, default=_plain)
    except (TypeError, ValueError, RecursionError):  # odd keys, a circle, or too deep
        return json.dumps(_plain(draft), ensure_ascii=False, indent=indent)


def _is_set(draft: Any) -> bool:
    secret = draft.get_secret_value() if hasattr(draft, "get_secret_value") else draft
    return secret not in ("", b"")


def _plain(draft: Any, parents: tuple[int, ...] = ()) -> Any:
    """Return JSON for any value: text where it has no JSON form; a secret in the wrong place is hidden."""
    if hasattr(draft, "get_secret_value"):
        return dict(SET)
    if draft is None or isinstance(draft, bool | str):
        return draft
    if isinstance(draft, int | float):
        return draft if abs(draft) <= EXACT else str(draft)
    if isinstance(draft, UnparsedJson):
        return draft.text
    if isinstance(draft, WholeValue):
        return _plain(draft.value, parents)
    if isinstance(draft, dict | list | tuple):
        if len(parents) > MAX_DEPTH or id(draft) in parents:
            return "…"
        parents = (*parents, id(draft))
    if isinstance(draft, dict):
        return {str(key): _plain(item, parents) for key, item in draft.items()}
    if isinstance(draft, list | tuple):
        return [_plain(item, parents) for item in draft]
    try:
        return str(draft)
    except Exception:  # a value whose author's __str__ raises
        return f"<{type(draft).__name__}>"


def _json_value(text: str) -> Any:
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return UnparsedJson(text)


def _number(text: str, node: LeafNode) -> Any:
    """Return a number where its digits are exactly what was typed, else what was typed."""
    if _INTEGER.fullmatch(text):
        number = int(text)
        return number if abs(number) <= EXACT and node.python in (int, float) else text
    if node.python is float:
        try:
            number = float(text)
        except ValueError:
            return text
        return number if repr(number) == text and abs(number) < float("inf") else text
    return text
