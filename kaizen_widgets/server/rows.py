"""The few SQL sentences every resource needs.

Table and column names come from this package's own code (model fields), values are always bound.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import Query

from kaizen_widgets.graph.frozen_json import MAX_SAFE_INTEGER
from kaizen_widgets.server.access import Caller
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.timestamps import stamp_after
from kaizen_widgets.server.errors import not_found
from kaizen_widgets.server.etags import check

Limit = Annotated[int, Query(ge=1, le=100, description="Rows in a page.")]
Offset = Annotated[int, Query(ge=0, le=MAX_SAFE_INTEGER, description="Rows to skip.")]


def insert(db: sqlite3.Connection, table: str, values: Mapping[str, Any]) -> None:
    """Add a row."""
    columns, places = ", ".join(values), ", ".join(f":{name}" for name in values)
    db.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", values)  # noqa: S608


def update(db: sqlite3.Connection, table: str, row_id: str, changes: Mapping[str, Any]) -> None:
    """Change some columns of the row with this id, and nothing else."""
    sets = ", ".join(f"{name} = :{name}" for name in changes)
    db.execute(f"UPDATE {table} SET {sets} WHERE id = :id", {**changes, "id": row_id})  # noqa: S608


def change(
    db: sqlite3.Connection,
    studio: Services,
    table: str,
    row: Mapping[str, Any],
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Change some columns of a row, or only what hangs on it; ``updated_at`` moves."""
    moved = {"updated_at": stamp_after(studio.clock, row["updated_at"])}
    update(db, table, row["id"], {**(changes or {}), **moved})


Page = Annotated[
    int | None, Query(ge=1, le=100, description="Rows in a page; all of them without.")
]
Search = Annotated[
    str | None, Query(max_length=200, description="Text that a name or description must hold.")
]
Sort = Annotated[
    Literal[
        "name",
        "-name",
        "created_at",
        "-created_at",
        "updated_at",
        "-updated_at",
        "status",
        "-status",
    ]
    | None,
    Query(description="A column to order by, ``-`` for the other way round; newest first without."),
]


def page(
    db: sqlite3.Connection,
    table: str,
    organization_id: str,
    wanted: Mapping[str, Any],
    limit: int,
    offset: int,
    *,
    search: str | None = None,
    searched: Sequence[str] = ("name", "description"),
    sort: str | None = None,
) -> tuple[list[dict[str, Any]], int]:
    """Return one page of an organization's rows, newest first, and how many there are in all.

    Args:
        db: Inside a transaction, so that the page and the count are of one moment.
        table: One with ``seq`` and ``organization_id``.
        organization_id: Whose rows.
        wanted: Values some columns must have; None is any.
        limit: Rows in a page; -1 for all.
        offset: Rows to skip.
        search: Text that one of the columns ``searched`` must hold, whatever its case.
        searched: Which columns.
        sort: One of `Sort`; equal ones in the usual order.
    """
    given = {name: value for name, value in wanted.items() if value is not None}
    given["organization_id"] = organization_id
    where = " AND ".join(f"{name} = :{name}" for name in given)
    if search:
        # `instr` and no LIKE: a percent sign in the text is one.
        given["search"] = search.casefold()
        held = " OR ".join(f"instr(casefold({name}), :search)" for name in searched)
        where = f"{where} AND ({held})"
    order = "seq DESC"
    if sort is not None:
        column, direction = sort.removeprefix("-"), "DESC" if sort.startswith("-") else "ASC"
        order = f"casefold({column}) {direction}, seq {direction}"
    total = db.execute(f"SELECT count(*) FROM {table} WHERE {where}", given).fetchone()[0]  # noqa: S608
    rows = db.execute(
        f"SELECT * FROM {table} WHERE {where} ORDER BY {order} LIMIT :limit OFFSET :offset",  # noqa: S608
        given | {"limit": limit, "offset": offset},
    )
    return [dict(row) for row in rows], total


def owned(
    db: sqlite3.Connection, caller: Caller, table: str, what: str, row_id: str
) -> dict[str, Any]:
    """Return a row of the caller's organization.

    Raises:
        ApiError: 404 or 403.
    """
    row = db.execute(f"SELECT * FROM {table} WHERE id = ?", (row_id,)).fetchone()  # noqa: S608
    if row is None:
        raise not_found(what, row_id)
    caller.owns(row, what)
    return dict(row)


def to_change(
    db: sqlite3.Connection, caller: Caller, table: str, what: str, row_id: str
) -> dict[str, Any]:
    """Return a row of the caller's organization that is still what they saw, if they said what.

    Raises:
        ApiError: 404, 403 or 412.
    """
    row = owned(db, caller, table, what, row_id)
    check(caller.if_match, row, what)
    return row
