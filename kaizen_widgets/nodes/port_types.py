"""The types of ports, and which of them fit each other.

The browser has the same rule in ``js/src/canvas/port_types.ts``; a test compares both.
"""

from __future__ import annotations

from typing import Literal, get_args

PortType = Literal["text", "number", "bool", "list", "dict", "table", "image", "message", "any"]
"""What passes through a port.

``table``: a DataFrame or an Arrow table. ``image``: a picture or bytes. ``message``: a message of a chat, as
text or with a role and content. ``any``: every value.
"""

PORT_TYPES: tuple[PortType, ...] = get_args(PortType)


def types_fit(output: PortType, input_: PortType) -> bool:
    """Return whether values of an output of one type may go into an input of another.

    Equal types fit, ``any`` fits every type, and a text is a message.
    """
    return output == input_ or "any" in (output, input_) or (output, input_) == ("text", "message")


def type_problem(output: PortType, input_: PortType) -> str | None:
    """Return why two ports do not fit, as a sentence, or None if they fit."""
    if types_fit(output, input_):
        return None
    return f"The output gives {_NOUNS[output]}, and the input takes {_NOUNS[input_]}."


_NOUNS: dict[PortType, str] = {
    "text": "text",
    "number": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a dict",
    "table": "a table",
    "image": "an image or bytes",
    "message": "a message",
    "any": "any value",
}


def noun_of(type_: PortType) -> str:
    """Return a port type as it is named in a sentence: "a number"."""
    return _NOUNS[type_]
