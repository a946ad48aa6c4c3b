"""What a document came to, as one number: two ends that applied the same batches alike have the same.

``digest`` goes on from the number before with what a batch did to the elements it names and how many
elements there are now. Its cost grows with the batch, not with the graph. `js/src/canvas/digest.ts`
computes the same: what is hashed is text, numbers in it as the bytes of a double, keys by UTF-16 code units.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

from kaizen_widgets.graph.elements import ElementKind
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
    """Return the number of a document.

    Args:
        before: That of the document the batch was applied to; 0 for the first.
        batch: What was done.
        after: What came of it.
    """
    parts = [f"{after.node_count}/{after.edge_count}"]
    for operation in batch:
        element_id = id_of(operation)
        parts.append(operation.kind + _text(element_id))
        there = _find(after, operation.kind, element_id)
        if there is None:
            continue
        match operation:
            case AddElement():
                parts.append(_text(there))
                if operation.before is not None:
                    parts.append(_text(_following(after, operation.kind, element_id)))
            case MoveElement():
                parts.append(_text(_following(after, operation.kind, element_id)))
            case SetProperty() | UnsetProperty():
                found, value = there.get_in(operation.path)
                parts.append(_text(value) if found else "-")
            case _:
                pass
    return zlib.crc32("\n".join(parts).encode(), before)


def _find(graph: Graph, kind: ElementKind, element_id: str) -> Any:
    if kind == "node":
        return graph.node(element_id) if graph.has_node(element_id) else None
    return graph.edge(element_id) if graph.has_edge(element_id) else None


def _following(graph: Graph, kind: ElementKind, element_id: str) -> str | None:
    return (graph._nodes if kind == "node" else graph._edges).following(element_id)


def _text(value: Any) -> str:
    """Return JSON as text that both ends write alike."""
    if isinstance(value, str):
        return f"'{len(value.encode('utf-16-le')) // 2}:{value}"
    if value is None or isinstance(value, bool):
        return str(value)[0]
    if isinstance(value, int | float):
        # Adding 0 turns -0 into 0: JSON does not keep them apart everywhere.
        return struct.pack(">d", float(value) + 0.0).hex()
    if isinstance(value, list):
        return f"[{','.join(map(_text, value))}]"
    keys = sorted(value, key=_utf16) if len(value) > 1 else value
    return f"{{{','.join(f'{_text(key)}{_text(value[key])}' for key in keys)}}}"


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be")
