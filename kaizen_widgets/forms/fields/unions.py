"""Types that are one of several: plain unions, and unions that a tag tells apart.

The draft of a union is the draft of its chosen branch. With a tag, the draft says which one that is.
Without, somebody chose one (a *pin*), or else the draft decides as pydantic would: the branch that takes
it as it is, else the first that takes it at all. Errors are those of the chosen branch. If none was chosen
and none takes the draft, the union itself says what every branch has against it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from pydantic import ValidationError
from pydantic_core import SchemaValidator

from kaizen_widgets.forms.fields.arrays import Pairs, Places, Rows
from kaizen_widgets.forms.fields.leaves import Json, Leaf, Opaque
from kaizen_widgets.forms.fields.nodes import Node, Run, Showing, Slot, Spot, Step, Unblank
from kaizen_widgets.forms.fields.objects import Group, bare
from kaizen_widgets.forms.paths import MISSING, Path


@dataclass(eq=False)
class Branch:
    """One of a union's types.

    Attributes:
        slot: The type, with its label.
        tags: The tags that mean it.
        make_validator: Compiles its schema; done when first needed.
    """

    slot: Slot
    make_validator: Callable[[], SchemaValidator]
    tags: list[Any] = field(default_factory=list)

    @property
    def node(self) -> Node:
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


class Union(Node):
    """One of several types, not told apart by a tag."""

    kind = "union"

    def __init__(self, branches: Sequence[Branch], *, is_ordered: bool = False) -> None:
        self.branches = branches
        self.is_ordered = is_ordered

    def parts(self) -> list[Slot]:
        return [branch.slot for branch in self.branches]

    def is_active(self) -> bool:
        return True

    def show(self, value: Any, showing: Showing, path: Path) -> Any:
        index = self._branch_of_value(value, showing)
        if index is None:
            return value
        showing.pins[path] = index
        return self.branches[index].slot.show(value, showing, path)

    def parse(self, draft: Any, run: Run, path: Path, slot: Slot) -> Any:
        index = self.choice(draft, run, path)
        if index is None:
            return draft
        run.chosen[path] = index
        branch = self.branches[index]
        before = len(run.errors)
        given = branch.slot.parse(draft, run, path)
        exact = branch.node.exact(given)
        given = given if exact is MISSING else exact
        try:
            value = branch.validator.validate_python(given, context=run.context)
        except ValidationError as error:
            run.settled.add(path)
            for one in error.errors(include_url=False, include_input=False):
                spot = branch.slot.place(one["loc"], draft, path)
                if spot.path not in run.settled or spot.path == path:
                    run.errors.append(
                        (Spot(path, slot, spot.is_own) if spot.path == path else spot, one)
                    )
            return given
        except Exception:  # it needs the rest of the model: the whole validation will ask it again
            return given
        if len(run.errors) > before or exact is not MISSING or self._is_alone(index, draft):
            return given
        return value

    def choice(self, draft: Any, run: Run, path: Path) -> int | None:
        """Return the branch a draft stands in, or None if it fits none."""
        pin = run.pins.get(path)
        if pin is not None and 0 <= pin < len(self.branches):
            return pin
        shaped = [i for i, branch in enumerate(self.branches) if _has_shape(branch.node, draft)]
        for strict in (None,) if self.is_ordered else (True, None):
            taking = []
            for index in shaped:
                branch = self.branches[index]
                given = branch.slot.parse(draft, Run(context=run.context), path)
                if branch.takes(given, run.context, strict=strict):
                    taking.append(index)
            if taking:
                return taking[0] if self.is_ordered else self._nearest(taking, draft)
        # Nothing takes it. An object is still most like one of the objects, and its fields can say why.
        return self._nearest(shaped, draft) if shaped and isinstance(draft, dict) else None

    def _nearest(self, candidates: Sequence[int], draft: Any) -> int:
        return max(candidates, key=lambda index: _likeness(self.branches[index].node, draft))

    def _branch_of_value(self, value: Any, showing: Showing) -> int | None:
        for index, branch in enumerate(self.branches):
            node = branch.node
            if isinstance(node, Group) and node.cls is not None and type(value) is node.cls:
                return index
        if isinstance(value, Mapping):
            shaped = [
                i for i, b in enumerate(self.branches) if isinstance(b.node, Group | Pairs | Json)
            ]
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

    def blank(self, within: tuple[Node, ...]) -> Any:
        for branch in self.branches:
            try:
                blank = branch.slot.filled(within)
            except Unblank:
                continue
            if blank is not MISSING:
                return blank
        raise Unblank

    def place(self, loc: Path, draft: Any, path: Path, slot: Slot) -> Spot:
        # What a chosen branch says was placed when it was asked; this is for when none was.
        return Spot(path, slot)

    def step(self, path: Path, draft: Any) -> Step | None:
        return _first_step(self.branches, self.choice(draft, Run(), ()), path, draft)

    def child(self, part: str | int, draft: Any) -> Slot | None:
        return _first_child(self.branches, part, draft)


class TaggedUnion(Node):
    """One of several types, told apart by a field's value or by a function of the author's."""

    kind = "union"

    def __init__(self, branches: Sequence[Branch], discriminator: Any) -> None:
        self.branches = branches
        self.discriminator = discriminator
        self._by_tag = {tag: i for i, branch in enumerate(branches) for tag in branch.tags}

    @property
    def tag_names(self) -> list[str]:
        """The form's names of the field that tells the branches apart; empty if a function does."""
        if callable(self.discriminator):
            return []
        names = []
        for branch in self.branches:
            if isinstance(branch.node, Group):
                names += [n for n, s in branch.node.fields.items() if self._is_tag(n, s)]
        return list(dict.fromkeys(names))

    def _is_tag(self, name: str, slot: Slot) -> bool:
        paths = self.discriminator
        if callable(paths):
            return False
        if isinstance(paths, str):
            paths = [[paths]]
        elif paths and not isinstance(paths[0], list | tuple):
            paths = [paths]
        return (name,) in map(tuple, paths) or any(a in map(tuple, paths) for a in slot.aliases)

    def parts(self) -> list[Slot]:
        return [branch.slot for branch in self.branches]

    def is_active(self) -> bool:
        return self.is_exposed

    def choice(self, draft: Any, run: Run, path: Path) -> int | None:
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
            given = branch.slot.parse(draft, Run(context=run.context), path)
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

    def show(self, value: Any, showing: Showing, path: Path) -> Any:
        index = self._branch_of_value(value)
        if index is None:
            return dict(value) if isinstance(value, Mapping) else value
        showing.pins[path] = index
        return self.branches[index].slot.show(value, showing, path)

    def _branch_of_value(self, value: Any) -> int | None:
        for index, branch in enumerate(self.branches):
            node = branch.node
            if isinstance(node, Group) and node.cls is not None and type(value) is node.cls:
                return index
        if callable(self.discriminator):
            return self._of_tag(self._ask(value))
        if not isinstance(value, Mapping):
            return None
        for branch in self.branches:
            if isinstance(branch.node, Group):
                for name, slot in branch.node.fields.items():
                    if self._is_tag(name, slot):
                        for key in (name, *(alias[0] for alias in slot.aliases)):
                            index = self._of_tag(value.get(key))
                            if index is not None:
                                return index
        return None

    def parse(self, draft: Any, run: Run, path: Path, slot: Slot) -> Any:
        index = self.choice(draft, run, path)
        if index is None:
            return draft
        run.chosen[path] = index
        return self.branches[index].slot.parse(draft, run, path)

    def blank(self, within: tuple[Node, ...]) -> Any:
        for index in range(len(self.branches)):
            try:
                return self.blank_of(index, within)
            except Unblank:
                continue
        raise Unblank

    def blank_of(self, index: int, within: tuple[Node, ...] = ()) -> Any:
        """Return a new draft of one branch, its tag set."""
        branch = self.branches[index]
        draft = branch.slot.filled(within)
        if isinstance(draft, dict) and isinstance(branch.node, Group):
            for name, slot in branch.node.fields.items():
                if self._is_tag(name, slot) and self._of_tag(draft.get(name)) != index:
                    draft[name] = slot.show(branch.tags[0], Showing(), ())
        return draft

    def place(self, loc: Path, draft: Any, path: Path, slot: Slot) -> Spot:
        index = self.choice(draft, Run(), path)
        if not loc or index is None:
            return Spot(path, slot)
        # Exactly one segment is the tag, however it is written.
        return self.branches[index].slot.place(loc[1:], draft, path)

    def step(self, path: Path, draft: Any) -> Step | None:
        return _first_step(self.branches, self.choice(draft, Run(), ()), path, draft)

    def child(self, part: str | int, draft: Any) -> Slot | None:
        return _first_child(self.branches, part, draft)


