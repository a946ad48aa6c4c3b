"""A checksum of a document's history: kernel and view have the same one if they applied the same batches.

``digest`` extends the previous checksum with the elements that a batch names, as they are after the batch,
and with the number of elements. Its cost grows with the batch, not with the graph. `js/src/canvas/digest.ts`
computes the same: both hash text in which numbers are the bytes of a double and keys are ordered by UTF-16
code units.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

from kaizen_widgets.graph.graph import Graph
from kaizen_widgets.graph.operations import (
    AddElement,
    Batch,
    MoveElement,
    SetProperty,
    UnsetProperty,
    id_of,
)


def digest(before: int, batch: Batch, after: Graph) -> int:
    """Return the checksum of ``after``.

    Args:
        before: Checksum of the document before the batch; 0 for a document just opened.
        batch: The batch that was applied.
        after: The document after it.
    """
    parts = [f"{after.node_count}/{after.edge_count}"]
    for operation in batch:
        element_id = id_of(operation)
        parts.append(operation.kind + _text(element_id))
        element = after.find(operation.kind, element_id)
        if element is None:
            continue
        match operation:
            case AddElement():
                parts.append(_text(element))
                if operation.before is not None:
                    parts.append(_text(after.following(operation.kind, element_id)))
            case MoveElement():
                parts.append(_text(after.following(operation.kind, element_id)))
            case SetProperty() | UnsetProperty():
                found, value = element.get_in(operation.path)
                parts.append(_text(value) if found else "-")
            case _:
                pass
    return zlib.crc32("\n".join(parts).encode(), before)


def _text(value: Any) -> str:
    """Return JSON as text; Python and JavaScript produce the same."""
    if isinstance(value, str):
        return f"'{len(value.encode('utf-16-le')) // 2}:{value}"
    if value is None or isinstance(value, bool):
        return str(value)[0]
    if isinstance(value, int | float):
        # Adding 0 turns -0 into 0: not every JSON parser keeps the two apart.
        return struct.pack(">d", float(value) + 0.0).hex()
    if isinstance(value, list):
        return f"[{','.join(map(_text, value))}]"
    keys = sorted(value, key=_utf16) if len(value) > 1 else value
    return f"{{{','.join(f'{_text(key)}{_text(value[key])}' for key in keys)}}}"


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be")
