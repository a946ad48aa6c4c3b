"""Read React Flow files, also those of other tools, and write them back in their original shape.

This module turns a file into the nodes, the edges and the `Envelope` of a graph, and back; it knows no
`Graph`. Nodes and edges are found at the top or inside the document (``data`` in Langflow,
``workflow.graph`` in Dify). Everything else is kept in the envelope, so that a graph that was not edited is
written back equal.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaizen_widgets.core.file_writing import write_file
from kaizen_widgets.errors import FileFormatError, GraphError
from kaizen_widgets.graph.elements import PARENT_KEYS
from kaizen_widgets.graph.frozen_json import FrozenDict, freeze_any_json, thaw

MAX_FILE_BYTES = 512 * 1024 * 1024
"""Size limit of a file that is read; the largest real graph seen takes 8 MB."""
SEARCH_DEPTH = 4
"""Nesting depth to which a file is searched for a graph."""

Key = tuple[str, ...]


@dataclass(frozen=True)
class Envelope:
    """What a file holds besides the nodes and edges of its graph.

    Attributes:
        document: The file's content with empty lists in place of the nodes and edges.
        place: The keys that lead to the object with the nodes and edges.
        omitted_edges: Edges to nodes that do not exist, each with its index among the file's edges.
        lost_parents: For nodes whose parent does not exist: node id to the key and id of the parent.
    """

    document: Mapping[str, Any]
    place: Key
    omitted_edges: tuple[tuple[int, Mapping[str, Any]], ...] = ()
    lost_parents: Mapping[str, Mapping[str, str]] = field(default_factory=FrozenDict)


@dataclass(frozen=True)
class GraphDocument:
    """A parsed file: what a graph is made from."""

    nodes: Sequence[Any]
    edges: Sequence[Any]
    envelope: Envelope | None

    @property
    def omissions(self) -> str:
        """Describe the parts of the file that the graph leaves out; empty if none."""
        if self.envelope is None:
            return ""
        edges = [str(edge.get("id")) for _, edge in self.envelope.omitted_edges]
        children = list(self.envelope.lost_parents)
        sentences: list[str] = []
        if edges:
            sentences.append(
                f"{_count(edges, 'edge')} to nodes that do not exist {_are(edges)} left out: {_some(edges)}."
            )
        if children:
            sentences.append(
                f"{_count(children, 'node')} whose parent does not exist {_are(children)} shown at the top "
                f"level: {_some(children)}."
            )
        return " ".join([*sentences, "The file keeps them."]) if sentences else ""


def parse(document: Any) -> GraphDocument:
    """Find the nodes and edges in a file's content.

    Edges to nodes that do not exist are omitted, and a parent that does not exist is ignored: other tools
    leave such elements behind. `render` writes both back.

    Raises:
        FileFormatError: It contains no graph, or several.
        InvalidValueError: It is not JSON.
    """
    place = _find_graph(document)
    holder = _get(document, place)
    nodes, edges = holder["nodes"], holder.get("edges", ())
    if not isinstance(edges, list | tuple):
        raise FileFormatError('"edges" is not a list.')
    ids = {
        node.get("id") for node in nodes if isinstance(node, Mapping) and _is_text(node.get("id"))
    }
    present: list[Any] = []
    omitted: list[tuple[int, Mapping[str, Any]]] = []
    for index, edge in enumerate(edges):
        if _is_dangling(edge, ids):
            omitted.append((index, freeze_any_json(edge, f"edges[{index}]")))
        else:
            present.append(edge)
    lost_parents: dict[str, Mapping[str, str]] = {}
    opened = [_without_lost_parent(node, ids, lost_parents) for node in nodes]
    is_plain = not place and set(document) == {"nodes", "edges"}
    if is_plain and not omitted and not lost_parents:
        return GraphDocument(nodes, edges, None)
    try:
        rest = freeze_any_json(_emptied(document, place), "The file")
    except RecursionError:
        raise FileFormatError("it is nested too deeply to be read.") from None
    return GraphDocument(
        opened, present, Envelope(rest, place, tuple(omitted), FrozenDict(lost_parents))
    )


def render(
    nodes: Sequence[Mapping[str, Any]],
    edges: Sequence[Mapping[str, Any]],
    envelope: Envelope | None,
) -> dict[str, Any]:
    """Return the content of a file: the envelope with nodes and edges in their place."""
    if envelope is None:
        return {"nodes": list(nodes), "edges": list(edges)}
    document = thaw(envelope.document)
    holder = _get(document, envelope.place)
    all_nodes = [_with_lost_parent(node, envelope) for node in nodes]
    all_edges = list(edges)
    for index, edge in envelope.omitted_edges:
        all_edges.insert(index, edge)
    holder["nodes"] = all_nodes
    # A file that had no "edges" gets them only when there are edges.
    if all_edges or "edges" in holder:
        holder["edges"] = all_edges
    return document


def read_json(path: str | os.PathLike[str]) -> Any:
    """Return the content of a JSON file.

    Raises:
        FileFormatError: It is not JSON, or not a regular file (a pipe or a device may never end).
        OSError: It cannot be read.
    """
    name = Path(path).name
    # Opening a named pipe waits for a writer unless it is opened without blocking.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(f"{name} is a folder, not a file.")
        if not stat.S_ISREG(mode):
            raise FileFormatError(
                f"{name} is a pipe or a device, not a file.",
                hint="Read its text yourself and pass Graph.from_json(json.loads(text)).",
            )
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise FileFormatError(
            f"{name} is larger than {MAX_FILE_BYTES // 1024**2} MB, the most that is read."
        )
    try:
        # NaN is accepted here: in an element it is refused later, with the element's name.
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{name} is not JSON ({error}).") from None


def write_json(content: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write a JSON file; the old file stays complete until the new one is.

    An existing file keeps its mode, owner and group, and a link keeps pointing to it; a new file gets the
    mode that the umask asks for. Pipes and devices are written to.

    Raises:
        OSError: It cannot be written; the old content is still there.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    try:
        data = text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair from another tool: JSON can express it only as an escape.
        data = (json.dumps(content, indent=2) + "\n").encode()
    write_file(data, path)


@contextmanager
def errors_named(path: str | os.PathLike[str]) -> Iterator[None]:
    """Put a file's name in front of errors about its content."""
    name = Path(path).name
    try:
        yield
    except GraphError as error:
        named = error.sentence if error.sentence.startswith(name) else f"{name}: {error.sentence}"
        raise FileFormatError(
            named, hint=error.hint, node_id=error.node_id, edge_id=error.edge_id
        ) from None


