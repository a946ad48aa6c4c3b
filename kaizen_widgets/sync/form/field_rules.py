"""Options, visibility and read-outs of fields that follow the values of a form.

The functions get all values of the form, including half-typed ones. An exception in one of them is logged
once, and the previous options, visibility or read-out stays.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from kaizen_widgets.core.callbacks import call_fitting
from kaizen_widgets.forms import Change, Form
from kaizen_widgets.forms.fields.field_node import FieldOption

log = logging.getLogger(__name__)

Values: TypeAlias = Any
Options: TypeAlias = Iterable[Any] | Mapping[Any, str]
"""Values; or pairs of value and label; or labels by value."""
OptionsRule: TypeAlias = Options | Callable[[Values], Options]
WhenRule: TypeAlias = Callable[[Values], object]
ReadOutRule: TypeAlias = Callable[[Values], object]


class FieldRules:
    """The rules of one form, re-evaluated when a value changes.

    Args:
        form: The form.
        key_of: Returns the key of a field; not needed without rules.
        options: By field, its options, or a function of all values that returns them.
        when: By field, a function of all values: whether it is shown. A hidden field is not submitted;
            what was typed in it is restored when it is shown again.
        read_outs: By field, a function of all values: the text beside its label.
        on_change: Called when options, hidden fields or read-outs changed.
    """

    def __init__(
        self,
        form: Form,
        key_of: Callable[[str], str] = str,
        *,
        options: Mapping[str, OptionsRule] | None = None,
        when: Mapping[str, WhenRule] | None = None,
        read_outs: Mapping[str, ReadOutRule] | None = None,
        on_change: Callable[[], object] = lambda: None,
    ) -> None:
        self._form = form
        self._key_of = key_of
        self._option_rules = dict(options or {})
        self._when_rules = dict(when or {})
        self._read_out_rules = dict(read_outs or {})
        self._on_change = on_change
        self._options: dict[str, tuple[FieldOption, ...]] = {}
        self._read_outs: dict[str, str] = {}
        self._hidden: dict[str, Any] = {}
        """The drafts of hidden fields."""
        self._failed: set[tuple[str, str]] = set()
        self._unsubscribe: Callable[[], None] = lambda: None
        if options or when or read_outs:
            self._evaluate()
            self._unsubscribe = form.subscribe(self._on_form_change)

    @property
    def options(self) -> Mapping[str, tuple[FieldOption, ...]]:
        """Options by key."""
        return {self._key_of(name): options for name, options in self._options.items()}

    @property
    def hidden(self) -> tuple[str, ...]:
        """Keys of hidden fields."""
        return tuple(self._key_of(name) for name in self._hidden)

    @property
    def notes(self) -> Mapping[str, str]:
        """Read-outs by key."""
        return {self._key_of(name): text for name, text in self._read_outs.items()}

    def refresh(self) -> None:
        """Evaluate the rules again, because something else that they depend on has changed."""
        if self._evaluate():
            self._on_change()

    def close(self) -> None:
        """Stop following the form."""
        self._unsubscribe()

    def _on_form_change(self, change: Change) -> None:
        if (change.values or change.is_reset) and self._evaluate():
            self._on_change()

    def _evaluate(self) -> bool:
        """Evaluate all rules; return whether a result changed."""
        values = self._form.values
        before = (dict(self._options), dict(self._read_outs), list(self._hidden))
        for name, read_out in self._read_out_rules.items():
            self._read_outs[name] = str(self._call("read-out", name, read_out, values, ""))
        for name, rule in self._option_rules.items():
            self._set_options(name, rule, values)
        for name, is_shown in self._when_rules.items():
            self._show_or_hide(name, bool(self._call("when", name, is_shown, values, True)))
        return before != (self._options, self._read_outs, list(self._hidden))

    def _set_options(self, name: str, rule: OptionsRule, values: Values) -> None:
        old = self._options.get(name)
        given = self._call("options", name, rule, values, None) if callable(rule) else rule
        if given is None:
            self._options.setdefault(name, ())
            return
        self._options[name] = new = _as_options(given)
        if old is None or old == new:
            return
        # Clear a value that was one of the old options and is none of the new ones.
        value = self._form.get_value(name)
        offered_before = {repr(option.value) for option in old}
        offered_now = {repr(option.value) for option in new}
        if repr(value) in offered_before - offered_now:
            self._form.change(name, None if value is None else "")

    def _show_or_hide(self, name: str, is_shown: bool) -> None:
        if is_shown and name in self._hidden:
            draft = self._hidden.pop(name)
            self._form.register(name)
            self._form.set_value(name, draft, should_dirty=True)
        elif not is_shown and name not in self._hidden:
            self._hidden[name] = self._form.get_value(name)
            self._form.unregister(name)

    def _call(
        self, rule: str, name: str, function: Callable[[Values], Any], values: Values, default: Any
    ) -> Any:
        try:
            return call_fitting(function, values)
        except Exception as error:
            if (rule, name) not in self._failed:
                self._failed.add((rule, name))
                log.warning("The %s function of field %r raised %r.", rule, name, error)
            return default


def _as_options(options: Options) -> tuple[FieldOption, ...]:
    """Return options in the form of messages to views."""
    if isinstance(options, Mapping):
        pairs: Iterable[tuple[Any, Any]] = options.items()
    else:
        pairs = [
            (option[0], option[1])
            if isinstance(option, tuple) and len(option) == 2
            else (option, option)
            for option in options
        ]
    return tuple(FieldOption(value=value, label=str(label)) for value, label in pairs)
