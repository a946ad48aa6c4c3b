"""A validator of the model's author that breaks, rather than say what is wrong.

The common case is one that reads a field which is itself wrong (``info.data["start"]``). Then what is wrong
with the fields is worth more than that the validator broke: each is judged alone.
"""

from __future__ import annotations

import logging
from pathlib import PurePath
from traceback import extract_tb
from typing import Any

from pydantic import ValidationError

from kaizen_widgets.forms.fields.object_nodes import ObjectNode, bare
from kaizen_widgets.forms.fields.type_node import Field

log = logging.getLogger(__name__)

BROKEN = "validator_broke"


def broken(root: Field, given: Any, error: Exception, context: Any) -> list[Any]:
    """Return what is wrong with the fields one by one; else that a validator broke, and where.

    What the exception itself says is not told: it may hold what somebody typed.
    """
    found = _alone(root, given, context)
    if found:
        return found
    frames = extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}, {PurePath(frames[-1].filename).name}" if frames else ""
    where += f" line {frames[-1].lineno}" if frames else ""
    log.warning("A validator broke with %s%s", type(error).__name__, where)
    message = f"A check of the model broke ({type(error).__name__}{where}); its author can mend it."
    return [{"type": BROKEN, "loc": (), "msg": message}]


def _alone(root: Field, given: Any, context: Any) -> list[Any]:
    node = bare(root.node)
    if not isinstance(node, ObjectNode) or not isinstance(given, dict):
        return []
    found: list[Any] = []
    for name, slot in node.fields.items():
        key = next(
            (one for (one, *rest) in (*slot.aliases, (name,)) if not rest and one in given), None
        )
        if key is not None:
            found += [
                {**one, "loc": (key, *one["loc"])} for one in _errors(slot, given[key], context)
            ]
    return found


def _errors(slot: Field, given: Any, context: Any) -> list[Any]:
    if slot.checker is None:
        return []
    try:
        slot.checker().validate_python(given, context=context)
    except ValidationError as error:
        return list(error.errors(include_url=False, include_input=False))
    except Exception:  # the one that broke, or one that needs the others
        return []
    return []
