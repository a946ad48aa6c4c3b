"""Validates a form: a field after an event, named fields, or the rows of a list.

Each run of the resolver validates the whole form. The methods differ in which errors they replace, and in
when a result comes too late to be used. The caller holds the form's lock.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Mapping, Sequence

from kaizen_widgets.forms.delayed_errors import DelayedErrors
from kaizen_widgets.forms.differences import deep_equal
from kaizen_widgets.forms.paths import get, parents, parse
from kaizen_widgets.forms.resolver import FieldError, Resolved
from kaizen_widgets.forms.resolver_runs import ResolverRuns, end_future
from kaizen_widgets.forms.tracked_state import TrackedState


class FormValidation:
    """The validation of one form.

    Args:
        state: The form's state.
        runs: Runs the resolver.
        delayed_errors: Shows errors after a delay.
        deps: Fields to validate as well, by the field that had an event.
        cross_field: Whether an event also replaces the errors of other fields: of touched ones, or after
            the first submit of all.
    """

    def __init__(
        self,
        state: TrackedState,
        runs: ResolverRuns,
        delayed_errors: DelayedErrors,
        *,
        deps: Mapping[str, Sequence[str]],
        cross_field: bool,
    ) -> None:
        self._state = state
        self._runs = runs
        self._delayed_errors = delayed_errors
        self._deps = deps
        self._cross_field = cross_field
        self._updates = 0

    def update_is_valid(self) -> None:
        """Update ``is_valid`` without changing errors; the newest run counts."""
        self._update(None)

    def validate_rows(self, name: str) -> None:
        """Update ``is_valid``, and replace the errors of a list and its rows unless they move meanwhile.

        With ``cross_field`` a new row does not show errors until one of its fields was touched.
        """
        self._update(name)

    def _update(self, name: str | None) -> None:
        state = self._state
        self._updates += 1
        number = self._updates
        before = None if name is None else state.row_ids.version(name)

        def on_resolved(resolved: Resolved) -> None:
            if name is not None and state.row_ids.version(name) is before:
                self._delayed_errors.cancel_all([name])
                found = self._row_errors(name, resolved.errors)
                state.replace_errors(name, found) if name else state.set_errors(found)
            if number == self._updates:
                state.is_valid = not resolved.errors

        self._runs.run(None if name is None else (name,), on_resolved)

    def validate_event(self, name: str, *, without_delay: bool = False) -> None:
        """Validate a field after a user event; the result is dropped if its value changes meanwhile.

        Args:
            name: The field.
            without_delay: Show an error without the form's delay.
        """
        state, path = self._state, parse(name)
        value, generation = get(state.values, path), state.generation

        def on_resolved(resolved: Resolved) -> None:
            if generation != state.generation or not deep_equal(value, get(state.values, path)):
                return
            state.is_valid = not resolved.errors
            if self._cross_field:
                self._replace_other_errors(name, resolved.errors)
            found = state.within(resolved.errors, name)
            if found and self._delayed_errors.delay:
                self._show_later(name, found)
                if without_delay:
                    self._delayed_errors.flush(name)
            else:
                self._delayed_errors.cancel(name)
                state.replace_errors(name, found)
            self.validate_dependents(name)

        self._runs.run((name,), on_resolved)

    def validate_dependents(self, name: str) -> None:
        """Validate the fields that depend on a field."""
        if self._deps and (deps := self._deps.get(name)):
            self.validate(tuple(deps))

    def validate(
        self,
        names: tuple[str, ...] | None,
        outcome: concurrent.futures.Future[bool] | None = None,
        *,
        delayed: bool = False,
    ) -> None:
        """Validate named fields and all below them, or the whole form, and replace their errors.

        Args:
            names: The fields, or None for the whole form.
            outcome: Ends with whether these fields are valid, or with what the resolver raised.
            delayed: Show errors after the form's delay.
        """
        state, generation = self._state, self._state.generation

        def end(result: Resolved | Exception) -> None:
            if outcome is None:
                return
            if isinstance(result, Exception):
                end_future(outcome, None, result)
            elif names is None:
                end_future(outcome, not result.errors)
            else:
                end_future(outcome, not any(state.within(result.errors, name) for name in names))

        def on_resolved(resolved: Resolved) -> None:
            if generation == state.generation:
                self._replace_errors(names, resolved.errors, delayed=delayed)
            end(resolved)

        self._runs.run(names, on_resolved, end if outcome is not None else None, end)

    def _replace_errors(
        self, names: tuple[str, ...] | None, errors: Mapping[str, FieldError], *, delayed: bool
    ) -> None:
        state = self._state
        state.is_valid = not errors
        if names is None:
            self._delayed_errors.cancel_all()
            state.set_errors(errors)
            return
        self._delayed_errors.cancel_all(names)
        for name in names:
            found = state.within(errors, name)
            if delayed and found and self._delayed_errors.delay:
                state.replace_errors(name, {})
                self._show_later(name, found)
            else:
                state.replace_errors(name, found)

    def _show_later(self, name: str, found: Mapping[str, FieldError]) -> None:
        def show(current: str) -> None:
            # The name may have changed: the row of the field may have moved.
            self._state.replace_errors(
                current, {current + known[len(name) :]: error for known, error in found.items()}
            )

        self._delayed_errors.add(name, show)

    def _replace_other_errors(self, name: str, errors: Mapping[str, FieldError]) -> None:
        """Replace the errors of other fields that may be shown by now, but not those from `set_error`."""
        state = self._state
        shown, below = state.errors, f"{name}."
        changed = [
            other
            for other, error in shown.items()
            if (current := errors.get(other)) is not error and current != error
        ]
        added = [other for other in errors if other not in shown]
        if added and not state.is_submitted:
            added = list(filter(_touched_test(state.touched), added))
        others = [
            other
            for other in (*changed, *added)
            if other not in state.manual_errors and other != name and not other.startswith(below)
        ]
        if others:
            replaced = set(others)
            remaining = {known: error for known, error in shown.items() if known not in replaced}
            found = {other: errors[other] for other in others if other in errors}
            state.errors = {**remaining, **found}

    def _row_errors(self, name: str, errors: Mapping[str, FieldError]) -> Mapping[str, FieldError]:
        """Return the errors to show for a list: with ``cross_field``, none of untouched new rows."""
        state = self._state
        if not self._cross_field or state.is_submitted:
            return errors
        was_touched = _touched_test(state.touched)
        return {
            known: error
            for known, error in errors.items()
            if known in state.errors or known.removesuffix(".root") == name or was_touched(known)
        }


def _touched_test(touched: set[str]) -> Callable[[str], bool]:
    """Return a function that tells whether a field, a descendant or an ancestor of it is touched."""
    ancestors = {parent for field in touched for parent in parents(field)}

    def was_touched(name: str) -> bool:
        field = name.removesuffix(".root")
        return (
            field in touched
            or field in ancestors
            or any(parent in touched for parent in parents(field) if parent)
        )

    return was_touched
