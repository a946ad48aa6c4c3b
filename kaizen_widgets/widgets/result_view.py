"""ResultView shows any value as what it is: text, Markdown, JSON, a table, an image or an exception.

Markdown and HTML are made safe in Python before they are sent; nothing in a value runs in the page.
"""

from __future__ import annotations

from typing import Any

from traitlets import Bytes, Unicode

from kaizen_widgets.displays.grid_table import pack_json
from kaizen_widgets.widgets.bundle import BundledWidget
from kaizen_widgets.widgets.data_grid import DataGrid
from kaizen_widgets.widgets.result_content import Content, result_contents, tree_contents

_NO_VALUE = object()


class ResultView(BundledWidget):
    """A value, shown as what it is.

    Exceptions are shown with the lines of the user's own code first. Secrets in records are hidden.

    Args:
        value: The value; without one, ``empty`` is shown.
        empty: Text where there is no value.
    """

    bundle = DataGrid.bundle
    _part = Unicode("result").tag(sync=True)
    _result = Bytes().tag(sync=True)

    def __init__(
        self, value: Any = _NO_VALUE, *, empty: str = "No result yet.", **options: Any
    ) -> None:
        self.empty = empty
        self.contents: list[Content] = []
        super().__init__(**options)
        if value is _NO_VALUE:
            self.clear()
        else:
            self.show(value)

    def show(self, value: Any) -> None:
        """Show another value; None is shown as a value, see `clear`."""
        self._set(result_contents(value))

    def show_tree(self, value: Any) -> None:
        """Show a value as a tree of its parts, also where it could be a table or Markdown."""
        self._set(tree_contents(value))

    def show_code(self, code: str) -> None:
        """Show a line of Python, with a button that copies it."""
        self._set([{"kind": "code", "label": "Python", "fact": "In Python", "text": code}])

    def clear(self, text: str | None = None) -> None:
        """Show that there is no value, with ``empty`` or another text."""
        shown = self.empty if text is None else text
        self._set([{"kind": "nothing", "label": "", "fact": "", "text": shown}])

    def _set(self, contents: list[Content]) -> None:
        self.contents = contents
        packed = pack_json(contents)
        if packed != self._result:
            self._result = packed

    def __repr__(self) -> str:
        return f"ResultView({self.contents[0]['kind']})"
