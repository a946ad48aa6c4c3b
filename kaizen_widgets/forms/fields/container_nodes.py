"""Types whose drafts are rows: lists, sets, tuples, dicts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from kaizen_widgets.forms.fields.leaf_nodes import ChoiceLeaf, LeafNode
from kaizen_widgets.forms.fields.object_nodes import bare
from kaizen_widgets.forms.fields.originals import SKIP, Held, Original
from kaizen_widgets.forms.fields.type_node import (
    DataStep,
    DecodeContext,
    EncodeContext,
    ErrorLocation,
    Field,
    TypeNode,
)
from kaizen_widgets.forms.paths import Path

KEY, VALUE = 0, 1
"""Positions of the key and the value in a row of a dict."""


class ListNode(TypeNode):
    """A list of one type, of any length.

    Attributes:
        item: The position of every row.
        constraints: `minItems`, `maxItems`.
        container: Makes the container that a strict model requires in place of a list.
        is_whole: Errors of rows belong to the whole list: a set has no order, a multi-select no rows.
    """

    kind = "list"
    has_parts = True
    is_array = True

    def __init__(
        self,
        item: Field,
        constraints: Mapping[str, Any],
        *,
        is_set: bool = False,
        container: Callable[[Iterable[Any]], Any] | None = None,
    ) -> None:
        self.item = item
        self.constraints = constraints
        self.is_set = is_set
        self.container = container
        self.is_whole = is_set

    @property
    def is_multi_select(self) -> bool:
        """Whether all rows are one control: any number of a few options."""
        return self.is_set and isinstance(bare(self.item.node), ChoiceLeaf)

    def children(self) -> list[Field]:
        return [self.item]

    def needs_decoding(self) -> bool:
        return self.is_exposed or self.container is not None

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            return value
        items = sorted_if_set(value)
        encode = self.item.encode
        return self.ordered([encode(one, context, (*path, at)) for at, one in enumerate(items)])

    def ordered(self, drafts: list[Any]) -> list[Any]:
        """Return the drafts of a multi-select in the order of its options, not of the clicks."""
        item = bare(self.item.node)
        if not self.is_set or not isinstance(item, ChoiceLeaf):
            return drafts
        known = [option.key for option in item.options]
        return sorted(drafts, key=lambda one: known.index(one) if one in known else len(known))

    def decode(
        self,
        draft: Any,
        context: DecodeContext,
        path: Path,
        field: Field,
        original: Original | None = None,
    ) -> Any:
        if not isinstance(draft, list):
            return draft
        parts = {} if original is None or self.is_multi_select else original.parts
        decode = self.item.decode
        items = [
            decode(item, context, (*path, index), parts.get((index,)))
            for index, item in enumerate(draft)
        ]
        if original is not None and isinstance(original.value, deque):
            return Held(original.value, items)
        if self.container is None:
            return items
        try:
            return self.container(items)
        except TypeError:  # an unhashable item of a set: pydantic reports it
            return items

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        return []

    def locate_error(self, loc: Path, draft: Any, path: Path, field: Field) -> ErrorLocation:
        own = ErrorLocation(path, field, draft, not self.is_multi_select)
        if not loc or self.is_whole or not isinstance(draft, list):
            return own
        index = loc[0]
        if not isinstance(index, int) or not 0 <= index < len(draft):
            return own
        return self.item.locate_error(loc[1:], draft[index], (*path, index))

    def follow(self, loc: Path, draft: Any) -> DataStep | None:
        return DataStep(1, (loc[0],), self.item) if isinstance(loc[0], int) else None

    def child(self, part: str | int, draft: Any) -> Field | None:
        return self.item if isinstance(part, int) else None


class TupleNode(TypeNode):
    """A tuple: a fixed number of items of their own types, and any number of one type between them.

    Attributes:
        before, after: The positions at both ends.
        rows: The position of every item between them, or None.
    """

    kind = "tuple"
    has_parts = True

    def __init__(
        self,
        before: list[Field],
        rows: Field | None,
        after: list[Field],
        *,
        is_strict: bool = False,
    ) -> None:
        self.before, self.rows, self.after = before, rows, after
        self.is_strict = is_strict
        for index, field in enumerate([*before, *after]):
            field.name = str(index)

    def children(self) -> list[Field]:
        return [*self.before, *([self.rows] if self.rows else []), *self.after]

    def needs_decoding(self) -> bool:
        return self.is_exposed or self.is_strict

    def field_at(self, index: int, length: int) -> Field | None:
        """Return the position of an item in a tuple of a length, or None beyond its end."""
        if 0 <= index < len(self.before):
            return self.before[index]
        from_end = length - index
        if self.rows is None or from_end <= len(self.after):
            position = index - len(self.before) if self.rows is None else -from_end
            return self.after[position] if -len(self.after) <= position < len(self.after) else None
        return self.rows

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            return value
        items = list(value)
        drafts = []
        for index, item in enumerate(items):
            part = self.field_at(index, len(items))
            drafts.append(part.encode(item, context, (*path, index)) if part else item)
        return drafts

    def decode(
        self,
        draft: Any,
        context: DecodeContext,
        path: Path,
        field: Field,
        original: Original | None = None,
    ) -> Any:
        if not isinstance(draft, list):
            return draft
        parts = original.parts if original is not None else {}
        items = []
        for index, item in enumerate(draft):
            part = self.field_at(index, len(draft))
            items.append(
                part.decode(item, context, (*path, index), parts.get((index,))) if part else item
            )
        return tuple(items) if self.is_strict else items

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        return [field.blank(within) for field in [*self.before, *self.after]]

    def locate_error(self, loc: Path, draft: Any, path: Path, field: Field) -> ErrorLocation:
        if not loc or not isinstance(draft, list) or not isinstance(loc[0], int):
            return ErrorLocation(path, field, draft)
        part = self.field_at(loc[0], max(len(draft), len(self.before) + len(self.after)))
        if part is None:
            return ErrorLocation(path, field, draft)
        item = draft[loc[0]] if loc[0] < len(draft) else None
        return part.locate_error(loc[1:], item, (*path, loc[0]))

    def follow(self, loc: Path, draft: Any) -> DataStep | None:
        part = self.child(loc[0], draft)
        return DataStep(1, (loc[0],), part) if part else None

    def child(self, part: str | int, draft: Any) -> Field | None:
        length = len(draft) if isinstance(draft, list) else len(self.before) + len(self.after)
        return self.field_at(part, length) if isinstance(part, int) else None


class DictNode(TypeNode):
    """A dict: rows of a key and a value, so that a key can be incomplete, or occur twice."""

    kind = "dict"
    has_parts = True
    is_array = True

    def __init__(self, key: Field, value: Field, constraints: Mapping[str, Any]) -> None:
        self.key, self.value = key, value
        self.constraints = constraints
        self.row = Field(TupleNode([key, value], None, []), label="")
        self.key.name, self.value.name = str(KEY), str(VALUE)

    def children(self) -> list[Field]:
        return [self.key, self.value]

    def needs_decoding(self) -> bool:
        return True

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        if isinstance(value, Mapping):
            value = list(value.items())
        elif not _are_pairs(value):
            return value
        return [
            [
                self.key.encode(key, context, (*path, index, KEY)),
                self.value.encode(item, context, (*path, index, VALUE)),
            ]
            for index, (key, item) in enumerate(value)
        ]

    def decode(
        self,
        draft: Any,
        context: DecodeContext,
        path: Path,
        field: Field,
        original: Original | None = None,
    ) -> Any:
        if not _are_pairs(draft):
            return draft
        parts = original.parts if original is not None else {}
        made: dict[Any, Any] = {}
        validated: set[Any] = set()
        for index, (key, item) in enumerate(draft):
            place = (*path, index, KEY)
            input = self._key_input(key, context, place, parts.get((index, KEY)))
            if input is None and key is not None:
                location = ErrorLocation(place, self.key, key)
                context.refuse(location, "unhashable_key", "This cannot be a key.")
                continue
            final = self._validated_key(input, context) if len(draft) > 1 else input
            if input in made or final in validated:
                location = ErrorLocation(place, self.key, key)
                context.refuse(location, "duplicate_key", "This key exists already.")
                continue
            validated.add(final)
            made[input] = self.value.decode(
                item, context, (*path, index, VALUE), parts.get((index, VALUE))
            )
        return made

    def _key_input(
        self, key: Any, context: DecodeContext, path: Path, original: Original | None
    ) -> Any:
        """Return the input for a key; None if it cannot be one."""
        given = self.key.decode(key, context, path, original)
        if isinstance(given, Held):
            # Errors name keys by their text, so an original key is given only if it has the same.
            is_alike = given.given is SKIP or given.untouched is not None
            given = given.value if is_alike and str(given.value) == str(key) else None
            if given is None:
                given = self.key.decode(key, context, path)
        return hashable(given)

    def _validated_key(self, input: Any, context: DecodeContext) -> Any:
        """Return the validated key: "1" and "01" are the same integer."""
        node = bare(self.key.node)
        is_verbatim = isinstance(node, LeafNode) and node.is_verbatim and not self.key.is_changing
        if is_verbatim or self.key.checker is None:
            return input
        try:
            return hashable(self.key.checker().validate_python(input, context=context.context))
        except Exception:  # an invalid key: validation of the whole form reports it
            return input

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        return []

    def locate_error(self, loc: Path, draft: Any, path: Path, field: Field) -> ErrorLocation:
        index = self.index_of(loc[0], draft) if loc else None
        if index is None:
            return ErrorLocation(path, field, draft, is_own=True)
        if loc[1:2] == ("[key]",):
            return self.key.locate_error(loc[2:], draft[index][KEY], (*path, index, KEY))
        return self.value.locate_error(loc[1:], draft[index][VALUE], (*path, index, VALUE))

    def index_of(self, key: Any, draft: Any) -> int | None:
        """Return the row of a key, compared as its draft, its text or its decoded value."""
        if not _are_pairs(draft):
            return None
        for index, (typed, _) in enumerate(draft):
            if typed == key or str(hashable(typed)) == str(key):
                return index
        for index, (typed, _) in enumerate(draft):
            if hashable(self.key.decode(typed, DecodeContext(), ())) == key:
                return index
        return None

    def follow(self, loc: Path, draft: Any) -> DataStep | None:
        index = self.index_of(loc[0], draft)
        return None if index is None else DataStep(1, (index, VALUE), self.value)

    def child(self, part: str | int, draft: Any) -> Field | None:
        return self.row if isinstance(part, int) else None


def _are_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in value
    )


def hashable(value: Any) -> Any:
    """Return a hashable key, lists as tuples; None if it cannot be made hashable."""
    if isinstance(value, list):
        return tuple(hashable(item) for item in value)
    return value if isinstance(value, Hashable) else None


def sorted_if_set(value: Iterable[Any]) -> list[Any]:
    """Return the items of a set in an order that does not change from run to run."""
    items = list(value)
    if isinstance(value, AbstractSet):
        items.sort(key=lambda item: (type(item).__name__, _order(item)))
    return items


def _order(item: Any) -> Any:
    return (0, item, "") if isinstance(item, int | float) else (1, 0, str(item))
