"""Types that are one of several: plain unions, and unions that a tag tells apart.

The draft of a union is the draft of its chosen branch. With a tag, the draft says which one that is.
Without, somebody chose one (a *pin*), or else the draft decides as pydantic would: the branch that takes
it as it is, else the first that takes it at all. Errors are those of the chosen branch. If none was chosen
and none takes the draft, the union itself says what every branch has against it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pydantic import ValidationError
from pydantic_core import SchemaValidator

from kaizen_widgets.forms.fields.container_nodes import DictNode, ListNode, TupleNode
from kaizen_widgets.forms.fields.leaf_nodes import JsonLeaf, LeafNode, OpaqueLeaf
from kaizen_widgets.forms.fields.object_nodes import ObjectNode, bare, entry_of
from kaizen_widgets.forms.fields.type_node import (
    DataStep,
    DecodeContext,
    EncodeContext,
    ErrorLocation,
    Field,
    TypeNode,
    UnblankError,
)
from kaizen_widgets.forms.paths import MISSING, Path


@dataclass(eq=False)
class UnionBranch:
    """One of a union's types.

    Attributes:
        slot: The type, with its label.
        tags: The tags that mean it.
        make_validator: Compiles its schema; done when first needed.
    """

    slot: Field
    make_validator: Callable[[], SchemaValidator]
    tags: list[Any] = field(default_factory=list)

    @property
    def node(self) -> TypeNode:
        """The type itself."""
        return bare(self.slot.node)

    @cached_property
    def validator(self) -> SchemaValidator:
        """Judges this branch alone."""
        return self.make_validator()

    def takes(self, value: Any, context: Any, *, strict: bool | None = None) -> bool:
        """Whether a value would do; a validator that needs the rest of the model says nothing here."""
        try:
            self.validator.validate_python(value, strict=strict, context=context)
        except Exception:  # whatever it was, this branch did not take it
            return False
        return True

    def made_of(self, given: Any, run: DecodeContext, at: ErrorLocation) -> Any:
        """Return what this type makes of a parsed draft; or `MISSING`, and note what is wrong where."""
        try:
            return self.validator.validate_python(given, context=run.context)
        except ValidationError as error:
            run.settled.add(at.path)
            for one in error.errors(include_url=False, include_input=False):
                spot = self.slot.place(one["loc"], at.draft, at.path)
                if spot.path == at.path:
                    run.errors.append((replace(at, is_own=spot.is_own), one))
                elif spot.path not in run.settled:
                    run.errors.append((spot, one))
        except Exception:  # it needs the rest of the model: the whole validation will ask it again
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

    def parts(self) -> list[Field]:
        return [branch.slot for branch in self.branches]

    @abstractmethod
    def choice(self, draft: Any, run: DecodeContext, path: Path) -> int | None:
        """Return the branch a draft stands in, or None if it fits none."""

    def blank_of(self, index: int, within: tuple[TypeNode, ...] = ()) -> Any:
        """Return a new draft of one branch.

        Raises:
            UnblankError: It needs itself.
        """
        return self.branches[index].slot.filled(within)

    def blank(self, within: tuple[TypeNode, ...]) -> Any:
        for index in range(len(self.branches)):
            try:
                blank = self.blank_of(index, within)
            except UnblankError:
                continue
            if blank is not MISSING:
                return blank
        raise UnblankError

    def step(self, path: Path, draft: Any) -> DataStep | None:
        chosen = self.choice(draft, DecodeContext(), ())
        first = () if chosen is None else (self.branches[chosen],)
        for branch in (*first, *self.branches):
            step = branch.node.step(path, draft)
            if step is not None:
                return step
        return None

    def child(self, part: str | int, draft: Any) -> Field | None:
        for branch in self.branches:
            slot = branch.node.child(part, draft)
            if slot is not None:
                return slot
        return None


class UntaggedUnion(UnionNode):
    """One of several types, not told apart by a tag."""

    def __init__(self, branches: Sequence[UnionBranch], *, is_ordered: bool = False) -> None:
        super().__init__(branches)
        self.is_ordered = is_ordered

    def is_active(self) -> bool:
        return True

    def show(self, value: Any, showing: EncodeContext, path: Path) -> Any:
        index = self._branch_of_value(value, showing)
        if index is None:
            return value
        showing.pins[path] = index
        return self.branches[index].slot.show(value, showing, path)

    def parse(self, draft: Any, run: DecodeContext, path: Path, slot: Field) -> Any:
        index = self.choice(draft, run, path)
        if index is None:
            return draft
        run.chosen[path] = index
        branch = self.branches[index]
        before = len(run.errors)
        given = branch.slot.parse(draft, run, path)
        exact = branch.node.exact(given)
        given = given if exact is MISSING else exact
        value = branch.made_of(given, run, ErrorLocation(path, slot, draft))
        is_whole = value is not MISSING and len(run.errors) == before
        if not is_whole or exact is not MISSING or self._is_alone(index, draft):
            return given
        return value

    def choice(self, draft: Any, run: DecodeContext, path: Path) -> int | None:
        """Return the branch a draft stands in, or None if it fits none."""
        pin = run.pins.get(path)
        if pin is not None and 0 <= pin < len(self.branches):
            return pin
        shaped = [i for i, branch in enumerate(self.branches) if _has_shape(branch.node, draft)]
        for strict in (None,) if self.is_ordered else (True, None):
            taking = []
            for index in shaped:
                branch = self.branches[index]
                given = branch.slot.parse(draft, DecodeContext(context=run.context), path)
                if branch.takes(given, run.context, strict=strict):
                    taking.append(index)
            if taking:
                return taking[0] if self.is_ordered else self._nearest(taking, draft)
        # Nothing takes it. An object is still most like one of the objects, and its fields can say why.
        return self._nearest(shaped, draft) if shaped and isinstance(draft, dict) else None

    def _nearest(self, candidates: Sequence[int], draft: Any) -> int:
        return max(candidates, key=lambda index: _likeness(self.branches[index].node, draft))

    def _branch_of_value(self, value: Any, showing: EncodeContext) -> int | None:
        for index, branch in enumerate(self.branches):
            if is_exactly(branch.node, value):
                return index
        if isinstance(value, Mapping):
            shaped = [i for i, branch in enumerate(self.branches) if _takes_objects(branch.node)]
            taking = [i for i in shaped if self.branches[i].takes(value, None)]
            return self._nearest(taking or shaped, value) if shaped else None
        for strict in (None,) if self.is_ordered and not showing.is_parsed else (True, None):
            for index, branch in enumerate(self.branches):
                if branch.takes(value, None, strict=strict):
                    return index
        return None

    def _is_alone(self, index: int, draft: Any) -> bool:
        """Whether no other branch could take such a draft: then the model may read it by itself."""
        return not any(
            other != index and _has_shape(branch.node, draft)
            for other, branch in enumerate(self.branches)
        )

    def place(self, loc: Path, draft: Any, path: Path, slot: Field) -> ErrorLocation:
        # What a chosen branch says was placed when it was asked; this is for when none was.
        return ErrorLocation(path, slot, draft)


def _has_shape(node: TypeNode, draft: Any) -> bool:
    """Whether a draft of this JSON type could stand in a type at all."""
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
    """Whether a value is an instance of this very class, not of one derived from it."""
    if isinstance(node, UnionNode):
        return any(is_exactly(branch.node, value) for branch in node.branches)
    return isinstance(node, ObjectNode) and node.cls is not None and type(value) is node.cls


def _takes_objects(node: TypeNode) -> bool:
    if isinstance(node, UnionNode):
        return any(_takes_objects(branch.node) for branch in node.branches)
    return isinstance(node, ObjectNode | DictNode | JsonLeaf)


def _likeness(node: TypeNode, draft: Any) -> tuple[int, int]:
    """Return how much of an object a type knows, and how much of the type it lacks."""
    if isinstance(node, UnionNode):
        return max(_likeness(branch.node, draft) for branch in node.branches)
    if not isinstance(node, ObjectNode) or not isinstance(draft, Mapping):
        return (0, 0)
    known = sum(node.step((key,), draft) is not None for key in draft)
    lacking = sum(
        slot.required and entry_of(draft, name, slot) is MISSING
        for name, slot in node.fields.items()
    )
    return (known, -lacking)
