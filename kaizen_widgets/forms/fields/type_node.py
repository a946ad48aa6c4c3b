"""The parts of a field tree: a `TypeNode` is a type, a `Field` is a position in a model that has this type.

A node encodes values as drafts, decodes drafts to what pydantic validates, makes the draft of a new field,
and finds the field an error belongs to. Nodes have no names and are shared between positions; in recursive
models they form circles. What differs from position to position (label, required, default, nullable)
belongs to the field.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, is_dataclass
from enum import Enum
from typing import Any, ClassVar, Final

import pydantic_core
from pydantic import BaseModel

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.fields.hint import NO_HINT, Hint
from kaizen_widgets.forms.fields.originals import Held, Original, is_same_draft, plain_input
from kaizen_widgets.forms.paths import MISSING, Path, copied

ABSENT: Final = getattr(pydantic_core, "MISSING", MISSING)
"""pydantic's own marker for a field without a value."""

_JSON_TYPES: Final = (str, int, float, dict, list, type(None))


class EndlessBlankError(Exception):
    """A type requires another value of itself, so no blank draft of it can be made."""


@dataclass(frozen=True, slots=True)
class ErrorLocation:
    """The field an error belongs to.

    Attributes:
        path: The path of the field, row, list or object.
        field: The position there.
        draft: The draft there, or `MISSING`.
        is_own: Whether it is an error of the whole list, beside those of its rows.
    """

    path: Path
    field: Field
    draft: Any = MISSING
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class DataStep:
    """One step along a location in a model's data, which has aliases and dict keys.

    Attributes:
        length: How many parts of the location it uses.
        path: The path of the same step in drafts.
        field: The position it leads to.
    """

    length: int
    path: Path
    field: Field


@dataclass(slots=True)
class EncodeContext:
    """State of one encoding of a value as drafts.

    Attributes:
        is_complete: Fill missing fields of a mapping with blanks; else only with defaults.
        is_parsed: The values come from a model; otherwise they are input for one.
        is_validated: The values are within an instance, whose class has validated them.
        pins: Collects the branch of each union, by path.
        original: Collects the values that drafts are made from; None to collect none.
        depth: Length of the path of ``original``.
    """

    is_complete: bool = False
    is_parsed: bool = False
    is_validated: bool = False
    pins: dict[Path, int] = field(default_factory=dict)
    original: Original | None = None
    depth: int = 0


@dataclass(slots=True)
class DecodeContext:
    """State of one decoding of drafts to what pydantic validates.

    Attributes:
        pins: The branch that was chosen of each union, by path; without one, the draft decides.
        context: The context for the model's validators.
        chosen: Collects the branches taken.
        errors: Collects errors found while decoding: location, and the error as pydantic reports it.
        settled: Paths whose errors are in ``errors``; errors of the final validation there are ignored.
        as_is: Identities of objects that validators must not validate again.
    """

    pins: Mapping[Path, int] = field(default_factory=dict)
    context: Any = None
    chosen: dict[Path, int] = field(default_factory=dict)
    errors: list[tuple[ErrorLocation, Mapping[str, Any]]] = field(default_factory=list)
    settled: set[Path] = field(default_factory=set)
    as_is: set[int] = field(default_factory=set)

    def refuse(self, location: ErrorLocation, type: str, message: str) -> None:
        """Add an error found while decoding, in place of any that validation finds there."""
        self.errors.append((location, {"type": type, "msg": message}))
        self.settled.add(location.path)


