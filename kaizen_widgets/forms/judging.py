"""Judging a form: named fields now, errors that somebody else found, and what is known of a field."""

from __future__ import annotations

import concurrent.futures
from dataclasses import dataclass
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop, Pending
from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.filling import Fillable
from kaizen_widgets.forms.paths import Name, SomeNames, is_within, name_of, names_of
from kaizen_widgets.forms.resolver import FieldError
from kaizen_widgets.forms.server_errors import read
from kaizen_widgets.forms.submissions import settle


@dataclass(frozen=True, slots=True)
class FieldState:
    """What a form says of one field, with all below it.

    Attributes:
        invalid: Whether it shows an error.
        is_dirty: Whether it, or something below it, differs from its default.
        is_touched: Whether it, or something below it, was left once.
        is_validating: Whether a validation about it goes on.
        error: Its own error, or None.
    """

    invalid: bool
    is_dirty: bool
    is_touched: bool
    is_validating: bool
    error: FieldError | None


class Judgeable(Fillable):
    """The part of a form that says what is wrong."""

    _loop: BackgroundLoop

    def get_field_state(self, name: Name) -> FieldState:
        """Return what is known of one field.

        Raises:
            UnknownFieldError: There is no such field.
        """
        field, state = name_of(name), self._state
        with self._notifier:
            self._names.check(field)
            return FieldState(
                bool(state.within(state.errors, field)),
                any(is_within(known, field) for known in state.dirty),
                any(is_within(known, field) for known in state.touched),
                self._runs.is_validating(field),
                state.errors.get(field) or state.errors.get(f"{field}.root"),
            )

    def trigger(self, names: SomeNames | None = None) -> Pending[bool]:
        """Judge fields and all below them, or the whole form, now; show what is wrong.

        Returns:
            A handle to wait for or await: whether nothing is wrong with them.

        Raises:
            UnknownFieldError: There is no such field.
        """
        outcome: concurrent.futures.Future[bool] = concurrent.futures.Future()
        # Only waiters are behind it, so it may end under the lock.
        with self._operation:
            listed = None if names is None else names_of(names)
            for name in listed or ():
                self._names.check(name)
            self._checks.check(
                listed,
                lambda is_right: settle(outcome, is_right),
                lambda error: settle(outcome, None, error),
            )
        return Pending(outcome, self._loop)

    def set_error(self, name: Name, error: FieldError | str) -> None:
        """Put an error at a field until it is judged the next time; the form is not valid until then.

        Args:
            name: A field; `root` or `""` for the form, `root.server` for something about it.
            error: A sentence will do.

        Raises:
            UnknownFieldError: There is no such field.
        """
        with self._operation:
            field = self._error_name(name)
            said = error if isinstance(error, FieldError) else FieldError("custom", str(error))
            self._delays.cancel_all([field])
            self._state.set_error(field, said)
            self._state.is_valid = False

    def set_errors(self, problem: Any) -> None:
        """Put the errors of an API, or of pydantic, at the fields they are about.

        What belongs to no field of this form is said of the form, at `root.server`.

        Args:
            problem: The JSON body of a 422 (FastAPI's ``{"detail": [...]}``), its list, an exception of
                `kaizen_widgets.transport` or a pydantic ValidationError, or a mapping of names to sentences.

        Raises:
            FormError: It is none of these.
        """
        with self._operation:
            for name, error in read(problem, self._place).items():
                self.set_error(name, error)

    def clear_errors(self, names: SomeNames | None = None) -> None:
        """Take errors away without judging again: of fields and all below them, or all."""
        with self._operation:
            if names is None:
                self._delays.cancel_all()
                self._state.set_errors({})
            else:
                # No name is refused: where there is no error, there is nothing to clear.
                listed = [self._own_name(name) for name in names_of(names)]
                self._delays.cancel_all(listed)
                for name in listed:
                    self._state.replace_errors(name, {})
            self._checks.refresh()

    def _error_name(self, name: Name) -> str:
        field = name_of(name)
        if self._state.is_own(field):
            return self._own_name(field)
        self._names.check(field.removesuffix(".root"))
        return field

    def _own_name(self, name: str) -> str:
        """Return `""` for `root`, unless a field is called so."""
        return "" if name == "root" and not self._state.has_root else name

    def _place(self, loc: tuple[Any, ...]) -> str | None:
        """Return the field an API's ``loc`` is about, or None."""
        if self._schema is not None:
            return self._schema.place(loc, self._state.values)
        try:
            name = name_of(loc)
            self._names.check(name)
        except FormError:
            return None
        return name
