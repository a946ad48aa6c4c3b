"""Observable state: stores, middleware, persistence, and the stores of the studio."""

from importlib import import_module
from typing import Any

from kaizen_widgets.core.leases import Leases, shared_leases
from kaizen_widgets.stores.action_log import ActionLog
from kaizen_widgets.stores.auth import AuthStore
from kaizen_widgets.stores.canvas import CanvasStore, Draft
from kaizen_widgets.stores.document import Commit, DocumentStore, Replaced
from kaizen_widgets.stores.equality import same, shallow
from kaizen_widgets.stores.execution import ExecutionStore
from kaizen_widgets.stores.history import HistoryStore, Step
from kaizen_widgets.stores.keyring import SystemKeyring
from kaizen_widgets.stores.persistence import Persistence, persist
from kaizen_widgets.stores.plain_store import PlainStore
from kaizen_widgets.stores.redux_devtools import Devtools, devtools
from kaizen_widgets.stores.sqlite_storage import SqliteStorage, shared_storage
from kaizen_widgets.stores.store import Store
from kaizen_widgets.stores.ui import UIStore

__all__ = [
    "ActionLog",
    "AuthStore",
    "CanvasStore",
    "Commit",
    "Devtools",
    "DocumentStore",
    "Draft",
    "ExecutionStore",
    "HistoryStore",
    "Leases",
    "Persistence",
    "PlainStore",
    "Replaced",
    "SqliteStorage",
    "Step",
    "Store",
    "SystemKeyring",
    "UIStore",
    "devtools",
    "persist",
    "same",
    "shallow",
    "shared_leases",
    "shared_storage",
]

_MOVED_TO_SAVING = frozenset({"AutoSave", "Journal", "UnsavedDraft"})
"""Classes that moved to `saving`; code that imports them from here keeps working."""


def __getattr__(name: str) -> Any:
    if name in _MOVED_TO_SAVING:
        # Imported when asked for, because `saving` is built on this package.
        return getattr(import_module("kaizen_widgets.saving"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
