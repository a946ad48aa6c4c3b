"""Unions that a tag tells apart: the draft says itself which branch it stands in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from kaizen_widgets.forms.fields.object_nodes import ObjectNode
from kaizen_widgets.forms.fields.type_node import (
    DecodeContext,
    EncodeContext,
    ErrorLocation,
    Field,
    TypeNode,
)
from kaizen_widgets.forms.fields.union_nodes import UnionBranch, UnionNode, is_exactly
from kaizen_widgets.forms.paths import Path


class TaggedUnion(UnionNode):
    """One of several types, told apart by a field's value or by a function of the author's."""

    def __init__(self, branches: Sequence[UnionBranch], discriminator: Any) -> None:
        super().__init__(branches)
        self.discriminator = discriminator
        self._by_tag = {tag: i for i, branch in enumerate(branches) for tag in branch.tags}

    @property
    def tag_names(self) -> list[str]:
        """The form's names of the field that tells the branches apart; empty if a function does."""
        if callable(self.discriminator):
            return []
        names = []
        for branch in self.branches:
            if isinstance(branch.node, ObjectNode):
                names += [n for n, s in branch.node.fields.items() if self._is_tag(n, s)]
        return list(dict.fromkeys(names))

    def _is_tag(self, name: str, slot: Field) -> bool:
        paths = self.discriminator
        if callable(paths):
            return False
        if isinstance(paths, str):
            paths = [[paths]]
        elif paths and not isinstance(paths[0], list | tuple):
            paths = [paths]
        known: set[Path] = {tuple(path) for path in paths}
        return not known.isdisjoint([(name,), *slot.aliases])

    def is_active(self) -> bool:
        return self.is_exposed

    def choice(self, draft: Any, run: DecodeContext, path: Path) -> int | None:
        """Return the branch a draft stands in, or None if its tag is unknown."""
        if not callable(self.discriminator):
            if not isinstance(draft, dict):
                return None
            for name in self.tag_names:
                index = self._of_tag(draft.get(name))
                if index is not None:
                    return index
            return None
        for index, branch in enumerate(self.branches):
            given = branch.slot.parse(draft, DecodeContext(context=run.context), path)
            if self._of_tag(self._ask(given)) == index:
                return index
        return None

    def _ask(self, value: Any) -> Any:
        try:
            return self.discriminator(value)
        except Exception:  # the author's function expects something else: then this is no branch
            return None

    def _of_tag(self, tag: Any) -> int | None:
        for known in (tag, tag.value) if isinstance(tag, Enum) else (tag,):
            try:
                index = self._by_tag.get(known)
            except TypeError:  # what stands in the tag's place cannot even be one
                return None
            if index is not None:
                return index
        return None

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        index = self._branch_of_value(value)
        if index is None:
            return dict(value) if isinstance(value, Mapping) else value
        showing.pins[path] = index
        return self.branches[index].slot.show(value, showing, path)

    def _branch_of_value(self, value: Any) -> int | None:
        for index, branch in enumerate(self.branches):
            if is_exactly(branch.node, value):
                return index
        if callable(self.discriminator):
            return self._of_tag(self._ask(value))
        if not isinstance(value, Mapping):
            return None
        for branch in self.branches:
            if isinstance(branch.node, ObjectNode):
                for name, slot in branch.node.fields.items():
                    if self._is_tag(name, slot):
                        for key in (name, *(alias[0] for alias in slot.aliases)):
                            index = self._of_tag(value.get(key))
                            if index is not None:
                                return index
        return None

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        index = self.choice(draft, run, path)
        if index is None:
            return draft
        run.chosen[path] = index
        return self.branches[index].slot.parse(draft, run, path)

    def blank_of(self, index: int, within: tuple[TypeNode, ...] = ()) -> Any:
        """Return a new draft of one branch, its tag set.

        Raises:
            UnblankError: It needs itself.
        """
        branch = self.branches[index]
        draft = super().blank_of(index, within)
        if isinstance(draft, dict) and isinstance(branch.node, ObjectNode):
            for name, slot in branch.node.fields.items():
                if self._is_tag(name, slot) and self._of_tag(draft.get(name)) != index:
                    draft[name] = slot.show(branch.tags[0], EncodeContext(), ())
        return draft

    def place(self, loc: Path, draft: Any, path: Path, slot: Field) -> ErrorLocation:
        index = self.choice(draft, DecodeContext(), path)
        if not loc or index is None:
            return ErrorLocation(path, slot, draft)
        # Exactly one segment is the tag, however it is written.
        return self.branches[index].slot.place(loc[1:], draft, path)
