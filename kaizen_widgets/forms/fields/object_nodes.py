"""Types with named fields: models, dataclasses, typed dicts, named tuples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from kaizen_widgets.forms.fields.originals import Original
from kaizen_widgets.forms.fields.type_node import (
    ABSENT,
    DataStep,
    DecodeContext,
    EncodeContext,
    EndlessBlankError,
    ErrorLocation,
    Field,
    TypeNode,
    resolved,
)
from kaizen_widgets.forms.paths import MISSING, Path, copied

Extra = Literal["ignore", "forbid", "allow"]


class ObjectNode(TypeNode):
    """A type with named fields. Drafts use the fields' names; pydantic gets their aliases.

    Attributes:
        cls: What values are instances of, or None for plain dicts.
        fields: By name, in the model's order.
        computed: Computed fields by name, with label and hint.
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
        """Add the fields; in a recursive model they may lead back here."""
        self.fields.update(fields)
        self.computed.update(computed)
        known = list(self.fields.items())
        # The alias of one field may be the name of another: aliases come first.
        locs: list[tuple[Path, Field]] = [
            (loc, field) for _, field in known for loc in field.aliases
        ]
        locs += [((name,), field) for name, field in known]
        # A named tuple that was given as a list has positions.
        locs += [((index,), field) for index, (_, field) in enumerate(known)]
        for loc, field in locs:
            self._by_first.setdefault(loc[0], []).append((loc, field))
        for candidates in self._by_first.values():
            candidates.sort(key=lambda one: -len(one[0]))

    def children(self) -> list[Field]:
        return list(self.fields.values())

    def needs_decoding(self) -> bool:
        return self.is_exposed or any(
            field.is_fallback or field.aliases[0] != (name,) for name, field in self.fields.items()
        )

    def is_instance(self, value: Any) -> bool:
        return self.cls is not None and isinstance(value, self.cls)

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        items = self._items(value)
        if items is None:
            return value  # not of this type: validation says so
        before = context.is_parsed, context.is_validated
        if self.cls is not None:
            context.is_parsed = context.is_validated = isinstance(value, self.cls)
        draft = {}
        for name, field in self.fields.items():
            item = entry_of(items, name, field)
            if item is not MISSING and item is not ABSENT:
                draft[name] = field.encode(item, context, (*path, name))
            elif context.is_complete or not field.required:
                blank = field.blank_in(context, (*path, name))
                if blank is not MISSING:
                    draft[name] = blank
        if self.extra != "ignore":
            known = {loc[0] for field in self.fields.values() for loc in field.aliases}
            for key, item in items.items():
                if key not in known and key not in draft and isinstance(key, str):
                    draft[key] = copied(item)
        context.is_parsed, context.is_validated = before
        return draft

    def _items(self, value: Any) -> Mapping[str, Any] | None:
        if isinstance(value, Mapping):
            return value
        if isinstance(value, list | tuple) and self.cls is not None and issubclass(self.cls, tuple):
            fits = len(value) <= len(self.fields)  # nothing of a longer one is cut off
            return dict(zip(self.fields, value, strict=False)) if fits else None
        if self.cls is None or isinstance(value, str | int | float | list | tuple):
            return None
        items = {name: attribute(value, name, MISSING) for name in self.fields}
        if not isinstance(value, self.cls) and all(item is MISSING for item in items.values()):
            return None
        return {**items, **(getattr(value, "__pydantic_extra__", None) or {})}

    def decode(
        self,
        draft: Any,
        context: DecodeContext,
        path: Path,
        field: Field,
        original: Original | None = None,
    ) -> Any:
        if not isinstance(draft, dict):
            return draft
        parts = original.parts if original is not None else {}
        made: dict[Any, Any] = {}
        for name, item in draft.items():
            part = self.fields.get(name)
            if part is None:
                made[name] = item
                continue
            if part.is_fallback and item == part.blank():
                continue  # the model's own default, which is no valid input
            value = part.decode(item, context, (*path, name), parts.get((name,)))
            alias = part.aliases[0]
            if len(alias) == 1:
                made[alias[0]] = value
            else:
                _put(made, alias, value)
        return made

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        draft = {}
        for name, field in self.fields.items():
            try:
                item = field.blank(within)
            except EndlessBlankError:
                if field.required:
                    raise
                continue
            if item is not MISSING:
                draft[name] = item
        return draft

    def locate_error(self, loc: Path, draft: Any, path: Path, field: Field) -> ErrorLocation:
        if not loc:
            return ErrorLocation(path, field, draft)
        found = self._find(loc)
        if not isinstance(draft, dict):
            # A value that is not an object has no fields, so an alias path finds none in it.
            if found is None:
                return ErrorLocation(path, field, draft)
            return ErrorLocation((*path, found[1].name), found[1])
        if found is None:
            # Extra input that the model forbids has no field, but the message is about it.
            extra = loc[0]
            if extra in draft:
                return ErrorLocation((*path, extra), field)
            return ErrorLocation(path, field, draft)
        length, part = found
        return part.locate_error(loc[length:], draft.get(part.name), (*path, part.name))

    def _find(self, loc: Path) -> tuple[int, Field] | None:
        candidates = self._by_first.get(loc[0], ())
        for alias, field in candidates:
            if loc[: len(alias)] == alias:
                return len(alias), field
        return (len(loc), candidates[0][1]) if candidates else None

    def follow(self, loc: Path, draft: Any) -> DataStep | None:
        found = self._find(loc)
        return DataStep(found[0], (found[1].name,), found[1]) if found else None

    def child(self, part: str | int, draft: Any) -> Field | None:
        return self.fields.get(part) if isinstance(part, str) else None


