"""The base of everything that crosses the comm: frozen, camelCase on the wire, closed.

TypeScript is generated from the JSON Schema of these models (`sync/schema.py`), so a field that is
always sent must be required in the serialisation schema: otherwise a tag becomes optional over there
and a missing `case` compiles.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class WireModel(BaseModel):
    """One message, or a part of one."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        json_schema_serialization_defaults_required=True,
    )
