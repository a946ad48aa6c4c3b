"""The database kind: one SQL statement, its parameters bound from what arrives, through SQLAlchemy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import Field

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.connectors.address_guard import check_host
from kaizen_widgets.nodes.connectors.base_connector import BaseConnector
from kaizen_widgets.nodes.connectors.named_secrets import read_secret
from kaizen_widgets.nodes.kind import Task, TimedConfig
from kaizen_widgets.nodes.look import Look
from kaizen_widgets.nodes.port_types import PortType
from kaizen_widgets.nodes.values import value_fields

DRIVERS = frozenset(
    {
        "sqlite",
        "postgresql",
        "postgresql+psycopg",
        "postgresql+psycopg2",
        "postgresql+pg8000",
        "mysql",
        "mysql+pymysql",
        "mysql+mysqldb",
        "mariadb",
        "mariadb+pymysql",
    }
)
"""Drivers a URL may name: SQLAlchemy would import whatever it names."""
OPTIONS = frozenset(["sslmode", "charset", "application_name", "connect_timeout"])
"""Options a URL may have: others lead to another host or to files."""
LIBPQ = frozenset({"psycopg", "psycopg2"})
"""Drivers that take the address beside the host, whose name is then still the certificate's."""
READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}
"""What makes a connection refuse to write, by dialect."""
READING = frozenset(["select", "with", "values", "table", "explain", "show", "describe"])


class DatabaseConfig(TimedConfig):
    """Config of a database node."""

    url: str = ""
    """Address without a password: "postgresql://reader@db.example.com/orders", "sqlite:///orders.db"."""
    secret: str = ""
    """Name of the secret that is the password; empty for none."""
    sql: str = ""
    """One statement; ":name" is the field of that name of what arrives, always bound, never inserted."""
    read_only: bool = True
    """Whether it may only read; the database itself refuses to write."""
    max_rows: int = Field(default=1000, ge=1, le=100_000)
    """Number of rows that are read; the log says if there were more."""
    allow_private: bool = False
    """Whether it may connect to this machine (its files too) and to private networks."""


class DatabaseKind(BaseConnector):
    """Passes on the rows as a list of dicts, or ``{"rows": n}`` for a statement that gives none."""

    look = Look(
        type="database",
        title="Database",
        description="Asks a database with SQL.",
        icon="database",
        color="#475569",
        defaults={"url": "", "sql": ""},
    )
    Config = DatabaseConfig
    needs_module = "sqlalchemy"

    def problems(self, config: DatabaseConfig) -> Iterable[str]:
        """Return what is wrong with the address or the statement."""
        scheme = config.url.partition("://")[0]
        if scheme not in DRIVERS:
            yield "needs the url of a SQLite, PostgreSQL, MySQL or MariaDB database"
        if re.match(r"[^/]+://[^/@]*:[^/@]*@", config.url):
            yield "has a password in its url: take it out, and name a secret instead"
        statement = config.sql.strip().rstrip(";")
        if not statement:
            yield "has no sql"
        elif config.read_only:
            word = re.match(r"\w*", statement)
            if ";" in statement:
                yield "may only read, so its sql is one statement without ';'"
            elif word is None or word[0].lower() not in READING:
                yield "may only read, and its sql does not begin like a query: set read_only to false"

    def output_type(self, config: DatabaseConfig, output: str) -> PortType | None:
        """Rows are a list."""
        return "list" if config.read_only else None

    async def connect(self, task: Task) -> Any:
        """Execute the statement."""
        return await task.in_thread(_execute, task)


def _execute(task: Task) -> Any:
    import sqlalchemy  # An extra, and a third of a second.
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    config: DatabaseConfig = task.config
    engine = None
    try:
        url = sqlalchemy.make_url(config.url)
        address = _check_address(url, config)
        if config.secret:
            url = url.set(password=read_secret(config.secret, url.host or "localhost"))
        pinned: dict[str, Any] = {}
        if address and url.get_driver_name() in LIBPQ:
            pinned = {"hostaddr": address}
        elif address:
            url = url.set(host=address)
        # Parameters may be what nobody should read in a message.
        engine = sqlalchemy.create_engine(
            url, hide_parameters=True, poolclass=NullPool, connect_args=pinned
        )
        with engine.connect() as connection:
            if config.read_only:
                connection.exec_driver_sql(READ_ONLY[url.get_backend_name()])
            statement = sqlalchemy.text(config.sql.strip().rstrip(";"))
            result = connection.execute(statement, _parameters(task, statement))
            if not result.returns_rows:
                connection.commit()
                return {"rows": result.rowcount}
            rows = [dict(row) for row in result.mappings().fetchmany(config.max_rows + 1)]
            if not config.read_only:
                connection.commit()
    except SQLAlchemyError as error:
        raise _refused(task, error) from None
    except ImportError as error:
        raise RunError(
            f"{quoted(task.label)} needs the driver {error.name}, which is not installed."
        ) from None
    finally:
        if engine is not None:
            engine.dispose()
    if len(rows) > config.max_rows:
        task.ctx.log(f"There are more than {config.max_rows} rows; the others were not read.")
    return rows[: config.max_rows]


def _check_address(url: Any, config: DatabaseConfig) -> str:
    """Return the address that was checked, to connect to, as another look-up might be answered otherwise.

    Empty for a file.
    """
    if unknown := set(url.query) - OPTIONS:
        raise RunError(f"The url of a database cannot have the option {min(unknown)!r}.")
    if url.get_backend_name() != "sqlite":
        return check_host(url.host or "", allow_private=config.allow_private)
    if url.database not in (None, "", ":memory:") and not config.allow_private:
        raise RunError(
            "The database is a file of this machine. Set allow_private in the node's config if that is meant."
        )
    return ""


def _parameters(task: Task, statement: Any) -> dict[str, Any]:
    fields = value_fields(task.value)
    found: dict[str, Any] = {}
    for name in statement.compile().params:
        if name not in fields:
            raise RunError(f"The sql asks for :{name}, and what arrived has no such field.")
        found[name] = fields[name]
    return found


def _refused(task: Task, error: Any) -> RunError:
    cause = getattr(error, "orig", None)
    text = str(cause).strip().splitlines()[0][:300] if cause is not None and str(cause) else ""
    made = RunError(
        f"{quoted(task.label)}: the database refused ({type(cause or error).__name__}"
        f"{': ' + text if text else ''}).",
        node_id=task.node_id,
    )
    made.is_retryable = bool(getattr(error, "connection_invalidated", False)) or (
        type(error).__name__ == "OperationalError" and "locked" in text
    )
    return made
