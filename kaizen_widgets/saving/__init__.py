"""From unsaved edits on a canvas to the server and back: auto-save, journal, conflicts, other kernels."""

from kaizen_widgets.saving.autosave import AutoSave
from kaizen_widgets.saving.conflicts import Conflict, RecoveredDraft
from kaizen_widgets.saving.journal import Journal, UnsavedDraft
from kaizen_widgets.saving.other_kernels import OtherKernels
from kaizen_widgets.saving.persisted_mutations import PersistedMutations
from kaizen_widgets.saving.persisted_queries import persist_queries
from kaizen_widgets.saving.pipeline_saver import PipelineSaver
from kaizen_widgets.saving.save_notices import SaveNotices
from kaizen_widgets.saving.version_history import VersionHistory

__all__ = [
    "AutoSave",
    "Conflict",
    "Journal",
    "OtherKernels",
    "PersistedMutations",
    "PipelineSaver",
    "RecoveredDraft",
    "SaveNotices",
    "UnsavedDraft",
    "VersionHistory",
    "persist_queries",
]
