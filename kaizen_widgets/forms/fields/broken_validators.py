"""Errors of a model whose validator raises an exception of its own in place of a validation error.

Commonly a validator reads a field that is itself invalid (``info.data["start"]``). The errors of the fields
are then more useful than the exception, so each field is validated alone.
"""

from __future__ import annotations

import logging
from pathlib import PurePath
from traceback import extract_tb
from typing import Any

from pydantic import ValidationError

from kaizen_widgets.forms.fields.object_nodes import ObjectNode, bare
from kaizen_widgets.forms.fields.originals import Held
from kaizen_widgets.forms.fields.type_node import Field

log = logging.getLogger(__name__)

BROKEN = "validator_broke"


def errors_without_validator(root: Field, given: Any, error: Exception, context: Any) -> list[Any]:
    """Return the errors of each field; if there are none, one error that names the validator that raised.

    The text of the exception is left out, because it may contain what was typed.

    Args:
        root: The position of the whole value.
        given: The decoded input.
        error: The exception.
        context: The context for the model's validators.
    """
    found = _errors_of_fields(root, given.given if isinstance(given, Held) else given, context)
    if found:
        return found
    frames = extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}, {PurePath(frames[-1].filename).name}" if frames else ""
    where += f" line {frames[-1].lineno}" if frames else ""
    log.warning("A validator raised %s%s", type(error).__name__, where)
    message = (
        f"A validator of the model raised {type(error).__name__}{where}; its author can fix it."
    )
    return [{"type": BROKEN, "loc": (), "msg": message}]


def _errors_of_fields(root: Field, given: Any, context: Any) -> list[Any]:
    node = bare(root.node)
    if not isinstance(node, ObjectNode) or not isinstance(given, dict):
        return []
    found: list[Any] = []
    for name, field in node.fields.items():
        key = next(
            (one for (one, *rest) in (*field.aliases, (name,)) if not rest and one in given), None
        )
        if key is not None:
            found += [
                {**error, "loc": (key, *error["loc"])}
                for error in _errors(field, given[key], context)
            ]
    return found


def _errors(field: Field, given: Any, context: Any) -> list[Any]:
    if field.checker is None:
        return []
    try:
        field.checker().validate_python(given, context=context)
    except ValidationError as error:
        return list(error.errors(include_url=False, include_input=False))
    except Exception:  # the validator that raised, or one that needs the other fields
        return []
    return []
