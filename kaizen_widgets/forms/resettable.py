"""The part of a form that begins anew: as a whole, or a field of it; and that takes fields out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaizen_widgets.forms import resetting
from kaizen_widgets.forms.judging import Judgeable
from kaizen_widgets.forms.making import drafts_of
from kaizen_widgets.forms.paths import MISSING, Name, SomeNames, name_of, names_of
from kaizen_widgets.forms.resetting import Keep


class Resettable(Judgeable):
    """The part of a form that goes back to its defaults."""

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
            drafts = MISSING if given is None else drafts_of(self._schema, given)
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

    def reset_default_values(self, values: Mapping[str, Any], *, keep_dirty: bool = False) -> None:
        """Move what fields are compared with; the values stay, and whatever else is known of them.

        It is how a form says "this much is saved" while the rest is still being mended.

        Args:
            values: The new defaults, by name; of other fields they stay.
            keep_dirty: Dirty flags stay, true or not.

        Raises:
            UnknownFieldError: There is no such field. Nothing is moved.
        """
        with self._operation:
            for name in values:
                self._names.check(name)
            drafts = {name: self._draft(name, value) for name, value in values.items()}
            resetting.move_defaults(self._state, drafts, keep_dirty=keep_dirty)

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
