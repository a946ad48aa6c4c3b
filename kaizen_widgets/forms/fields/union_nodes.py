"""Union types.

The draft of a union is the draft of one of its branches. In a tagged union (`tagged_union`) the draft itself
says of which. In any other union a user chose the branch (a *pin*), or the draft decides as in pydantic: the
branch that accepts it strictly, else the first that accepts it. Errors are those of that branch. If no
branch accepts the draft, the union has one error that says what each branch found wrong.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import Any

from pydantic import ValidationError
from pydantic_core import SchemaValidator

from kaizen_widgets.forms.fields.container_nodes import DictNode, ListNode, TupleNode
from kaizen_widgets.forms.fields.leaf_nodes import JsonLeaf, LeafNode, OpaqueLeaf
from kaizen_widgets.forms.fields.object_nodes import ObjectNode, bare, entry_of
from kaizen_widgets.forms.fields.originals import Held, Original
from kaizen_widgets.forms.fields.type_node import (
    DataStep,
    DecodeContext,
    EncodeContext,
    EndlessBlankError,
    ErrorLocation,
    Field,
    TypeNode,
)
from kaizen_widgets.forms.paths import MISSING, Path


@dataclass(eq=False)
class UnionBranch:
    """One of a union's types.

    Attributes:
        field: The position, with the label of the branch.
        make_validator: Compiles the branch's validator, when it is first needed.
        tags: The tags of the branch, in a tagged union.
    """

    field: Field
    make_validator: Callable[[], SchemaValidator]
    tags: list[Any] = dataclass_field(default_factory=list)

    @property
    def node(self) -> TypeNode:
        """The type."""
        return bare(self.field.node)

    @cached_property
    def validator(self) -> SchemaValidator:
        """The validator of this branch alone."""
        return self.make_validator()

    def accepts(self, value: Any, context: Any, *, strict: bool | None = None) -> bool:
        """Return whether a value is valid here; False if its validator needs the rest of the model."""
        try:
            self.validator.validate_python(value, strict=strict, context=context)
        except Exception:  # an author's validator may raise anything
            return False
        return True

    def validated(self, given: Any, context: DecodeContext, location: ErrorLocation) -> Any:
        """Return the value of decoded input; or `MISSING`, with its errors added to the context."""
        try:
            return self.validator.validate_python(given, context=context.context)
        except ValidationError as error:
            context.settled.add(location.path)
            for detail in error.errors(include_url=False, include_input=False):
                found = self.field.locate_error(detail["loc"], location.draft, location.path)
                if found.path == location.path:
                    context.errors.append((replace(location, is_own=found.is_own), detail))
                elif found.path not in context.settled:
                    context.errors.append((found, detail))
        except Exception:  # it needs the rest of the model, and is called again for the whole form
            return MISSING
        return MISSING


class UnionNode(TypeNode, ABC):
    """One of several types.

    Attributes:
        branches: The types.
    """

    kind = "union"

    def __init__(self, branches: Sequence[UnionBranch]) -> None:
        self.branches = branches

    def children(self) -> list[Field]:
        return [branch.field for branch in self.branches]

    @abstractmethod
    def choice(self, draft: Any, context: DecodeContext, path: Path) -> int | None:
        """Return the branch of a draft, or None if it fits no branch."""

    def note_branch(self, draft: Any, context: DecodeContext, path: Path) -> None:
        index = self.choice(draft, context, path)
        if index is not None:
            context.chosen[path] = index

    def _encode_in(self, index: int, value: Any, context: EncodeContext, path: Path) -> Any:
        """Return the draft of a value in one branch."""
        context.pins[path] = index
        if context.original is not None and context.depth == len(path):
            context.original.branch = index
            context.original.has_branches = True
        return self.branches[index].field.encode(value, context, path)

    def _decode_in(
        self,
        index: int,
        draft: Any,
        context: DecodeContext,
        path: Path,
        original: Original | None,
    ) -> Any:
        """Return pydantic's input for a draft in one branch."""
        context.chosen[path] = index
        if original is not None and original.branch not in (None, index):
            original = None  # it belongs to another branch
        return self.branches[index].field.decode(draft, context, path, original)

    def blank_of(self, index: int, within: tuple[TypeNode, ...] = ()) -> Any:
        """Return a new draft of one branch.

        Raises:
            EndlessBlankError: It needs itself.
        """
        return self.branches[index].field.filled(within)

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        for index in range(len(self.branches)):
            try:
                blank = self.blank_of(index, within)
            except EndlessBlankError:
                continue
            if blank is not MISSING:
                return blank
        raise EndlessBlankError

    def follow(self, loc: Path, draft: Any) -> DataStep | None:
        chosen = self.choice(draft, DecodeContext(), ())
        first = () if chosen is None else (self.branches[chosen],)
        for branch in (*first, *self.branches):
            step = branch.node.follow(loc, draft)
            if step is not None:
                return step
        return None

    def child(self, part: str | int, draft: Any) -> Field | None:
        for branch in self.branches:
            field = branch.node.child(part, draft)
            if field is not None:
                return field
        return None


