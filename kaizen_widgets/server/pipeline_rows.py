"""Pipelines, their nodes and connections, as rows; no HTTP here but the errors.

Node and connection ids are per pipeline. A graph is replaced as a whole, inside the caller's
transaction, after `check_graph` found nothing against it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from kaizen_widgets.errors import InvalidValueError
from kaizen_widgets.graph.frozen_json import MAX_BYTES, check_id, freeze
from kaizen_widgets.server.access import Caller
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.timestamps import stamp
from kaizen_widgets.server.errors import FieldError, invalid
from kaizen_widgets.server.fields import from_text, to_text
from kaizen_widgets.server.pipeline_models import ConnectionCreate, GraphSave, NodeCreate
from kaizen_widgets.server.rows import owned, to_change

JSON_COLUMNS = ("config", "condition", "extra")


def pipeline_of(db: sqlite3.Connection, caller: Caller, pipeline_id: str) -> dict[str, Any]:
    """Return a pipeline of the caller's organization.

    Raises:
        ApiError: 404 or 403.
    """
    return owned(db, caller, "pipelines", "pipeline", pipeline_id)


def pipeline_to_change(db: sqlite3.Connection, caller: Caller, pipeline_id: str) -> dict[str, Any]:
    """Return a pipeline of the caller's organization, for a change of it or its graph.

    Raises:
        ApiError: 404, 403 or 412.
    """
    return to_change(db, caller, "pipelines", "pipeline", pipeline_id)


def nodes_of(
    db: sqlite3.Connection, pipeline_id: str, node_id: str | None = None
) -> list[dict[str, Any]]:
    """Return a pipeline's nodes in the order they were sent, or only the one with this id."""
    return _elements(db, "pipeline_nodes", pipeline_id, node_id)


def connections_of(
    db: sqlite3.Connection, pipeline_id: str, connection_id: str | None = None
) -> list[dict[str, Any]]:
    """Return a pipeline's connections in the order they were sent, or only the one with this id."""
    return _elements(db, "pipeline_connections", pipeline_id, connection_id)


def with_graph(db: sqlite3.Connection, pipeline: dict[str, Any]) -> dict[str, Any]:
    """Return a pipeline with its nodes and connections."""
    pipeline = {key: value for key, value in pipeline.items() if key != "seq"}
    return pipeline | {
        "nodes": nodes_of(db, pipeline["id"]),
        "connections": connections_of(db, pipeline["id"]),
    }


def check_graph(graph: GraphSave) -> None:
    """Refuse a graph with ids that are taken twice or cannot be, and connections to nowhere.

    Raises:
        ApiError: 422, with each field that is wrong.
    """
    errors = [*_check_ids("nodes", graph.nodes), *_check_ids("connections", graph.connections)]
    known = {node.id for node in graph.nodes if node.id is not None}
    for index, connection in enumerate(graph.connections):
        for end in ("source_node_id", "target_node_id"):
            if (node_id := getattr(connection, end)) not in known:
                errors.append(
                    FieldError(
                        field=f"body.connections.{index}.{end}",
                        message=f"There is no node {node_id!r:.200} in this graph",
                        type="unknown_node",
                    )
                )
    if errors:
        raise invalid(errors)


def replace_graph(
    db: sqlite3.Connection, studio: Services, pipeline_id: str, graph: GraphSave
) -> None:
    """Put a checked graph in the place of the old one; what stays keeps its ``created_at``."""
    born = {
        table: dict(
            db.execute(
                f"SELECT id, created_at FROM {table} WHERE pipeline_id = ?",  # noqa: S608
                (pipeline_id,),
            ).fetchall()
        )
        for table in ("pipeline_connections", "pipeline_nodes")
    }
    for table in born:
        db.execute(f"DELETE FROM {table} WHERE pipeline_id = ?", (pipeline_id,))  # noqa: S608
    now = stamp(studio.clock)
    add_nodes(db, studio, pipeline_id, graph.nodes, now, 0, born["pipeline_nodes"])
    add_connections(
        db, studio, pipeline_id, graph.connections, now, 0, born["pipeline_connections"]
    )


