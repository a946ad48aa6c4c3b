"""What a form is made of, out of what its makers gave: fields, drafts, a resolver, ids of rows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from kaizen_widgets.core.clock import NewId
from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.error_messages import MessageOverrides
from kaizen_widgets.forms.fields.form_fields import FormFields
from kaizen_widgets.forms.paths import copied
from kaizen_widgets.forms.resolver import Resolved, Resolver, ResolverContext
from kaizen_widgets.forms.schema import Schema


def schema_of(model: Any, hints: Any, messages: MessageOverrides | None) -> Schema | None:
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


def drafts_of(schema: Schema | None, given: Any) -> Any:
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


def resolver_of(schema: Schema | None, resolver: Resolver | None) -> Resolver:
    """Return what judges a form's values: the resolver that was given, else the model.

    Raises:
        FormError: It cannot be called.
    """
    if resolver is None:
        return _all_right if schema is None else schema.resolve
    if not callable(resolver):
        raise FormError(
            f"The resolver is {type(resolver).__name__}; it must be a function of values and context."
        )
    return resolver


def _all_right(values: Any, _context: ResolverContext) -> Resolved:
    return Resolved(copied(values))


def counter() -> NewId:
    """Return ids that are short and the same on every run: rows are known within their form alone."""
    counter = itertools.count(1)
    return lambda: f"row-{next(counter)}"