class TypeNode:
    """A type. The base class is a type whose drafts equal its values."""

    kind: ClassVar[str] = "text"
    is_array: ClassVar[bool] = False
    """Whether drafts are rows."""
    has_parts: ClassVar[bool] = False
    """Whether drafts contain other drafts."""
    is_decoder: ClassVar[bool] = False
    """Whether pydantic decodes its input, so that a value is not valid input."""
    python: type | None = None
    """The Python type of valid values, if it is known."""
    title: str | None = None
    hint: Hint = NO_HINT
    is_exposed = False
    """Whether one of the model's own validators gets the raw draft and might change it."""
    is_identity = False
    """Whether `decode` returns its input, for this type and all below; set by `finish`."""

    def children(self) -> list[Field]:
        """Return the fields directly below."""
        return []

    def needs_decoding(self) -> bool:
        """Return whether `decode` itself changes anything, apart from its children."""
        return self.is_exposed

    def is_instance(self, value: Any) -> bool:
        """Whether a value is an instance of a class of this type that validates its fields."""
        return False

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        """Return the draft of a value, or of input that could be validated to one."""
        return value

    def decode(
        self,
        draft: Any,
        context: DecodeContext,
        path: Path,
        field: Field,
        original: Original | None = None,
    ) -> Any:
        """Return what pydantic validates.

        Args:
            draft: The draft.
            context: State of this decoding.
            path: The path of the draft.
            field: Its position.
            original: The value the field was made from, if it has one.
        """
        return draft

    def note_branch(self, draft: Any, context: DecodeContext, path: Path) -> None:
        """Note the branch that a union's draft is in, where it is not decoded."""

    def to_python(self, draft: Any) -> Any:
        """Return the draft as a Python value of this type if it can be one, else `MISSING`.

        Without it, a union would read a date that was picked as plain text.
        """
        return MISSING

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        """Return the draft of a new field."""
        return ""

    def locate_error(self, loc: Path, draft: Any, path: Path, field: Field) -> ErrorLocation:
        """Return the field that an error at ``loc`` below this type belongs to."""
        return ErrorLocation(path, field, draft)

    def follow(self, loc: Path, draft: Any) -> DataStep | None:
        """Return the first step along a location in the model's data, or None if it leads nowhere."""
        return None

    def child(self, part: str | int, draft: Any) -> Field | None:
        """Return the field at ``part`` of the draft, or None if there can be none."""
        return None