# ---------------------------------------------------------------- in a document

PLACES: tuple[Key, ...] = ((), ("data",), ("flow",), ("graph",), ("workflow", "graph"))
"""Where tools keep nodes and edges, tried in this order."""


def _find_graph(document: Any) -> Key:
    for place in PLACES:
        holder = _get(document, place)
        if isinstance(holder, Mapping) and isinstance(holder.get("nodes"), list | tuple):
            return place
    found = list(_search(document, ()))
    if len(found) == 1:
        return found[0]
    if found:
        places = ", ".join(repr(".".join(place)) for place in found[:5])
        raise FileFormatError(
            f"there are {len(found)} graphs in it, under {places}.", hint="Pass one of them."
        )
    raise FileFormatError(
        "there are no nodes in it.",
        hint='Expected lists "nodes" and "edges" at the top or under "data", "flow" or "workflow.graph".',
    )


def _search(value: Any, place: Key) -> Iterator[Key]:
    """Yield the places of objects that look like a graph: a list of nodes with ids."""
    if not isinstance(value, Mapping) or len(place) > SEARCH_DEPTH:
        return
    nodes = value.get("nodes")
    if isinstance(nodes, list | tuple) and nodes and all(map(_looks_like_node, nodes)):
        yield place
        return
    for key, item in value.items():
        if isinstance(key, str):
            yield from _search(item, (*place, key))


def _looks_like_node(value: Any) -> bool:
    return (
        isinstance(value, Mapping) and "id" in value and isinstance(value.get("position"), Mapping)
    )


def _get(document: Any, place: Key) -> Any:
    value = document
    for key in place:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _emptied(value: Mapping[str, Any], place: Key) -> dict[str, Any]:
    """Return the document with empty lists for the nodes and edges at ``place``."""
    if place:
        return dict(value) | {place[0]: _emptied(value[place[0]], place[1:])}
    return {key: [] if key in ("nodes", "edges") else item for key, item in value.items()}


def _is_dangling(edge: Any, ids: set[Any]) -> bool:
    if not isinstance(edge, Mapping):
        return False
    ends = (edge.get("source"), edge.get("target"))
    return all(map(_is_text, ends)) and not ids.issuperset(ends)


def _without_lost_parent(node: Any, ids: set[Any], lost: dict[str, Mapping[str, str]]) -> Any:
    if not isinstance(node, Mapping):
        return node
    gone = {
        key: node[key] for key in PARENT_KEYS if _is_text(node.get(key)) and node[key] not in ids
    }
    if not gone or not _is_text(node.get("id")):
        return node
    lost[node["id"]] = FrozenDict(gone)
    return {key: item for key, item in node.items() if key not in gone}


def _with_lost_parent(node: Mapping[str, Any], envelope: Envelope) -> Mapping[str, Any]:
    lost = envelope.lost_parents.get(node["id"])
    if lost is None or any(node.get(key) for key in PARENT_KEYS):
        return node
    return {**node, **lost}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _count(ids: Sequence[str], noun: str) -> str:
    return f"1 {noun}" if len(ids) == 1 else f"{len(ids)} {noun}s"


def _are(ids: Sequence[str]) -> str:
    return "is" if len(ids) == 1 else "are"


def _some(ids: Sequence[str]) -> str:
    shown = ", ".join(repr(each if len(each) <= 40 else f"{each[:37]}...") for each in ids[:3])
    return f"{shown}, ..." if len(ids) > 3 else shown
