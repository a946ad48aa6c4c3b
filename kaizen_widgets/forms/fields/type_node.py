"""What a field tree is made of: a `TypeNode` is a type, a `Field` is a place where that type stands.

A node turns values into drafts (`show`), drafts into what pydantic validates (`parse`), says what stands in
a new field (`blank`), and leads an error's location to the field it belongs to (`place`). Nodes know no
names and are shared between places; recursive models make circles of them. What differs from place to
place (label, required, default, may it be None) is the slot's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import pydantic_core

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.fields.hint import NO_HINT, Hint
from kaizen_widgets.forms.paths import MISSING, Path, copied

ABSENT: Final = getattr(pydantic_core, "MISSING", MISSING)
"""pydantic's own word for a field that is not there."""


class UnblankError(Exception):
    """No blank can be made: a type that needs itself, without end."""


@dataclass(frozen=True, slots=True)
class ErrorLocation:
    """Where an error stands.

    Attributes:
        path: Of the field, row, list or object.
        slot: What can stand there.
        draft: What does stand there, or `MISSING`.
        is_own: It is an array's own error, beside those of its rows.
    """

    path: Path
    slot: Field
    draft: Any = MISSING
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class DataStep:
    """One step on a way through data: how much of it was gone, where that is in drafts, what is there."""

    length: int
    way: Path
    slot: Field


@dataclass(slots=True)
class EncodeContext:
    """One translation of values into drafts.

    Attributes:
        is_complete: What a mapping leaves out is filled with blanks; else only with defaults.
        is_parsed: The values come out of a model; else they are what could be put into one.
        pins: Gathers which branch each union took, by path.
    """

    is_complete: bool = False
    is_parsed: bool = False
    pins: dict[Path, int] = field(default_factory=dict)


@dataclass(slots=True)
class DecodeContext:
    """One translation of drafts into what pydantic validates.

    Attributes:
        pins: Which branch of a union was chosen, by path; where none was, the draft decides.
        context: Handed to the model's validators.
        chosen: Gathers the branches taken.
        errors: Gathers what was found wrong on the way: where, and an error as pydantic writes it.
        settled: Paths whose errors are in `errors`; what the whole validation says of them is noise.
    """

    pins: Mapping[Path, int] = field(default_factory=dict)
    context: Any = None
    chosen: dict[Path, int] = field(default_factory=dict)
    errors: list[tuple[ErrorLocation, Mapping[str, Any]]] = field(default_factory=list)
    settled: set[Path] = field(default_factory=set)

    def refuse(self, spot: ErrorLocation, type: str, message: str) -> None:
        """Note one error of ours; the whole validation has no say about that place."""
        self.errors.append((spot, {"type": type, "msg": message}))
        self.settled.add(spot.path)


class TypeNode:
    """A type. The methods of this class are those of a type whose drafts are its values."""

    kind: ClassVar[str] = "text"
    is_array: ClassVar[bool] = False
    has_parts: ClassVar[bool] = False
    title: str | None = None
    hint: Hint = NO_HINT
    is_exposed = False  # a validator of the model's author gets the draft raw, and might change it
    is_plain = False  # `parse` gives back what it gets, here and below; the tree finds out

    def parts(self) -> list[Field]:
        """Return the slots right below."""
        return []

    def is_active(self) -> bool:
        """Whether `parse` does anything by itself, whatever the parts do."""
        return self.is_exposed

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        """Return the draft of a value, or of something that could be validated to one."""
        return value

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        """Return what pydantic is to validate."""
        return draft

    def exact(self, draft: Any) -> Any:
        """Return the draft as the Python value of this type, where it can be one; else `MISSING`.

        It keeps a union from reading the date somebody chose as the text it is written in.
        """
        return MISSING

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        """Return the draft of a new field."""
        return ""

    def place(self, loc: Path, draft: Any, path: Path, slot: Field) -> ErrorLocation:
        """Return where an error at ``loc`` below here belongs."""
        return ErrorLocation(path, slot, draft)

    def step(self, path: Path, draft: Any) -> DataStep | None:
        """Return the first step on a way through the model's data, which has aliases and dict keys."""
        return None

    def child(self, part: str | int, draft: Any) -> Field | None:
        """Return what stands at ``part`` of the draft, or None if nothing can."""
        return None


