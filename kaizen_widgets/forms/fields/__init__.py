"""Fields of pydantic models: the tree of a type's places, their drafts, and where errors belong."""

from kaizen_widgets.forms.fields.hints import Hint
from kaizen_widgets.forms.fields.tree import FieldTree

__all__ = ["FieldTree", "Hint"]
