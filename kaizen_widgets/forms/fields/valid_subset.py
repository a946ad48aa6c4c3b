"""The largest valid subset of edited fields.

A form is submitted whole or not at all. Where each field is saved by itself (the config of a node), an
invalid field must not keep the valid ones from being saved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kaizen_widgets.forms.fields.field_tree import DecodeResult


def valid_subset(
    validate: Callable[[Mapping[str, Any]], DecodeResult],
    drafts: Mapping[str, Any],
    before: Mapping[str, Any],
    names: Iterable[str],
) -> tuple[Any, frozenset[str]]:
    """Return the largest valid subset of the edited fields, merged with the previous values, and its names.

    An error of the whole model (from an `after` validator) is one of every field.

    Args:
        validate: Validates drafts.
        drafts: The drafts now.
        before: The drafts that were saved last.
        names: The names of the edited fields.
    """
    valid, rest = frozenset(names), dict(before)
    while valid:
        result = validate(rest | {name: drafts[name] for name in valid if name in drafts})
        if not result.issues:
            return result.value, valid
        invalid = {issue.location.path[0] for issue in result.issues if issue.location.path}
        if invalid & valid:
            valid -= invalid
        elif invalid & rest.keys():
            # Invalid before, and not edited: the model's default takes its place.
            rest = {name: draft for name, draft in rest.items() if name not in invalid}
        else:
            break
    return None, frozenset()
