"""What a form asks to know whether its values will do: a resolver, and how it answers.

The form knows no pydantic and no rules. It hands over all its values and takes back one value made of
them, or the errors by the names of the fields they belong to. `kaizen_widgets.forms.fields` makes the
resolver of a model; any function of this shape will do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

CriteriaMode: TypeAlias = Literal["firstError", "all"]


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field.

    Attributes:
        type: A stable word for programs, such as ``string_too_short``.
        message: One sentence for people.
        types: With ``criteria_mode="all"``, every rule that failed: type to message.
    """

    type: str
    message: str
    types: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """A resolver's answer.

    Attributes:
        value: What a submit hands to its handler, when there are no errors.
        errors: By dotted name. The form's own stands at ``""``, a list's own at `NAME.root`; those of
            rows and fields at theirs. Empty means that the values will do.
    """

    value: Any = None
    errors: Mapping[str, FieldError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResolverContext:
    """What a resolver may want to know beside the values.

    Attributes:
        criteria_mode: ``all`` asks for ``FieldError.types`` too.
        names: The fields this run is about, or None for all. It must answer for all in any case.
        extra: What the form was given as ``context``.
    """

    criteria_mode: CriteriaMode = "firstError"
    names: tuple[str, ...] | None = None
    extra: Any = None


class Resolver(Protocol):
    """Judges all values at once.

    ``values`` are nested dicts and lists that it may keep, but must not change. It is called under the
    form's lock: what takes longer than a moment returns an awaitable, which runs on the background
    loop, and whose answer is dropped when it comes too late.
    """

    def __call__(self, values: Any, context: ResolverContext, /) -> Resolved | Awaitable[Resolved]:
        """Return the value made of ``values``, or what is wrong with which field."""
        ...
