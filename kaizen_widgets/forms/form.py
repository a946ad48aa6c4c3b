"""A form without a screen: values, what is wrong with them, and what was done to them.

React Hook Form's semantics over any resolver, or over a pydantic model. What users do comes in by `change`,
`blur`, `submit` and the rows' methods; what programs do, by `set_value`, `reset` and the like. Everything
may be called from any thread; listeners and handlers run outside the lock.

Names are dotted (`items.0.name`) or tuples (``("items", 0, "name")``). Durations are seconds.

Source: the semantics follow React Hook Form 7 (MIT), whose recorded traces it is held to; not its code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop, Pending, background
from kaizen_widgets.core.clock import Clock, NewId
from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.delayed_errors import Delays
from kaizen_widgets.forms.error_messages import MessageOverrides
from kaizen_widgets.forms.field_names import Names
from kaizen_widgets.forms.fields.form_fields import FormFields
from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.forms.making import counter, drafts_of, resolver_of, schema_of
from kaizen_widgets.forms.modelled import Modelled
from kaizen_widgets.forms.paths import Name, SomeNames, copied, name_of, names_of
from kaizen_widgets.forms.resolver import CriteriaMode, Resolver
from kaizen_widgets.forms.resolver_runs import Runs
from kaizen_widgets.forms.submissions import (
    OnInvalid,
    OnValid,
    Submission,
    Submits,
)
from kaizen_widgets.forms.tracked_state import State
from kaizen_widgets.forms.validation import Checks
from kaizen_widgets.forms.validation_modes import (
    Mode,
    Modes,
    ReValidateMode,
    checked,
)


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
        context: Handed to the resolver as `ResolverContext.extra`.
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
        messages: MessageOverrides | None = None,
        cross_field: bool = False,
        overlapping_submits: bool = False,
        clock: Clock | None = None,
        loop: BackgroundLoop = background,
        new_id: NewId | None = None,
    ) -> None:
        checked("criteria_mode", criteria_mode, CriteriaMode)
        schema = schema_of(model, hints, messages)
        judge = resolver_of(schema, resolver)
        self._loop = loop
        modes = Modes(
            checked("mode", mode, Mode),
            checked("re_validate_mode", re_validate_mode, ReValidateMode),
        )
        if delay_error < 0:
            raise FormError(f"delay_error is {delay_error!r}; it cannot be negative.")
        state = State(drafts_of(schema, default_values), new_id or counter())
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
            self._notifier.post,
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
        with self._notifier:
            return copied(self._state.defaults)

    @property
    def value(self) -> Any:
        """What a submit would hand over: the model; None while invalid or not yet judged."""
        with self._notifier:
            return self._runs.value

    def get_value(self, name: Name) -> Any:
        """Return the value of a field or group; None where there is none.

        Raises:
            UnknownFieldError: There is no such field.
        """
        with self._notifier:
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

    def __repr__(self) -> str:
        with self._notifier:
            state = self._state
            facts = {
                "dirty": len(state.dirty),
                "errors": len(state.errors),
                "valid": state.is_valid,
            }
        return f"Form({', '.join(f'{name}={fact}' for name, fact in facts.items())})"
