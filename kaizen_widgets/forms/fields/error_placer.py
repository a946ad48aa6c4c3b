"""Assigns pydantic's errors to fields.

The location of a pydantic error is a path in the model's data, which has aliases and dict keys. Errors that
were found while decoding (in branches of unions, or by the form itself) are in the `DecodeContext`. Each
field gets one issue; several errors of one field become one issue with several types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kaizen_widgets.forms.fields.container_nodes import DictNode, ListNode
from kaizen_widgets.forms.fields.leaf_nodes import LeafNode
from kaizen_widgets.forms.fields.object_nodes import bare
from kaizen_widgets.forms.fields.type_node import (
    DecodeContext,
    ErrorLocation,
    Field,
    every_field,
)
from kaizen_widgets.forms.fields.union_nodes import UnionNode
from kaizen_widgets.forms.paths import Path

FOLLOWS: Final = "default_factory_not_called"
"""Type of an error that says only that another field is wrong, which has an error of its own."""

REQUIRED: Final = "Field required"

KNOWN: Final = 10_000
"""Number of issues a tree remembers."""


@dataclass(frozen=True, slots=True, eq=False)
class FieldIssue:
    """What is wrong with one field. An issue that is found again is the same object.

    Attributes:
        location: The field.
        types: Messages by error type, in pydantic's order; the first is shown.
        is_blank: Whether the field is empty.
    """

    location: ErrorLocation
    types: Mapping[str, str]
    is_blank: bool

    @property
    def message(self) -> str:
        """The message; of a union without a chosen branch, those of all branches."""
        return "; or: ".join(dict.fromkeys(self.types.values()))


class ErrorPlacer:
    """Assigns the errors of one tree to its fields.

    Most errors are found again after every keystroke. Unless the tree has unions, dicts or sets, the location
    of an error says which field it belongs to, so issues are looked up by it.
    """

    def __init__(self, root: Field) -> None:
        self._root = root
        self._is_by_location = not any(
            isinstance(node, UnionNode | DictNode) or (isinstance(node, ListNode) and node.is_whole)
            for node in (bare(field.node) for field in every_field(root))
        )
        self._known: dict[Any, FieldIssue] = {}

    def place(
        self, errors: Sequence[Mapping[str, Any]], draft: Any, context: DecodeContext
    ) -> tuple[FieldIssue, ...]:
        """Return the issues, in the order in which pydantic visited the fields.

        Args:
            errors: The errors of the whole validation.
            draft: The draft of the whole form.
            context: The errors found while decoding.
        """
        if self._is_by_location and not context.errors:
            return tuple(
                [self._by_location(error, draft) for error in errors if error["type"] != FOLLOWS]
            )
        located = [(self._root.locate_error(error["loc"], draft, ()), error) for error in errors]
        if context.settled:
            located = [pair for pair in located if not _is_settled(pair[0].path, context)]
        return tuple([self._known_issue(issue) for issue in _joined([*located, *context.errors])])

    def _by_location(self, error: Mapping[str, Any], draft: Any) -> FieldIssue:
        given = error.get("input")
        blank = "none" if given is None else "empty" if given.__class__ is str and not given else ""
        key = (error["loc"], error["type"], error["msg"], blank)
        issue = self._known.get(key)
        if issue is None:
            location = self._root.locate_error(error["loc"], draft, ())
            issue = self._remember(key, _joined([(location, error)])[0])
        return issue

    def _known_issue(self, issue: FieldIssue) -> FieldIssue:
        where = issue.location
        key = (where.path, where.field, where.is_own, issue.is_blank, *issue.types.items())
        return self._known.get(key) or self._remember(key, issue)

    def _remember(self, key: Any, issue: FieldIssue) -> FieldIssue:
        if len(self._known) >= KNOWN:
            self._known.clear()
        self._known[key] = issue
        return issue


def _joined(
    located: Sequence[tuple[ErrorLocation, Mapping[str, Any]]],
) -> tuple[FieldIssue, ...]:
    """Return one issue for each field that has errors."""
    found: dict[tuple[Path, bool], tuple[ErrorLocation, dict[str, str]]] = {}
    for location, error in located:
        if error["type"] == FOLLOWS:
            continue
        kind, message = _type_and_message(error, location)
        types = found.setdefault((location.path, location.is_own), (location, {}))[1]
        if kind in types and types[kind] != message:
            kind = f"{kind}:{len(types) + 1}"  # two validators, one type
        types[kind] = message
    return tuple(
        # The draft is left out, so that issues do not retain what was typed.
        FieldIssue(
            ErrorLocation(location.path, location.field, is_own=location.is_own),
            types,
            location.draft is None or location.draft == "",
        )
        for location, types in found.values()
    )


def _is_settled(path: Path, context: DecodeContext) -> bool:
    return any(path[:length] in context.settled for length in range(len(path) + 1))


def _type_and_message(error: Mapping[str, Any], location: ErrorLocation) -> tuple[str, str]:
    """Return an error's type and message: an author's message as it is, an empty field as a missing one."""
    kind, message = error["type"], error["msg"]
    cause = (error.get("ctx") or {}).get("error")
    if kind in ("value_error", "assertion_error") and cause is not None:
        message = str(cause)
    elif kind != "missing" and not location.is_own and _is_unanswered(location):
        return "missing", REQUIRED
    return kind, message or "This is not valid."


def _is_unanswered(location: ErrorLocation) -> bool:
    """Whether a required field is empty, and an empty text is no value of its type."""
    if location.draft != "" or not location.field.required:
        return False
    node = bare(location.field.node)
    return isinstance(node, LeafNode) and not node.is_text
