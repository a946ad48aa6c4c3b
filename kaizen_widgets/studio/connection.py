"""Connects a studio to a server, a session, and the files shared with the user's other kernels.

The session with a remote server outlives the kernel, in the system's keyring. The embedded API signs
its one local user in without a password. A studio in memory shares nothing with other kernels.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.core.clock import NewId
from kaizen_widgets.core.damaged_files import (
    DAMAGED,
    NOT_A_DATABASE,
    check_pages,
    is_damage,
    set_aside,
)
from kaizen_widgets.core.leases import Leases, shared_leases
from kaizen_widgets.core.sqlite import MEMORY
from kaizen_widgets.errors import PersistError, UnauthorizedError
from kaizen_widgets.saving import Journal, SaveNotices
from kaizen_widgets.saving.last_opened import LastOpened
from kaizen_widgets.server import Database, create_app, default_path, local_session
from kaizen_widgets.server.base.agent_model import AgentModel
from kaizen_widgets.stores import AuthStore, Persistence, SqliteStorage, SystemKeyring
from kaizen_widgets.transport import Tokens, Transport

EMBEDDED_URL = "http://kaizen.localhost/api/v1"
"""Address of the embedded API; requests to it stay in this process."""


@dataclass(frozen=True)
class StudioConnection:
    """A server and a session.

    Attributes:
        transport: HTTP client of the server.
        auth: Store of the session.
        scope: Name of the server in shared files; empty for a studio in memory.
        storage: SQLite file shared by the user's studios; None for a studio in memory. Each studio opens
            it separately: SQLite reports only the writes of other connections, so two studios in one
            kernel follow each other like two kernels.
        workspace_id: Workspace of new agents and pipelines; empty for the server's default.
        auth_persistence: Persistence of ``auth``, or None.
        local: Starts a session without a password; None where a user must sign in.
        database: Database of the embedded API, or None.
    """

    transport: Transport
    auth: AuthStore
    scope: str
    storage: SqliteStorage | None = None
    workspace_id: str = ""
    auth_persistence: Persistence | None = None
    local: Callable[[], Mapping[str, Any]] | None = None
    database: Database | None = None

    @property
    def leases(self) -> Leases | None:
        """The file locks beside ``storage``."""
        return shared_leases(self.storage.path) if self.storage else None

    def journal(self) -> Journal | None:
        """Return a journal of unsaved edits; None for a studio in memory."""
        if self.storage is None or self.leases is None:
            return None
        return Journal(self.storage, self.leases, scope=self.scope)

    def save_notices(self) -> SaveNotices | None:
        """Return the notices that inform the user's studios of each other's saves."""
        return SaveNotices(self.storage, self.scope) if self.storage else None

    def last_opened(self) -> LastOpened | None:
        """Return the record of the pipeline that was opened last."""
        return LastOpened(self.storage, self.scope) if self.storage else None

    def close(self) -> None:
        """Close the files and the session store of this studio."""
        self.auth.close()
        if self.storage is not None:
            self.storage.close()
        if self.database is not None:
            self.database.close()


def connect(
    url: str | None,
    *,
    data: str | os.PathLike[str] | None,
    token: str,
    loop: BackgroundLoop,
    new_id: NewId,
    model: AgentModel | None = None,
) -> StudioConnection:
    """Connect to a server, or to the embedded API, whose agents ask ``model``, when there is no ``url``.

    Raises:
        PersistError: The embedded API's file cannot be used.
        TransportError: ``url`` is not a valid address.
    """
    if url is None:
        return _connect_embedded(_open_database(data, loop.now()), loop, new_id, model)
    return _connect_remote(url, token, loop)


def _connect_embedded(
    database: Database, loop: BackgroundLoop, new_id: NewId, model: AgentModel | None
) -> StudioConnection:
    def sign_in() -> Mapping[str, Any]:
        return local_session(database, loop, new_id)

    def renew() -> tuple[str, str]:
        session = sign_in()
        return session["access_token"], session["refresh_token"]

    tokens, session = Tokens(), sign_in()
    auth = AuthStore(tokens)
    auth.login(session["user"], session["access_token"], session["refresh_token"])
    app = create_app(database, loop, new_id, model=model)
    return StudioConnection(
        Transport(EMBEDDED_URL, clock=loop, tokens=tokens, app=app, renew=renew),
        auth,
        scope=f"file:{database.location}" if database.is_durable else "",
        storage=SqliteStorage() if database.is_durable else None,
        workspace_id=session["workspace_id"],
        local=sign_in,
        database=database,
    )


def _connect_remote(url: str, token: str, loop: BackgroundLoop) -> StudioConnection:
    tokens = Tokens(token)
    if token:  # For this studio only: neither persisted nor shared.
        transport = Transport(url, clock=loop, tokens=tokens)
        auth, address = AuthStore(tokens), transport.base_url
        return StudioConnection(transport, auth, scope=address, storage=SqliteStorage())

    def load_renewed() -> tuple[str, str]:
        """Return the tokens another kernel renewed; a refresh token can be used only once."""
        pair = keyring.load()
        if pair is None or pair[0] == tokens.access:
            raise UnauthorizedError("The session has ended; sign in again.", status=401)
        return pair

    transport = Transport(url, clock=loop, tokens=tokens, renew=load_renewed)
    address = transport.base_url
    keyring = SystemKeyring(address)
    auth = AuthStore(tokens, token_storage=keyring, account=address)
    storage = SqliteStorage()
    persistence = auth.persist(storage)
    return StudioConnection(
        transport, auth, scope=address, storage=storage, auth_persistence=persistence
    )


def _open_database(data: str | os.PathLike[str] | None, now: datetime) -> Database:
    """Open the database of the embedded API; without a usable data folder the studio works in memory."""
    if data is not None:
        # A file named by the user is set aside only if it is a database: any other was named by mistake.
        return _open_or_set_aside(data, now, DAMAGED)
    try:
        return _open_or_set_aside(default_path(), now, DAMAGED | NOT_A_DATABASE)
    except PersistError as error:
        warnings.warn(
            f"{error} The studio works in memory: nothing is stored when the kernel ends. "
            'Choose another file with Studio(data="...").',
            RuntimeWarning,
            stacklevel=4,
        )
        return Database.open(MEMORY)


def _open_or_set_aside(
    data: str | os.PathLike[str], now: datetime, damage: frozenset[int]
) -> Database:
    """Open a database; a damaged file is renamed, with a warning, and a new one is created."""
    try:
        database = Database.open(data)
        try:
            with database.read() as connection:
                check_pages(connection)
        except BaseException:
            database.close()
            raise
        return database
    except PersistError as error:
        if not is_damage(error, damage):
            raise
        path = Path(data).expanduser().absolute()
        try:
            renamed = set_aside(path, now)
        except OSError:
            raise error from None
    warnings.warn(
        f"The studio's data in {path.name} was damaged. The damaged file is kept as {renamed}, and the "
        "studio starts with a new one.",
        RuntimeWarning,
        stacklevel=5,
    )
    return Database.open(data)
