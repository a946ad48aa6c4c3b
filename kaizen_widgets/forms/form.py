"""A form without a user interface: values, errors, and the state of each field.

The semantics are React Hook Form's, over any resolver or a pydantic model. User events come in through
`change`, `blur`, `submit` and the methods of rows; programs use `set_value`, `reset` and the like. Every
method may be called from any thread; listeners and handlers run outside the form's lock.

Names are dotted (`items.0.name`) or tuples (``("items", 0, "name")``). Durations are in seconds.

Source: the semantics follow React Hook Form 7 (MIT) and are tested against recorded traces of it; no code
was copied.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from traitlets import HasTraits

from kaizen_widgets.core.background import BackgroundLoop, Pending, background
from kaizen_widgets.core.callbacks import call_fitting, fit_callback
from kaizen_widgets.core.clock import Clock, NewId
from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.change import Change
from kaizen_widgets.forms.change_notifier import (
    ChangeListener,
    ChangeNotifier,
    StateTrait,
    Unsubscribe,
)
from kaizen_widgets.forms.delayed_errors import DelayedErrors
from kaizen_widgets.forms.differences import is_identical
from kaizen_widgets.forms.error_messages import MessageOverrides
from kaizen_widgets.forms.field_array import FieldArrays, Rows
from kaizen_widgets.forms.field_names import FieldNames
from kaizen_widgets.forms.field_state import FieldState
from kaizen_widgets.forms.fields.form_fields import FormFields
from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.forms.form_inputs import (
    drafts_of,
    fields_of_model,
    resolver_or_model,
    row_counter,
    split_instance,
)
from kaizen_widgets.forms.given_defaults import GivenDefaults
from kaizen_widgets.forms.paths import (
    MISSING,
    Name,
    Path,
    SomeNames,
    copied,
    get,
    is_within,
    join,
    name_of,
    names_of,
    parse,
    path_of,
)
from kaizen_widgets.forms.resetting import (
    KeepOptions,
    remove_fields,
    reset_defaults,
    reset_field,
    reset_form,
)
from kaizen_widgets.forms.resolver import AnyResolver, CriteriaMode, FieldError
from kaizen_widgets.forms.resolver_runs import ResolverRuns
from kaizen_widgets.forms.server_errors import read_errors
from kaizen_widgets.forms.submissions import (
    FormSubmissions,
    OnInvalid,
    OnValid,
    Submission,
)
from kaizen_widgets.forms.tracked_state import TrackedState
from kaizen_widgets.forms.validation import FormValidation
from kaizen_widgets.forms.validation_modes import (
    FieldEvent,
    Mode,
    ReValidateMode,
    ValidationModes,
    check_choice,
)


class Form(HasTraits):
    """Holds the values of a form, validates them, and submits them.

    Args:
        model: A model class, or anything a pydantic `TypeAdapter` accepts; or an instance of a model,
            which gives the default values too; None for a form of plain values. As in pydantic, `after`
            validators of the model run once all fields are valid.
        default_values: The initial values: some of a model's fields, or an instance; without a model,
            all values of the form.
        mode: When a field is validated before the first submit.
        re_validate_mode: When a field is validated after the first submit.
        criteria_mode: `firstError` reports one error for a field, `all` collects all of them.
        delay_error: Seconds before an error is shown; a blur shows it without delay.
        resolver: Validates the values instead of the model; called with the values and a
            `ResolverContext`, or with the values alone.
        context: Passed to the resolver as `ResolverContext.extra`.
        fields: Without a model: the only names that accept user events (`items.*.name` for any row).
        hints: With a model: how fields are displayed, by name (`items.*.name` for any row): `Hint`s, or
            dicts of label, help, placeholder, widget, order, group, ...
        deps: Fields to validate as well, by the field that had an event.
        messages: Your own messages for errors: by field a sentence, or sentences by error type.
        cross_field: Whether validating a field also updates the errors of other touched fields, so that
            "passwords differ" disappears when either password is corrected. Not in React Hook Form.
        overlapping_submits: Whether a submit may begin while another is under way; if not, `submit`
            returns the one under way.
        clock: Times delayed errors; the loop's clock by default.
        loop: Runs async resolvers and handlers; the process's background loop by default.
        new_id: Returns ids of rows.

    Raises:
        FormError: An option has an unknown value, or does not fit the others.
        UnknownFieldError: An option names a field that does not exist.
    """

    values = StateTrait(lambda state: copied(state.values), "All values, as a copy.")
    errors = StateTrait[dict[str, FieldError]](
        lambda state: dict(state.errors), "Errors by name; the form's own error is at `''`."
    )
    dirty_fields = StateTrait(lambda state: frozenset(state.dirty), "Names of dirty fields.")
    touched_fields = StateTrait(
        lambda state: frozenset(state.touched), "Names of fields the user left."
    )
    is_dirty = StateTrait[bool](
        lambda state: state.is_dirty, "Whether a value differs from its default."
    )
    is_valid = StateTrait[bool](lambda state: state.is_valid, "Whether all values are valid.")
    is_validating = StateTrait[bool](
        lambda state: state.is_validating, "Whether a validation is under way."
    )
    is_submitting = StateTrait[bool](
        lambda state: state.is_submitting, "Whether a submit is under way."
    )
    is_submitted = StateTrait[bool](
        lambda state: state.is_submitted, "Whether the form was ever submitted."
    )
    is_submit_successful = StateTrait[bool](
        lambda state: state.is_submit_successful, "Whether the last submit succeeded."
    )
    submit_count = StateTrait[int](
        lambda state: state.submit_count, "The number of submits so far."
    )

    def __init__(
        self,
        model: Any = None,
        *,
        default_values: Any = None,
        mode: Mode = "onSubmit",
        re_validate_mode: ReValidateMode = "onChange",
        criteria_mode: CriteriaMode = "firstError",
        delay_error: float = 0.0,
        resolver: AnyResolver | None = None,
        context: Any = None,
        fields: Iterable[str] | None = None,
        hints: Mapping[str, Hint | Mapping[str, Any]] | None = None,
        deps: Mapping[str, SomeNames] | None = None,
        messages: MessageOverrides | None = None,
        cross_field: bool = False,
        overlapping_submits: bool = False,
        clock: Clock | None = None,
        loop: BackgroundLoop = background,
        new_id: NewId | None = None,
    ) -> None:
        super().__init__()
        model, default_values = split_instance(model, default_values)
        self._schema = fields_of_model(model, hints, messages)
        resolve = resolver_or_model(resolver, self._schema)
        self._modes = ValidationModes(
            check_choice("mode", mode, Mode),
            check_choice("re_validate_mode", re_validate_mode, ReValidateMode),
        )
        check_choice("criteria_mode", criteria_mode, CriteriaMode)
        if delay_error < 0:
            raise FormError(f"delay_error is {delay_error!r}; it cannot be negative.")
        self._loop = loop
        self._state = state = TrackedState(
            drafts_of(self._schema, default_values), new_id or row_counter()
        )
        if self._schema is not None:
            self._schema.bind(lambda: state.values)
        self._changes = ChangeNotifier(self, state)
        self._lock = self._changes.lock
        self._operation = self._changes.operation
        self._names = FieldNames(state, self._schema, fields)
        self._runs = ResolverRuns(
            state,
            resolve,
            loop,
            self._changes,
            criteria_mode=criteria_mode,
            extra=context,
            # The fields of a model apply the messages themselves: they know what was left blank.
            messages=messages if self._schema is None or resolver is not None else None,
        )
        self._delayed_errors = DelayedErrors(clock or loop, delay_error, self._changes.when_free)
        self._validation = FormValidation(
            state,
            self._runs,
            self._delayed_errors,
            deps={name: names_of(others) for name, others in (deps or {}).items()},
            cross_field=cross_field,
        )
        self._submissions = FormSubmissions(
            state,
            self._runs,
            loop,
            self._changes,
            self._delayed_errors,
            overlapping=overlapping_submits,
        )
        self._lists = FieldArrays(
            state,
            self._changes,
            self._schema,
            self._modes,
            self._validation,
            self._delayed_errors,
        )
        for name, others in (deps or {}).items():
            self._names.check_option("deps", (name, *names_of(others)))
        self._names.check_option("messages", messages or ())
        with self._operation:
            self._given = GivenDefaults(default_values, state.defaults, self.locate)
            self._validation.update_is_valid()

    # -------------------------------------------------------------- reading

    @property
    def default_values(self) -> Any:
        """The defaults that values are compared with, as a copy."""
        with self._lock:
            return copied(self._state.defaults)

    @property
    def value(self) -> Any:
        """What a submit would pass to its handler: the model; None while invalid or not yet validated."""
        with self._lock:
            return self._runs.value

    def get_value(self, name: Name) -> Any:
        """Return the value of a field or group; None if it has none.

        Raises:
            UnknownFieldError: The form has no such field.
        """
        with self._lock:
            self._names.check(name_of(name))
            return self._value_at(name_of(name))

    def get_field_state(self, name: Name) -> FieldState:
        """Return the state of one field.

        Raises:
            UnknownFieldError: The form has no such field.
        """
        field, state = name_of(name), self._state
        with self._lock:
            self._names.check(field)
            return FieldState(
                bool(state.within(state.errors, field)),
                state.has_dirty(field),
                any(is_within(known, field) for known in state.touched),
                self._runs.is_validating(field),
                state.errors.get(field) or state.errors.get(f"{field}.root"),
            )

    @property
    def listener_count(self) -> int:
        """The number of listeners that `subscribe` and `watch` added."""
        return self._changes.listener_count

    def subscribe(self, listener: ChangeListener) -> Unsubscribe:
        """Call ``listener(change)`` after every operation that changed something.

        It is called on the thread of the operation, outside the lock; it may read and change the form.

        Returns:
            The unsubscribe function, which may be called more than once.
        """
        return self._changes.subscribe(fit_callback(listener, 1))

    def watch(self, listener: Callable[..., object], names: SomeNames | None = None) -> Unsubscribe:
        """Call ``listener(value)`` whenever a value is written: by the user, a program, rows or a reset.

        Args:
            listener: Called with all values; for one name with its value (None if it has none); for a
                list of names with the list of their values.
            names: What to watch, including everything above and below it; all values by default.

        Returns:
            The unsubscribe function, which may be called more than once.
        """
        listener = fit_callback(listener, 1)
        is_single = isinstance(names, str | tuple)
        watched = None if names is None else names_of(names)

        def on_change(change: Change) -> None:
            if not change.values:
                return
            if watched is None:
                listener(self.values)
            elif any(
                is_within(name, written) or is_within(written, name)
                for name in watched
                for written in change.values
            ):
                found = [self._value_at(name) for name in watched]
                listener(found[0] if is_single else found)

        return self.subscribe(on_change)

    def _value_at(self, name: str) -> Any:
        with self._lock:
            return copied(get(self._state.values, parse(name), None))

    # ---------------------------------------------------------- user events

    def change(self, name: Name, value: Any) -> None:
        """Handle an edit by the user: store the input as it was typed, and validate if the mode says so.

        An event of an unregistered field is ignored.

        Raises:
            UnknownFieldError: The form has no such field.
        """
        field = name_of(name)
        with self._operation:
            if self._names.accepts(field):
                draft = value if self._schema is None else self._schema.typed(field, value)
                self._state.write(parse(field), copied(draft))
                self._state.mark_written(field)
                self._state.mark_dirty(field)
                self._on_event(field, "change")

    def blur(self, name: Name) -> None:
        """Handle that the user left a field: mark it touched, and show or update its error.

        Raises:
            UnknownFieldError: The form has no such field.
        """
        field = name_of(name)
        with self._operation:
            if self._names.accepts(field):
                was_delayed = self._delayed_errors.flush(field)
                self._state.touch(field)
                self._on_event(field, "blur", without_delay=was_delayed)

    def _on_event(self, name: str, event: FieldEvent, *, without_delay: bool = False) -> None:
        state = self._state
        if self._modes.validates(
            event, is_touched=name in state.touched, is_submitted=state.is_submitted
        ):
            self._validation.validate_event(name, without_delay=without_delay)
        elif self._modes.updates_is_valid(event):
            self._validation.update_is_valid()

    # --------------------------------------------------------------- values

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Group several operations: validate once, and notify listeners once, at the end."""
        with self._operation:
            is_outermost = self._runs.begin_batch()
            try:
                yield
            finally:
                if is_outermost:
                    self._runs.end_batch()

    def when_free(self, call: Callable[[], object]) -> None:
        """Make a call under the form's lock, now or when the thread that holds the lock lets go.

        Use it on the background loop: a thread in a `batch` may wait for the loop, so the loop must not
        wait for that thread.
        """
        self._changes.when_free(call)

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
        """Write a value. Without flags, only ``is_valid`` is updated.

        Args:
            name: A field, a group of fields, or a list, whose rows then get new ids.
            value: Its value; for a field of a model, a draft of it is stored.
            should_validate: Validate the field and show its error.
            should_dirty: Update its dirty flag, and that of the form.
            should_touch: Mark it touched.
            delay_error: With ``should_validate``, show the error after the form's delay.

        Raises:
            UnknownFieldError: The form has no such field.
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
        values: Mapping[str, Any] | Callable[..., Mapping[str, Any]],
        *,
        should_validate: bool = False,
        should_dirty: bool = False,
        should_touch: bool = False,
    ) -> None:
        """Write several values by name, or the result of a function of all present values.

        All names are checked before the first value is written. The flags are those of `set_value`.

        Raises:
            UnknownFieldError: The form has no such field. Nothing is written.
        """
        with self._operation:
            given: Any = call_fitting(values, self.values) if callable(values) else values
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
                self._state.write(path, draft, include_rows=True)
                if dirty:
                    self._state.mark_dirty(name)
                if touch and not self._is_list_of_groups(name):
                    for field in _fields_within(draft, path):
                        self._state.touch(field)
            if validate:
                self._validation.validate(tuple(drafts), delayed=delayed)
                for name in drafts:
                    self._validation.validate_dependents(name)
            else:
                self._validation.update_is_valid()

    def _draft(self, name: str, value: Any) -> Any:
        if self._schema is None:
            return copied(value)
        return copied(self._schema.draft_at(name, value, self._state.values))

    def _default_draft(self, name: str, value: Any) -> Any:
        if self._schema is None:
            return copied(value)
        return copied(self._schema.default_at(name, value, self._state.values))

    def rows(self, name: Name) -> Rows:
        """Return the rows of a list, with methods to add, move and remove them.

        Raises:
            UnknownFieldError: The form has no such field.
            FormError: The field is not a list.
        """
        field = name_of(name)
        with self._operation:
            self._names.check(field)
            value = get(self._state.values, parse(field), None)
            if value is not None and not isinstance(value, list):
                raise FormError(f"{field or 'The form'} is not a list, so it has no rows.")
            self._lists.ids(field)
        return Rows(self._lists, field)

    def _is_list_of_groups(self, name: str) -> bool:
        """Return whether a name is a list whose rows have fields, which are touched one by one."""
        rows = get(self._state.values, parse(name))
        return isinstance(rows, list) and any(isinstance(row, dict | list) for row in rows)

    # ----------------------------------------------------------- validation

    def trigger(self, names: SomeNames | None = None) -> Pending[bool]:
        """Validate fields and all below them, or the whole form, and show their errors.

        Returns:
            A handle to wait for or await; its result is whether these fields are valid.

        Raises:
            UnknownFieldError: The form has no such field.
        """
        outcome: concurrent.futures.Future[bool] = concurrent.futures.Future()
        # The future has no callbacks but those of waiting threads, so it may end under the lock.
        with self._operation:
            listed = None if names is None else names_of(names)
            for name in listed or ():
                self._names.check(name)
            self._validation.validate(listed, outcome)
        return Pending(outcome, self._loop)

    def set_error(self, name: Name, error: FieldError | str) -> None:
        """Show an error at a field until its next validation; until then the form is not valid.

        Args:
            name: A field; `root` or `""` for the form as a whole, `root.server` for one aspect of it.
            error: The error, or only its message.

        Raises:
            UnknownFieldError: The form has no such field.
        """
        with self._operation:
            field = self._names.error_name(name_of(name))
            shown = error if isinstance(error, FieldError) else FieldError("custom", str(error))
            self._delayed_errors.cancel_all([field])
            self._state.set_error(field, shown)
            self._state.is_valid = False

    def set_errors(self, problem: Any, *, submission: Submission | None = None) -> None:
        """Show the errors of an API, or of pydantic, at the fields they are about.

        Errors that concern no field of this form, or a row that was removed meanwhile, are shown for the
        form as a whole, at `root.server`.

        Args:
            problem: The JSON body of a 422 (FastAPI's ``{"detail": [...]}``), its list, an exception of
                `kaizen_widgets.transport`, a pydantic ValidationError, or a mapping of names to messages.
            submission: The submit whose values the API was given: the errors follow rows that have moved
                since it began. By default the one under way.

        Raises:
            FormError: It is none of these.
        """
        with self._operation:
            submitted = (submission or self._submissions).submitted_values
            errors = read_errors(problem, lambda loc: self._names.locate_error(loc, submitted))
            for name, error in errors.items():
                self.set_error(name, error)

    def clear_errors(self, names: SomeNames | None = None) -> None:
        """Remove errors without validating: of fields and all below them, or all errors."""
        with self._operation:
            if names is None:
                self._delayed_errors.cancel_all()
                self._state.set_errors({})
            else:
                # Names are not checked: where there is no error, there is nothing to clear.
                listed = [self._names.form_error_name(name) for name in names_of(names)]
                self._delayed_errors.cancel_all(listed)
                for name in listed:
                    self._state.replace_errors(name, {})
            self._validation.update_is_valid()

    # ----------------------------------------------------------- submitting

    def submit(
        self, on_valid: OnValid | None = None, on_invalid: OnInvalid | None = None
    ) -> Submission:
        """Validate the form; then call ``on_valid(value)``, or ``on_invalid(errors)``.

        A plain handler runs on this thread before this method returns, unless the resolver is async:
        then it runs on the background loop, where coroutines always run.

        Args:
            on_valid: Called with the model, or with what the resolver made of the values.
            on_invalid: Called with the errors by name.

        Returns:
            A handle to wait for or await; its result is what the handler returns (None when invalid),
            and an exception of the handler is raised there. While a submit is under way, its handle.
        """
        return self._submissions.submit(on_valid, on_invalid)

    def handle_submit(
        self, on_valid: OnValid | None = None, on_invalid: OnInvalid | None = None
    ) -> Callable[..., Submission]:
        """Return a function that submits and ignores its arguments, for a button's `on_click`."""
        return lambda *_event: self.submit(on_valid, on_invalid)

    def submitted(self) -> Pending[Any]:
        """Return a handle on the next successful submit: ``agent = await form.submitted()``."""
        return self._submissions.submitted()

    # ------------------------------------------------- resetting, registering

    def reset(
        self,
        values: Any = None,
        *,
        keep_values: bool = False,
        keep_dirty_values: bool = False,
        keep_default_values: bool = False,
        keep_errors: bool = False,
        keep_dirty: bool = False,
        keep_touched: bool = False,
        keep_is_submitted: bool = False,
        keep_is_submit_successful: bool = False,
        keep_submit_count: bool = False,
        keep_is_valid: bool = False,
    ) -> None:
        """Reset the form to its defaults, or to new values that become the defaults.

        Validations and submits that are under way no longer have an effect.

        Args:
            values: The new values (for a model: an instance, or some fields), or a function of the
                present values.
            keep_values: Keep the values, and replace only the defaults.
            keep_dirty_values: Keep the values the user changed, which stay dirty, and replace the rest.
            keep_default_values: Replace the values, and keep the defaults.
            keep_errors: Keep errors.
            keep_dirty: Keep dirty flags, whether or not they are still true.
            keep_touched: Keep touched flags.
            keep_is_submitted: Keep `is_submitted`.
            keep_is_submit_successful: Keep `is_submit_successful`.
            keep_submit_count: Keep `submit_count`.
            keep_is_valid: Keep `is_valid` until the next validation.
        """
        keep = KeepOptions(
            values=keep_values,
            dirty_values=keep_dirty_values,
            default_values=keep_default_values,
            errors=keep_errors,
            dirty=keep_dirty,
            touched=keep_touched,
            is_submitted=keep_is_submitted,
            is_submit_successful=keep_is_submit_successful,
            submit_count=keep_submit_count,
            is_valid=keep_is_valid,
        )
        with self._operation:
            given = call_fitting(values, self.values) if callable(values) else values
            drafts = MISSING if given is None else drafts_of(self._schema, given)
            self._delayed_errors.cancel_all()
            self._runs.forget()
            if drafts is MISSING:
                if not keep_default_values:
                    self._state.defaults = self._renewed_defaults()
            elif not keep_default_values:
                self._given = GivenDefaults(given, drafts, self.locate)
            reset_form(self._state, drafts, keep)
            if self._schema is not None and drafts is MISSING and not keep_values:
                self._schema.reset_to_defaults()
            if not keep_is_valid:
                self._validation.update_is_valid()

    def reset_field(
        self,
        name: Name,
        *,
        default_value: Any = MISSING,
        keep_dirty: bool = False,
        keep_touched: bool = False,
        keep_error: bool = False,
    ) -> None:
        """Reset a field, or a group of fields, to its default.

        Args:
            name: The field or group.
            default_value: A new default to reset it to.
            keep_dirty: Keep its dirty flag, and that of the form.
            keep_touched: Keep its touched flag.
            keep_error: Keep its error.

        Raises:
            UnknownFieldError: The form has no such field.
        """
        field = name_of(name)
        with self._operation:
            if not self._names.accepts(field):
                return
            if not keep_error:
                self._delayed_errors.cancel_all([field])
            path = parse(field)
            if default_value is MISSING:
                default = get(self._renewed_defaults(), path)
            else:
                default = self._default_draft(field, default_value)
                self._given.add(path)
            reset_field(
                self._state,
                field,
                default,
                keep_dirty=keep_dirty,
                keep_touched=keep_touched,
                keep_error=keep_error,
            )
            if self._schema is not None:
                self._schema.reset_field(field, self._state.values)
            self._validation.update_is_valid()

    def reset_default_values(self, values: Mapping[str, Any], *, keep_dirty: bool = False) -> None:
        """Replace the defaults of some fields; values, errors and touched flags stay.

        Use it to record that some fields are saved while others are still being edited.

        Args:
            values: The new defaults by name.
            keep_dirty: Keep dirty flags, whether or not they are still true.

        Raises:
            UnknownFieldError: The form has no such field. No default is replaced.
        """
        with self._operation:
            for name in values:
                self._names.check(name)
            drafts = {name: self._default_draft(name, value) for name, value in values.items()}
            for name in drafts:
                self._given.add(parse(name))
            reset_defaults(self._state, drafts, keep_dirty=keep_dirty)

    def _renewed_defaults(self) -> Any:
        """Return the defaults, after computing those of the model's default factories again."""
        if self._schema is None:
            return self._state.defaults
        return self._given.renew(self._state.defaults, self._schema.blank)

    def register(self, name: SomeNames) -> None:
        """Accept user events of fields: new ones, or ones that were unregistered."""
        with self._operation:
            self._names.register(names_of(name))
            self._validation.update_is_valid()

    def unregister(
        self,
        names: SomeNames,
        *,
        keep_value: bool = False,
        keep_default_value: bool = False,
        keep_error: bool = False,
        keep_dirty: bool = False,
        keep_touched: bool = False,
    ) -> None:
        """Remove fields with everything that is not kept; their events are ignored until `register`.

        Raises:
            UnknownFieldError: The form has no such field.
        """
        with self._operation:
            listed = names_of(names)
            for name in listed:
                self._names.check(name)
            if not keep_error:
                self._delayed_errors.cancel_all(listed)
            remove_fields(
                self._state,
                listed,
                keep_value=keep_value,
                keep_default_value=keep_default_value,
                keep_error=keep_error,
                keep_dirty=keep_dirty,
                keep_touched=keep_touched,
            )
            self._names.unregister(listed)
            self._validation.update_is_valid()

    # ---------------------------------------------------------------- model

    @property
    def tree(self) -> FormFields:
        """The model's fields, with this form's hints and messages.

        Raises:
            FormError: The form has no model.
        """
        if self._schema is None:
            raise FormError("This form has no model, so it has no tree of fields.")
        return self._schema

    def branch(self, name: Name) -> int | None:
        """Return the selected branch of a union; None if its value fits no branch.

        Raises:
            FormError: The form has no such union.
        """
        with self._lock:
            return self.tree.branch(name, self._state.values)

    def branches(self) -> dict[str, int]:
        """Return the branch of every union that has a value, by name, as of the last validation."""
        with self._lock:
            chosen = self.tree.chosen
            values = self._state.values
            return {
                join(path): at for path, at in chosen.items() if get(values, path, None) is not None
            }

    def choose_branch(self, name: Name, index: int) -> None:
        """Select another branch of a union: its value is what that branch last had, or a blank draft.

        Values of the other branches are kept until the form is reset.

        Raises:
            FormError: The form has no such union, or the union no such branch.
        """
        with self._operation:
            self._names.check(name_of(name))
            draft = self.tree.choose(name, index, self._state.values)
            self.change(name, draft)

    @property
    def edited_fields(self) -> frozenset[str]:
        """Names of the model's own fields whose value is not exactly their default.

        A value may be another although it is equal, and so not dirty: 1.0 instead of 1, or a dict in
        another order.
        """
        with self._lock:
            values, defaults = self._state.values, self._state.defaults
            if not isinstance(values, dict) or values is defaults:
                return frozenset()
            return frozenset(
                name for name in values if not is_identical(values[name], get(defaults, (name,)))
            )

    def valid_subset(self) -> tuple[Any, frozenset[str]]:
        """Return the model with the valid ones of the edited fields, and the names of these fields.

        An edited field that is invalid has its default in the model. If the model rejects the
        combination, no edit is valid and the model is None.
        """
        with self._lock:
            state = self._state
            return self.tree.valid_subset(state.values, state.defaults, self.edited_fields)

    def locate(self, path: Name) -> str | None:
        """Return the name of the field that holds a location in the model's data, or None.

        Data has aliases and keys of dicts where a form has field names and rows: with
        `Field(alias="userName")`, ``userName`` is at `user_name`; of a dict, ``("scores", "ann")`` is at
        `scores.0.1`.
        """
        with self._lock:
            return self.tree.resolve_loc(path_of(path), self._state.values)

    def __repr__(self) -> str:
        with self._lock:
            state = self._state
            facts = {
                "dirty": len(state.dirty),
                "errors": len(state.errors),
                "valid": state.is_valid,
            }
        return f"Form({', '.join(f'{name}={fact}' for name, fact in facts.items())})"


def _fields_within(value: Any, path: Path) -> list[str]:
    """Return the names of the fields in a value at ``path``: its leaves, where a list is one leaf."""
    if isinstance(value, dict) and value:
        return [name for key, item in value.items() for name in _fields_within(item, (*path, key))]
    return [join(path)]
