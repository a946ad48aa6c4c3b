"""ValueTree shows what the devtools inspect: a value as a tree of its parts, to fold."""

from __future__ import annotations

from typing import Any, Final

from kaizen_widgets.widgets.result_view import ResultView

_NOTHING: Final = object()


class ValueTree(ResultView):
    """A value as a tree, also where it could be a table or Markdown.

    What it shows is taken to be immutable: the same object again is not read again.
    """

    _shown: Any = _NOTHING

    def show(self, value: Any) -> None:
        """Show another value."""
        if value is not self._shown:
            self._shown = value
            self.show_tree(value)

    def clear(self, text: str | None = None) -> None:
        """Show that there is no value, with ``empty`` or another text."""
        self._shown = _NOTHING
        super().clear(text)
