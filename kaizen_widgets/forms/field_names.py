"""Which names are fields of a form, and which of them accept user events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kaizen_widgets.errors import UnknownFieldError
from kaizen_widgets.forms.fields.form_fields import FormFields
from kaizen_widgets.forms.paths import MISSING, get, join, name_of, parents, parse, pattern
from kaizen_widgets.forms.submitted_values import SubmittedValues
from kaizen_widgets.forms.tracked_state import TrackedState

MAX_NAMES_SHOWN = 12


class FieldNames:
    """The registered fields of a form.

    Args:
        state: The form's state; without a model, its values and defaults say which fields exist.
        schema: The model's fields, if there is a model.
        fields: The only names that accept user events, `*` for any row; None for all names.
    """

    def __init__(
        self,
        state: TrackedState,
        schema: FormFields | None = None,
        fields: Iterable[str] | None = None,
    ) -> None:
        self._state = state
        self._schema = schema
        self._only = None if fields is None else set(fields)
        self._registered: set[str] = set()
        self._unregistered: set[str] = set()
        self._known: set[str] = set()

    def accepts(self, name: str) -> bool:
        """Return whether user events of this field count; those of an unregistered field do not.

        Raises:
            UnknownFieldError: The form has no such field.
        """
        if self._unregistered and (
            name in self._unregistered
            or any(parent in self._unregistered for parent in parents(name))
        ):
            return False
        self.check(name)
        return self._only is None or bool({name, pattern(name)} & (self._only | self._registered))

    def check(self, name: str) -> None:
        """Raise unless this is a field of the form.

        Raises:
            UnknownFieldError: The form has no such field, or a list no such row.
        """
        if not name or get(self._state.values, parse(name)) is not MISSING:
            return
        self._check_rows(name)
        if name in self._known:
            return
        if not self._is_possible(name):
            raise UnknownFieldError(f"The form has no field {name!r}; {self._list_fields()}.")
        self._known.add(name)

    def check_option(self, option: str, names: Iterable[str]) -> None:
        """Raise if an option names something that cannot be a field; `*` stands for any row.

        Raises:
            UnknownFieldError: A name cannot be a field.
        """
        for name in names:
            field = name.removesuffix(".root")
            if field in ("", "*", "root") or self._is_possible(field.replace("*", "0")):
                continue
            # Without a model, a list without rows does not say which fields its rows will have.
            first = field.split(".*")[0]
            if self._schema is None and first != field and self._is_possible(first):
                continue
            raise UnknownFieldError(
                f"{option} names {name!r}, but the form has no such field; {self._list_fields()}."
            )

    def error_name(self, name: str) -> str:
        """Return the name under which an error that is set for a field is stored.

        Raises:
            UnknownFieldError: The form has no such field.
        """
        if self._state.is_form_error(name):
            return self.form_error_name(name)
        self.check(name.removesuffix(".root"))
        return name

    def form_error_name(self, name: str) -> str:
        """Return `""` for `root`, unless a field has that name."""
        return "" if name == "root" and not self._state.has_root_field else name

    def locate_error(self, loc: tuple[Any, ...], submitted: SubmittedValues | None) -> str | None:
        """Return the field that an API's ``loc`` names; None if it names none, or one that was removed.

        Args:
            loc: The location in the data.
            submitted: The values the API was given, if they may differ from the present ones.
        """
        values = self._state.values if submitted is None else submitted.values
        if self._schema is not None:
            name = self._schema.locate_error(loc, values)
        else:
            try:
                name = name_of(loc)
            except (TypeError, AttributeError):  # an API may send anything
                return None
        if name is not None and submitted is not None:
            name = submitted.current_name(name)
        if name is None:
            return None
        try:
            self.check(name.removesuffix(".root"))
        except UnknownFieldError:
            return None
        return name

    def register(self, names: Iterable[str]) -> None:
        """Accept user events of these fields from now on."""
        for name in names:
            self._registered.add(name)
            self._unregistered.discard(name)

    def unregister(self, names: Iterable[str]) -> None:
        """Ignore user events of these fields and all below them."""
        for name in names:
            self._registered.discard(name)
            self._unregistered.add(name)

    def _is_possible(self, name: str) -> bool:
        explicit = self._registered | self._unregistered | (self._only or set())
        if {name, pattern(name)} & explicit:
            return True
        if self._schema is not None:
            return self._schema.has(name)
        return any(
            get(tree, parse(name)) is not MISSING
            for tree in (self._state.defaults, self._state.values)
        )

    def _check_rows(self, name: str) -> None:
        path = parse(name)
        for depth, part in enumerate(path):
            rows = get(self._state.values, path[:depth])
            if isinstance(rows, list) and not (isinstance(part, int) and part < len(rows)):
                where = join(path[:depth]) or "The form"
                raise UnknownFieldError(f"{where} has {len(rows)} rows; there is no row {part!r}.")

    def _list_fields(self) -> str:
        values = self._state.values
        if not isinstance(values, dict) or not values:
            return "it has no named fields"
        shown = [str(key) for key in values][:MAX_NAMES_SHOWN]
        return f"there are: {', '.join(shown)}{', ...' if len(values) > len(shown) else ''}"
