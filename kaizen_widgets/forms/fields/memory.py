"""The errors of the last validations, found again without looking for their place.

After a keystroke nearly all errors are the ones before it. Remembered are only those whose place and words
follow from the error alone: pydantic names the very field (no alias, no tag, no key of a dict between), by
objects and lists, and it is the field's only error. Whether the field is blank is looked up each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kaizen_widgets.forms.fields.arrays import Items
from kaizen_widgets.forms.fields.nodes import Slot, resolved
from kaizen_widgets.forms.fields.objects import Group
from kaizen_widgets.forms.fields.placing import Found
from kaizen_widgets.forms.paths import Path, get
from kaizen_widgets.forms.resolver import FieldError

KEPT = 4_096
"""How many are remembered: several times what a form can show."""


class _Known(NamedTuple):
    name: str
    error: FieldError
    blank: str | None


class Memory:
    """The errors one form has shown.

    Args:
        root: The top of the model's tree.
    """

    def __init__(self, root: Slot) -> None:
        self._root = root
        self._known: dict[tuple[Path, str, str], _Known] = {}

    def recall(self, told: Sequence[Mapping[str, Any]], draft: Any) -> dict[str, FieldError] | None:
        """Return the errors by name, if every one is remembered."""
        found: dict[str, FieldError] = {}
        for error in told:
            loc = error["loc"]
            known = self._known.get((loc, error["type"], error["msg"]))
            if known is None or _blank(get(draft, loc, None)) != known.blank:
                return None
            found[known.name] = known.error
        return found if len(found) == len(told) else None

    def keep(
        self,
        told: Sequence[Mapping[str, Any]],
        errors: Mapping[str, FieldError],
        found: Sequence[Found],
        draft: Any,
    ) -> None:
        """Remember what can be told again from the error alone."""
        if len(errors) != len(found):
            return  # two places have one name
        if len(self._known) >= KEPT:
            self._known.clear()
        names = {one.spot.path: (name, one) for name, one in zip(errors, found, strict=True)}
        for error in told:
            loc = error["loc"]
            name, one = names.get(loc, ("", None))
            if one is not None and len(one.types) == 1 and self._is_plain(loc):
                key = (loc, error["type"], error["msg"])
                self._known[key] = _Known(name, errors[name], _blank(get(draft, loc, None)))

    def _is_plain(self, path: Path) -> bool:
        """Whether only objects and lists lead to a place."""
        slot: Slot | None = self._root
        for part in path:
            node = resolved(slot.node) if slot is not None else None
            if slot is None or not isinstance(node, Group | Items):
                return False
            slot = node.child(part, None)
        return slot is not None


def _blank(draft: Any) -> str | None:
    """Return what kind of nothing a draft is, if it is one: an empty text, or no value at all."""
    return draft if draft is None or draft == "" else "something"
