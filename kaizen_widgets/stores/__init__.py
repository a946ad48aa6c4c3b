"""Client state: small observable stores, each one idea."""

from kaizen_widgets.stores.autosave import AutoSave
from kaizen_widgets.stores.canvas import CanvasStore, Draft
from kaizen_widgets.stores.document import Commit, DocumentStore, Replaced
from kaizen_widgets.stores.execution import ExecutionStore
from kaizen_widgets.stores.history import HistoryStore, Step
from kaizen_widgets.stores.store import Store

__all__ = [
    "AutoSave",
    "CanvasStore",
    "Commit",
    "DocumentStore",
    "Draft",
    "ExecutionStore",
    "HistoryStore",
    "Replaced",
    "Step",
    "Store",
]
