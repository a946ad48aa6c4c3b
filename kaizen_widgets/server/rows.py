"""The few SQL sentences every resource needs.

Table and column names come from this package's own code (model fields), values are always bound.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query

from kaizen_widgets.graph.frozen import MAX_SAFE_INTEGER

Limit = Annotated[int, Query(ge=1, le=100, description="Rows in a page.")]
Offset = Annotated[int, Query(ge=0, le=MAX_SAFE_INTEGER, description="Rows to skip.")]


def insert(db: sqlite3.Connection, table: str, values: Mapping[str, Any]) -> None:
    """Add a row."""
    columns, places = ", ".join(values), ", ".join(f":{name}" for name in values)
    db.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", values)  # noqa: S608


def update(db: sqlite3.Connection, table: str, row_id: str, changes: Mapping[str, Any]) -> None:
    """Change some columns of the row with this id."""
    sets = ", ".join(f"{name} = :{name}" for name in changes)
    db.execute(f"UPDATE {table} SET {sets} WHERE id = :id", {**changes, "id": row_id})  # noqa: S608


def page(
    db: sqlite3.Connection,
    table: str,
    organization_id: str,
    wanted: Mapping[str, Any],
    limit: int,
    offset: int,
) -> tuple[list[dict[str, Any]], int]:
    """Return one page of an organization's rows, newest first, and how many there are in all.

    Args:
        db: Inside a transaction, so that the page and the count are of one moment.
        table: One with ``seq`` and ``organization_id``.
        organization_id: Whose rows.
        wanted: Values some columns must have; None is any.
        limit: Rows in a page.
        offset: Rows to skip.
    """
    given = {name: value for name, value in wanted.items() if value is not None}
    given["organization_id"] = organization_id
    where = " AND ".join(f"{name} = :{name}" for name in given)
    total = db.execute(f"SELECT count(*) FROM {table} WHERE {where}", given).fetchone()[0]  # noqa: S608
    rows = db.execute(
        f"SELECT * FROM {table} WHERE {where} ORDER BY seq DESC LIMIT :limit OFFSET :offset",  # noqa: S608
        given | {"limit": limit, "offset": offset},
    )
    return [dict(row) for row in rows], total