def _first_step(
    branches: Sequence[Branch], chosen: int | None, path: Path, draft: Any
) -> Step | None:
    order = [*([branches[chosen]] if chosen is not None else []), *branches]
    for branch in order:
        step = branch.node.step(path, draft)
        if step is not None:
            return step
    return None


def _first_child(branches: Sequence[Branch], part: str | int, draft: Any) -> Slot | None:
    for branch in branches:
        slot = branch.node.child(part, draft)
        if slot is not None:
            return slot
    return None


def _has_shape(node: Node, draft: Any) -> bool:
    """Whether a draft of this JSON type could stand in a type at all."""
    match node:
        case Json():
            return True
        case Group():
            return isinstance(draft, dict)
        case Rows() | Places() | Pairs():
            return isinstance(draft, list)
        case Union() | TaggedUnion():
            return any(_has_shape(branch.node, draft) for branch in node.branches)
        case Opaque():
            return False
        case Leaf():
            return not isinstance(draft, list) and (not isinstance(draft, dict) or len(draft) == 1)
        case _:
            return True


def _likeness(node: Node, draft: Any) -> tuple[int, int]:
    """Return how much of an object a type knows, and how much of the type it lacks."""
    if not isinstance(node, Group) or not isinstance(draft, Mapping):
        return (0, 0)
    known = sum(node.step((key,), draft) is not None for key in draft)
    lacking = sum(slot.required and name not in draft for name, slot in node.fields.items())
    return (known, -lacking)
