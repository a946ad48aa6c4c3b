"""What a form says of an error: its own words, the model's, or pydantic's.

Most errors are the same after the next keystroke, so what was said once is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kaizen_widgets.forms.error_messages import ErrorMessages
from kaizen_widgets.forms.fields.error_placer import FieldIssue
from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.forms.paths import ROOT, Path, join, pattern
from kaizen_widgets.forms.resolver import FieldError

KEPT = 4_096
"""How many errors are remembered: several times what a form can show."""


class ErrorFormatter:
    """The words of one form.

    Args:
        messages: The form's own, by field and error type.
        hints: The form's own hints, which may have messages too.
    """

    def __init__(self, messages: ErrorMessages, hints: Mapping[str, Hint]) -> None:
        self._messages = messages
        self._hints = hints
        self._told: dict[tuple[FieldIssue, bool], tuple[str, FieldError]] = {}

    def told(self, found: FieldIssue, *, all_types: bool) -> tuple[str, FieldError]:
        """Return the name of a field and what stands there; for the same thing the same error."""
        told = self._told.get((found, all_types))
        if told is None:
            if len(self._told) >= KEPT:
                self._told.clear()
            name = error_name(found.spot.path, is_own=found.spot.is_own)
            told = self._told[found, all_types] = name, self._worded(found, all_types=all_types)
        return told

    def _worded(self, found: FieldIssue, *, all_types: bool) -> FieldError:
        kinds = list(found.types)
        said = {kind: self._words(found, kind) for kind in kinds}
        first = said[kinds[0]]
        message = first if first is not None else found.message
        types = {kind: said[kind] or found.types[kind] for kind in kinds} if all_types else None
        return FieldError(kinds[0].partition(":")[0], message, types)

    def _words(self, found: FieldIssue, kind: str) -> str | None:
        """Return the form's or the model's own words for an error, or None.

        "Missing" and "left blank" are one thing to people, so words for either serve both.
        """
        kind = kind.partition(":")[0]
        kinds = [kind]
        if kind == "missing":
            kinds.append("string_too_short")
        elif found.is_blank:
            kinds.insert(0, "missing")
        name = join(found.spot.path)
        words = self._messages.find(name, kinds)
        if words is None:
            hint = self._hints.get(pattern(name)) or self._hints.get(name)
            words = _first(hint.messages if hint else {}, kinds)
        return words or _first(found.spot.slot.hint.messages, kinds)


def error_name(path: Path, *, is_own: bool) -> str:
    """Return the name under which an error stands; a list's own is beside those of its rows."""
    return join((*path, ROOT)) if is_own and path else join(path)


def _first(messages: Mapping[str, str], kinds: Sequence[str]) -> str | None:
    return next((messages[kind] for kind in kinds if kind in messages), None)
