"""Fields of pydantic models: the tree of a type's fields, their drafts, and the fields of errors."""

from kaizen_widgets.forms.fields.field_tree import FieldTree
from kaizen_widgets.forms.fields.hint import Hint

__all__ = ["FieldTree", "Hint"]
