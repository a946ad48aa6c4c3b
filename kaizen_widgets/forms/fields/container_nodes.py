"""Types with rows: lists, sets, tuples, dicts."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from kaizen_widgets.forms.fields.leaf_nodes import ChoiceLeaf
from kaizen_widgets.forms.fields.object_nodes import bare
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
"""Where key and value stand in a row of a dict."""


class ListNode(TypeNode):
    """A list of one type, of any length.

    Attributes:
        item: What stands in each row.
        constraints: `minItems`, `maxItems`.
        container: Makes what a strict model wants of a list.
        is_whole: Errors of rows belong to the whole: a set has no order, a multi-select no rows.
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
        """Whether all rows are one control: any of a few options, each once."""
        return self.is_set and isinstance(bare(self.item.node), ChoiceLeaf)

    def parts(self) -> list[Field]:
        return [self.item]

    def is_active(self) -> bool:
        return self.is_exposed or self.container is not None

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            return value
        items = sorted_if_set(value)
        show = self.item.show
        return self.ordered([show(one, showing, (*path, at)) for at, one in enumerate(items)])

    def ordered(self, drafts: list[Any]) -> list[Any]:
        """Return the picks of a multi-select in the order of its options: ticking is not reordering."""
        item = bare(self.item.node)
        if not self.is_set or not isinstance(item, ChoiceLeaf):
            return drafts
        known = [option.key for option in item.options]
        return sorted(drafts, key=lambda one: known.index(one) if one in known else len(known))

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        if not isinstance(draft, list):
            return draft
        parse = self.item.parse
        items = [parse(item, run, (*path, index)) for index, item in enumerate(draft)]
        if self.container is None:
            return items
        try:
            return self.container(items)
        except TypeError:  # something unhashable in a set: pydantic says so
            return items

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        return []

    def place(self, loc: Path, draft: Any, path: Path, slot: Field) -> ErrorLocation:
        own = ErrorLocation(path, slot, draft, not self.is_multi_select)
        if not loc or self.is_whole or not isinstance(draft, list):
            return own
        index = loc[0]
        if not isinstance(index, int) or not 0 <= index < len(draft):
            return own
        return self.item.place(loc[1:], draft[index], (*path, index))

    def step(self, path: Path, draft: Any) -> DataStep | None:
        return DataStep(1, (path[0],), self.item) if isinstance(path[0], int) else None

    def child(self, part: str | int, draft: Any) -> Field | None:
        return self.item if isinstance(part, int) else None


class TupleNode(TypeNode):
    """A tuple: a fixed number of places of their own types, possibly with rows among them.

    Attributes:
        before, after: The places at both ends.
        rows: What stands between them any number of times, or None.
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
        for index, slot in enumerate([*before, *after]):
            slot.name = str(index)

    def parts(self) -> list[Field]:
        return [*self.before, *([self.rows] if self.rows else []), *self.after]

    def is_active(self) -> bool:
        return self.is_exposed or self.is_strict

    def field_at(self, index: int, length: int) -> Field | None:
        """Return what stands at an index of a tuple of this length."""
        if 0 <= index < len(self.before):
            return self.before[index]
        from_end = length - index
        if self.rows is None or from_end <= len(self.after):
            position = index - len(self.before) if self.rows is None else -from_end
            return self.after[position] if -len(self.after) <= position < len(self.after) else None
        return self.rows

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            return value
        items = list(value)
        shown = []
        for index, item in enumerate(items):
            slot = self.field_at(index, len(items))
            shown.append(slot.show(item, showing, (*path, index)) if slot else item)
        return shown

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        if not isinstance(draft, list):
            return draft
        items = []
        for index, item in enumerate(draft):
            part = self.field_at(index, len(draft))
            items.append(part.parse(item, run, (*path, index)) if part else item)
        return tuple(items) if self.is_strict else items

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        return [slot.blank(within) for slot in [*self.before, *self.after]]

    def place(self, loc: Path, draft: Any, path: Path, slot: Field) -> ErrorLocation:
        if not loc or not isinstance(draft, list) or not isinstance(loc[0], int):
            return ErrorLocation(path, slot, draft)
        part = self.field_at(loc[0], max(len(draft), len(self.before) + len(self.after)))
        if part is None:
            return ErrorLocation(path, slot, draft)
        item = draft[loc[0]] if loc[0] < len(draft) else None
        return part.place(loc[1:], item, (*path, loc[0]))

    def step(self, path: Path, draft: Any) -> DataStep | None:
        slot = self.child(path[0], draft)
        return DataStep(1, (path[0],), slot) if slot else None

    def child(self, part: str | int, draft: Any) -> Field | None:
        length = len(draft) if isinstance(draft, list) else len(self.before) + len(self.after)
        return self.field_at(part, length) if isinstance(part, int) else None


class DictNode(TypeNode):
    """A dict: rows of a key and a value, so that a key can be typed, changed and be there twice."""

    kind = "dict"
    has_parts = True
    is_array = True

    def __init__(self, key: Field, value: Field, constraints: Mapping[str, Any]) -> None:
        self.key, self.value = key, value
        self.constraints = constraints
        self.row = Field(TupleNode([key, value], None, []), label="")
        self.key.name, self.value.name = str(KEY), str(VALUE)

    def parts(self) -> list[Field]:
        return [self.key, self.value]

    def is_active(self) -> bool:
        return True

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        if isinstance(value, Mapping):
            value = list(value.items())
        elif not _are_pairs(value):
            return value
        return [
            [
                self.key.show(key, showing, (*path, index, KEY)),
                self.value.show(item, showing, (*path, index, VALUE)),
            ]
            for index, (key, item) in enumerate(value)
        ]

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        if not _are_pairs(draft):
            return draft
        made: dict[Any, Any] = {}
        for index, (key, item) in enumerate(draft):
            place = (*path, index, KEY)
            parsed = hashable(self.key.parse(key, run, place))
            if parsed is None and key is not None:
                run.refuse(
                    ErrorLocation(place, self.key, key), "unhashable_key", "This cannot be a key."
                )
            elif parsed in made:
                run.refuse(
                    ErrorLocation(place, self.key, key),
                    "duplicate_key",
                    "This key is there already.",
                )
            else:
                made[parsed] = self.value.parse(item, run, (*path, index, VALUE))
        return made

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        return []

    def place(self, loc: Path, draft: Any, path: Path, slot: Field) -> ErrorLocation:
        index = self.index_of(loc[0], draft) if loc else None
        if index is None:
            return ErrorLocation(path, slot, draft, is_own=True)
        if loc[1:2] == ("[key]",):
            return self.key.place(loc[2:], draft[index][KEY], (*path, index, KEY))
        return self.value.place(loc[1:], draft[index][VALUE], (*path, index, VALUE))

    def index_of(self, key: Any, draft: Any) -> int | None:
        """Return the row whose key reads like ``key``, as the model or as JSON would write it."""
        if not _are_pairs(draft):
            return None
        for index, (typed, _) in enumerate(draft):
            if typed == key or str(hashable(typed)) == str(key):
                return index
        for index, (typed, _) in enumerate(draft):
            if hashable(self.key.parse(typed, DecodeContext(), ())) == key:
                return index
        return None

    def step(self, path: Path, draft: Any) -> DataStep | None:
        index = self.index_of(path[0], draft)
        return None if index is None else DataStep(1, (index, VALUE), self.value)

    def child(self, part: str | int, draft: Any) -> Field | None:
        return self.row if isinstance(part, int) else None


def _are_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in value
    )


def hashable(value: Any) -> Any:
    """Return a key that can be one: lists as tuples; None if there is no way."""
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
