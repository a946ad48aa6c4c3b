"""From pydantic's errors to what stands at which field.

pydantic's errors name where the *data* is wrong; what chosen branches of unions and we ourselves found wrong
is in the `DecodeContext`. One place has one error here; if pydantic says several things of it, the
words are joined.
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
"""Says only that another field is wrong, which that field says itself."""

REQUIRED: Final = "Field required"

KNOWN: Final = 10_000
"""How many errors a tree remembers."""


@dataclass(frozen=True, slots=True, eq=False)
class FieldIssue:
    """What is wrong at one place; the same thing that is still wrong is the same object.

    Attributes:
        spot: Where.
        types: Error types to messages, in pydantic's order; the first stands for all.
        is_blank: Nothing was filled in there.
    """

    spot: ErrorLocation
    types: Mapping[str, str]
    is_blank: bool

    @property
    def message(self) -> str:
        """What to say: of a union of which no branch was meant, what each has against it."""
        return "; or: ".join(dict.fromkeys(self.types.values()))


class ErrorPlacer:
    """TupleNode the errors of one tree.

    Most errors are there again when somebody types on, and where one stands is settled by its location,
    unless the tree has unions, dicts or sets: then what was found for it before is found for it again.
    """

    def __init__(self, root: Field) -> None:
        self._root = root
        self._is_settled = not any(
            isinstance(node, UnionNode | DictNode) or (isinstance(node, ListNode) and node.is_whole)
            for node in (bare(slot.node) for slot in every_field(root))
        )
        self._known: dict[Any, FieldIssue] = {}

    def place(
        self, errors: Sequence[Mapping[str, Any]], draft: Any, run: DecodeContext
    ) -> tuple[FieldIssue, ...]:
        """Return what is wrong, in the order of the fields as pydantic went through them.

        Args:
            errors: What the whole validation said.
            draft: Of the whole.
            run: What was found on the way.
        """
        if self._is_settled and not run.errors:
            return tuple([self._again(one, draft) for one in errors if one["type"] != FOLLOWS])
        told = [(self._root.place(one["loc"], draft, ()), one) for one in errors]
        if run.settled:
            told = [one for one in told if not _is_settled(one[0].path, run)]
        return tuple([self._kept(one) for one in _joined([*told, *run.errors])])

    def _again(self, error: Mapping[str, Any], draft: Any) -> FieldIssue:
        given = error.get("input")
        blank = "none" if given is None else "empty" if given.__class__ is str and not given else ""
        key = (error["loc"], error["type"], error["msg"], blank)
        found = self._known.get(key)
        if found is None:
            spot = self._root.place(error["loc"], draft, ())
            found = self._keep(key, _joined([(spot, error)])[0])
        return found

    def _kept(self, found: FieldIssue) -> FieldIssue:
        spot = found.spot
        key = (spot.path, spot.slot, spot.is_own, found.is_blank, *found.types.items())
        return self._known.get(key) or self._keep(key, found)

    def _keep(self, key: Any, found: FieldIssue) -> FieldIssue:
        if len(self._known) >= KNOWN:
            self._known.clear()
        self._known[key] = found
        return found


def _joined(told: Sequence[tuple[ErrorLocation, Mapping[str, Any]]]) -> tuple[FieldIssue, ...]:
    spots: dict[tuple[Path, bool], tuple[ErrorLocation, dict[str, str]]] = {}
    for spot, error in told:
        if error["type"] == FOLLOWS:
            continue
        kind, message = _words(error, spot)
        types = spots.setdefault((spot.path, spot.is_own), (spot, {}))[1]
        if kind in types and types[kind] != message:
            kind = f"{kind}:{len(types) + 1}"  # two validators, one type
        types[kind] = message
    return tuple(
        # What was typed is not kept with what was said of it.
        FieldIssue(
            ErrorLocation(spot.path, spot.slot, is_own=spot.is_own),
            types,
            spot.draft is None or spot.draft == "",
        )
        for spot, types in spots.values()
    )


def _is_settled(path: Path, run: DecodeContext) -> bool:
    return any(path[:length] in run.settled for length in range(len(path) + 1))


def _words(error: Mapping[str, Any], spot: ErrorLocation) -> tuple[str, str]:
    """Return an error's type and message: an author's own words bare, a blank answer as a missing one."""
    kind, message = error["type"], error["msg"]
    cause = (error.get("ctx") or {}).get("error")
    if kind in ("value_error", "assertion_error") and cause is not None:
        message = str(cause)
    elif kind != "missing" and not spot.is_own and _is_unanswered(spot):
        return "missing", REQUIRED
    return kind, message or "This is not valid."


def _is_unanswered(spot: ErrorLocation) -> bool:
    """Whether a required field has an empty control, and emptiness is no answer there."""
    if spot.draft != "" or not spot.slot.required:
        return False
    node = bare(spot.slot.node)
    return isinstance(node, LeafNode) and not node.is_text
