"""A form without a screen: values, what is wrong with them, and what was done to them.

React Hook Form's semantics over any resolver, or over a pydantic model. What users do comes in by `change`,
`blur`, `submit` and the rows' methods; what programs do, by `set_value`, `reset` and the like. Everything
may be called from any thread; listeners and handlers run outside the lock.

Names are dotted (`items.0.name`) or tuples (``("items", 0, "name")``). Durations are seconds.

Source: the semantics follow React Hook Form 7 (MIT), whose recorded traces it is held to; not its code.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kaizen_widgets.background import BackgroundLoop, Pending, background
from kaizen_widgets.clock import Clock, NewId
from kaizen_widgets.errors import FormError
from kaizen_widgets.forms import resetting
from kaizen_widgets.forms.checks import Checks
from kaizen_widgets.forms.delays import Delays
from kaizen_widgets.forms.fields.form_fields import FormFields
from kaizen_widgets.forms.fields.hints import Hint
from kaizen_widgets.forms.messages import Overrides
from kaizen_widgets.forms.modelled import Modelled
from kaizen_widgets.forms.modes import Mode, Modes, ReValidateMode, checked
from kaizen_widgets.forms.names import Names
from kaizen_widgets.forms.paths import MISSING, Name, SomeNames, copied, name_of, names_of
from kaizen_widgets.forms.resetting import Keep
from kaizen_widgets.forms.resolver import Context, CriteriaMode, Resolved, Resolver
from kaizen_widgets.forms.running import Runs
from kaizen_widgets.forms.schema import Schema
from kaizen_widgets.forms.state import State
from kaizen_widgets.forms.submission import OnInvalid, OnValid, Submission, Submits


class Form(Modelled):
    """The form controller.

    Args:
        model: A model class, or anything a pydantic `TypeAdapter` takes; None for a form of plain values.
            What its `after` validators say of the whole is heard once all fields pass, as in pydantic.
        default_values: What the fields hold at first: some of a model's fields, or an instance; without
            a model, all values there are.
        mode: When a field is judged before the first submit.
        re_validate_mode: When it is judged after it.
        criteria_mode: `firstError` shows one thing that is wrong with a field, `all` collects them.
        delay_error: Seconds an error waits before it is shown; a blur shows it at once.
        resolver: Judges the values, instead of the model.
        context: Handed to the resolver as `Context.extra`.
        fields: Without a model: the only names that are heard (`items.*.name` for any row).
        hints: With a model: how fields look here, by name (`items.*.name` for any row): `Hint`s, or dicts
            of label, help, placeholder, widget, order, group, ...
        deps: Fields to judge too, by the field whose event is judged.
        messages: Own words for errors: field to sentence, or field to error types to sentences.
        cross_field: Whether judging a field also brings and takes the errors of other fields that people
            have been at: "passwords differ" goes when either is mended. React Hook Form has no such thing.
        overlapping_submits: Whether a submit may begin while another goes on; else that one is returned.
        clock: Times the delayed errors; the loop's own by default.
        loop: Runs what is asynchronous; the process's background loop by default.
        new_id: Gives ids of rows.

    Raises:
        FormError: An option is none there is, or does not go with the others.
        UnknownFieldError: An option names a field there is not.
    """

    def __init__(
        self,
        model: Any = None,
        *,
        default_values: Any = None,
        mode: Mode = "onSubmit",
        re_validate_mode: ReValidateMode = "onChange",
        criteria_mode: CriteriaMode = "firstError",
        delay_error: float = 0.0,
        resolver: Resolver | None = None,
        context: Any = None,
        fields: Iterable[str] | None = None,
        hints: Mapping[str, Hint | Mapping[str, Any]] | None = None,
        deps: Mapping[str, SomeNames] | None = None,
        messages: Overrides | None = None,
        cross_field: bool = False,
        overlapping_submits: bool = False,
        clock: Clock | None = None,
        loop: BackgroundLoop = background,
        new_id: NewId | None = None,
    ) -> None:
        checked("criteria_mode", criteria_mode, CriteriaMode)
        schema = _schema(model, hints, messages)
        judge = _resolver(schema, resolver)
        self._loop = loop
        modes = Modes(
            checked("mode", mode, Mode),
            checked("re_validate_mode", re_validate_mode, ReValidateMode),
        )
        if delay_error < 0:
            raise FormError(f"delay_error is {delay_error!r}; it cannot be negative.")
        state = State(_initial(schema, default_values), new_id or _counter())
        if isinstance(schema, FormFields):
            schema.bind(lambda: state.values)
        super().__init__(
            state,
            schema,
            Names(state, schema, fields),
            modes,
            lambda form: Runs(
                state,
                judge,
                loop,
                form._operation,
                criteria_mode=criteria_mode,
                extra=context,
                # A model's fields know the form's words already, and what was left blank.
                messages=messages if schema is None or resolver is not None else None,
            ),
            lambda form: Delays(clock or loop, delay_error, form._under_lock),
            lambda runs, delays: Checks(
                state,
                runs,
                delays,
                deps={name: names_of(others) for name, others in (deps or {}).items()},
                cross_field=cross_field,
            ),
        )
        self._submits = Submits(
            state,
            self._runs,
            loop,
            self._operation,
            self._delivery.post,
            self._delays.cancel_all,
            overlapping=overlapping_submits,
        )
        for name, others in (deps or {}).items():
            self._names.check_option("deps", (name, *names_of(others)))
        self._names.check_option("messages", messages or ())
        with self._operation:
            self._checks.refresh()

    # -------------------------------------------------------------- reading

    @property
    def default_values(self) -> Any:
        """What the values are compared with, as a copy of one's own."""
        with self._delivery:
            return copied(self._state.defaults)

    @property
    def value(self) -> Any:
        """What a submit would hand over: the model; None while invalid or not yet judged."""
        with self._delivery:
            return self._runs.value

    def get_value(self, name: Name) -> Any:
        """Return the value of a field or group; None where there is none.

        Raises:
            UnknownFieldError: There is no such field.
        """
        with self._delivery:
            self._names.check(name_of(name))
            return self._value_at(name_of(name))

    # ----------------------------------------------------------- submitting

    def submit(
        self, on_valid: OnValid | None = None, on_invalid: OnInvalid | None = None
    ) -> Submission:
        """Judge everything; then call ``on_valid(value)``, or ``on_invalid(errors)``.

        A plain handler runs on this thread, before this returns, unless the validation takes longer:
        then on the background loop, as a coroutine does always.

        Args:
            on_valid: Takes the model, or what the resolver made of the values.
            on_invalid: Takes the errors by name.

        Returns:
            A handle to wait for, or await, what the handler returns (None when invalid); what it raises
            is raised there. While a submit goes on, that one's handle.
        """
        return self._submits.submit(on_valid, on_invalid)

    def handle_submit(
        self, on_valid: OnValid | None = None, on_invalid: OnInvalid | None = None
    ) -> Callable[..., Submission]:
        """Return a function that submits, whatever it is called with: for a button's `on_click`."""
        return lambda *_event: self.submit(on_valid, on_invalid)

    def submitted(self) -> Pending[Any]:
        """Return a handle on the next submit that goes well: ``agent = await form.submitted()``."""
        return self._submits.submitted()

    # ------------------------------------------------------------ resetting

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
        """Begin anew, with these values as the new defaults, or with the old ones.

        What is under way is of no interest any more: late answers and the rest of a submit are dropped.

        Args:
            values: The new values (of a model: an instance, or some fields), or a function of the
                present ones.
            keep_values: The values stay; only what they are compared with is new.
            keep_dirty_values: What users changed stays, and stays dirty; the rest is new.
            keep_default_values: The values are new; what they are compared with is not.
            keep_errors: Errors stay.
            keep_dirty: Dirty flags stay, true or not.
            keep_touched: Touched flags stay.
            keep_is_submitted: `is_submitted` stays.
            keep_is_submit_successful: `is_submit_successful` stays.
            keep_submit_count: `submit_count` stays.
            keep_is_valid: `is_valid` stays until the next validation.
        """
        keep = Keep(
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
            given = values(self.values) if callable(values) else values
            drafts = MISSING if given is None else _initial(self._schema, given)
            self._delays.cancel_all()
            self._runs.forget()
            resetting.reset(self._state, drafts, keep)
            if self._schema is not None and drafts is MISSING and not keep_values:
                self._schema.begin_anew()
            if not keep_is_valid:
                self._checks.refresh()

    def reset_field(
        self,
        name: Name,
        *,
        default_value: Any = MISSING,
        keep_dirty: bool = False,
        keep_touched: bool = False,
        keep_error: bool = False,
    ) -> None:
        """Give a field its default back.

        Args:
            name: A field, or a group of fields.
            default_value: Becomes its default first.
            keep_dirty: Its dirty flag stays, and the form's.
            keep_touched: Its touched flag stays.
            keep_error: Its error stays.

        Raises:
            UnknownFieldError: There is no such field.
        """
        field = name_of(name)
        with self._operation:
            if not self._names.hears(field):
                return
            if not keep_error:
                self._delays.cancel_all([field])
            resetting.reset_field(
                self._state,
                field,
                MISSING if default_value is MISSING else self._draft(field, default_value),
                keep_dirty=keep_dirty,
                keep_touched=keep_touched,
                keep_error=keep_error,
            )
            self._checks.refresh()

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
        """Take fields out: nothing is heard of them until `register`; what is not kept is forgotten.

        Raises:
            UnknownFieldError: There is no such field.
        """
        with self._operation:
            listed = names_of(names)
            for name in listed:
                self._names.check(name)
            if not keep_error:
                self._delays.cancel_all(listed)
            resetting.take_out(
                self._state,
                listed,
                keep_value=keep_value,
                keep_default_value=keep_default_value,
                keep_error=keep_error,
                keep_dirty=keep_dirty,
                keep_touched=keep_touched,
            )
            self._names.remove(listed)
            self._checks.refresh()

    def __repr__(self) -> str:
        with self._delivery:
            state = self._state
            facts = {
                "dirty": len(state.dirty),
                "errors": len(state.errors),
                "valid": state.is_valid,
            }
        return f"Form({', '.join(f'{name}={fact}' for name, fact in facts.items())})"


def _schema(model: Any, hints: Any, messages: Overrides | None) -> Schema | None:
    """Return the fields of a model; who made them already (or others of that shape) may give them.

    Raises:
        FormError: No form can be made for the model, or hints were given without one.
    """
    if model is None:
        if hints:
            raise FormError("Hints say how a model's fields look; this form has no model.")
        return None
    if not isinstance(model, type) and callable(getattr(model, "resolve", None)):
        return model
    return FormFields(model, hints=hints, messages=messages)


def _initial(schema: Schema | None, given: Any) -> Any:
    """Return the drafts of given values.

    Raises:
        FormError: They are no mapping and no list, and there is no model that knows better.
    """
    if schema is not None:
        return schema.draft() if given is None else copied(schema.draft(given))
    if given is None:
        return {}
    if isinstance(given, Mapping):
        given = dict(given)
    if not isinstance(given, dict | list):
        raise FormError(
            f"A form's values are a mapping of names to values, not {type(given).__name__}."
        )
    return copied(given)


def _resolver(schema: Schema | None, resolver: Resolver | None) -> Resolver:
    if resolver is None:
        return _all_right if schema is None else schema.resolve
    if not callable(resolver):
        raise FormError(
            f"The resolver is {type(resolver).__name__}; it must be a function of values and context."
        )
    return resolver


def _all_right(values: Any, _context: Context) -> Resolved:
    return Resolved(copied(values))


def _counter() -> NewId:
    """Return ids that are short and the same on every run: rows are known within their form alone."""
    counter = itertools.count(1)
    return lambda: f"row-{next(counter)}"
