"""One form's view of a field tree: its own hints and words, and which branches its unions stand in.

It is what `Form(model)` asks (`kaizen_widgets.forms.schema.Schema`). The tree is shared between forms; this
is not, and the form calls it under its lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.error_messages import ErrorMessages, MessageOverrides
from kaizen_widgets.forms.fields.describe import Describer, hints_of
from kaizen_widgets.forms.fields.draft_codec import DraftCodec
from kaizen_widgets.forms.fields.error_formatter import ErrorFormatter, error_name
from kaizen_widgets.forms.fields.field_tree import FieldTree
from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.forms.fields.object_nodes import ObjectNode, bare
from kaizen_widgets.forms.fields.secret_drafts import has_secrets, hidden
from kaizen_widgets.forms.fields.selected_branches import SelectedBranches
from kaizen_widgets.forms.fields.type_node import Field
from kaizen_widgets.forms.fields.union_nodes import UnionNode
from kaizen_widgets.forms.fields.valid_subset import valid_subset
from kaizen_widgets.forms.paths import (
    MISSING,
    Name,
    Path,
    get,
    join,
    name_of,
    parse,
    path_of,
)
from kaizen_widgets.forms.resolver import Resolved, ResolverContext
from kaizen_widgets.forms.row_moves import RowMove


class FormFields:
    """The fields of one form.

    Args:
        model: A model class, or anything a pydantic `TypeAdapter` takes.
        hints: How fields look in this form, by name; `*` stands for any row.
        messages: What to say in this form, by field and error type.

    Attributes:
        tree: The model's.

    Raises:
        FormError: A required field has a type that no form can show, or a hint is for no field.
    """

    def __init__(
        self,
        model: Any,
        *,
        hints: Mapping[str, Hint | Mapping[str, Any]] | None = None,
        messages: MessageOverrides | None = None,
    ) -> None:
        self.tree = FieldTree.of(model)
        self._hints = hints_of(hints or {})
        self._wording = ErrorFormatter(ErrorMessages(messages or {}), self._hints)
        self._branches = SelectedBranches()
        self._has_secrets = has_secrets(self.tree.root)
        self._values: Callable[[], Any] = lambda: None
        for name in self._hints:
            self._known(parse(name.replace("*", "0")))

    # ------------------------------------------------- what the form asks

    def bind(self, values: Callable[[], Any]) -> None:
        """Ask this for the form's drafts, which say what stands where in unions."""
        self._values = values

    def draft(self, value: Any = MISSING) -> Any:
        """Return the drafts of a value (an instance, or a mapping of some fields), or blank ones.

        The unions stand in that value's branches from then on.
        """
        pins: dict[Path, int] = {}
        try:
            if value is MISSING or value is None:
                return self.tree.blank()
            draft = self.tree.draft(value, pins)
            if isinstance(bare(self.tree.root.node), ObjectNode) and not isinstance(
                draft, dict | None
            ):
                raise FormError(
                    f"{type(value).__name__} is no value for a form of {self._model_name}: give an "
                    "instance, or a mapping of fields to values."
                )
            return draft
        finally:
            self._branches.begin(pins)

    def draft_at(self, name: str, value: Any, values: Any = None) -> Any:
        """Return the draft of a Python value for one field; a draft comes back as it is."""
        pins: dict[Path, int] = {}
        path = parse(name)
        draft = self.tree.draft_at(path, value, values, pins, known=self._branches.pins)
        self._branches.put(path, pins)
        return draft

    def typed(self, name: str, draft: Any) -> Any:
        """Return what a user typed, as it was typed, but for secrets, which are hidden."""
        if not self._has_secrets:
            return draft
        path, pins = parse(name), self._branches.pins
        slot = self.tree.field_at(path, self._values(), pins)
        return draft if slot is None else hidden(slot, draft, path, pins)

    def row_draft(self, name: str, row: Any, values: Any = None) -> Any:
        """Return the draft of a new row of a list; a mapping of some fields is completed by blanks."""
        path = (*parse(name), 0)
        return self.tree.draft_at(path, row, values, known=self._branches.pins, is_complete=True)

    def begin_anew(self) -> None:
        """Let the unions stand in the branches of the defaults: the form was reset to them."""
        self._branches.begin_anew()

    def moved(self, moved: RowMove) -> None:
        """Let branches follow their rows."""
        self._branches.move(moved)

    def has(self, name: str) -> bool:
        """Whether there can be a field, row or group of this dotted name, with any index of rows."""
        return self.tree.has(parse(name))

    def place(self, loc: tuple[Any, ...], values: Any) -> str | None:
        """Return the name under which an error with this ``loc`` belongs; None if nowhere.

        pydantic's own locations name aliases and tags of unions; those of other servers, fields alone.
        """
        if not loc:
            return ""
        way = self.tree.way(loc, values)
        if way is None:
            spot = self.tree.place(loc, values)
            way = spot.path if spot.path and self.tree.has(spot.path) else None
        if way is None:
            return None
        slot = self.tree.field_at(way, values)
        return error_name(way, is_own=slot is not None and _has_rows(slot, get(values, way, None)))

    def resolve(self, values: Any, context: ResolverContext, /) -> Resolved:
        """Return the model's value of these drafts, or the errors of all fields: a `Resolver`."""
        judged = self.tree.validate(values, self._branches.pins, context=context.extra)
        self._branches.chosen = judged.chosen
        if not judged.found:
            return Resolved(judged.value)
        all_types = context.criteria_mode == "all"
        told = [self._wording.told(found, all_types=all_types) for found in judged.found]
        return Resolved(errors=dict(told))

    def valid_subset(
        self, drafts: Any, before: Any, names: Iterable[str]
    ) -> tuple[Any, frozenset[str]]:
        """Return the model's value with as many of the named fields as will do, and which these are.

        Raises:
            FormError: The model has no named fields.
        """
        if not isinstance(drafts, Mapping) or not isinstance(before, Mapping):
            raise FormError(f"{self._model_name} has no named fields, so no part of it is sound.")
        pins = self._branches.pins
        return valid_subset(lambda part: self.tree.validate(part, pins), drafts, before, names)

    # ---------------------------------------------------------------- unions

    def union_at(self, path: Path, values: Any) -> tuple[Field, UnionNode]:
        """Return the union at a path.

        Raises:
            FormError: There is none.
        """
        slot = self.tree.field_at(path, values, self._branches.pins)
        node = bare(slot.node) if slot is not None else None
        if slot is None or not isinstance(node, UnionNode):
            raise FormError(f"{join(path) or 'The form'} is no union: it has no branches.")
        return slot, node

    def branch(self, name: Name, values: Any) -> int | None:
        """Return the branch a union stands in; None if what is there fits none."""
        path = path_of(name)
        _, node = self.union_at(path, values)
        draft = get(values, path, None)
        return None if draft is None else self._branches.at(node, draft, path)

    def choose(self, name: Name, index: int, values: Any) -> Any:
        """Let a union stand in another branch, and return the draft for it: what was there last, or a blank.

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
        """The branches that the last validation went into, by path."""
        return self._branches.chosen

    # ------------------------------------------------------------ for a panel

    def describe(self) -> dict[str, Any]:
        """Return the fields as JSON for a browser, without values; see `Description`."""
        return Describer(DraftCodec({}), self._hints).whole(self.tree.root)

    def to_wire(self, name: Name, draft: Any) -> Any:
        """Return the draft of a field or group as JSON for a browser; a secret as ``{"secret": true}``."""
        path = path_of(name)
        return DraftCodec(self._branches.pins).write(self._known(path), draft, path)

    def from_wire(self, name: Name, raw: Any, current: Any = MISSING) -> Any:
        """Return the draft of what a browser sent for a field or group.

        Args:
            name: Of the field.
            raw: What was sent.
            current: The draft there now: secrets that come back as ``{"secret": true}`` are taken from it.
        """
        path = path_of(name)
        return DraftCodec(self._branches.pins).read(self._known(path), raw, current, path)

    def blank(self, name: Name = "") -> Any:
        """Return the draft of a new form, row, or value of a field."""
        return self.tree.blank(path_of(name), self._values(), self._branches.pins)

    def computed(self, value: Any) -> dict[str, Any]:
        """Return what the model computes, as JSON, by name; empty where there is no value."""
        return {} if value is None else self.tree.computed(value)

    def _known(self, path: Path) -> Field:
        slot = self.tree.field_at(path, self._values(), self._branches.pins)
        if slot is None:
            raise FormError(f"The form has no field {join(path)!r}.")
        return slot

    @property
    def _model_name(self) -> str:
        return getattr(self.tree.model, "__name__", str(self.tree.model))

    def __repr__(self) -> str:
        return f"FormFields({self._model_name})"


def _has_rows(slot: Field, draft: Any) -> bool:
    return bare(slot.node).is_array and (draft is None or isinstance(draft, list))
