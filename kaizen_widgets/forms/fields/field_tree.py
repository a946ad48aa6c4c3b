"""The field tree of a model: its drafts, what is wrong with them, and where each field stands.

Made once a model class; knows no form and keeps no state of one. Any type that pydantic knows will do:
models, dataclasses, typed dicts, named tuples, and whatever a `TypeAdapter` takes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import RLock
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.fields.adapters import adapter_of, keeps_its_schema
from kaizen_widgets.forms.fields.broken_validators import broken
from kaizen_widgets.forms.fields.computed_fields import computed_in
from kaizen_widgets.forms.fields.error_placer import ErrorPlacer, FieldIssue
from kaizen_widgets.forms.fields.object_nodes import bare
from kaizen_widgets.forms.fields.tree_builder import TreeBuilder
from kaizen_widgets.forms.fields.type_node import (
    DecodeContext,
    EncodeContext,
    ErrorLocation,
    Field,
    UnblankError,
    every_field,
    settle,
)
from kaizen_widgets.forms.fields.union_nodes import UnionNode
from kaizen_widgets.forms.paths import MISSING, Path, get, join

KEPT: Final = 256
"""How many trees are kept; a notebook that defines a model again and again forgets the old ones."""

_trees: OrderedDict[Any, FieldTree] = OrderedDict()
_lock = RLock()


@dataclass(frozen=True, slots=True)
class DecodeResult:
    """What a model says of drafts.

    Attributes:
        value: The model's value, if nothing is wrong.
        found: What is wrong, one entry a place.
        chosen: The branch that each union took.
    """

    value: Any
    found: tuple[FieldIssue, ...]
    chosen: Mapping[Path, int]


class FieldTree:
    """The fields of one model. Use `of`, which makes it once.

    Attributes:
        model: What it is the tree of.
        root: The place of the whole value.
    """

    def __init__(self, model: Any) -> None:
        adapter = adapter_of(model)
        self.model = model
        self._schema: Any = adapter.core_schema
        self._validator = adapter.validator
        self.root: Field = TreeBuilder().slot(self._schema)
        self._tried: set[Field] = set()
        self._leave_changing_defaults()
        settle(self.root)
        self._placer = ErrorPlacer(self.root)

    def _leave_changing_defaults(self) -> None:
        """Find defaults that come back as something else if they are given as input.

        pydantic uses a default unseen; an untouched one must not be doubled by a function that doubles.
        """
        for slot in every_field(self.root):
            if slot.is_changing and slot.default is not MISSING and slot.checker is not None:
                slot.is_fallback = not _comes_back(slot)

    @classmethod
    def of(cls, model: Any) -> FieldTree:
        """Return the tree of a model class, type, or `TypeAdapter`.

        Raises:
            FormError: A required field has a type that no form can show, or this is no type of pydantic's.
        """
        if isinstance(model, FieldTree):
            return model
        # Equal types need not have equal forms: `int | str` and `str | int` begin differently.
        key = (
            (id(model), "") if isinstance(model, type | TypeAdapter) else (repr(model), type(model))
        )
        with _lock:
            tree = _trees.get(key)
            if tree is None or not tree._is_of(model):
                tree = _trees[key] = cls(model)
                while len(_trees) > KEPT:
                    _trees.popitem(last=False)
            _trees.move_to_end(key)
        return tree

    def _is_of(self, model: Any) -> bool:
        if not isinstance(model, type | TypeAdapter):
            return self.model == model
        rebuilt = getattr(model, "__pydantic_core_schema__", self._schema)
        return self.model is model and (rebuilt is self._schema or not keeps_its_schema(model))

    # ---------------------------------------------------------------- drafts

    def blank(
        self, path: Path = (), values: Any = None, pins: Mapping[Path, int] | None = None
    ) -> Any:
        """Return the draft of an untouched form; or of a new field, row or object at a path.

        Args:
            path: Of the field, or of any row.
            values: The drafts of the whole, which say what stands where.
            pins: The branches that unions stand in.

        Raises:
            FormError: There is no such field, or it cannot be filled in.
        """
        slot = self.field_at(path, values, pins)
        if slot is None:
            raise FormError(f"The form has no field {join(path)!r}.")
        try:
            draft = slot.filled() if path else slot.blank()
        except UnblankError:
            raise FormError(
                f"A form cannot show {self.model!r}: it cannot be filled in without another one of it, "
                "without end; make a field of it optional."
            ) from None
        return "" if draft is MISSING else draft

    def draft(self, value: Any, pins: dict[Path, int] | None = None) -> Any:
        """Return the drafts of a value: an instance, or a mapping of some fields, completed by blanks.

        Args:
            value: Of the model.
            pins: Gathers the branch that each union took.
        """
        showing = EncodeContext(is_complete=True, is_parsed=self._is_parsed(value))
        draft = self.root.show(value, showing, ())
        if pins is not None:
            pins.update(showing.pins)
        return draft

    def draft_at(
        self,
        path: Path,
        value: Any,
        values: Any = None,
        pins: dict[Path, int] | None = None,
        *,
        known: Mapping[Path, int] | None = None,
        is_complete: bool = False,
    ) -> Any:
        """Return the draft of a value for one field; a draft comes back as it is.

        Args:
            path: Of the field.
            value: What is to stand there.
            values: The drafts of the whole, which say what stands where.
            pins: Gathers the branch that each union took, by whole paths.
            known: The branches that unions stand in.
            is_complete: What a mapping leaves out is filled with blanks, not only with defaults.
        """
        slot = self.field_at(path, values, known)
        if slot is None:
            return value
        showing = EncodeContext(
            is_complete, not isinstance(value, Mapping | list | str | int | float)
        )
        draft = slot.show(value, showing, path)
        if pins is not None:
            pins.update(showing.pins)
        return draft

    def _is_parsed(self, value: Any) -> bool:
        cls = getattr(bare(self.root.node), "cls", None) or getattr(self.root.node, "cls", None)
        if cls is not None:
            return isinstance(value, cls)
        return not isinstance(value, Mapping | list | str | int | float)

    # ---------------------------------------------------------------- judging

    def validate(
        self,
        draft: Any,
        branches: Mapping[Path, int] | None = None,
        *,
        context: Any = None,
    ) -> DecodeResult:
        """Return the model's value of these drafts, or what is wrong with them and where.

        Args:
            draft: Of the whole. It is not changed, and the value shares nothing with it. What a model's
                `after` validators say of the whole is heard once all fields pass, as in pydantic.
            branches: The branches somebody chose in unions without a tag.
            context: Handed to the model's validators.
        """
        run = DecodeContext(branches or {}, context)
        given = self.root.parse(draft, run, ())
        value, errors = None, []
        try:
            value = self._validator.validate_python(given, context=context)
        except ValidationError as error:
            errors = error.errors(include_url=False)
        except Exception as error:  # the author's validator broke
            errors = broken(self.root, given, error, context)
        if not errors and not run.errors:
            return DecodeResult(value, (), run.chosen)
        found = self._placer.place(errors, draft, run)
        if self._leave_unsound_defaults(one.spot.slot for one in found):
            return self.validate(draft, branches, context=context)
        return DecodeResult(None if found else value, found, run.chosen)

    def _leave_unsound_defaults(self, slots: Iterable[Field]) -> bool:
        """Find defaults that the model itself would refuse as input (``name: str = None``).

        pydantic uses a default unseen, so an untouched one must not go through validation. It is found
        out when it is first refused, and remembered.
        """
        changed = False
        for slot in set(slots) - self._tried:
            self._tried.add(slot)
            if not slot.is_fallback and slot.default is not MISSING and not _comes_back(slot):
                slot.is_fallback = changed = True
        if changed:
            settle(self.root)
        return changed

    # ----------------------------------------------------------------- places

    def field_at(
        self, path: Path, values: Any = None, pins: Mapping[Path, int] | None = None
    ) -> Field | None:
        """Return what stands at a path of the drafts, or None if nothing can.

        Fields of one name may differ from branch to branch of a union: the drafts say which it is.
        """
        slot, draft = self.root, values
        for depth, part in enumerate(path):
            node = bare(slot.node)
            found = None
            if isinstance(node, UnionNode) and isinstance(draft, dict | list):
                index = node.choice(draft, DecodeContext(pins or {}), path[:depth])
                found = None if index is None else node.branches[index].node.child(part, draft)
            found = found or node.child(part, draft)
            if found is None:
                return None
            slot, draft = found, get(draft, (part,), None)
        return slot

    def has(self, path: Path) -> bool:
        """Whether there can be a field, row or object at a path, at any index of rows."""
        return self.field_at(path) is not None

    def way(self, path: Path, values: Any) -> Path | None:
        """Return where a place in the model's data (aliases, keys of dicts) stands in the form."""
        slot, draft, way = self.root, values, ()
        position = 0
        while position < len(path):
            # A union's tag, and what else pydantic puts between, leads nowhere and is passed over.
            step = slot.node.step(path[position:], draft)
            if step is None:
                if not isinstance(bare(slot.node), UnionNode):
                    return None
                position += 1
                continue
            position += step.length
            slot = step.slot
            draft = get(draft, step.way, None)
            way += step.way
        return way

    def place(self, loc: Path, values: Any) -> ErrorLocation:
        """Return where an error with this pydantic ``loc`` belongs."""
        return self.root.place(loc, values, ())

    def computed(self, value: Any) -> dict[str, Any]:
        """Return what the model computes, as JSON by dotted name: of the whole, its objects and rows."""
        return computed_in(self.root, value)


def _comes_back(slot: Field) -> bool:
    """Whether a default passes as input and stays what it is; yes, if that cannot be known."""
    if slot.checker is None:
        return True
    try:
        return bool(slot.checker().validate_python(slot.default) == slot.default)
    except ValidationError:
        return False
    except Exception:  # a function needs the rest of the model, or compares badly
        return True
