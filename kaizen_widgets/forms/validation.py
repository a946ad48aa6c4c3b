"""What a validation does to the errors: of a field after an event, of named fields, of a list's rows.

Every run judges the whole form. What differs is which errors it may replace, and when its answer comes
too late to count. Whoever calls holds the form's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kaizen_widgets.forms.delayed_errors import Delays
from kaizen_widgets.forms.differences import same
from kaizen_widgets.forms.paths import get, parents, parse
from kaizen_widgets.forms.resolver import FieldError, Resolved
from kaizen_widgets.forms.resolver_runs import Failed, Runs
from kaizen_widgets.forms.tracked_state import State


class Checks:
    """The validations of one form.

    Args:
        state: What they change.
        runs: Asks the resolver.
        delays: Shows errors later.
        deps: Fields to judge too, by the field whose event is judged.
        cross_field: Whether an event's run also replaces the errors of other fields that are touched, or
            of all once the form is submitted.
    """

    def __init__(
        self,
        state: State,
        runs: Runs,
        delays: Delays,
        *,
        deps: Mapping[str, Sequence[str]],
        cross_field: bool,
    ) -> None:
        self._state = state
        self._runs = runs
        self._delays = delays
        self._deps = deps
        self._cross_field = cross_field
        self._refreshes = 0

    def refresh(self) -> None:
        """Find out whether the values would do; errors stay. Of overlapping runs the last counts."""
        self.check_rows(None)

    def check_rows(self, name: str | None) -> None:
        """Refresh; and replace all errors of a list and its rows, unless rows come, go or move meanwhile.

        With ``cross_field`` a new row is not yet told what it lacks: nobody has been at its fields.
        """
        state = self._state
        self._refreshes += 1
        mine, before = self._refreshes, self._rows(name)

        def then(resolved: Resolved) -> None:
            if name is not None and self._rows(name) is before:
                self._delays.cancel_all([name])
                found = self._worth_saying(name, resolved.errors)
                state.replace_errors(name, found) if name else state.set_errors(found)
            if mine == self._refreshes:
                state.is_valid = not resolved.errors

        self._runs.ask(None if name is None else (name,), then)

    def check_event(self, name: str, *, at_once: bool = False) -> None:
        """Judge a field of which something was heard; drop the answer if its value changes meanwhile.

        Args:
            name: The field.
            at_once: Show an error without the form's delay.
        """
        state, path = self._state, parse(name)
        value, generation = get(state.values, path), state.generation

        def then(resolved: Resolved) -> None:
            if generation != state.generation or not same(value, get(state.values, path)):
                return
            state.is_valid = not resolved.errors
            if self._cross_field:
                self._replace_others(name, resolved.errors)
            found = state.within(resolved.errors, name)
            if found and self._delays.delay:
                self._show_later(name, found)
                if at_once:
                    self._delays.flush(name)
            else:
                self._delays.cancel(name)
                state.replace_errors(name, found)
            self.check_deps(name)

        self._runs.ask((name,), then)

    def check_deps(self, name: str) -> None:
        """Judge the fields that depend on one."""
        if self._deps and (deps := self._deps.get(name)):
            self.check(tuple(deps))

    def check(
        self,
        names: tuple[str, ...] | None,
        done: Callable[[bool], object] | None = None,
        failed: Failed | None = None,
        *,
        delayed: bool = False,
    ) -> None:
        """Judge named fields and all below them, or the whole form, and replace their errors.

        Args:
            names: The fields, or None.
            done: Takes whether nothing is wrong with them.
            failed: Takes what the resolver raised.
            delayed: Show an error of the one named field after the form's delay.
        """
        state, generation = self._state, self._state.generation

        def then(resolved: Resolved) -> None:
            if generation == state.generation:
                self._store(names, resolved.errors, delayed=delayed)
            if done is not None:
                done(
                    not resolved.errors
                    if names is None
                    else not any(state.within(resolved.errors, name) for name in names)
                )

        self._runs.ask(names, then, failed)

    def _store(
        self, names: tuple[str, ...] | None, errors: Mapping[str, FieldError], *, delayed: bool
    ) -> None:
        state = self._state
        state.is_valid = not errors
        if names is None:
            self._delays.cancel_all()
            state.set_errors(errors)
            return
        self._delays.cancel_all(names)
        for name in names:
            found = state.within(errors, name)
            if delayed and found and self._delays.delay:
                state.replace_errors(name, {})
                self._show_later(name, found)
            else:
                state.replace_errors(name, found)

    def _show_later(self, name: str, found: Mapping[str, FieldError]) -> None:
        def show(now: str) -> None:
            # The field may have another name by then: its row may have moved.
            self._state.replace_errors(
                now, {now + known[len(name) :]: error for known, error in found.items()}
            )

        self._delays.wait(name, show)

    def _replace_others(self, name: str, errors: Mapping[str, FieldError]) -> None:
        """Let errors of other fields that people have been at come and go with this one's value."""
        state = self._state
        shown, below = state.errors, f"{name}."
        differing = [
            other
            for other, error in shown.items()
            if (now := errors.get(other)) is not error and now != error
        ]
        fresh = [other for other in errors if other not in shown]
        if fresh and not state.is_submitted:
            fresh = list(filter(_been_at(state.touched), fresh))
        others = [
            other
            for other in (*differing, *fresh)
            if other not in state.given and other != name and not other.startswith(below)
        ]
        if others:
            gone = set(others)
            kept = {known: error for known, error in shown.items() if known not in gone}
            found = {other: errors[other] for other in others if other in errors}
            state.errors = {**kept, **found}

    def _worth_saying(
        self, rows: str, errors: Mapping[str, FieldError]
    ) -> Mapping[str, FieldError]:
        state = self._state
        if not self._cross_field or state.is_submitted:
            return errors
        was_at = _been_at(state.touched)
        return {
            name: error
            for name, error in errors.items()
            if name in state.errors or name.removesuffix(".root") == rows or was_at(name)
        }

    def _rows(self, name: str | None) -> Any:
        if name is None:
            return None
        rows = get(self._state.values, parse(name))
        return self._state.rows.of(name, len(rows) if isinstance(rows, list) else 0)


def _been_at(touched: set[str]) -> Callable[[str], bool]:
    """Return whether people were at the field of an error, at one below it, or at one it is part of."""
    above = {parent for field in touched for parent in parents(field)}

    def was_at(name: str) -> bool:
        field = name.removesuffix(".root")
        return (
            field in touched
            or field in above
            or any(parent in touched for parent in parents(field) if parent)
        )

    return was_at
