"""What the form asks of a model's field tree (`kaizen_widgets.forms.fields` has it)."""

from __future__ import annotations

from typing import Any, Protocol

from kaizen_widgets.forms.resolver import Resolved, ResolverContext
from kaizen_widgets.forms.row_moves import RowMove


class Schema(Protocol):
    """Drafts of a model's values, and what is wrong with them.

    Drafts are nested dicts and lists whose leaves are what somebody typed; their paths are the names
    of the form's fields.
    """

    def draft(self, value: Any = ...) -> Any:
        """Return the drafts of a value (an instance, or a mapping of some fields), or blank ones."""
        ...

    def draft_at(self, name: str, value: Any, values: Any = None) -> Any:
        """Return the draft of a Python value for one field of these; a draft comes back as it is."""
        ...

    def typed(self, name: str, draft: Any) -> Any:
        """Return what a user typed into a field as it is kept: secrets so that nothing shows them."""
        ...

    def row_draft(self, name: str, row: Any, values: Any = None) -> Any:
        """Return the draft of a new row of a list."""
        ...

    def begin_anew(self) -> None:
        """The form was reset to its defaults."""
        ...

    def moved(self, moved: RowMove) -> None:
        """Rows of a list were moved."""
        ...

    def has(self, name: str) -> bool:
        """Whether there can be a field, row or group of this dotted name, with any index of rows."""
        ...

    def place(self, loc: tuple[Any, ...], values: Any) -> str | None:
        """Return the name under which an error with this pydantic ``loc`` belongs; None if nowhere."""
        ...

    def resolve(self, values: Any, context: ResolverContext, /) -> Resolved:
        """Return the model's value of these drafts, or the errors of all fields: a `Resolver`."""
        ...
