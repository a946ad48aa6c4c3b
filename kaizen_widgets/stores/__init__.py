"""Client state: small observable stores, each one idea."""

from kaizen_widgets.core.leases import Leases, shared_leases
from kaizen_widgets.stores.action_log import ActionLog
from kaizen_widgets.stores.auth import AuthStore
from kaizen_widgets.stores.autosave import AutoSave
from kaizen_widgets.stores.canvas import CanvasStore, Draft
from kaizen_widgets.stores.document import Commit, DocumentStore, Replaced
from kaizen_widgets.stores.equality import same, shallow
from kaizen_widgets.stores.execution import ExecutionStore
from kaizen_widgets.stores.history import HistoryStore, Step
from kaizen_widgets.stores.journal import Journal, UnsavedDraft
from kaizen_widgets.stores.keyring import SystemKeyring
from kaizen_widgets.stores.neighbours import OtherKernels
from kaizen_widgets.stores.persistence import Persistence, persist
from kaizen_widgets.stores.plain_store import PlainStore
from kaizen_widgets.stores.redux_devtools import Devtools, devtools
from kaizen_widgets.stores.save_marks import SaveNotices
from kaizen_widgets.stores.sqlite_storage import SqliteStorage, shared_storage
from kaizen_widgets.stores.store import Store
from kaizen_widgets.stores.ui import UIStore

__all__ = [
    "ActionLog",
    "AuthStore",
    "AutoSave",
    "CanvasStore",
    "Commit",
    "Devtools",
    "DocumentStore",
    "Draft",
    "ExecutionStore",
    "HistoryStore",
    "Journal",
    "Leases",
    "OtherKernels",
    "Persistence",
    "PlainStore",
    "Replaced",
    "SaveNotices",
    "SqliteStorage",
    "Step",
    "Store",
    "SystemKeyring",
    "UIStore",
    "UnsavedDraft",
    "devtools",
    "persist",
    "same",
    "shallow",
    "shared_leases",
    "shared_storage",
]
