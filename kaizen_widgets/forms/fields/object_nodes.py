"""Types with named fields: models, dataclasses, typed dicts, named tuples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from kaizen_widgets.forms.fields.type_node import (
    ABSENT,
    DataStep,
    DecodeContext,
    EncodeContext,
    ErrorLocation,
    Field,
    TypeNode,
    UnblankError,
    resolved,
)
from kaizen_widgets.forms.paths import MISSING, Path, copied

Extra = Literal["ignore", "forbid", "allow"]


class ObjectNode(TypeNode):
    """A type with named fields. Drafts go by the fields' names; pydantic gets their aliases.

    Attributes:
        cls: What values are instances of, or None for plain dicts.
        fields: By name, in the model's order.
        computed: Names of what the model computes, with label and hint.
    """

    kind = "object"
    has_parts = True

    def __init__(self, cls: type | None, extra: Extra = "ignore") -> None:
        self.cls = cls
        self.extra: Extra = extra
        self.fields: dict[str, Field] = {}
        self.computed: dict[str, Field] = {}
        self._by_first: dict[Any, list[tuple[Path, Field]]] = {}

    def fill(self, fields: Mapping[str, Field], computed: Mapping[str, Field]) -> None:
        """Take the fields; they may lead back here."""
        self.fields.update(fields)
        self.computed.update(computed)
        known = list(self.fields.items())
        # The alias of one field may be the name of another: aliases come first.
        locs: list[tuple[Path, Field]] = [(loc, slot) for _, slot in known for loc in slot.aliases]
        locs += [((name,), slot) for name, slot in known]
        # A named tuple that was given as a list speaks of positions.
        locs += [((index,), slot) for index, (_, slot) in enumerate(known)]
        for loc, slot in locs:
            self._by_first.setdefault(loc[0], []).append((loc, slot))
        for candidates in self._by_first.values():
            candidates.sort(key=lambda one: -len(one[0]))

    def parts(self) -> list[Field]:
        return list(self.fields.values())

    def is_active(self) -> bool:
        return self.is_exposed or any(
            slot.is_fallback or slot.aliases[0] != (name,) for name, slot in self.fields.items()
        )

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        items = self._items(value)
        if items is None:
            return value  # not one of ours: pydantic will say so
        parsed = showing.is_parsed
        if self.cls is not None:
            showing.is_parsed = isinstance(value, self.cls)
        draft = {}
        for name, slot in self.fields.items():
            item = entry_of(items, name, slot)
            if item is not MISSING and item is not ABSENT:
                draft[name] = slot.show(item, showing, (*path, name))
            elif showing.is_complete or not slot.required:
                blank = slot.blank()
                if blank is not MISSING:
                    draft[name] = blank
        if self.extra != "ignore":
            known = {loc[0] for slot in self.fields.values() for loc in slot.aliases}
            for key, item in items.items():
                if key not in known and key not in draft and isinstance(key, str):
                    draft[key] = copied(item)
        showing.is_parsed = parsed
        return draft

    def _items(self, value: Any) -> Mapping[str, Any] | None:
        if isinstance(value, Mapping):
            return value
        if isinstance(value, list | tuple) and self.cls is not None and issubclass(self.cls, tuple):
            fits = len(value) <= len(self.fields)  # of a longer one nothing is cut off
            return dict(zip(self.fields, value, strict=False)) if fits else None
        if self.cls is None or isinstance(value, str | int | float | list | tuple):
            return None
        items = {name: attribute(value, name, MISSING) for name in self.fields}
        if not isinstance(value, self.cls) and all(item is MISSING for item in items.values()):
            return None
        return {**items, **(getattr(value, "__pydantic_extra__", None) or {})}

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        if not isinstance(draft, dict):
            return draft
        fields = self.fields
        made: dict[Any, Any] = {}
        for name, item in draft.items():
            field = fields.get(name)
            if field is None:
                made[name] = item
                continue
            if field.is_fallback and item == field.blank():
                continue  # the model's own default, which would not pass as input
            value = field.parse(item, run, (*path, name))
            alias = field.aliases[0]
            if len(alias) == 1:
                made[alias[0]] = value
            else:
                _put(made, alias, value)
        return made

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        draft = {}
        for name, slot in self.fields.items():
            try:
                item = slot.blank(within)
            except UnblankError:
                if slot.required:
                    raise
                continue
            if item is not MISSING:
                draft[name] = item
        return draft

    def place(self, loc: Path, draft: Any, path: Path, slot: Field) -> ErrorLocation:
        if not loc or not isinstance(draft, dict):
            # A value that is no object has no fields, whatever an alias path looked for in it.
            found = self._find(loc) if loc else None
            return (
                ErrorLocation((*path, found[1].name), found[1])
                if found
                else ErrorLocation(path, slot, draft)
            )
        found = self._find(loc)
        if found is None:
            # An input the model forbids: nothing of the form, but the message must be about it.
            extra = loc[0]
            return (
                ErrorLocation((*path, extra), slot)
                if extra in draft
                else ErrorLocation(path, slot, draft)
            )
        length, field = found
        return field.place(loc[length:], draft.get(field.name), (*path, field.name))

    def _find(self, loc: Path) -> tuple[int, Field] | None:
        candidates = self._by_first.get(loc[0], ())
        for alias, slot in candidates:
            if loc[: len(alias)] == alias:
                return len(alias), slot
        return (len(loc), candidates[0][1]) if candidates else None

    def step(self, path: Path, draft: Any) -> DataStep | None:
        found = self._find(path)
        return DataStep(found[0], (found[1].name,), found[1]) if found else None

    def child(self, part: str | int, draft: Any) -> Field | None:
        return self.fields.get(part) if isinstance(part, str) else None


class RootModelNode(TypeNode):
    """A root model: its draft is its root's, under the same name."""

    def __init__(self, cls: type, slot: Field) -> None:
        self.cls, self.slot = cls, slot

    @property
    def is_array(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.slot.node.is_array

    def parts(self) -> list[Field]:
        return [self.slot]

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        if not isinstance(value, self.cls):
            return self.slot.show(value, showing, path)
        parsed, showing.is_parsed = showing.is_parsed, True
        draft = self.slot.show(value.root, showing, path)  # pyright: ignore[reportAttributeAccessIssue]
        showing.is_parsed = parsed
        return draft

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        return self.slot.node.parse(draft, run, path, slot)

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        return self.slot.blank(within)

    def place(self, loc: Path, draft: Any, path: Path, slot: Field) -> ErrorLocation:
        return self.slot.node.place(loc, draft, path, slot)

    def step(self, path: Path, draft: Any) -> DataStep | None:
        return self.slot.node.step(path, draft)

    def child(self, part: str | int, draft: Any) -> Field | None:
        return self.slot.node.child(part, draft)


def attribute(value: Any, name: str, default: Any = None) -> Any:
    """Return a field of an instance; one that is deprecated is no reason to warn whoever opens a form."""
    own = getattr(value, "__dict__", {})
    return own[name] if name in own else getattr(value, name, default)


def bare(node: TypeNode) -> TypeNode:
    """Return the type whose drafts stand here, be it within root models."""
    node = resolved(node)
    while isinstance(node, RootModelNode):
        node = resolved(node.slot.node)
    return node


def entry_of(items: Mapping[str, Any], name: str, slot: Field) -> Any:
    """Return what a mapping has for a field, under its name or any of its aliases."""
    if name in items:
        return items[name]
    for alias in slot.aliases:
        found: Any = items
        for part in alias:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                break
        else:
            return found
    return MISSING


def _put(made: dict[Any, Any], alias: Path, value: Any) -> None:
    """Put a value at an alias path. Positions are keys: pydantic reads `d[1]` of a dict as of a list."""
    for part in alias[:-1]:
        made = made.setdefault(part, {})
    made[alias[-1]] = value
