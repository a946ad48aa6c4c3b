"""CRUD for everything an organization owns: list, get, create, update, delete.

Table and column names come from this package's own code, values are always bound. All methods run inside a
transaction of the caller's (``db``), so that a page and its count, or a check and a change, are consistent.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends, Query

from kaizen_widgets.graph.frozen_json import MAX_SAFE_INTEGER
from kaizen_widgets.server.base.api_errors import not_found
from kaizen_widgets.server.base.etags import check_unchanged
from kaizen_widgets.server.base.permissions import Caller
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.base.timestamps import timestamp, timestamp_after

Row = dict[str, Any]
ALL = -1
"""A limit that gives every row."""

Limit = Annotated[int | None, Query(ge=1, le=100, description="Rows in a page.")]
Offset = Annotated[int, Query(ge=0, le=MAX_SAFE_INTEGER, description="Rows to skip.")]
Search = Annotated[
    str | None, Query(max_length=200, description="Text that a name or description must contain.")
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
    Query(description="A column to sort by, with ``-`` for descending; newest first without."),
]


@dataclass(frozen=True)
class Page:
    """The rows of a list to return.

    Attributes:
        limit: Rows in the page, or `ALL`.
        offset: Rows to skip.
        search: Text that one of the table's searched columns must contain, in any case.
        sort: A column, with ``-`` for descending; None for newest first.
    """

    limit: int = ALL
    offset: int = 0
    search: str | None = None
    sort: str | None = None


def page_query(default: int | None = 50) -> Any:
    """Return the dependency that reads a `Page` from the query.

    Args:
        default: Rows in a page when the query does not say; None for all.
    """

    async def read(
        search: Search = None, sort: Sort = None, limit: Limit = default, offset: Offset = 0
    ) -> Page:
        return Page(limit or ALL, offset, search, sort)

    return Depends(read)


class Table:
    """Rows that an organization owns.

    Args:
        name: The SQL table, or a subquery; it has ``id``, ``seq`` and ``organization_id``.
        noun: What errors call one of its rows.
        searched: Columns that a search looks at.
        json_columns: Columns that hold JSON text; rows have them as values.
    """

    def __init__(
        self,
        name: str,
        noun: str,
        *,
        searched: Sequence[str] = ("name", "description"),
        json_columns: Iterable[str] = (),
    ) -> None:
        self.name = name
        self.noun = noun
        self._searched = tuple(searched)
        self._json_columns = frozenset(json_columns)

    def page(
        self,
        db: sqlite3.Connection,
        organization_id: str,
        filters: Mapping[str, Any] | None = None,
        page: Page = Page(),
    ) -> tuple[list[Row], int]:
        """Return one page of an organization's rows, and how many rows fit in all.

        Args:
            db: A transaction.
            organization_id: The organization.
            filters: Values that columns must have; None for any.
            page: Which rows, and in which order.
        """
        values = {name: value for name, value in (filters or {}).items() if value is not None}
        values["organization_id"] = organization_id
        where = " AND ".join(f"{name} = :{name}" for name in values)
        if page.search:
            # `instr` rather than LIKE: a percent sign in the text is one.
            values["search"] = page.search.casefold()
            found = " OR ".join(f"instr(casefold({name}), :search)" for name in self._searched)
            where = f"{where} AND ({found})"
        order = "seq DESC"
        if page.sort is not None:
            column = page.sort.removeprefix("-")
            direction = "DESC" if page.sort.startswith("-") else "ASC"
            order = f"casefold({column}) {direction}, seq {direction}"
        count = f"SELECT count(*) FROM {self.name} WHERE {where}"  # noqa: S608
        total = db.execute(count, values).fetchone()[0]
        query = (
            f"SELECT * FROM {self.name} WHERE {where} ORDER BY {order}"  # noqa: S608
            " LIMIT :limit OFFSET :offset"
        )
        rows = db.execute(query, values | {"limit": page.limit, "offset": page.offset})
        return [self.decoded(row) for row in rows], total

    def get(self, db: sqlite3.Connection, caller: Caller, row_id: str) -> Row:
        """Return a row of the caller's organization.

        Raises:
            ApiError: 404 or 403.
        """
        query = f"SELECT * FROM {self.name} WHERE id = ?"  # noqa: S608
        row = db.execute(query, (row_id,)).fetchone()
        if row is None:
            raise not_found(self.noun, row_id)
        caller.check_owns(row, self.noun)
        return self.decoded(row)

    def get_for_change(self, db: sqlite3.Connection, caller: Caller, row_id: str) -> Row:
        """Return a row of the caller's organization after checking the caller's ``If-Match``, if any.

        Raises:
            ApiError: 404, 403 or 412.
        """
        row = self.get(db, caller, row_id)
        check_unchanged(caller.if_match, row, self.noun)
        return row

    def create(
        self,
        db: sqlite3.Connection,
        services: Services,
        organization_id: str,
        values: Mapping[str, Any],
    ) -> str:
        """Add a row with a new id and the current time; return the id."""
        row_id, now = services.new_id(), timestamp(services.clock)
        own = {
            "id": row_id,
            "organization_id": organization_id,
            "created_at": now,
            "updated_at": now,
        }
        self.insert(db, own | dict(values))
        return row_id

    def insert(self, db: sqlite3.Connection, values: Mapping[str, Any]) -> None:
        """Add a row as it is."""
        insert(db, self.name, self.encoded(values))

    def update(
        self,
        db: sqlite3.Connection,
        services: Services,
        row: Mapping[str, Any],
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        """Change columns of a row, or only something that belongs to it; ``updated_at`` moves."""
        moved = {"updated_at": timestamp_after(services.clock, row["updated_at"])}
        update(db, self.name, row["id"], self.encoded(changes or {}) | moved)

    def delete(self, db: sqlite3.Connection, row_id: str) -> None:
        """Remove a row; the schema removes what belongs to it."""
        db.execute(f"DELETE FROM {self.name} WHERE id = ?", (row_id,))  # noqa: S608

    def decoded(self, row: sqlite3.Row) -> Row:
        """Return a row with its JSON parsed."""
        return {name: self._decode(name, row[name]) for name in row.keys()}  # noqa: SIM118

    def encoded(self, values: Mapping[str, Any]) -> Row:
        """Return values as the columns hold them."""
        return {
            name: to_json(value) if name in self._json_columns else value
            for name, value in values.items()
        }

    def _decode(self, name: str, value: Any) -> Any:
        return from_json(value) if name in self._json_columns else value


class PartTable:
    """Rows that belong to a row of a `Table`: an agent's tools, a team's members.

    Args:
        name: The SQL table; it has ``id`` and ``seq``.
        noun: What errors call one of its rows.
        parent_column: The column with the id of the row they belong to.
        json_columns: Columns that hold JSON text; rows have them as values.
    """

    def __init__(
        self, name: str, noun: str, parent_column: str, *, json_columns: Iterable[str] = ()
    ) -> None:
        self._table = Table(name, noun, json_columns=json_columns)
        self._parent_column = parent_column

    def of(self, db: sqlite3.Connection, parent_id: str) -> list[Row]:
        """Return all parts of a row, in the order they were made."""
        query = f"SELECT * FROM {self._table.name} WHERE {self._parent_column} = ? ORDER BY seq"  # noqa: S608
        return [self._table.decoded(row) for row in db.execute(query, (parent_id,))]

    def get(self, db: sqlite3.Connection, parent_id: str, part_id: str, *, by: str = "id") -> Row:
        """Return a part of a row.

        Args:
            db: A transaction.
            parent_id: The row.
            part_id: The part's id, or its value in the column ``by``.
            by: The column to look in.

        Raises:
            ApiError: 404.
        """
        query = f"SELECT * FROM {self._table.name} WHERE {self._parent_column} = ? AND {by} = ?"  # noqa: S608
        row = db.execute(query, (parent_id, part_id)).fetchone()
        if row is None:
            raise not_found(self._table.noun, part_id)
        return self._table.decoded(row)

    def create(
        self,
        db: sqlite3.Connection,
        services: Services,
        parent_id: str,
        values: Mapping[str, Any],
    ) -> Row:
        """Add a part with a new id and the current time; return it."""
        part_id = services.new_id()
        own = {
            self._parent_column: parent_id,
            "id": part_id,
            "created_at": timestamp(services.clock),
        }
        self._table.insert(db, own | dict(values))
        return self.get(db, parent_id, part_id)

    def update(self, db: sqlite3.Connection, part_id: str, changes: Mapping[str, Any]) -> None:
        """Change columns of a part."""
        update(db, self._table.name, part_id, self._table.encoded(changes))

    def delete(self, db: sqlite3.Connection, part_id: str) -> None:
        """Remove a part."""
        self._table.delete(db, part_id)


def insert(db: sqlite3.Connection, table: str, values: Mapping[str, Any]) -> None:
    """Add a row to a table."""
    columns, places = ", ".join(values), ", ".join(f":{name}" for name in values)
    db.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", dict(values))  # noqa: S608


def update(db: sqlite3.Connection, table: str, row_id: str, changes: Mapping[str, Any]) -> None:
    """Change columns of the row with this id, and nothing else."""
    sets = ", ".join(f"{name} = :{name}" for name in changes)
    query = f"UPDATE {table} SET {sets} WHERE id = :id"  # noqa: S608
    db.execute(query, {**changes, "id": row_id})


def to_json(value: Any) -> str | None:
    """Return a value as JSON text; None stays None."""
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_json(text: str | None) -> Any:
    """Return the value of JSON text; None stays None."""
    return None if text is None else json.loads(text)
