"""The selected branch of each union of a form, and the drafts of branches selected before.

A branch is remembered by the path of its union, which follows when rows move. Otherwise the draft decides
(see `union_nodes`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaizen_widgets.forms.fields.type_node import DecodeContext, EndlessBlankError
from kaizen_widgets.forms.fields.union_nodes import UnionNode
from kaizen_widgets.forms.paths import MISSING, Path, join, parse
from kaizen_widgets.forms.row_moves import RowMove


class SelectedBranches:
    """The selected branches of one form.

    Attributes:
        pins: The branch that was selected by a user or by the type of a value, by the path of its union.
        chosen: The branches that the last validation took.
    """

    def __init__(self) -> None:
        self.pins: dict[Path, int] = {}
        self.chosen: Mapping[Path, int] = {}
        self._defaults: dict[Path, int] = {}
        self._left: dict[Path, dict[int, Any]] = {}

    def start(self, pins: Mapping[Path, int]) -> None:
        """Select the branches of new default values, and forget the drafts of other branches."""
        self._defaults = dict(pins)
        self.reset()

    def reset(self) -> None:
        """Select the branches of the default values again."""
        self.pins = dict(self._defaults)
        self._left = {}

    def put(self, path: Path, pins: Mapping[Path, int]) -> None:
        """Select the branches of a value that was set at a path, there and below."""
        self.pins = {known: pin for known, pin in self.pins.items() if known[: len(path)] != path}
        self.pins.update(pins)

    def move(self, move: RowMove) -> None:
        """Follow the rows of a list."""
        self.pins = _moved(self.pins, move)
        self._left = _moved(self._left, move)

    def at(self, node: UnionNode, draft: Any, path: Path) -> int | None:
        """Return the branch of a union's draft."""
        return node.choice(draft, DecodeContext(self.pins), path)

    def choose(self, node: UnionNode, path: Path, index: int, draft: Any) -> Any:
        """Select another branch, and return its draft: the one it had last, or a blank one.

        Args:
            node: The union.
            path: The path of the union.
            index: The branch to select.
            draft: The draft of the branch that is left.
        """
        left = self._left.setdefault(path, {})
        before = None if draft is None else self.at(node, draft, path)
        if before == index:
            self.pins[path] = index
            return draft
        if before is not None:
            left[before] = draft
        self.put(path, {path: index})
        if index in left:
            return left[index]
        try:
            blank = node.blank_of(index)
        except EndlessBlankError:
            return None
        return None if blank is MISSING else blank


def _moved(entries: dict[Path, Any], move: RowMove) -> dict[Path, Any]:
    if not entries:
        return entries
    named = {join(path): entry for path, entry in entries.items()}
    return {parse(name): entry for name, entry in move.keys(named).items()}
