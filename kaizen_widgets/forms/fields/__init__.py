"""Fields of pydantic models: the tree of a type's places, their drafts, and where errors belong."""

from kaizen_widgets.forms.fields.field_tree import FieldTree
from kaizen_widgets.forms.fields.hint import Hint

__all__ = ["FieldTree", "Hint"]
