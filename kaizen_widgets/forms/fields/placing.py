"""From pydantic's errors to what stands at which field.

pydantic's errors name where the *data* is wrong; what chosen branches of unions and we ourselves found wrong
is in the `Run`. One place has one error here; if pydantic says several things of it, the words are joined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kaizen_widgets.forms.fields.leaves import Leaf
from kaizen_widgets.forms.fields.nodes import Run, Spot
from kaizen_widgets.forms.fields.objects import bare
from kaizen_widgets.forms.paths import Path

FOLLOWS: Final = "default_factory_not_called"
"""Says only that another field is wrong, which that field says itself."""

REQUIRED: Final = "Field required"


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong at one place.

    Attributes:
        spot: Where.
        types: Error types to messages, in pydantic's order; the first stands for all.
        is_blank: Nothing was filled in there.
    """

    spot: Spot
    types: Mapping[str, str]
    is_blank: bool

    @property
    def message(self) -> str:
        """What to say: of a union of which no branch was meant, what each has against it."""
        return "; or: ".join(dict.fromkeys(self.types.values()))


def placed(told: Sequence[tuple[Spot, Mapping[str, Any]]], run: Run) -> tuple[Found, ...]:
    """Return what is wrong, in the order of the fields as pydantic went through them.

    Args:
        told: What the whole validation said, and where that belongs.
        run: What was found on the way.
    """
    spots: dict[tuple[Path, bool], tuple[Spot, dict[str, str]]] = {}
    heard = [one for one in told if not _is_settled(one[0].path, run)] if run.settled else told
    for spot, error in (*heard, *run.errors):
        if error["type"] == FOLLOWS:
            continue
        kind, message = _words(error, spot)
        types = spots.setdefault((spot.path, spot.is_own), (spot, {}))[1]
        if kind in types and types[kind] != message:
            kind = f"{kind}:{len(types) + 1}"  # two validators, one type
        types[kind] = message
    return tuple(
        Found(spot, types, spot.draft is None or spot.draft == "") for spot, types in spots.values()
    )


def _is_settled(path: Path, run: Run) -> bool:
    return any(path[:length] in run.settled for length in range(len(path) + 1))


def _words(error: Mapping[str, Any], spot: Spot) -> tuple[str, str]:
    """Return an error's type and message: an author's own words bare, a blank answer as a missing one."""
    kind, message = error["type"], error["msg"]
    cause = (error.get("ctx") or {}).get("error")
    if kind in ("value_error", "assertion_error") and cause is not None:
        message = str(cause)
    elif kind != "missing" and not spot.is_own and _is_unanswered(spot):
        return "missing", REQUIRED
    return kind, message or "This is not valid."


def _is_unanswered(spot: Spot) -> bool:
    """Whether a required field has an empty control, and emptiness is no answer there."""
    if spot.draft != "" or not spot.slot.required:
        return False
    node = bare(spot.slot.node)
    return isinstance(node, Leaf) and not node.is_text
