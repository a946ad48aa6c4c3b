"""The field tree of a model: makes drafts of its values, and values of drafts.

A tree is built once for each model, and has no state of a form. Any type that pydantic knows has one: models,
dataclasses, typed dicts, named tuples, and whatever a `TypeAdapter` accepts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.fields.adapters import adapter_of, keeps_its_schema
from kaizen_widgets.forms.fields.broken_validators import errors_without_validator
from kaizen_widgets.forms.fields.computed_fields import computed_in
from kaizen_widgets.forms.fields.error_placer import ErrorPlacer, FieldIssue
from kaizen_widgets.forms.fields.object_nodes import ObjectNode, bare
from kaizen_widgets.forms.fields.originals import Original, keeping_validator, taking_as_is
from kaizen_widgets.forms.fields.schema_containers import CONTAINER_HANDLERS
from kaizen_widgets.forms.fields.schema_functions import FUNCTION_HANDLERS
from kaizen_widgets.forms.fields.schema_objects import OBJECT_HANDLERS
from kaizen_widgets.forms.fields.tree_builder import TreeBuilder
from kaizen_widgets.forms.fields.type_node import (
    DecodeContext,
    EncodeContext,
    EndlessBlankError,
    ErrorLocation,
    Field,
    every_field,
    finish,
)
from kaizen_widgets.forms.fields.union_nodes import UnionNode
from kaizen_widgets.forms.paths import MISSING, Path, get, join

_HANDLERS: Final = {**OBJECT_HANDLERS, **CONTAINER_HANDLERS, **FUNCTION_HANDLERS}
_INPUTS: Final = (Mapping, list, str, int, float)
"""Types of input; any other value comes out of a model."""

CACHED: Final = 256
"""Number of cached trees; a notebook that defines a model again and again drops the oldest."""

_trees: OrderedDict[Any, FieldTree] = OrderedDict()
_lock = RLock()


@dataclass(frozen=True, slots=True)
class DecodeResult:
    """The value of drafts, or what is wrong with them.

    Attributes:
        value: The model's value, if there are no issues.
        issues: What is wrong, one issue for each field.
        chosen: The branch that each union took, by path.
    """

    value: Any
    issues: tuple[FieldIssue, ...]
    chosen: Mapping[Path, int]


class FieldTree:
    """The fields of one model. `of` returns the cached tree.

    Attributes:
        model: The model.
        root: The position of the whole value.
    """

    def __init__(self, model: Any) -> None:
        adapter = adapter_of(model)
        self.model = model
        self._schema: Any = adapter.core_schema
        self._validator = adapter.validator
        self.root: Field = TreeBuilder(_HANDLERS).field(self._schema)
        self._tried: set[Field] = set()
        self._leave_changing_defaults()
        finish(self.root)
        self._placer = ErrorPlacer(self.root)

    def _leave_changing_defaults(self) -> None:
        """Find defaults that validation would change; they are not validated.

        pydantic does not validate defaults, so an untouched default must not pass a
        validator that changes it.
        """
        for field in every_field(self.root):
            if field.is_changing and field.default is not MISSING and field.checker is not None:
                field.is_fallback = not _is_stable(field)

    @classmethod
    def of(cls, model: Any) -> FieldTree:
        """Return the tree of a model class, type, or `TypeAdapter`.

        Raises:
            FormError: A required field has a type that no form can show, or pydantic does not know the type.
        """
        if isinstance(model, FieldTree):
            return model
        # Equal types can have different forms: `int | str` and `str | int` have different first branches.
        key = (
            (id(model), "") if isinstance(model, type | TypeAdapter) else (repr(model), type(model))
        )
        with _lock:
            tree = _trees.get(key)
            if tree is None or not tree._is_of(model):
                tree = _trees[key] = cls(model)
                while len(_trees) > CACHED:
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
            path: The path of the field, or of any row.
            values: The drafts of the whole, which say which branches unions are in.
            pins: The chosen branches of unions, by path.

        Raises:
            FormError: There is no such field, or no finite value of it.
        """
        field = self.field_at(path, values, pins)
        if field is None:
            raise FormError(f"The form has no field {join(path)!r}.")
        try:
            draft = field.filled() if path else field.blank()
        except EndlessBlankError:
            raise FormError(
                f"A form cannot show {self.model!r}: every value of it contains another one, without end. "
                "Make a field of it optional."
            ) from None
        return "" if draft is MISSING else draft

    def blank_with_original(self) -> tuple[Any, Original | None]:
        """Return the draft of an untouched form, and the objects of the model's defaults that it keeps."""
        if not isinstance(bare(self.root.node), ObjectNode) or self.root.default is not MISSING:
            return self.blank(), None
        try:
            draft, original = self.draft_at((), {}, is_complete=True)
        except EndlessBlankError:
            return self.blank(), None
        return draft, original if original is not None and original.has_instances else None

    def draft(self, value: Any, pins: dict[Path, int] | None = None) -> Any:
        """Return the drafts of a value; see `draft_at`."""
        return self.draft_at((), value, pins=pins, is_complete=True)[0]

    def draft_at(
        self,
        path: Path,
        value: Any,
        values: Any = None,
        pins: dict[Path, int] | None = None,
        *,
        known: Mapping[Path, int] | None = None,
        is_complete: bool = False,
    ) -> tuple[Any, Original | None]:
        """Return the draft of a value for one field, and the original values that its parts have.

        A draft is returned as it is. Missing fields of a mapping get their defaults.

        Args:
            path: The path of the field; empty for the whole.
            value: The value: an instance, or a mapping of some fields.
            values: The drafts of the whole, which say which branches unions are in.
            pins: Collects the branch that each union takes, by its full path.
            known: The chosen branches of unions, by path.
            is_complete: Fill missing fields of a mapping with blanks too, not only with defaults.
        """
        field = self.field_at(path, values, known)
        if field is None:
            return value, None
        top = Original(MISSING)
        is_parsed = self._is_parsed(value) if not path else not isinstance(value, _INPUTS)
        context = EncodeContext(is_complete, is_parsed, original=top, depth=len(path))
        draft = field.encode(value, context, path)
        if pins is not None:
            pins.update(context.pins)
        return draft, top.parts.get(())

    def _is_parsed(self, value: Any) -> bool:
        cls = getattr(bare(self.root.node), "cls", None) or getattr(self.root.node, "cls", None)
        if cls is not None:
            return isinstance(value, cls)
        return not isinstance(value, _INPUTS)

    # ------------------------------------------------------------- validation

    def validate(
        self,
        draft: Any,
        branches: Mapping[Path, int] | None = None,
        *,
        context: Any = None,
        original: Original | None = None,
    ) -> DecodeResult:
        """Return the model's value of drafts, or what is wrong with them.

        The `after` validators of a model run once all its fields are valid, as in pydantic.

        Args:
            draft: The draft of the whole form; it is not changed.
            branches: The chosen branches of unions without a tag, by path.
            context: The context for the model's validators.
            original: The values that untouched fields keep.
        """
        decoding = DecodeContext(branches or {}, context)
        if original is not None and not original.parts and not original.is_validated:
            original = None
        validator = self._validator if original is None else self._keeping_validator
        value, errors = None, []
        with taking_as_is(decoding.as_is):
            given = self.root.decode(draft, decoding, (), original)
            try:
                value = validator.validate_python(given, context=context)
            except ValidationError as error:
                errors = error.errors(include_url=False)
            except Exception as error:  # one of the model's own validators raised
                errors = errors_without_validator(self.root, given, error, context)
        if not errors and not decoding.errors:
            return DecodeResult(value, (), decoding.chosen)
        issues = self._placer.place(errors, draft, decoding)
        if self._leave_invalid_defaults(issue.location.field for issue in issues):
            return self.validate(draft, branches, context=context, original=original)
        return DecodeResult(None if issues else value, issues, decoding.chosen)

    @cached_property
    def _keeping_validator(self) -> SchemaValidator:
        return keeping_validator(self._schema)

    def _leave_invalid_defaults(self, fields: Iterable[Field]) -> bool:
        """Find defaults that the model itself refuses as input (``name: str = None``).

        pydantic does not validate defaults, so an untouched one must not be given as input. Such a default is
        found when it is first refused, and remembered.
        """
        changed = False
        for field in set(fields) - self._tried:
            self._tried.add(field)
            if not field.is_fallback and field.default is not MISSING and not _is_stable(field):
                field.is_fallback = changed = True
        if changed:
            finish(self.root)
        return changed

    # ------------------------------------------------------------- locations

    def field_at(
        self, path: Path, values: Any = None, pins: Mapping[Path, int] | None = None
    ) -> Field | None:
        """Return the position at a path of the drafts, or None if there can be none.

        Fields of one name may differ from branch to branch of a union: the drafts say which branch it is.
        """
        field, draft = self.root, values
        for depth, part in enumerate(path):
            node = bare(field.node)
            found = None
            if isinstance(node, UnionNode) and isinstance(draft, dict | list):
                index = node.choice(draft, DecodeContext(pins or {}), path[:depth])
                found = None if index is None else node.branches[index].node.child(part, draft)
            found = found or node.child(part, draft)
            if found is None:
                return None
            field, draft = found, get(draft, (part,), None)
        return field

    def has(self, path: Path) -> bool:
        """Whether there can be a field, row or object at a path, at any index of rows."""
        return self.field_at(path) is not None

    def resolve_loc(self, loc: Path, values: Any) -> Path | None:
        """Return the form's path for a location in the model's data, or None if there is none.

        Args:
            loc: The location, which has aliases and dict keys.
            values: The drafts of the whole.
        """
        field, draft, path = self.root, values, ()
        position = 0
        while position < len(loc):
            # A union's tag, and other parts that pydantic adds, are no field and are skipped.
            step = field.node.follow(loc[position:], draft)
            if step is None:
                if not isinstance(bare(field.node), UnionNode):
                    return None
                position += 1
                continue
            position += step.length
            field = step.field
            draft = get(draft, step.path, None)
            path += step.path
        return path

    def locate_error(self, loc: Path, values: Any) -> ErrorLocation:
        """Return the field that an error with this pydantic ``loc`` belongs to."""
        return self.root.locate_error(loc, values, ())

    def computed(self, value: Any) -> dict[str, Any]:
        """Return the computed fields of a value, its objects and its rows, as JSON by dotted name."""
        return computed_in(self.root, value)


def _is_stable(field: Field) -> bool:
    """Return whether a default is valid input that validation does not change; True if that is unknown."""
    if field.checker is None:
        return True
    try:
        return bool(field.checker().validate_python(field.default) == field.default)
    except ValidationError:
        return False
    except (
        Exception
    ):  # a validator that needs the rest of the model, or a value that cannot be compared
        return True
