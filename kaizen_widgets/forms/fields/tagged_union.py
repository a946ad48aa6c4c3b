"""Unions with a discriminator: the draft itself says which branch it is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

from kaizen_widgets.forms.fields.object_nodes import ObjectNode
from kaizen_widgets.forms.fields.originals import SKIP, Held, Original, plain_input
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
    """One of several types, distinguished by the value of a field or by a function of the model's author."""

    def __init__(self, branches: Sequence[UnionBranch], discriminator: Any) -> None:
        super().__init__(branches)
        self.discriminator = discriminator
        self._by_tag = {tag: i for i, branch in enumerate(branches) for tag in branch.tags}

    @property
    def tag_names(self) -> list[str]:
        """The names of the fields that hold the tag; empty if a function returns it."""
        if callable(self.discriminator):
            return []
        names = []
        for branch in self.branches:
            if isinstance(branch.node, ObjectNode):
                names += [n for n, f in branch.node.fields.items() if self._is_tag(n, f)]
        return list(dict.fromkeys(names))

    def _is_tag(self, name: str, field: Field) -> bool:
        paths = self.discriminator
        if callable(paths):
            return False
        if isinstance(paths, str):
            paths = [[paths]]
        elif paths and not isinstance(paths[0], list | tuple):
            paths = [paths]
        known: set[Path] = {tuple(path) for path in paths}
        return not known.isdisjoint([(name,), *field.aliases])

    def needs_decoding(self) -> bool:
        return self.is_exposed

    def choice(self, draft: Any, context: DecodeContext, path: Path) -> int | None:
        if not callable(self.discriminator):
            if not isinstance(draft, dict):
                return None
            for name in self.tag_names:
                index = self._of_tag(draft.get(name))
                if index is not None:
                    return index
            return None
        for index, branch in enumerate(self.branches):
            given = branch.field.decode(draft, DecodeContext(context=context.context), path)
            if self._of_tag(self._discriminate(given)) == index:
                return index
        return None

    def _discriminate(self, value: Any) -> Any:
        try:
            return self.discriminator(value)
        except Exception:  # the discriminator expects other input, so this is not its branch
            return None

    def _of_tag(self, tag: Any) -> int | None:
        for known in (tag, tag.value) if isinstance(tag, Enum) else (tag,):
            try:
                index = self._by_tag.get(known)
            except TypeError:  # not hashable, so it is no tag
                return None
            if index is not None:
                return index
        return None

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        index = self._branch_of_value(value)
        if index is None:
            return dict(value) if isinstance(value, Mapping) else value
        return self._encode_in(index, value, context, path)

    def _branch_of_value(self, value: Any) -> int | None:
        for index, branch in enumerate(self.branches):
            if is_exactly(branch.node, value):
                return index
        if callable(self.discriminator):
            return self._of_tag(self._discriminate(value))
        if not isinstance(value, Mapping):
            return None
        for branch in self.branches:
            if isinstance(branch.node, ObjectNode):
                for name, field in branch.node.fields.items():
                    if self._is_tag(name, field):
                        for key in (name, *(alias[0] for alias in field.aliases)):
                            index = self._of_tag(value.get(key))
                            if index is not None:
                                return index
        return None

    def decode(
        self,
        draft: Any,
        context: DecodeContext,
        path: Path,
        field: Field,
        original: Original | None = None,
    ) -> Any:
        index = self.choice(draft, context, path)
        if index is None:
            return draft
        given = self._decode_in(index, draft, context, path, original)
        return given if original is None else self._with_plain_tag(given, index, context)

    def _with_plain_tag(self, given: Any, index: int, context: DecodeContext) -> Any:
        """Return input in which pydantic can read the tag."""
        if callable(self.discriminator):
            inner = given.given if isinstance(given, Held) else given
            inner = plain_input(inner, context.as_is) if inner is not SKIP else inner
            return replace(given, given=inner) if isinstance(given, Held) else inner
        inner = given.given if isinstance(given, Held) else given
        node = self.branches[index].node
        if isinstance(inner, dict) and isinstance(node, ObjectNode):
            for name, field in node.fields.items():
                key = field.aliases[0][0]
                if self._is_tag(name, field) and key in inner:
                    inner[key] = plain_input(inner[key], context.as_is)
        return given

    def blank_of(self, index: int, within: tuple[TypeNode, ...] = ()) -> Any:
        """Return a new draft of one branch, its tag set.

        Raises:
            EndlessBlankError: It needs itself.
        """
        branch = self.branches[index]
        draft = super().blank_of(index, within)
        if isinstance(draft, dict) and isinstance(branch.node, ObjectNode):
            for name, field in branch.node.fields.items():
                if self._is_tag(name, field) and self._of_tag(draft.get(name)) != index:
                    draft[name] = field.encode(branch.tags[0], EncodeContext(), ())
        return draft

    def locate_error(self, loc: Path, draft: Any, path: Path, field: Field) -> ErrorLocation:
        index = self.choice(draft, DecodeContext(), path)
        if not loc or index is None:
            return ErrorLocation(path, field, draft)
        # The first part is the tag, however it is written.
        return self.branches[index].field.locate_error(loc[1:], draft, path)