@dataclass(slots=True, eq=False)
class Field:
    """A position in a model.

    Attributes:
        node: The type at this position.
        name: The name in the form; empty for rows and branches.
        label: The name that people read.
        hint: How it is shown, as the model says.
        nullable: Whether None is allowed.
        required: Whether the model has no default for it.
        default: The default, or `MISSING`.
        factory: Makes the default.
        is_derived: The default is computed from other fields: the draft leaves it out until it is edited.
        is_fallback: The default is no valid input, so an untouched one is left to the model.
        aliases: The paths under which input is accepted; the first one is used.
        frozen, excluded: As in pydantic.
        checker: Compiles a validator of this position alone.
        is_changing: Validation may change input: by a function of the model's author, or in a union.
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
    _is_subclass: bool | None = None

    # ---------------------------------------------------------------- encoding

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        """Return the draft of a value at this position."""
        holder = context.original
        if holder is None or self._is_exact(value):
            return None if value is None else self._encode(value, context, path)
        if context.depth == len(path) and holder.value is not MISSING:
            return self._encode(value, context, path)  # the holder is of this value
        is_validated = context.is_validated or resolved(self.node).is_instance(value)
        own = Original(value, is_validated=is_validated)
        depth = context.depth
        context.original, context.depth = own, len(path)
        own.draft = self._encode(value, context, path)
        context.original, context.depth = holder, depth
        if own.parts or is_validated or not isinstance(value, _JSON_TYPES):
            holder.add(path[depth:], own)
        return own.draft

    def _is_exact(self, value: Any) -> bool:
        """Whether a value and its draft are the same, so that no original is needed to restore it."""
        if value is None:
            return True
        node, cls = self.node, type(value)
        is_scalar = cls is str or cls is int or cls is float or cls is bool
        return is_scalar and node.python is cls and not (self.is_changing or node.is_decoder)

    def _encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        draft = self.node.encode(value, context, path)
        if isinstance(draft, str) and self.is_changing and self.node.has_parts:
            draft = self._validated(draft, context, path)
        return draft

    def _validated(self, text: str, context: EncodeContext, path: Path) -> Any:
        """Return the draft of a text converted by the model's own validator: rows for "a, b"."""
        if self.checker is None:
            return text
        try:
            value = self.checker().validate_python(text)
        except Exception:  # the text stays, and is validated as such
            return text
        return self.node.encode(value, context, path)

    # ---------------------------------------------------------------- decoding

    def decode(
        self, draft: Any, context: DecodeContext, path: Path, original: Original | None = None
    ) -> Any:
        """Return what pydantic validates at this position."""
        node = self.node
        if draft is None or (original is None and node.is_identity):
            return draft
        if original is not None:
            return self._decode_held(draft, context, path, original)
        return node.decode(copied(draft) if node.is_exposed else draft, context, path, self)

    def _decode_held(
        self, draft: Any, context: DecodeContext, path: Path, original: Original
    ) -> Any:
        """Return what pydantic validates, with the original value if the field is untouched.

        The whole value is never the original object, and lists and dicts are rebuilt, because the caller may
        change them.
        """
        node, value = self.node, original.value
        is_instance = node.is_instance(value)
        is_kept_whole = is_instance or not node.has_parts or self.is_changing or node.is_decoder
        is_untouched = (
            bool(path) and is_kept_whole and original.is_untouched(draft, context.pins, path)
        )
        if is_untouched and original.is_validated:
            if original.is_valid or self.is_changing or node.is_exposed or node.is_decoder:
                if original.has_branches:
                    _note_branches(original, context.chosen, path)
                return original.as_is
        elif is_untouched and not node.has_parts and _is_input(original):
            node.note_branch(draft, context, path)
            return value
        given = node.decode(
            copied(draft) if node.is_exposed else draft, context, path, self, original
        )
        if node.is_exposed:
            given = plain_input(given, context.as_is)
        if isinstance(given, Held):
            return given
        if is_instance and not is_untouched:
            touched = frozenset(_touched(draft, original, context, path))
            return Held(value, given, touched=touched, cls=getattr(node, "cls", None))
        if is_untouched and original.is_validated and type(value) not in (dict, list):
            given = value if not is_instance and _is_input(original) else given
            return Held(value, given, untouched=original)
        return given

    # ------------------------------------------------------------------- blanks

    def blank(self, within: tuple[TypeNode, ...] = ()) -> Any:
        """Return the draft of an untouched field: its default's, else a blank one; or `MISSING`.

        Raises:
            EndlessBlankError: It requires another value of itself.
        """
        if self.is_derived:
            return MISSING
        if self.factory is not None:
            return self.encode(self._made(), EncodeContext(is_parsed=True), ())
        if self.default is not MISSING:
            return self.encode(self.default, EncodeContext(is_parsed=True), ())
        return None if self.nullable else self.filled(within)

    def blank_in(self, context: EncodeContext, path: Path) -> Any:
        """Return what `blank` returns, and keep a default that its draft cannot restore as an original.

        Such a default contains an object of a subclass.
        """
        is_made = self.default is MISSING or self.factory is not None
        if (
            context.original is None
            or self.is_derived
            or is_made
            or not self._has_subclass_default()
        ):
            return self.blank()
        before = context.is_parsed, context.is_validated
        context.is_parsed, context.is_validated = True, False
        # Like the model, copy a mutable default for each new value.
        draft = self.encode(deepcopy(self.default), context, path)
        context.is_parsed, context.is_validated = before
        return draft

    def _has_subclass_default(self) -> bool:
        """Return whether the default contains an object of a class that no field has."""
        if self._is_subclass is None:
            self._is_subclass = self._find_subclass()
        return self._is_subclass

    def _find_subclass(self) -> bool:
        if isinstance(self.default, str | int | float | bytes | Enum | None):
            return False
        classes = {getattr(position.node, "cls", None) for position in every_field(self)}
        return any(type(instance) not in classes for instance in _instances(self.default))

    def _made(self) -> Any:
        try:
            return self.factory() if self.factory is not None else None
        except Exception as error:
            name = self.name or "the value"
            raise FormError(
                f"The default of {name} could not be made: its default_factory raised "
                f"{type(error).__name__}."
            ) from error

    def filled(self, within: tuple[TypeNode, ...] = ()) -> Any:
        """Return the draft of a new value at this position, ignoring the default."""
        if self.node in within:
            raise EndlessBlankError
        return self.node.blank((*within, self.node))

    def locate_error(self, loc: Path, draft: Any, path: Path) -> ErrorLocation:
        """Return the field that an error at ``loc`` below this position belongs to."""
        return self.node.locate_error(loc, draft, path, self)


