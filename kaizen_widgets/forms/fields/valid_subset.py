"""What of a half-mended form would do: the fields that are right, beside what was there before.

A form is handed over whole or not at all. Where each field is saved by itself (the config of a node), a
field that is wrong must not hold back the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from kaizen_widgets.forms.fields.field_tree import DecodeResult

Judge: TypeAlias = Callable[[Mapping[str, Any]], DecodeResult]


def valid_subset(
    judge: Judge, drafts: Mapping[str, Any], before: Mapping[str, Any], names: Iterable[str]
) -> tuple[Any, frozenset[str]]:
    """Return the model's value with as many of the named fields as will do, and which these are.

    What is wrong with the whole (an `after` validator's word) is wrong with all of them.

    Args:
        judge: Judges drafts.
        drafts: As they are now.
        before: As they were saved last.
        names: The fields that are others now.
    """
    sound, rest = frozenset(names), dict(before)
    while sound:
        judged = judge(rest | {name: drafts[name] for name in sound if name in drafts})
        if not judged.found:
            return judged.value, sound
        wrong = {one.spot.path[0] for one in judged.found if one.spot.path}
        if wrong & sound:
            sound -= wrong
        elif wrong & rest.keys():
            # It was wrong before, and nobody is at it: the model's own default stands in.
            rest = {name: draft for name, draft in rest.items() if name not in wrong}
        else:
            break
    return None, frozenset()
