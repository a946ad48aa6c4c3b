"""What goes into a form: the hands of users, the writes of programs, and the rows of lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.delayed_errors import Delays
from kaizen_widgets.forms.field_array import Rows
from kaizen_widgets.forms.field_names import Names
from kaizen_widgets.forms.observing import Observable
from kaizen_widgets.forms.paths import Name, SomeNames, copied, get, name_of, names_of, parse
from kaizen_widgets.forms.resetting import fields_of
from kaizen_widgets.forms.resolver_runs import Runs
from kaizen_widgets.forms.row_moves import Origins, RowMove
from kaizen_widgets.forms.schema import Schema
from kaizen_widgets.forms.tracked_state import State
from kaizen_widgets.forms.validation import Checks
from kaizen_widgets.forms.validation_modes import Event, Modes


class Fillable(Observable):
    """The part of a form that is filled in.

    Args:
        state: What it fills.
        schema: The model's field tree, or None.
        names: Which names are fields.
        modes: When events are judged.
        runs: Asks the resolver.
        delays: Shows errors later.
        checks: What judging does.
    """

    def __init__(
        self,
        state: State,
        schema: Schema | None,
        names: Names,
        modes: Modes,
        runs: Callable[[Fillable], Runs],
        delays: Callable[[Fillable], Delays],
        checks: Callable[[Runs, Delays], Checks],
    ) -> None:
        super().__init__(state)
        self._schema = schema
        self._names = names
        self._modes = modes
        self._runs = runs(self)
        self._delays = delays(self)
        self._checks = checks(self._runs, self._delays)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Do several things as one: judged once and told once, at the end."""
        with self._operation:
            holds = self._runs.hold()
            try:
                yield
            finally:
                if holds:
                    self._runs.release()

    # ---------------------------------------------------------------- users

    def change(self, name: Name, value: Any) -> None:
        """A user changed a field: keep what was typed, as it was typed, and judge it if the mode says so.

        Raises:
            UnknownFieldError: There is no such field. Of one that was unregistered nothing is heard.
        """
        field = name_of(name)
        with self._operation:
            if self._names.hears(field):
                typed = value if self._schema is None else self._schema.typed(field, value)
                self._state.write(parse(field), copied(typed))
                self._state.heard(field)
                self._state.mark_dirty(field)
                self._heard_of(field, "change")

    def blur(self, name: Name) -> None:
        """A user left a field: it is touched, an error that waits is shown, and the mode may judge it.

        Raises:
            UnknownFieldError: There is no such field.
        """
        field = name_of(name)
        with self._operation:
            if self._names.hears(field):
                flushed = self._delays.flush(field)
                self._state.touch(field)
                self._heard_of(field, "blur", at_once=flushed)

    def _heard_of(self, name: str, event: Event, *, at_once: bool = False) -> None:
        state = self._state
        if self._modes.validates(
            event, is_touched=name in state.touched, is_submitted=state.is_submitted
        ):
            self._checks.check_event(name, at_once=at_once)
        elif self._modes.refreshes(event):
            self._checks.refresh()

    # ------------------------------------------------------------- programs

    def set_value(
        self,
        name: Name,
        value: Any,
        *,
        should_validate: bool = False,
        should_dirty: bool = False,
        should_touch: bool = False,
        delay_error: bool = False,
    ) -> None:
        """Write a value; without flags nothing else happens but that ``is_valid`` follows.

        Args:
            name: A field, a group of fields, or a list, whose rows are then new ones.
            value: Its value; of a model's field, the draft of it is kept.
            should_validate: Judge it, and show its error.
            should_dirty: Say whether it now differs from its default, and whether the form does.
            should_touch: Count it as left once.
            delay_error: With ``should_validate``, show the error after the form's delay.

        Raises:
            UnknownFieldError: There is no such field.
        """
        self._set(
            {name_of(name): value},
            validate=should_validate,
            dirty=should_dirty,
            touch=should_touch,
            delayed=delay_error,
        )

    def set_values(
        self,
        values: Mapping[str, Any] | Callable[[Any], Mapping[str, Any]],
        *,
        should_validate: bool = False,
        should_dirty: bool = False,
        should_touch: bool = False,
    ) -> None:
        """Write several values at once, by name; or what a function makes of the present ones.

        All names are checked before the first is written. The flags are `set_value`'s.

        Raises:
            UnknownFieldError: There is no such field. Nothing is written.
        """
        with self._operation:
            given: Any = values(self.values) if callable(values) else values
            if not isinstance(given, Mapping):
                raise FormError(
                    f"set_values takes a mapping of names to values, not {type(given).__name__}."
                )
            self._set(
                {name_of(name): value for name, value in given.items()},
                validate=should_validate,
                dirty=should_dirty,
                touch=should_touch,
            )

    def _set(
        self,
        values: Mapping[str, Any],
        *,
        validate: bool,
        dirty: bool,
        touch: bool,
        delayed: bool = False,
    ) -> None:
        with self._operation:
            for name in values:
                self._names.check(name)
            drafts = {name: self._draft(name, value) for name, value in values.items()}
            for name, draft in drafts.items():
                path = parse(name)
                self._state.write(path, draft, tells_rows=True)
                if dirty:
                    self._state.mark_dirty(name)
                if touch and not self._is_rows(name):
                    for field in fields_of(draft, path):
                        self._state.touch(field)
            if validate:
                self._checks.check(tuple(drafts), delayed=delayed)
                for name in drafts:
                    self._checks.check_deps(name)
            else:
                self._checks.refresh()

    def register(self, name: SomeNames) -> None:
        """Hear of a field (again): of one that was unregistered, or that is no field so far."""
        with self._operation:
            self._names.add(names_of(name))
            self._checks.refresh()

    def _draft(self, name: str, value: Any) -> Any:
        if self._schema is None:
            return copied(value)
        return copied(self._schema.draft_at(name, value, self._state.values))

    # ----------------------------------------------------------------- rows

    def rows(self, name: Name) -> Rows:
        """Return the rows of a list, to add, move and remove them.

        Raises:
            UnknownFieldError: There is no such field.
            FormError: It is no list.
        """
        field = name_of(name)
        with self._operation:
            self._names.check(field)
            value = get(self._state.values, parse(field), None)
            if value is not None and not isinstance(value, list):
                raise FormError(f"{field or 'The form'} is no list: it has no rows.")
            self._rows_of(field)
        return Rows(self, field)

    def _rows_of(self, name: str) -> tuple[list[Any], list[str]]:
        with self._notifier:
            value = get(self._state.values, parse(name), [])
            rows = value if isinstance(value, list) else []
            return rows, self._state.rows.of(name, len(rows))

    def _row_draft(self, name: str, row: Any) -> Any:
        if self._schema is None:
            return copied(row)
        return copied(self._schema.row_draft(name, row, self._state.values))

    def _move_rows(self, name: str, rows: list[Any], origins: Origins) -> None:
        with self._operation:
            state = self._state
            state.move_rows(name, rows, origins)
            moved = RowMove(name, origins)
            self._delays.move(moved)
            if self._schema is not None:
                self._schema.moved(moved)
            state.mark_dirty(name)
            judges = self._modes.validates_rows(is_submitted=state.is_submitted)
            self._checks.check_rows(name) if judges else self._checks.refresh()

    def _is_rows(self, name: str) -> bool:
        """Whether a name is a list of rows, which are touched one by one if at all."""
        rows = get(self._state.values, parse(name))
        return isinstance(rows, list) and any(isinstance(row, dict | list) for row in rows)