def add_nodes(
    db: sqlite3.Connection,
    studio: Services,
    pipeline_id: str,
    nodes: Sequence[NodeCreate],
    now: str,
    place: int,
    born: dict[str, str],
) -> None:
    """Add nodes, the first at ``place``; ``born`` has the ``created_at`` of those that were there."""
    for node in nodes:
        node.id = studio.new_id() if node.id is None else node.id
    db.executemany(
        "INSERT INTO pipeline_nodes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                pipeline_id,
                node.id,
                index,
                node.node_type,
                node.agent_id,
                node.label,
                node.position_x,
                node.position_y,
                to_text(node.config),
                to_text(node.extra or None),
                born.get(str(node.id), now),
                now,
            )
            for index, node in enumerate(nodes, place)
        ),
    )


def add_connections(
    db: sqlite3.Connection,
    studio: Services,
    pipeline_id: str,
    connections: Sequence[ConnectionCreate],
    now: str,
    place: int,
    born: dict[str, str],
) -> None:
    """Add connections, the first at ``place``; ``born`` as in `add_nodes`."""
    for connection in connections:
        connection.id = studio.new_id() if connection.id is None else connection.id
    db.executemany(
        "INSERT INTO pipeline_connections VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                pipeline_id,
                connection.id,
                index,
                connection.source_node_id,
                connection.target_node_id,
                connection.source_handle,
                connection.target_handle,
                to_text(connection.condition),
                to_text(connection.extra or None),
                born.get(str(connection.id), now),
            )
            for index, connection in enumerate(connections, place)
        ),
    )


def next_place(db: sqlite3.Connection, table: str, pipeline_id: str) -> int:
    """Return the place after a pipeline's last node or connection."""
    last = db.execute(
        f"SELECT max(place) FROM {table} WHERE pipeline_id = ?",  # noqa: S608
        (pipeline_id,),
    ).fetchone()[0]
    return 0 if last is None else last + 1


def check_element(element: NodeCreate | ConnectionCreate, field: str) -> list[FieldError]:
    """Return what is wrong with a node's or connection's id or text; ``field`` is where it stands."""
    kind = "Node" if isinstance(element, NodeCreate) else "Connection"
    try:
        if element.id is not None:
            check_id(element.id, f"The id of a {kind.lower()}")
    except InvalidValueError as error:
        return [FieldError(field=f"{field}.id", message=str(error), type=error.code)]
    return check_texts(element, f"{kind} {element.id!r}", field)


def check_texts(element: BaseModel, name: str, field: str) -> list[FieldError]:
    """Return which texts of an element could not be kept or sent; its objects were checked before.

    Args:
        element: A node, a connection, or a change of one.
        name: What to call it in a sentence.
        field: Where it stands in the request.
    """
    errors = []
    for key, value in element:
        if not isinstance(value, str) or (value.isascii() and len(value) <= MAX_BYTES):
            continue
        try:
            # As any other value of a document: real Unicode, and not too large.
            freeze(value, f"{name}: {key}")
        except InvalidValueError as error:
            errors.append(FieldError(field=f"{field}.{key}", message=str(error), type=error.code))
    return errors


def _check_ids(
    name: str, elements: Sequence[NodeCreate] | Sequence[ConnectionCreate]
) -> Iterator[FieldError]:
    kind, seen = name.removesuffix("s"), set[str]()
    for index, element in enumerate(elements):
        yield from check_element(element, f"body.{name}.{index}")
        if element.id is not None and element.id in seen:
            yield FieldError(
                field=f"body.{name}.{index}.id",
                message=f"There are two {kind}s with the id {element.id!r:.200}",
                type="duplicate_id",
            )
        elif element.id is not None:
            seen.add(element.id)


def _elements(
    db: sqlite3.Connection, table: str, pipeline_id: str, element_id: str | None
) -> list[dict[str, Any]]:
    wanted = "" if element_id is None else "AND id = :id"
    rows = db.execute(
        f"SELECT * FROM {table} WHERE pipeline_id = :pipeline {wanted} ORDER BY place",  # noqa: S608
        {"pipeline": pipeline_id, "id": element_id},
    )
    return [_element(row) for row in rows]


def _element(row: sqlite3.Row) -> dict[str, Any]:
    element = dict(row)
    del element["place"]
    for column in JSON_COLUMNS:
        if column in element:
            element[column] = from_text(element[column])
    if element["extra"] is None:
        del element["extra"]
    return element
