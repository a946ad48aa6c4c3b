"""The interface between a form and whatever validates its values.

A form knows neither pydantic nor rules. It passes all values to its resolver, which returns one value made
of them, or errors by field name. `kaizen_widgets.forms.fields` makes the resolver of a pydantic model; any
function of this shape works too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

CriteriaMode: TypeAlias = Literal["firstError", "all"]


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field.

    Attributes:
        type: A stable identifier for programs, such as ``string_too_short``.
        message: One sentence for people.
        types: With ``criteria_mode="all"``, the message of every rule that failed, by error type.
    """

    type: str
    message: str
    types: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """The result of a resolver.

    Attributes:
        value: What a submit passes to its handler when there are no errors.
        errors: Errors by dotted name. An error of the whole form is at ``""``, an error of a list as a
            whole at `NAME.root`. Empty means that the values are valid.
    """

    value: Any = None
    errors: Mapping[str, FieldError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResolverContext:
    """What a resolver is given beside the values.

    Attributes:
        criteria_mode: ``all`` asks for ``FieldError.types`` too.
        names: The fields that are being validated, or None for all. The resolver must validate all
            fields in any case.
        extra: The form's ``context``.
    """

    criteria_mode: CriteriaMode = "firstError"
    names: tuple[str, ...] | None = None
    extra: Any = None


class Resolver(Protocol):
    """Validates all values of a form.

    ``values`` are nested dicts and lists, which a resolver may keep but must not change. A resolver is
    called under the form's lock: one that takes longer returns an awaitable, which runs on the
    background loop; a result that arrives too late is dropped.
    """

    def __call__(self, values: Any, context: ResolverContext, /) -> Resolved | Awaitable[Resolved]:
        """Return the value made of ``values``, or the errors of its fields."""
        ...


AnyResolver: TypeAlias = Resolver | Callable[[Any], Resolved | Awaitable[Resolved]]
"""A resolver, or one that does not need the context."""
