"""The protocols as JSON Schema, from which the build makes TypeScript.

``python -m kaizen_widgets.sync.protocol_schema [canvas | form]`` prints one; `js/codegen.mjs` turns them into
`canvas/protocol.gen.ts` and `form/protocol.gen.ts`.
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


class Protocol(WireModel):
    """Everything that crosses the comm."""

    view: ViewMessage
    kernel: KernelMail


class FormProtocol(WireModel):
    """Everything that crosses the comm of a form's field area."""

    view: FormViewMessage
    kernel: FormKernelMessage
    picture: FormSnapshot


PROTOCOLS: dict[str, type[WireModel]] = {"canvas": Protocol, "form": FormProtocol}


class _WithoutFieldTitles(GenerateJsonSchema):
    """Field titles would become type aliases (``Nodeid1``) in TypeScript."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema(model: type[BaseModel] = Protocol) -> dict[str, Any]:
    """Return the JSON Schema of what is sent."""
    return model.model_json_schema(mode="serialization", schema_generator=_WithoutFieldTitles)


if __name__ == "__main__":
    json.dump(schema(PROTOCOLS[(sys.argv[1:] or ["canvas"])[0]]), sys.stdout, indent=2)
