"""What a panel adds to its form, worked out anew when values change.

Options that follow other fields, fields shown only at times, read-outs. Functions get the form's values as
they stand, half-typed ones too; one that raises is logged once and leaves what was there before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from kaizen_widgets.forms import Change, Form
from kaizen_widgets.sync.form.messages import Option

log = logging.getLogger(__name__)

Values: TypeAlias = Any
Offered: TypeAlias = Iterable[Any] | Mapping[Any, str]
"""Values; or pairs of value and label; or labels by value."""
Offer: TypeAlias = Offered | Callable[[Values], Offered]
When: TypeAlias = Callable[[Values], object]
ReadOut: TypeAlias = Callable[[Values], object]


class FieldRules:
    """Follows one form.

    Args:
        form: Whose values the functions get.
        key_of: Returns a field's key.
        options: By field, what it offers, or a function of the values.
        when: By field, whether it is shown. One that is not shown is not submitted; what was typed in it
            comes back with it.
        read_outs: By field, a text beside its label.
        on_change: Called when any of it is another.
    """

    def __init__(
        self,
        form: Form,
        key_of: Callable[[str], str],
        *,
        options: Mapping[str, Offer],
        when: Mapping[str, When],
        read_outs: Mapping[str, ReadOut],
        on_change: Callable[[], object],
    ) -> None:
        self._form = form
        self._key_of = key_of
        self._options_by = dict(options)
        self._when = dict(when)
        self._read_outs = dict(read_outs)
        self._on_change = on_change
        self._offered: dict[str, tuple[Option, ...]] = {}
        self._said: dict[str, str] = {}
        self._absent: dict[str, Any] = {}
        self._failed: set[tuple[str, str]] = set()
        self._end: Callable[[], None] = lambda: None
        if options or when or read_outs:
            self._refresh()
            self._end = form.subscribe(self._on_form)

    @property
    def options(self) -> Mapping[str, tuple[Option, ...]]:
        """Options by key."""
        return {self._key_of(name): options for name, options in self._offered.items()}

    @property
    def hidden(self) -> tuple[str, ...]:
        """Keys of fields that are not shown now."""
        return tuple(self._key_of(name) for name in self._absent)

    @property
    def notes(self) -> Mapping[str, str]:
        """Read-outs by key."""
        return {self._key_of(name): said for name, said in self._said.items()}

    def close(self) -> None:
        """Stop following."""
        self._end()

    def _on_form(self, change: Change) -> None:
        if (change.values or change.is_reset) and self._refresh():
            self._on_change()

    def _refresh(self) -> bool:
        """Work everything out; return whether something is another."""
        values = self._form.values
        before = (dict(self._offered), dict(self._said), list(self._absent))
        for name, said in self._read_outs.items():
            self._said[name] = str(self._ask("read-out", name, said, values, ""))
        for name, offer in self._options_by.items():
            self._offer(name, offer, values)
        for name, shows in self._when.items():
            self._show_or_hide(name, bool(self._ask("when", name, shows, values, True)))
        return before != (self._offered, self._said, list(self._absent))

    def _offer(self, name: str, offer: Offer, values: Values) -> None:
        old = self._offered.get(name)
        given = self._ask("options", name, offer, values, None) if callable(offer) else offer
        if given is None:
            self._offered.setdefault(name, ())
            return
        self._offered[name] = new = options_of(given)
        if old is None or old == new:
            return
        # What was chosen among other options is no choice any more.
        value = self._form.get_value(name)
        chosen = {repr(option.value) for option in old}
        offered = {repr(option.value) for option in new}
        if repr(value) in chosen - offered:
            self._form.change(name, None if value is None else "")

    def _show_or_hide(self, name: str, shows: bool) -> None:
        if shows and name in self._absent:
            draft = self._absent.pop(name)
            self._form.register(name)
            self._form.set_value(name, draft, should_dirty=True)
        elif not shows and name not in self._absent:
            self._absent[name] = self._form.get_value(name)
            self._form.unregister(name)

    def _ask(
        self, what: str, name: str, function: Callable[[Values], Any], values: Values, none: Any
    ) -> Any:
        try:
            return function(values)
        except Exception as error:
            if (what, name) not in self._failed:
                self._failed.add((what, name))
                log.warning("The %s function of field %r raised %r.", what, name, error)
            return none


def options_of(offered: Offered) -> tuple[Option, ...]:
    """Return options as views know them."""
    if isinstance(offered, Mapping):
        pairs: Iterable[tuple[Any, Any]] = offered.items()
    else:
        pairs = [
            (one[0], one[1]) if isinstance(one, tuple) and len(one) == 2 else (one, one)
            for one in offered
        ]
    return tuple(Option(value=value, label=str(label)) for value, label in pairs)
