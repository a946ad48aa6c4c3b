"""The protocols as JSON Schema, from which the build generates TypeScript.

``python -m kaizen_widgets.sync.protocol_schema [canvas | form]`` prints one; `js/codegen.mjs` turns it into a
`protocol.gen.ts`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from kaizen_widgets.graph.wire_model import WireModel
from kaizen_widgets.sync.canvas.messages import KernelMail, ViewMessage
from kaizen_widgets.sync.form.messages import FormKernelMessage, FormSnapshot, FormViewMessage


class CanvasProtocol(WireModel):
    """The messages of a canvas."""

    view: ViewMessage
    kernel: KernelMail


class FormProtocol(WireModel):
    """The messages of the fields of a form, and the state a page starts with."""

    view: FormViewMessage
    kernel: FormKernelMessage
    snapshot: FormSnapshot


PROTOCOLS: dict[str, type[WireModel]] = {"canvas": CanvasProtocol, "form": FormProtocol}


class _WithoutFieldTitles(GenerateJsonSchema):
    """Generates no titles of fields: they would become type aliases (``Nodeid1``) in TypeScript."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema(model: type[BaseModel] = CanvasProtocol) -> dict[str, Any]:
    """Return the JSON Schema of the messages."""
    return model.model_json_schema(mode="serialization", schema_generator=_WithoutFieldTitles)


if __name__ == "__main__":
    json.dump(schema(PROTOCOLS[(sys.argv[1:] or ["canvas"])[0]]), sys.stdout, indent=2)