class RootModelNode(TypeNode):
    """A root model: its draft is its root's, under the same name."""

    def __init__(self, cls: type, root: Field) -> None:
        self.cls, self.root = cls, root

    @property
    def is_array(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.root.node.is_array

    def children(self) -> list[Field]:
        return [self.root]

    def is_instance(self, value: Any) -> bool:
        return isinstance(value, self.cls)

    def note_branch(self, draft: Any, context: DecodeContext, path: Path) -> None:
        self.root.node.note_branch(draft, context, path)

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        if not isinstance(value, self.cls):
            return self.root.encode(value, context, path)
        before = context.is_parsed, context.is_validated
        context.is_parsed = context.is_validated = True
        draft = self.root.encode(value.root, context, path)  # pyright: ignore[reportAttributeAccessIssue]
        context.is_parsed, context.is_validated = before
        return draft

    def decode(
        self,
        draft: Any,
        context: DecodeContext,
        path: Path,
        field: Field,
        original: Original | None = None,
    ) -> Any:
        return self.root.node.decode(draft, context, path, field, original)

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        return self.root.blank(within)

    def locate_error(self, loc: Path, draft: Any, path: Path, field: Field) -> ErrorLocation:
        return self.root.node.locate_error(loc, draft, path, field)

    def follow(self, loc: Path, draft: Any) -> DataStep | None:
        return self.root.node.follow(loc, draft)

    def child(self, part: str | int, draft: Any) -> Field | None:
        return self.root.node.child(part, draft)


def attribute(value: Any, name: str, default: Any = None) -> Any:
    """Return a field of an instance, without the warning of a deprecated one."""
    own = getattr(value, "__dict__", {})
    return own[name] if name in own else getattr(value, name, default)


def bare(node: TypeNode) -> TypeNode:
    """Return the type that determines the drafts: for a root model, that of its root."""
    node = resolved(node)
    while isinstance(node, RootModelNode):
        node = resolved(node.root.node)
    return node


def entry_of(items: Mapping[str, Any], name: str, field: Field) -> Any:
    """Return the item of a mapping for a field, by its name or an alias; or `MISSING`."""
    if name in items:
        return items[name]
    for alias in field.aliases:
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
    """Set a value at an alias path; an index is a key: pydantic reads `d[1]` from a dict, too."""
    for part in alias[:-1]:
        made = made.setdefault(part, {})
    made[alias[-1]] = value