class ForwardRef(TypeNode):
    """Takes the place of a type that is still being built."""

    def __init__(self) -> None:
        self.target: TypeNode = self

    def children(self) -> list[Field]:
        return self.target.children()

    def needs_decoding(self) -> bool:
        return self.target.needs_decoding()

    def is_instance(self, value: Any) -> bool:
        return self.target is not self and self.target.is_instance(value)

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        return self.target.encode(value, context, path)

    def decode(
        self,
        draft: Any,
        context: DecodeContext,
        path: Path,
        field: Field,
        original: Original | None = None,
    ) -> Any:
        return self.target.decode(draft, context, path, field, original)

    def note_branch(self, draft: Any, context: DecodeContext, path: Path) -> None:
        self.target.note_branch(draft, context, path)

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        if self.target in within:
            raise EndlessBlankError
        return self.target.blank((*within, self.target))

    def locate_error(self, loc: Path, draft: Any, path: Path, field: Field) -> ErrorLocation:
        return self.target.locate_error(loc, draft, path, field)

    def follow(self, loc: Path, draft: Any) -> DataStep | None:
        return self.target.follow(loc, draft)

    def child(self, part: str | int, draft: Any) -> Field | None:
        return self.target.child(part, draft)


def resolved(node: TypeNode) -> TypeNode:
    """Return the type that a forward reference stands for, or the type itself."""
    while isinstance(node, ForwardRef) and node.target is not node:
        node = node.target
    return node


def _instances(value: Any) -> Iterator[Any]:
    """Yield the instances of models and dataclasses in a value."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _instances(item)
    elif isinstance(value, list | tuple | set | frozenset | deque):
        for item in value:
            yield from _instances(item)
    elif isinstance(value, BaseModel) or (is_dataclass(value) and not isinstance(value, type)):
        yield value
        yield from _instances(vars(value) if hasattr(value, "__dict__") else {})


def every_field(root: Field) -> list[Field]:
    """Return all fields of a tree; each type is visited once."""
    seen: set[TypeNode] = set()
    found, waiting = [], [root]
    while waiting:
        one = waiting.pop()
        found.append(one)
        node = resolved(one.node)
        if node not in seen:
            seen.add(node)
            waiting += node.children()
    return found


def finish(root: Field) -> None:
    """Replace forward references by their types, and find the types whose drafts need no decoding.

    A type is an identity if neither it nor any type below it needs decoding; pydantic gets its drafts as
    they are.
    """
    below: dict[TypeNode, list[TypeNode]] = {}
    for position in every_field(root):
        node = resolved(position.node)
        node.is_exposed = node.is_exposed or position.node.is_exposed
        position.node = node
        below.setdefault(node, [resolved(part.node) for part in node.children()])
    active = {node for node in below if node.needs_decoding()}
    grows = True
    while grows:
        found = {node for node, parts in below.items() if not active.isdisjoint(parts)} - active
        active |= found
        grows = bool(found)
    for node in below:
        node.is_identity = node not in active


def _note_branches(original: Original, chosen: dict[Path, int], path: Path) -> None:
    """Note the branches of unions in a value that is not decoded."""
    if original.branch is not None:
        chosen[path] = original.branch
    for key, part in original.parts.items():
        if part.has_branches:
            _note_branches(part, chosen, (*path, *key))


def _is_input(original: Original) -> bool:
    """Return whether a value set by a program is better input than its draft, which may contain less."""
    return not original.parts and not isinstance(original.value, (*_JSON_TYPES, Iterator))


def _touched(draft: Any, original: Original, context: DecodeContext, path: Path) -> list[str]:
    """Return the names of an object's fields whose drafts were edited."""
    if not isinstance(draft, dict) or not isinstance(original.draft, dict):
        return []
    touched = []
    for name, item in draft.items():
        part = original.parts.get((name,))
        is_untouched = (
            is_same_draft(item, original.draft.get(name, MISSING))
            if part is None
            else part.is_untouched(item, context.pins, (*path, name))
        )
        if not is_untouched:
            touched.append(name)
    return touched
