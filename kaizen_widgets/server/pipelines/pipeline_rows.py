"""Pipelines, their nodes and connections in the database; no HTTP here but the errors.

Node and connection ids are unique per pipeline. A graph is replaced as a whole, inside the caller's
transaction, after `check_graph` found nothing wrong with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from kaizen_widgets.errors import InvalidValueError
from kaizen_widgets.graph.frozen_json import MAX_BYTES, check_id, freeze
from kaizen_widgets.server.base.api_errors import InvalidField, invalid
from kaizen_widgets.server.base.crud import Table, from_json, to_json
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.timestamps import timestamp
from kaizen_widgets.server.pipelines.pipeline_models import (
    ConnectionCreate,
    GraphSave,
    NodeCreate,
)

PIPELINES = Table("pipelines", "pipeline")
JSON_COLUMNS = ("config", "condition", "extra")


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
    """Refuse a graph with duplicate or impossible ids, or with connections to missing nodes.

    Raises:
        ApiError: 422, with every invalid field.
    """
    errors = [*_check_ids("nodes", graph.nodes), *_check_ids("connections", graph.connections)]
    known = {node.id for node in graph.nodes if node.id is not None}
    for index, connection in enumerate(graph.connections):
        for end in ("source_node_id", "target_node_id"):
            if (node_id := getattr(connection, end)) not in known:
                errors.append(
                    InvalidField(
                        field=f"body.connections.{index}.{end}",
                        message=f"There is no node {node_id!r:.200} in this graph",
                        type="unknown_node",
                    )
                )
    if errors:
        raise invalid(errors)


def replace_graph(
    db: sqlite3.Connection, services: Services, pipeline_id: str, graph: GraphSave
) -> None:
    """Replace a graph by a checked one; elements that stay keep their ``created_at``."""
    created = {
        table: dict(
            db.execute(
                f"SELECT id, created_at FROM {table} WHERE pipeline_id = ?",  # noqa: S608
                (pipeline_id,),
            ).fetchall()
        )
        for table in ("pipeline_connections", "pipeline_nodes")
    }
    for table in created:
        db.execute(f"DELETE FROM {table} WHERE pipeline_id = ?", (pipeline_id,))  # noqa: S608
    now = timestamp(services.clock)
    add_nodes(db, services, pipeline_id, graph.nodes, now, 0, created["pipeline_nodes"])
    add_connections(
        db, services, pipeline_id, graph.connections, now, 0, created["pipeline_connections"]
    )


def add_nodes(
    db: sqlite3.Connection,
    services: Services,
    pipeline_id: str,
    nodes: Sequence[NodeCreate],
    now: str,
    place: int,
    created: dict[str, str],
) -> None:
    """Add nodes, the first at ``place``; ``created`` has the ``created_at`` of those that existed."""
    for node in nodes:
        node.id = services.new_id() if node.id is None else node.id
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
                to_json(node.config),
                to_json(node.extra or None),
                created.get(str(node.id), now),
                now,
            )
            for index, node in enumerate(nodes, place)
        ),
    )


def add_connections(
    db: sqlite3.Connection,
    services: Services,
    pipeline_id: str,
    connections: Sequence[ConnectionCreate],
    now: str,
    place: int,
    created: dict[str, str],
) -> None:
    """Add connections, the first at ``place``; ``created`` as in `add_nodes`."""
    for connection in connections:
        connection.id = services.new_id() if connection.id is None else connection.id
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
                to_json(connection.condition),
                to_json(connection.extra or None),
                created.get(str(connection.id), now),
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


def check_element(element: NodeCreate | ConnectionCreate, field: str) -> list[InvalidField]:
    """Return what is wrong with the id or text of a node or connection; ``field`` is its path."""
    kind = "Node" if isinstance(element, NodeCreate) else "Connection"
    try:
        if element.id is not None:
            check_id(element.id, f"The id of a {kind.lower()}")
    except InvalidValueError as error:
        return [InvalidField(field=f"{field}.id", message=str(error), type=error.code)]
    return check_texts(element, f"{kind} {element.id!r}", field)


def check_texts(element: BaseModel, name: str, field: str) -> list[InvalidField]:
    """Return which texts of an element cannot be stored; its objects were checked before.

    Args:
        element: A node, a connection, or a change of one.
        name: What to call it in a sentence.
        field: Its path in the request.
    """
    errors = []
    for key, value in element:
        if not isinstance(value, str) or (value.isascii() and len(value) <= MAX_BYTES):
            continue
        try:
            # As for any value of a document: well-formed Unicode, and not too large.
            freeze(value, f"{name}: {key}")
        except InvalidValueError as error:
            errors.append(InvalidField(field=f"{field}.{key}", message=str(error), type=error.code))
    return errors


def _check_ids(
    name: str, elements: Sequence[NodeCreate] | Sequence[ConnectionCreate]
) -> Iterator[InvalidField]:
    kind, seen = name.removesuffix("s"), set[str]()
    for index, element in enumerate(elements):
        yield from check_element(element, f"body.{name}.{index}")
        if element.id is not None and element.id in seen:
            yield InvalidField(
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
            element[column] = from_json(element[column])
    if element["extra"] is None:
        del element["extra"]
    return element