class UntaggedUnion(UnionNode):
    """One of several types that no tag distinguishes."""

    def __init__(self, branches: Sequence[UnionBranch], *, is_ordered: bool = False) -> None:
        super().__init__(branches)
        self.is_ordered = is_ordered

    def needs_decoding(self) -> bool:
        return True

    def encode(self, value: Any, context: EncodeContext, path: Path) -> Any:
        index = self._branch_of_value(value, context)
        return value if index is None else self._encode_in(index, value, context, path)

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
        branch = self.branches[index]
        before = len(context.errors)
        given = self._decode_in(index, draft, context, path, original)
        python = MISSING if isinstance(given, Held) else branch.node.to_python(given)
        given = given if python is MISSING else python
        value = branch.validated(given, context, ErrorLocation(path, field, draft))
        is_valid = value is not MISSING and len(context.errors) == before
        if not is_valid or python is not MISSING or self._is_alone(index, draft):
            return given
        return value

    def choice(self, draft: Any, context: DecodeContext, path: Path) -> int | None:
        pin = context.pins.get(path)
        if pin is not None and 0 <= pin < len(self.branches):
            return pin
        shaped = [i for i, branch in enumerate(self.branches) if _has_shape(branch.node, draft)]
        for strict in (None,) if self.is_ordered else (True, None):
            accepting = []
            for index in shaped:
                branch = self.branches[index]
                given = branch.field.decode(draft, DecodeContext(context=context.context), path)
                if branch.accepts(given, context.context, strict=strict):
                    accepting.append(index)
            if accepting:
                return accepting[0] if self.is_ordered else self._nearest(accepting, draft)
        # No branch accepts it: for an object choose an object type, whose fields can show the errors.
        return self._nearest(shaped, draft) if shaped and isinstance(draft, dict) else None

    def _nearest(self, candidates: Sequence[int], draft: Any) -> int:
        return max(candidates, key=lambda index: _likeness(self.branches[index].node, draft))

    def _branch_of_value(self, value: Any, context: EncodeContext) -> int | None:
        for index, branch in enumerate(self.branches):
            if is_exactly(branch.node, value):
                return index
        if isinstance(value, Mapping):
            shaped = [i for i, branch in enumerate(self.branches) if _takes_objects(branch.node)]
            accepting = [i for i in shaped if self.branches[i].accepts(value, None)]
            return self._nearest(accepting or shaped, value) if shaped else None
        for strict in (None,) if self.is_ordered and not context.is_parsed else (True, None):
            for index, branch in enumerate(self.branches):
                if branch.accepts(value, None, strict=strict):
                    return index
        return None

    def _is_alone(self, index: int, draft: Any) -> bool:
        """Return whether no other branch accepts such a draft: then pydantic needs no help to validate it."""
        return not any(
            other != index and _has_shape(branch.node, draft)
            for other, branch in enumerate(self.branches)
        )

    def locate_error(self, loc: Path, draft: Any, path: Path, field: Field) -> ErrorLocation:
        # Errors of a branch were located when it was validated; these are for when no branch was.
        return ErrorLocation(path, field, draft)


def _has_shape(node: TypeNode, draft: Any) -> bool:
    """Return whether the JSON type of a draft fits this type at all."""
    match node:
        case JsonLeaf():
            return True
        case ObjectNode():
            return isinstance(draft, dict)
        case ListNode() | TupleNode() | DictNode():
            return isinstance(draft, list)
        case UnionNode():
            return any(_has_shape(branch.node, draft) for branch in node.branches)
        case OpaqueLeaf():
            return False
        case LeafNode():
            return not isinstance(draft, list) and (not isinstance(draft, dict) or len(draft) == 1)
        case _:
            return True


def is_exactly(node: TypeNode, value: Any) -> bool:
    """Whether a value is an instance of exactly this class, not of a subclass."""
    if isinstance(node, UnionNode):
        return any(is_exactly(branch.node, value) for branch in node.branches)
    return isinstance(node, ObjectNode) and node.cls is not None and type(value) is node.cls


def _takes_objects(node: TypeNode) -> bool:
    if isinstance(node, UnionNode):
        return any(_takes_objects(branch.node) for branch in node.branches)
    return isinstance(node, ObjectNode | DictNode | JsonLeaf)


def _likeness(node: TypeNode, draft: Any) -> tuple[int, int]:
    """Return how many keys of an object a type has, and (negated) how many required ones are missing."""
    if isinstance(node, UnionNode):
        return max(_likeness(branch.node, draft) for branch in node.branches)
    if not isinstance(node, ObjectNode) or not isinstance(draft, Mapping):
        return (0, 0)
    known = sum(node.follow((key,), draft) is not None for key in draft)
    lacking = sum(
        field.required and entry_of(draft, name, field) is MISSING
        for name, field in node.fields.items()
    )
    return (known, -lacking)
