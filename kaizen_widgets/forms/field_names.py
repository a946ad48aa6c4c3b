"""Which names are fields of a form, and which of them are heard."""

from __future__ import annotations

from collections.abc import Iterable

from kaizen_widgets.errors import UnknownFieldError
from kaizen_widgets.forms.paths import MISSING, get, join, parents, parse, pattern
from kaizen_widgets.forms.schema import Schema
from kaizen_widgets.forms.tracked_state import State


class Names:
    """The registered fields of a form.

    Args:
        state: What stands in the form tells what can be in it, where no schema does.
        schema: The model's field tree, if there is a model.
        fields: The only names that are heard, `*` for any row; None for all there are.
    """

    def __init__(
        self, state: State, schema: Schema | None = None, fields: Iterable[str] | None = None
    ) -> None:
        self._state = state
        self._schema = schema
        self._heard = None if fields is None else set(fields)
        self._added: set[str] = set()
        self._removed: set[str] = set()
        self._known: set[str] = set()

    def hears(self, name: str) -> bool:
        """Whether what users do to this field counts; of one that was unregistered it does not.

        Raises:
            UnknownFieldError: The form has no such field.
        """
        if self._removed and (
            name in self._removed or any(above in self._removed for above in parents(name))
        ):
            return False
        self.check(name)
        return self._heard is None or bool({name, pattern(name)} & (self._heard | self._added))

    def check(self, name: str) -> None:
        """Refuse a name that is none of the form's.

        Raises:
            UnknownFieldError: The form has no such field, or a list no such row.
        """
        if not name or get(self._state.values, parse(name)) is not MISSING:
            return
        self._check_rows(name)
        if name in self._known:
            return
        if not self._can_be(name):
            raise UnknownFieldError(f"The form has no field {name!r}; {self._there_are()}.")
        self._known.add(name)

    def check_option(self, option: str, names: Iterable[str]) -> None:
        """Refuse an option that names what can be no field; `*` stands for any row.

        Raises:
            UnknownFieldError: It names one.
        """
        for name in names:
            field = name.removesuffix(".root")
            if field in ("", "*", "root") or self._can_be(field.replace("*", "0")):
                continue
            # Rows that are not there yet cannot tell what they will hold.
            first = field.split(".*")[0]
            if self._schema is None and first != field and self._can_be(first):
                continue
            raise UnknownFieldError(
                f"{option} names {name!r}, but the form has no such field; {self._there_are()}."
            )

    def add(self, names: Iterable[str]) -> None:
        """Hear these from now on."""
        for name in names:
            self._added.add(name)
            self._removed = {gone for gone in self._removed if gone != name}

    def remove(self, names: Iterable[str]) -> None:
        """Hear neither these nor what is below them."""
        for name in names:
            self._added.discard(name)
            self._removed.add(name)

    def _can_be(self, name: str) -> bool:
        if {name, pattern(name)} & (self._added | self._removed | (self._heard or set())):
            return True
        if self._schema is not None:
            return self._schema.has(name)
        return any(
            get(side, parse(name)) is not MISSING
            for side in (self._state.defaults, self._state.values)
        )

    def _check_rows(self, name: str) -> None:
        path = parse(name)
        for depth, part in enumerate(path):
            rows = get(self._state.values, path[:depth])
            if isinstance(rows, list) and not (isinstance(part, int) and part < len(rows)):
                where = join(path[:depth]) or "The form"
                raise UnknownFieldError(f"{where} has {len(rows)} rows; there is no row {part!r}.")

    def _there_are(self) -> str:
        values = self._state.values
        if not isinstance(values, dict) or not values:
            return "it has none of a name"
        shown = [str(key) for key in values][:12]
        return f"there are: {', '.join(shown)}{', ...' if len(values) > len(shown) else ''}"
