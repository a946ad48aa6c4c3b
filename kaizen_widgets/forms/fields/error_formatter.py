"""Turns issues into the errors that a form shows, with the form's, the model's or pydantic's message.

Most errors are found again after every keystroke, so errors are cached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kaizen_widgets.forms.error_messages import ErrorMessages
from kaizen_widgets.forms.fields.error_placer import FieldIssue
from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.forms.paths import ROOT, Path, join, pattern
from kaizen_widgets.forms.resolver import FieldError

CACHED = 4_096
"""Number of cached errors: several times as many as a form can show."""


class ErrorFormatter:
    """Makes the errors of one form.

    Args:
        messages: The form's own messages, by field and error type.
        hints: The form's own hints, which may have messages too.
    """

    def __init__(self, messages: ErrorMessages, hints: Mapping[str, Hint]) -> None:
        self._messages = messages
        self._hints = hints
        self._cache: dict[tuple[FieldIssue, bool], tuple[str, FieldError]] = {}

    def format(self, issue: FieldIssue, *, all_types: bool) -> tuple[str, FieldError]:
        """Return the name and the error of an issue; the same error for the same issue."""
        known = self._cache.get((issue, all_types))
        if known is None:
            if len(self._cache) >= CACHED:
                self._cache.clear()
            name = error_name(issue.location.path, is_own=issue.location.is_own)
            known = self._cache[issue, all_types] = name, self._error(issue, all_types=all_types)
        return known

    def _error(self, issue: FieldIssue, *, all_types: bool) -> FieldError:
        kinds = list(issue.types)
        own = {kind: self._own_message(issue, kind) for kind in kinds}
        first = own[kinds[0]]
        message = first if first is not None else issue.message
        types = {kind: own[kind] or issue.types[kind] for kind in kinds} if all_types else None
        return FieldError(kinds[0].partition(":")[0], message, types)

    def _own_message(self, issue: FieldIssue, kind: str) -> str | None:
        """Return the message of the form or the model for an error type, or None.

        To people "missing" and "left blank" are the same, so a message for one serves both.
        """
        kind = kind.partition(":")[0]
        kinds = [kind]
        if kind == "missing":
            kinds.append("string_too_short")
        elif issue.is_blank:
            kinds.insert(0, "missing")
        name = join(issue.location.path)
        message = self._messages.find(name, kinds)
        if message is None:
            hint = self._hints.get(pattern(name)) or self._hints.get(name)
            message = _first(hint.messages if hint else {}, kinds)
        return message or _first(issue.location.field.hint.messages, kinds)


def error_name(path: Path, *, is_own: bool) -> str:
    """Return the name of an error; an error of a whole list has a name beside those of its rows."""
    return join((*path, ROOT)) if is_own and path else join(path)


def _first(messages: Mapping[str, str], kinds: Sequence[str]) -> str | None:
    return next((messages[kind] for kind in kinds if kind in messages), None)
