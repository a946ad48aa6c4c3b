"""Converts the arguments of a form to the objects it works with: fields, drafts, a resolver, row ids."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from kaizen_widgets.core.clock import NewId
from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.error_messages import MessageOverrides
from kaizen_widgets.forms.fields.form_fields import FormFields
from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.forms.paths import copied
from kaizen_widgets.forms.resolver import Resolved, Resolver, ResolverContext


def fields_of_model(
    model: Any,
    hints: Mapping[str, Hint | Mapping[str, Any]] | None,
    messages: MessageOverrides | None,
) -> FormFields | None:
    """Return the fields of a model, or None without a model.

    Raises:
        FormError: The model cannot be shown as a form, or there are hints but no model.
    """
    if model is None:
        if hints:
            raise FormError("Hints say how a model's fields look; this form has no model.")
        return None
    return FormFields(model, hints=hints, messages=messages)


def drafts_of(fields: FormFields | None, values: Any) -> Any:
    """Return the drafts of given values of the whole form.

    Raises:
        FormError: They are neither a mapping nor a list, and the form has no model.
    """
    if fields is not None:
        return fields.draft() if values is None else copied(fields.draft(values))
    if values is None:
        return {}
    if isinstance(values, Mapping):
        values = dict(values)
    if not isinstance(values, dict | list):
        raise FormError(
            f"A form's values are a mapping of names to values, not {type(values).__name__}."
        )
    return copied(values)


def resolver_or_model(resolver: Resolver | None, fields: FormFields | None) -> Resolver:
    """Return the function that validates a form's values: the given resolver, or the model.

    Raises:
        FormError: The resolver cannot be called.
    """
    if resolver is None:
        return _accept_all if fields is None else fields.resolve
    if not callable(resolver):
        raise FormError(
            f"The resolver is {type(resolver).__name__}; it must be a function of values and context."
        )
    return resolver


def _accept_all(values: Any, _context: ResolverContext) -> Resolved:
    return Resolved(copied(values))


def row_counter() -> NewId:
    """Return ids that are short and the same in every run; rows are known within their form only."""
    counter = itertools.count(1)
    return lambda: f"row-{next(counter)}"
