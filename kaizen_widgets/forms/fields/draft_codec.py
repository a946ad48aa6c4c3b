"""Drafts as they travel to a browser and back: JSON, numbers as their digits, secrets never.

A secret that is set travels as ``{"secret": true}``, and what comes back so stays what it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import SecretStr

from kaizen_widgets.forms.fields.container_nodes import (
    KEY,
    VALUE,
    DictNode,
    ListNode,
    TupleNode,
)
from kaizen_widgets.forms.fields.leaf_nodes import (
    EXACT,
    TYPED,
    JsonLeaf,
    LeafNode,
    NumberLeaf,
    OpaqueLeaf,
    SecretLeaf,
)
from kaizen_widgets.forms.fields.object_nodes import ObjectNode, bare
from kaizen_widgets.forms.fields.tagged_union import TaggedUnion
from kaizen_widgets.forms.fields.type_node import DecodeContext, Field
from kaizen_widgets.forms.fields.union_nodes import UnionNode
from kaizen_widgets.forms.paths import MISSING, Path

SET: Final = {"secret": True}
"""What stands for a secret."""

_WHOLE = re.compile(r"0|-?[1-9][0-9]*")


class DraftCodec:
    """Writes and reads the drafts of one form.

    Args:
        pins: Which branch stands in each union that has no tag, by path.
    """

    def __init__(self, pins: Mapping[Path, int]) -> None:
        self._pins = pins

    def write(self, slot: Field, draft: Any, path: Path) -> Any:
        """Return a draft as JSON without secrets."""
        node = bare(slot.node)
        if draft is None or draft is MISSING:
            return None
        match node:
            case SecretLeaf():
                return dict(SET) if _is_set(draft) else ""
            case OpaqueLeaf():
                return None
            case JsonLeaf():
                return _json_text(draft)
            case NumberLeaf():
                is_number = isinstance(draft, int | float) and not isinstance(draft, bool)
                return repr(draft) if is_number else _plain(draft)
            case ObjectNode() if isinstance(draft, dict):
                fields = node.fields.items()
                return {
                    name: self.write(field, draft[name], (*path, name))
                    for name, field in fields
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

    def read(self, slot: Field, raw: Any, current: Any, path: Path) -> Any:
        """Return the draft of what a browser sent for a place.

        Args:
            slot: The place.
            raw: What was sent.
            current: The draft there now, or `MISSING`.
            path: Of the place.
        """
        node = bare(slot.node)
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
                stands = raw if isinstance(node, TaggedUnion) or current is MISSING else current
                branch = self._branch(node, stands, path)
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
        return None if index is None else node.branches[index].slot


def _is_set(draft: Any) -> bool:
    secret = draft.get_secret_value() if hasattr(draft, "get_secret_value") else draft
    return secret not in ("", b"")


def _plain(draft: Any) -> Any:
    """Return JSON, whatever it is; a secret that strayed is not told."""
    if hasattr(draft, "get_secret_value"):
        return dict(SET)
    if draft is None or isinstance(draft, bool | str):
        return draft
    if isinstance(draft, int | float):
        return draft if abs(draft) <= EXACT else str(draft)
    if isinstance(draft, dict):
        return {str(key): _plain(item) for key, item in draft.items()}
    if isinstance(draft, list | tuple):
        return [_plain(item) for item in draft]
    return str(draft)


def _json_text(draft: Any) -> str:
    if isinstance(draft, dict) and set(draft) == {TYPED}:
        return str(draft[TYPED])
    indent = 2 if isinstance(draft, dict | list) and draft else None
    return json.dumps(draft, ensure_ascii=False, indent=indent, default=_plain)


def _json_value(text: str) -> Any:
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        return {TYPED: text}


def _number(text: str, node: LeafNode) -> Any:
    """Return a number where its digits are exactly what was typed; else what was typed."""
    if _WHOLE.fullmatch(text):
        number = int(text)
        return number if abs(number) <= EXACT and node.python in (int, float) else text
    if node.python is float:
        try:
            number = float(text)
        except ValueError:
            return text
        return number if repr(number) == text and abs(number) < float("inf") else text
    return text
