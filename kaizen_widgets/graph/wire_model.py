"""The base of every message between kernel and page: immutable, camelCase in JSON, no unknown keys.

TypeScript is generated from the JSON Schema of these models (`sync/protocol_schema.py`), so a field that is
always sent must be required in the serialization schema: otherwise its tag is optional in TypeScript, and a
`switch` that forgets a `case` compiles.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class WireModel(BaseModel):
    """A message, or part of one."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        json_schema_serialization_defaults_required=True,
    )