@dataclass(slots=True, eq=False)
class Field:
    """A place in a model.

    Attributes:
        node: The type of what stands here.
        name: What the form calls it; empty for rows and branches.
        label: What people call it.
        hint: What its author says of it.
        nullable: Whether None may stand here.
        required: Whether the model has no default for it.
        default: The default, or `MISSING`.
        factory: Makes the default.
        is_derived: The default is made of other fields: the draft leaves it out until somebody types.
        is_fallback: The default would not pass as input, so an untouched one is left to the model.
        aliases: The paths under which input may come; the first is the one we use.
        frozen, excluded: As pydantic says.
        checker: Compiles a validator of what stands here alone.
        is_changing: Input may come out as something else: by a function of the author's, or in a union.
    """

    node: TypeNode
    name: str = ""
    label: str = ""
    hint: Hint = NO_HINT
    nullable: bool = False
    required: bool = True
    default: Any = MISSING
    factory: Callable[[], Any] | None = None
    is_derived: bool = False
    is_fallback: bool = False
    aliases: tuple[Path, ...] = ()
    frozen: bool = False
    excluded: bool = False
    checker: Callable[[], Any] | None = None
    is_changing: bool = False

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        """Return the draft of a value that stands here."""
        if value is None:
            return None
        draft = self.node.show(value, showing, path)
        if isinstance(draft, str) and self.is_changing and self.node.has_parts:
            draft = self._read(draft, showing, path)
        return draft

    def _read(self, text: str, showing: EncodeContext, path: Path) -> Any:
        """Return the draft of what an author's function makes of a text: rows of "a, b"."""
        if self.checker is None:
            return text
        try:
            value = self.checker().validate_python(text)
        except Exception:  # then it stays the text it is, and is judged as that
            return text
        return self.node.show(value, showing, path)

    def parse(self, draft: Any, run: DecodeContext, path: Path) -> Any:
        """Return what pydantic is to validate here."""
        node = self.node
        if draft is None or node.is_plain:
            return draft
        return node.parse(copied(draft) if node.is_exposed else draft, run, path, self)

    def blank(self, within: tuple[TypeNode, ...] = ()) -> Any:
        """Return the draft of an untouched field: its default's, else a blank one; or `MISSING`.

        Raises:
            UnblankError: It needs itself.
        """
        if self.is_derived:
            return MISSING
        if self.factory is not None:
            return self.show(self._made(), EncodeContext(is_parsed=True), ())
        if self.default is not MISSING:
            return self.show(self.default, EncodeContext(is_parsed=True), ())
        return None if self.nullable else self.filled(within)

    def _made(self) -> Any:
        try:
            return self.factory() if self.factory is not None else None
        except Exception as error:
            name = self.name or "the value"
            raise FormError(
                f"The default of {name} could not be made: its factory raised {type(error).__name__}."
            ) from error

    def filled(self, within: tuple[TypeNode, ...] = ()) -> Any:
        """Return the draft of a new value here, whatever the default is."""
        if self.node in within:
            raise UnblankError
        return self.node.blank((*within, self.node))

    def place(self, loc: Path, draft: Any, path: Path) -> ErrorLocation:
        """Return where an error at ``loc`` below here belongs."""
        return self.node.place(loc, draft, path, self)


class ForwardRef(TypeNode):
    """Stands for a type that is still being made, and is that type from then on."""

    def __init__(self) -> None:
        self.target: TypeNode = self

    def parts(self) -> list[Field]:
        return self.target.parts()

    def is_active(self) -> bool:
        return self.target.is_active()

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        return self.target.show(value, showing, path)

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        return self.target.parse(draft, run, path, slot)

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        if self.target in within:
            raise UnblankError
        return self.target.blank((*within, self.target))

    def place(self, loc: Path, draft: Any, path: Path, slot: Field) -> ErrorLocation:
        return self.target.place(loc, draft, path, slot)

    def step(self, path: Path, draft: Any) -> DataStep | None:
        return self.target.step(path, draft)

    def child(self, part: str | int, draft: Any) -> Field | None:
        return self.target.child(part, draft)


def resolved(node: TypeNode) -> TypeNode:
    """Return the type itself, where something stood for it."""
    while isinstance(node, ForwardRef) and node.target is not node:
        node = node.target
    return node


def every_field(root: Field) -> list[Field]:
    """Return all places of a tree, each type gone through once."""
    seen: set[TypeNode] = set()
    found, waiting = [], [root]
    while waiting:
        slot = waiting.pop()
        found.append(slot)
        node = resolved(slot.node)
        if node not in seen:
            seen.add(node)
            waiting += node.parts()
    return found


def settle(root: Field) -> None:
    """Put types where something stood for them, and find out which have nothing to translate.

    A type is plain if neither it nor anything below is active; its drafts go to pydantic as they are.
    """
    below: dict[TypeNode, list[TypeNode]] = {}
    for slot in every_field(root):
        node = resolved(slot.node)
        node.is_exposed = node.is_exposed or slot.node.is_exposed
        slot.node = node
        below.setdefault(node, [resolved(part.node) for part in node.parts()])
    active = {node for node in below if node.is_active()}
    grows = True
    while grows:
        found = {node for node, parts in below.items() if not active.isdisjoint(parts)} - active
        active |= found
        grows = bool(found)
    for node in below:
        node.is_plain = node not in active
