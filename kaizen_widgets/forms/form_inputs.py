"""Converts the arguments of a form to the objects it works with: fields, drafts, a resolver, row ids."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

from pydantic import BaseModel

from kaizen_widgets.core.callbacks import fit_callback
from kaizen_widgets.core.clock import NewId
from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.error_messages import MessageOverrides
from kaizen_widgets.forms.fields.form_fields import FormFields
from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.forms.paths import copied
from kaizen_widgets.forms.resolver import AnyResolver, Resolved, Resolver, ResolverContext


def split_instance(model: Any, default_values: Any) -> tuple[Any, Any]:
    """Return a model class and default values; an instance of a model gives both.

    Raises:
        FormError: There are an instance and default values.
    """
    if isinstance(model, BaseModel) or (is_dataclass(model) and not isinstance(model, type)):
        if default_values is not None:
            raise FormError(
                f"An instance of {type(model).__name__} gives the default values already; "
                f"give {type(model).__name__} itself with default_values."
            )
        return type(model), model
    return model, default_values


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
    if isinstance(model, Mapping):
        raise FormError(
            "A form is made from a pydantic model, a dataclass or a TypedDict, not from a dict. "
            "pydantic.create_model('Name', field=(int, 0)) makes a model; "
            "Form(default_values={...}) makes a form of plain values."
        )
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


def resolver_or_model(resolver: AnyResolver | None, fields: FormFields | None) -> Resolver:
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
    return fit_callback(resolver, 2)


def _accept_all(values: Any, _context: ResolverContext) -> Resolved:
    return Resolved(copied(values))


def row_counter() -> NewId:
    """Return ids that are short and the same in every run; rows are known within their form only."""
    counter = itertools.count(1)
    return lambda: f"row-{next(counter)}"
