"""Which branch each union of a form stands in, and what was typed in the others.

A branch is remembered by the union's path, and follows when rows move. Where nothing is remembered the
draft itself decides (see `unions`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaizen_widgets.forms.fields.type_node import DecodeContext, UnblankError
from kaizen_widgets.forms.fields.union_nodes import UnionNode
from kaizen_widgets.forms.paths import MISSING, Path, join, parse
from kaizen_widgets.forms.row_moves import RowMove

Kept = dict[Path, dict[int, Any]]


class SelectedBranches:
    """The branches of one form.

    Attributes:
        pins: The branch that was chosen, by somebody or by the type of a value.
        chosen: The branches that the last validation went into.
    """

    def __init__(self) -> None:
        self.pins: dict[Path, int] = {}
        self.chosen: Mapping[Path, int] = {}
        self._defaults: dict[Path, int] = {}
        self._kept: Kept = {}

    def begin(self, pins: Mapping[Path, int]) -> None:
        """Stand where these say; what was typed in other branches is gone."""
        self._defaults = dict(pins)
        self.begin_anew()

    def begin_anew(self) -> None:
        """Stand where the defaults do."""
        self.pins = dict(self._defaults)
        self._kept = {}

    def put(self, path: Path, pins: Mapping[Path, int]) -> None:
        """A value was written at a path: at it and below, its own branches count."""
        self.pins = {known: pin for known, pin in self.pins.items() if known[: len(path)] != path}
        self.pins.update(pins)

    def move(self, moved: RowMove) -> None:
        """Follow the rows of a list."""
        self.pins = _moved(self.pins, moved)
        self._kept = _moved(self._kept, moved)

    def at(self, node: UnionNode, draft: Any, path: Path) -> int | None:
        """Return the branch that a union with this draft stands in."""
        return node.choice(draft, DecodeContext(self.pins), path)

    def choose(self, node: UnionNode, path: Path, index: int, draft: Any) -> Any:
        """Change to a branch; return its draft. The draft of the branch before is kept."""
        kept = self._kept.setdefault(path, {})
        before = None if draft is None else self.at(node, draft, path)
        if before == index:
            self.pins[path] = index
            return draft
        if before is not None:
            kept[before] = draft
        self.put(path, {path: index})
        if index in kept:
            return kept[index]
        try:
            blank = node.blank_of(index)
        except UnblankError:
            return None
        return None if blank is MISSING else blank


def _moved(entries: dict[Path, Any], moved: RowMove) -> dict[Path, Any]:
    return {parse(name): entry for name, entry in moved.keys(_named(entries)).items()}


def _named(entries: dict[Path, Any]) -> dict[str, Any]:
    return {join(path): entry for path, entry in entries.items()}
