"""The fields of one form: a field tree, with the form's own hints, messages and chosen branches.

The tree is shared between forms; this is not, and the form calls it under its lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.error_messages import ErrorMessages, MessageOverrides
from kaizen_widgets.forms.fields.container_nodes import DictNode
from kaizen_widgets.forms.fields.describer import Describer, hints_by_name
from kaizen_widgets.forms.fields.draft_codec import DraftCodec
from kaizen_widgets.forms.fields.error_formatter import ErrorFormatter, error_name
from kaizen_widgets.forms.fields.field_node import FormDescription
from kaizen_widgets.forms.fields.field_tree import FieldTree
from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.forms.fields.object_nodes import ObjectNode, bare
from kaizen_widgets.forms.fields.originals import Original
from kaizen_widgets.forms.fields.secret_drafts import has_secrets, with_secrets_hidden
from kaizen_widgets.forms.fields.selected_branches import SelectedBranches
from kaizen_widgets.forms.fields.type_node import Field
from kaizen_widgets.forms.fields.union_nodes import UnionNode
from kaizen_widgets.forms.fields.valid_subset import valid_subset
from kaizen_widgets.forms.paths import MISSING, Name, Path, get, join, name_of, parse, path_of
from kaizen_widgets.forms.resolver import Resolved, ResolverContext
from kaizen_widgets.forms.row_moves import RowMove


class FormFields:
    """The fields of one form.

    Args:
        model: A model class, or anything a pydantic `TypeAdapter` accepts.
        hints: How fields look in this form, by name; `*` stands for any row.
        messages: Messages of this form, by field and error type.

    Attributes:
        tree: The model's fields.

    Raises:
        FormError: A required field has a type that no form can show, or a hint names no field.
    """

    def __init__(
        self,
        model: Any,
        *,
        hints: Mapping[str, Hint | Mapping[str, Any]] | None = None,
        messages: MessageOverrides | None = None,
    ) -> None:
        self.tree = FieldTree.of(model)
        self._hints = hints_by_name(hints or {})
        self._formatter = ErrorFormatter(ErrorMessages(messages or {}), self._hints)
        self._branches = SelectedBranches()
        self._original: Original | None = None
        self._default_original: Original | None = None
        self._has_secrets = has_secrets(self.tree.root)
        self._values: Callable[[], Any] = lambda: None
        for name in self._hints:
            self._field(parse(name.replace("*", "0")))

    # ------------------------------------------------------------- for the form

    def bind(self, values: Callable[[], Any]) -> None:
        """Set the function that returns the form's drafts, which say which branches unions are in."""
        self._values = values

    def draft(self, value: Any = MISSING) -> Any:
        """Return the drafts of a value (an instance, or a mapping of some fields), or blank ones.

        From then on the value is the form's default: unions are in its branches, untouched fields keep its
        objects.
        """
        pins: dict[Path, int] = {}
        original = None
        try:
            if value is MISSING or value is None:
                draft, original = self.tree.blank_with_original()
                return draft
            draft, original = self.tree.draft_at((), value, pins=pins, is_complete=True)
            if isinstance(bare(self.tree.root.node), ObjectNode) and not isinstance(
                draft, dict | None
            ):
                raise FormError(
                    f"{type(value).__name__} is not a value for a form of {self._model_name}: give an "
                    "instance, or a mapping of fields to values."
                )
            return draft
        finally:
            self._branches.start(pins)
            self._original = self._default_original = original

    def draft_at(self, name: str, value: Any, values: Any = None) -> Any:
        """Return the draft of a value that a program sets for one field; a draft is returned as it is."""
        pins: dict[Path, int] = {}
        path = parse(name)
        draft, original = self.tree.draft_at(path, value, values, pins, known=self._branches.pins)
        self._branches.put(path, pins)
        self._original = self._replaced(self._original, path, original, values)
        return draft

    def default_at(self, name: str, value: Any, values: Any = None) -> Any:
        """Return the draft of a value that becomes the default of one field."""
        path = parse(name)
        draft, original = self.tree.draft_at(path, value, values, known=self._branches.pins)
        self._default_original = self._replaced(self._default_original, path, original, values)
        return draft

    def reset_field(self, name: str, values: Any) -> None:
        """Return to the objects of the default value of one field, after a reset to it."""
        path, default = parse(name), self._default_original
        original = default.at(path) if default is not None else None
        self._original = self._replaced(self._original, path, original, values)

    def _replaced(
        self, top: Original | None, path: Path, original: Original | None, values: Any
    ) -> Original | None:
        """Return an original with another one, or none, at a path."""
        if top is None and original is None:
            return None
        return (top or Original(MISSING)).replaced(self._keys(path, values), original)

    def _keys(self, path: Path, values: Any) -> list[Path]:
        """Return a path in the parts by which `Original` knows it: a row of a dict has two."""
        keys, at = [], 0
        while at < len(path):
            field = self.tree.field_at(path[:at], values, self._branches.pins)
            length = 2 if field is not None and isinstance(bare(field.node), DictNode) else 1
            keys.append(path[at : at + length])
            at += length
        return keys

    def typed(self, name: str, draft: Any) -> Any:
        """Return what a user typed, with secrets hidden."""
        if not self._has_secrets:
            return draft
        path, pins = parse(name), self._branches.pins
        field = self.tree.field_at(path, self._values(), pins)
        return draft if field is None else with_secrets_hidden(field, draft, path, pins)

    def row_draft(
        self, name: str, row: Any, values: Any = None
    ) -> tuple[Any, dict[Path, Original]]:
        """Return the draft of a new row of a list; of a mapping, missing fields are blank.

        Returns:
            The draft, and the originals of its objects by the path in the row, for `add_rows`.
        """
        path = parse(name)
        draft, original = self.tree.draft_at(
            (*path, 0), row, values, known=self._branches.pins, is_complete=True
        )
        if original is None or not original.has_instances:
            return draft, {}
        field = self.tree.field_at(path, values, self._branches.pins)
        is_dict = field is not None and isinstance(bare(field.node), DictNode)
        return draft, original.parts if is_dict else {(): original}

    def add_rows(self, name: str, rows: Mapping[int, Mapping[Path, Original]], values: Any) -> None:
        """Keep the objects of new rows of a list.

        Args:
            name: The list.
            rows: The originals that `row_draft` returned, by the index of the row.
            values: The form's drafts, with these rows.
        """
        parts = {
            (index, *key): part
            for index, originals in rows.items()
            for key, part in originals.items()
        }
        if parts:
            top = self._original or Original(MISSING)
            self._original = top.with_parts(self._keys(parse(name), values), parts)

    def reset_to_defaults(self) -> None:
        """Return to the branches and objects of the default values, after a reset to them."""
        self._branches.reset()
        self._original = self._default_original

    def move_rows(self, move: RowMove) -> None:
        """Follow the rows of a list that were moved."""
        self._branches.move(move)
        path = parse(move.name)
        if self._original is not None:
            keys = self._keys(path, self._values())
            self._original = self._original.with_rows_moved(keys, move.new_index)

    def has(self, name: str) -> bool:
        """Whether there can be a field, row or group of this dotted name, with any index of rows."""
        return self.tree.has(parse(name))

    def resolve_loc(self, loc: Path, values: Any) -> str | None:
        """Return the name of the field at a location in the model's data; None if there is none.

        Args:
            loc: The location, which has aliases and dict keys.
            values: The form's drafts.
        """
        path = self.tree.resolve_loc(loc, values)
        return None if path is None else join(path)

    def locate_error(self, loc: Path, values: Any) -> str | None:
        """Return the name of the error at a location; None if it belongs to no field.

        pydantic's own locations have aliases and tags of unions; those of other servers only fields.
        """
        if not loc:
            return ""
        path = self.tree.resolve_loc(loc, values)
        if path is None:
            located = self.tree.locate_error(loc, values)
            path = located.path if located.path and self.tree.has(located.path) else None
        if path is None:
            return None
        field = self.tree.field_at(path, values)
        has_rows = field is not None and _has_rows(field, get(values, path, None))
        return error_name(path, is_own=has_rows)

    def resolve(self, values: Any, context: ResolverContext, /) -> Resolved:
        """Return the model's value of these drafts, or the errors of all fields: a `Resolver`."""
        result = self.tree.validate(
            values, self._branches.pins, context=context.extra, original=self._original
        )
        self._branches.chosen = result.chosen
        if not result.issues:
            return Resolved(result.value)
        all_types = context.criteria_mode == "all"
        errors = [self._formatter.format(issue, all_types=all_types) for issue in result.issues]
        return Resolved(errors=dict(errors))

    def valid_subset(
        self, drafts: Any, before: Any, names: Iterable[str]
    ) -> tuple[Any, frozenset[str]]:
        """Return the largest valid subset of the named fields, merged with the previous values.

        Args:
            drafts: The drafts now.
            before: The drafts that were saved last.
            names: The names of the edited fields.

        Returns:
            The model's value (None if no subset is valid), and the names of the fields in it.

        Raises:
            FormError: The model has no named fields.
        """
        if not isinstance(drafts, Mapping) or not isinstance(before, Mapping):
            raise FormError(f"{self._model_name} has no named fields, so it has no subset of them.")
        pins, original = self._branches.pins, self._original
        return valid_subset(
            lambda part: self.tree.validate(part, pins, original=original), drafts, before, names
        )

    # ------------------------------------------------------------------- unions

    def union_at(self, path: Path, values: Any) -> tuple[Field, UnionNode]:
        """Return the union at a path.

        Raises:
            FormError: There is none.
        """
        field = self.tree.field_at(path, values, self._branches.pins)
        node = bare(field.node) if field is not None else None
        if field is None or not isinstance(node, UnionNode):
            raise FormError(f"{join(path) or 'The form'} is not a union: it has no branches.")
        return field, node

    def branch(self, name: Name, values: Any) -> int | None:
        """Return the branch a union is in; None if its draft fits none."""
        path = path_of(name)
        _, node = self.union_at(path, values)
        draft = get(values, path, None)
        return None if draft is None else self._branches.at(node, draft, path)

    def choose(self, name: Name, index: int, values: Any) -> Any:
        """Select another branch of a union, and return its draft: the one it had last, or a blank one.

        Raises:
            FormError: There is no such union or branch.
        """
        path = path_of(name)
        _, node = self.union_at(path, values)
        if not 0 <= index < len(node.branches):
            raise FormError(
                f"{name_of(name) or 'The form'} has {len(node.branches)} branches; "
                f"there is no branch {index}."
            )
        return self._branches.choose(node, path, index, get(values, path, None))

    @property
    def chosen(self) -> Mapping[Path, int]:
        """The branches that the last validation took, by path."""
        return self._branches.chosen

    # -------------------------------------------------------------- for a panel

    def description(
        self, *, selects: frozenset[str] = frozenset(), is_existing: bool = False
    ) -> FormDescription:
        """Return the description of the fields that a view draws.

        Args:
            selects: Names of root fields drawn as selects, because the form is given their options
                separately.
            is_existing: Whether the form edits an existing object, whose frozen fields are read-only.
        """
        if not self._hints:
            return _description(self.tree, selects, is_existing)
        describer = Describer(self._hints, selects=selects, is_existing=is_existing)
        return describer.describe(self.tree.root)

    def describe(self) -> dict[str, Any]:
        """Return the description of the fields as JSON; see `FormDescription`."""
        return self.description().model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def to_wire(self, name: Name, draft: Any) -> Any:
        """Return the draft of a field or group as JSON for a browser; a secret as ``{"secret": true}``."""
        path = path_of(name)
        return DraftCodec(self._branches.pins).write(self._field(path), draft, path)

    def from_wire(self, name: Name, raw: Any, current: Any = MISSING) -> Any:
        """Return the draft of JSON that a browser sent for a field or group.

        If an edit is undone by hand, the earlier draft is returned, even if its JSON contains less.

        Args:
            name: The name of the field.
            raw: The JSON.
            current: The draft there now; secrets that come back as ``{"secret": true}`` are taken from it.
        """
        path = path_of(name)
        codec, field = DraftCodec(self._branches.pins), self._field(path)
        known = self._original.at(path) if self._original is not None else None
        draft = None if known is None else known.draft
        is_known = draft is not None and draft is not MISSING
        is_known = is_known and not (self._has_secrets and has_secrets(field))
        if is_known and codec.write(field, draft, path) == raw:
            return draft
        return codec.read(field, raw, current, path)

    def blank(self, name: Name = "") -> Any:
        """Return the draft of a new form, row, or value of a field."""
        return self.tree.blank(path_of(name), self._values(), self._branches.pins)

    def computed(self, value: Any) -> dict[str, Any]:
        """Return the computed fields as JSON, by name; none where there is no value."""
        return {} if value is None else self.tree.computed(value)

    def _field(self, path: Path) -> Field:
        field = self.tree.field_at(path, self._values(), self._branches.pins)
        if field is None:
            raise FormError(f"The form has no field {join(path)!r}.")
        return field

    @property
    def _model_name(self) -> str:
        return getattr(self.tree.model, "__name__", str(self.tree.model))

    def __repr__(self) -> str:
        return f"FormFields({self._model_name})"


@lru_cache(maxsize=64)
def _description(tree: FieldTree, selects: frozenset[str], is_existing: bool) -> FormDescription:
    return Describer({}, selects=selects, is_existing=is_existing).describe(tree.root)


def _has_rows(field: Field, draft: Any) -> bool:
    return bare(field.node).is_array and (draft is None or isinstance(draft, list))
