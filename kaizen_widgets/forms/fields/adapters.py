"""The core schema and the validator of a type, from its class or from a `TypeAdapter` made for it."""

from __future__ import annotations

import dataclasses
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError

from kaizen_widgets.errors import FormError


def keeps_its_schema(model: Any) -> bool:
    """Return whether a class holds its own core schema, which tells a rebuilt class from the old one."""
    return isinstance(model, type) and (
        issubclass(model, BaseModel) or hasattr(model, "__pydantic_fields__")
    )


def adapter_of(model: Any) -> Any:
    """Return an object with the core schema and the validator of a type.

    Raises:
        FormError: pydantic does not know the type, or it refers to one that is not defined yet.
    """
    if isinstance(model, TypeAdapter):
        return model
    try:
        if keeps_its_schema(model):
            if not model.__pydantic_complete__ and issubclass(model, BaseModel):
                model.model_rebuild()
            return _ClassAdapter(model) if model.__pydantic_complete__ else TypeAdapter(model)
        if not isinstance(model, type) and dataclasses.is_dataclass(model):
            raise FormError(
                f"A form is made for a class, not for an object of {type(model).__name__}: pass the "
                "object as default_values."
            )
        adapter = TypeAdapter(model)
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        reason = error.message.partition("\n")[0].partition(". ")[0]
        raise FormError(f"A form cannot be made for {model!r}: {reason}.") from error
    if not adapter.pydantic_complete:
        raise FormError(
            f"A form cannot be made for {model!r}: it names a type that is not defined (yet)."
        )
    return adapter


class _ClassAdapter:
    """A model class's core schema and validator, under the attribute names of a `TypeAdapter`."""

    def __init__(self, model: Any) -> None:
        self.core_schema = model.__pydantic_core_schema__
        self.validator = model.__pydantic_validator__
