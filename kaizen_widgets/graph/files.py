"""React Flow files: other tools' documents open, and go back as they were.

Nodes and edges stand at the top, or under ``data`` (Langflow). Whatever else the file holds is kept in
the graph's envelope, and every key of a node or edge in the element itself, so that an untouched graph
is written back equal.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kaizen_widgets.errors import FileFormatError, GraphError
from kaizen_widgets.graph.frozen_json import thaw

if TYPE_CHECKING:
    from kaizen_widgets.graph.graph import Graph

G = TypeVar("G", bound="Graph")

PLACES: tuple[tuple[str, ...], ...] = ((), ("data",))
"""Where nodes and edges may stand in a file."""


def read(kind: type[G], path: str | os.PathLike[str]) -> G:
    """Open a file.

    Raises:
        FileFormatError: It holds no graph; the message names the file and the reason.
        OSError: It cannot be read.
    """
    name = Path(path).name
    try:
        # A NaN passes here: the check below refuses it with the name of its element.
        document = json.loads(Path(path).read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{name} is not JSON ({error}).") from None
    try:
        return from_document(kind, document)
    except FileFormatError as error:
        raise FileFormatError(f"{name}: {error.sentence}", hint=error.hint) from None
    except GraphError as error:
        raise FileFormatError(
            f"{name}: {error.sentence}",
            hint=error.hint,
            node_id=error.node_id,
            edge_id=error.edge_id,
        ) from None


def write(graph: Graph, path: str | os.PathLike[str]) -> None:
    """Write a graph in the shape it was read from; the old file stays until the new one is whole."""
    target = Path(path)
    text = json.dumps(to_document(graph), indent=2, ensure_ascii=False, allow_nan=False)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def from_document(kind: type[G], document: Any) -> G:
    """Read a parsed file.

    Raises:
        FileFormatError: There are no nodes and edges in it.
        GraphError: There are, but not those of a graph.
    """
    for place in PLACES:
        around = document
        for key in place:
            around = around.get(key) if isinstance(around, Mapping) else None
        if isinstance(around, Mapping) and isinstance(around.get("nodes"), list | tuple):
            edges = around.get("edges", ())
            if not isinstance(edges, list | tuple):
                raise FileFormatError('"edges" is not a list.')
            return kind(around["nodes"], edges, envelope=_envelope(document, place))
    raise FileFormatError(
        "there are no nodes in it.",
        hint='Expected lists "nodes" and "edges" at the top or under "data".',
    )


def to_document(graph: Graph) -> dict[str, Any]:
    """Return the file's content: the envelope with the nodes and edges back in their place."""
    if graph.envelope is None:
        return graph.to_json()
    document = thaw(graph.envelope["document"])
    around = document
    for key in graph.envelope["place"]:
        around = around[key]
    for key, elements in graph.to_json().items():
        # A file without edges stays without, as long as there are none.
        if key in around or elements:
            around[key] = elements
    return document


def _envelope(document: Mapping[str, Any], place: tuple[str, ...]) -> dict[str, Any] | None:
    if not place and set(document) <= {"nodes", "edges"} and "edges" in document:
        return None

    def emptied(value: Mapping[str, Any], rest: tuple[str, ...]) -> dict[str, Any]:
        if rest:
            return dict(value) | {rest[0]: emptied(value[rest[0]], rest[1:])}
        return {key: [] if key in ("nodes", "edges") else item for key, item in value.items()}

    return {"document": emptied(document, place), "place": place}
