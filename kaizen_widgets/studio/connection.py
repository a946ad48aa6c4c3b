"""Where a studio's server is, who is signed in there, and what is shared with the user's other kernels.

A server elsewhere has a session that outlives the kernel, in the system's keyring. The embedded API signs
its one local user in by itself. A studio in memory shares nothing with anybody.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.core.clock import NewId
from kaizen_widgets.errors import PersistError, UnauthorizedError
from kaizen_widgets.saving import Journal, SaveNotices
from kaizen_widgets.server import Database, create_app, default_path, local_session
from kaizen_widgets.stores import (
    AuthStore,
    Leases,
    Persistence,
    SqliteStorage,
    SystemKeyring,
    shared_leases,
)
from kaizen_widgets.transport import Tokens, Transport

EMBEDDED_URL = "http://kaizen.localhost/api/v1"
"""An address nobody listens on: requests to the embedded API stay in this process."""


@dataclass(frozen=True)
class StudioConnection:
    """A server and a session.

    Attributes:
        transport: Asks the server.
        auth: Who is signed in.
        scope: The server as all of the user's studios know it; empty for one in memory.
        storage: The file they share, opened for this one alone: SQLite tells nobody of their own writes,
            so two studios in one kernel follow each other as two kernels do. None for one in memory.
        workspace_id: Where new things belong; empty for the server's choice.
        auth_kept: What persists the session, or None.
        local: Gives a session without a password; None where a user must sign in.
        database: The embedded API's, or None.
    """

    transport: Transport
    auth: AuthStore
    scope: str
    storage: SqliteStorage | None = None
    workspace_id: str = ""
    auth_kept: Persistence | None = None
    local: Callable[[], Mapping[str, Any]] | None = None
    database: Database | None = None

    @property
    def leases(self) -> Leases | None:
        """The locks beside that file."""
        return shared_leases(self.storage.path) if self.storage else None

    def journal(self) -> Journal | None:
        """Return a journal of unsaved edits; None where nothing outlives the kernel."""
        if self.storage is None or self.leases is None:
            return None
        return Journal(self.storage, self.leases, scope=self.scope)

    def save_notices(self) -> SaveNotices | None:
        """Return what the user's studios tell each other of saves."""
        return SaveNotices(self.storage, self.scope) if self.storage else None

    def close(self) -> None:
        """Close what this studio alone has open."""
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
) -> StudioConnection:
    """Return the way to a server, or to the embedded API when there is no ``url``.

    Raises:
        PersistError: The embedded API's file cannot be used.
        TransportError: The address is none.
    """
    if url is None:
        return _embedded(_open_database(data), loop, new_id)
    return _remote(url, token, loop)


def _embedded(database: Database, loop: BackgroundLoop, new_id: NewId) -> StudioConnection:
    def sign_in() -> Mapping[str, Any]:
        return local_session(database, loop, new_id)

    def renew() -> tuple[str, str]:
        fresh = sign_in()
        return fresh["access_token"], fresh["refresh_token"]

    tokens, session = Tokens(), sign_in()
    auth = AuthStore(tokens)
    auth.login(session["user"], session["access_token"], session["refresh_token"])
    app = create_app(database, loop, new_id)
    return StudioConnection(
        Transport(EMBEDDED_URL, clock=loop, tokens=tokens, app=app, renew=renew),
        auth,
        scope=f"file:{database.location}" if database.is_durable else "",
        storage=SqliteStorage() if database.is_durable else None,
        workspace_id=session["workspace_id"],
        local=sign_in,
        database=database,
    )


def _remote(url: str, token: str, loop: BackgroundLoop) -> StudioConnection:
    tokens = Tokens(token)
    if token:  # for this time, and for this kernel
        transport = Transport(url, clock=loop, tokens=tokens)
        auth, address = AuthStore(tokens), transport.base_url
        return StudioConnection(transport, auth, scope=address, storage=SqliteStorage())

    def others_pair() -> tuple[str, str]:
        """Return the pair another kernel bought; a refresh token works once."""
        kept = keyring.load()
        if kept is None or kept[0] == tokens.access:
            raise UnauthorizedError("The session has ended; sign in again.", status=401)
        return kept

    transport = Transport(url, clock=loop, tokens=tokens, renew=others_pair)
    address = transport.base_url
    keyring = SystemKeyring(address)
    auth = AuthStore(tokens, token_storage=keyring, account=address)
    storage = SqliteStorage()
    kept = auth.keep(storage)
    return StudioConnection(transport, auth, scope=address, storage=storage, auth_kept=kept)


def _open_database(data: str | os.PathLike[str] | None) -> Database:
    """Open the file asked for; a data folder that cannot be used costs the keeping, not the studio."""
    if data is not None:
        return Database.open(data)
    try:
        return Database.open(default_path())
    except PersistError as error:
        warnings.warn(
            f"{error} The studio works in memory: nothing is kept when the kernel ends. "
            'Give it another file with Studio(data="...").',
            RuntimeWarning,
            stacklevel=3,
        )
        return Database.open(":memory:")
