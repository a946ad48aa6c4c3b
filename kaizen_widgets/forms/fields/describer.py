"""Describes the fields of a tree as `FieldNode`s: their controls, texts and limits."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, cast, get_args

from kaizen_widgets.forms.fields.container_nodes import DictNode, ListNode, TupleNode
from kaizen_widgets.forms.fields.field_node import (
    FieldBranch,
    FieldKind,
    FieldNode,
    FieldOption,
    FormDescription,
)
from kaizen_widgets.forms.fields.hint import NO_HINT, Hint, hint_of
from kaizen_widgets.forms.fields.leaf_nodes import ChoiceLeaf, LeafNode, NumberLeaf, OpaqueLeaf
from kaizen_widgets.forms.fields.object_nodes import ObjectNode, bare
from kaizen_widgets.forms.fields.tagged_union import TaggedUnion
from kaizen_widgets.forms.fields.type_node import Field, TypeNode
from kaizen_widgets.forms.fields.union_nodes import UnionNode
from kaizen_widgets.forms.paths import MISSING, join, name_of

_ALIASES: Final = {"textarea": "long_text", "colour": "color", "multiselect": "multi_select"}
_ALLOWED: Final = {
    "text": {"text", "long_text", "password", "color"},
    "long_text": {"text", "long_text"},
    "number": {"number", "slider"},
    "select": {"select", "radio"},
    "checkbox": {"checkbox", "select"},
    "list": {"list", "multi_select"},
    "file": {"file", "text", "long_text"},
}
"""The controls a hint may choose, by the control a type has without one."""
_KINDS: Final = frozenset(get_args(FieldKind))

SLIDER_STEPS: Final = 100
"""Integers with a wider range than this get a text box in place of a slider."""


class Describer:
    """Describes one tree.

    Args:
        hints: By name, `*` for any row; they override those of the model.
        selects: Names of root fields drawn as selects, because the form is given their options separately.
        is_existing: Whether the form edits an existing object, whose frozen fields are read-only.
    """

    def __init__(
        self,
        hints: Mapping[str, Hint],
        *,
        selects: frozenset[str] = frozenset(),
        is_existing: bool = False,
    ) -> None:
        self._hints = hints
        self._selects = selects
        self._is_existing = is_existing
        self._within: list[TypeNode] = []
        self._repeated: dict[TypeNode, str] = {}
        self._path: list[str] = []

    def describe(self, root: Field) -> FormDescription:
        """Return the description of a tree."""
        described = FieldNode(**self._facts(root))
        if self._selects:
            described = described.model_copy(
                update={"fields": tuple(map(self._as_select, described.fields))}
            )
        definitions: dict[str, FieldNode] = {}
        while missing := [node for node, ref in self._repeated.items() if ref not in definitions]:
            for node in missing:
                body = self._body(node, NO_HINT, None)
                definitions[self._repeated[node]] = FieldNode(**body)
        return FormDescription(root=described, definitions=definitions)

    def _as_select(self, field: FieldNode) -> FieldNode:
        is_select = field.name in self._selects and field.kind in ("text", "long_text", "number")
        return field.model_copy(update={"kind": "select"}) if is_select else field

    def _at(self, part: str, field: Field, **more: Any) -> FieldNode:
        """Return the description of a field one step below."""
        self._path.append(part)
        facts = self._facts(field)
        self._path.pop()
        return FieldNode(**{**facts, **more})

    def _facts(self, field: Field) -> dict[str, Any]:
        own = self._hints.get(join(tuple(self._path)))
        hint = own.over(field.hint) if own else field.hint
        node = bare(field.node)
        is_opaque = isinstance(node, OpaqueLeaf)
        deprecated = hint.deprecated or ""
        return {
            "name": field.name,
            "label": hint.label or field.label or node.title or "",
            # Help taken from a docstring may contain reST code marks.
            "help": (node.why if is_opaque else hint.help or "").replace("``", ""),
            "placeholder": hint.placeholder or "",
            "group": hint.group or "",
            "required": field.required and not field.is_derived,
            "nullable": field.nullable,
            "read_only": bool(hint.read_only or is_opaque or (self._is_existing and field.frozen)),
            "deprecated": deprecated if isinstance(deprecated, str) else "This is deprecated.",
            "rows": hint.more.get("rows"),
            "accept": _accepted(hint.more.get("accept")),
            **self._body_or_ref(node, hint, field),
        }

    def _body_or_ref(self, node: TypeNode, hint: Hint, field: Field) -> dict[str, Any]:
        if node in self._within:
            ref = self._repeated.setdefault(node, self._id_of(node))
            return {"kind": node.kind, "ref": ref}
        return self._body(node, hint, field)

    def _id_of(self, node: TypeNode) -> str:
        name = node.title or node.kind
        taken = set(self._repeated.values())
        return next(
            ref for n in range(1, 1000) if (ref := name if n == 1 else f"{name}{n}") not in taken
        )

    def _body(self, node: TypeNode, hint: Hint, field: Field | None) -> dict[str, Any]:
        """Return the part of a description that depends only on the type, not on its position."""
        self._within.append(node)
        try:
            match node:
                case ObjectNode():
                    return {"kind": "object", "fields": self._fields(node)}
                case ListNode():
                    return self._list(node, hint, field)
                case TupleNode():
                    return self._tuple(node)
                case DictNode():
                    return self._dict(node)
                case UnionNode():
                    return self._union(node)
                case LeafNode():
                    return self._leaf(node, hint, field)
                case _:
                    return {"kind": node.kind}
        finally:
            self._within.pop()

    def _fields(self, node: ObjectNode) -> tuple[FieldNode, ...]:
        shown = []
        for name, field in node.fields.items():
            hint = self._hint_at(name, field)
            if not hint.hidden:
                shown.append((hint.order, self._at(name, field)))
        for name, field in node.computed.items():
            hint = self._hint_at(name, field)
            if not hint.hidden:
                computed = {"kind": "computed", "read_only": True, "required": False}
                shown.append((hint.order, self._at(name, field, **computed)))
        # Fields without an order follow those with one, in the model's order.
        shown.sort(key=lambda one: (one[0] is None, one[0] or 0))
        return tuple(field for _, field in shown)

    def _hint_at(self, part: str, field: Field) -> Hint:
        own = self._hints.get(join((*self._path, part)))
        return own.over(field.hint) if own else field.hint

    def _list(self, node: ListNode, hint: Hint, field: Field | None) -> dict[str, Any]:
        item = bare(node.item.node)
        options = _options(item, hint) if isinstance(item, ChoiceLeaf) else ()
        kind = "multi_select" if node.is_multi_select else _chosen("list", hint)
        kind = kind if kind != "multi_select" or options else "list"
        row = self._at("*", node.item)
        if kind == "list" and row.label in ("", "Item"):
            label = hint.label or (field.label if field else "") or node.title or ""
            row = row.model_copy(update={"label": _singular(label)})
        return {"kind": kind, "options": options, "item": row, **_lengths(node.constraints)}

    def _tuple(self, node: TupleNode) -> dict[str, Any]:
        items = []
        for index, field in enumerate([*node.before, *node.after]):
            item = self._at(str(index), field, name=str(index))
            if not item.label:
                item = item.model_copy(update={"label": f"Part {index + 1}"})
            items.append(item)
        described: dict[str, Any] = {"kind": "tuple", "fields": tuple(items)}
        if node.rows is not None:
            described["item"] = self._at("*", node.rows)
        return described

    def _dict(self, node: DictNode) -> dict[str, Any]:
        self._path.append("*")
        names, item = self._at("0", node.key), self._at("1", node.value)
        self._path.pop()
        return {"kind": "dict", "names": names, "item": item, **_lengths(node.constraints)}

    def _union(self, node: UnionNode) -> dict[str, Any]:
        tags = node.tag_names[:1] if isinstance(node, TaggedUnion) else []
        branches = []
        for index, branch in enumerate(node.branches):
            described = FieldNode(**self._facts(branch.field))
            # The branch picker already shows a tag that has one value.
            fields = [
                field
                for field in described.fields
                if field.name not in tags or len(field.options) > 1
            ]
            described = described.model_copy(update={"fields": tuple(fields)})
            branches.append(
                FieldBranch(tag=str(index), label=str(branch.field.label), node=described)
            )
        return {"kind": "union", "branches": tuple(branches)}

    def _leaf(self, leaf: LeafNode, hint: Hint, field: Field | None) -> dict[str, Any]:
        kind = leaf.control
        if isinstance(leaf, NumberLeaf) and field is not None and _is_slider(leaf, field):
            kind = "slider"
        kind = _chosen(kind, hint)
        limits = leaf.constraints
        return {
            "kind": cast("FieldKind", kind) if kind in _KINDS else "unsupported",
            "options": _options(leaf, hint) if isinstance(leaf, ChoiceLeaf) else (),
            "whole": bool(limits.get("integer") or limits.get("path")),
            "aware": bool(limits.get("aware")),
            **_limits(kind, limits, hint),
        }


def _chosen(kind: str, hint: Hint) -> str:
    """Return the control that a hint chooses, if the type allows it."""
    requested = hint.widget or hint.more.get("format") or kind
    wanted = _ALIASES.get(requested, requested) if isinstance(requested, str) else kind
    base = "number" if kind == "slider" else kind
    return wanted if wanted in _ALLOWED.get(base, ()) else kind


def _is_slider(leaf: NumberLeaf, field: Field) -> bool:
    """Whether a slider can show every value: it has both ends, and a first value."""
    low, high = leaf.constraints.get("min"), leaf.constraints.get("max")
    if not isinstance(low, int | float) or not isinstance(high, int | float) or field.nullable:
        return False
    return field.default is not MISSING and (
        not leaf.constraints.get("integer") or high - low <= SLIDER_STEPS
    )


def _options(leaf: ChoiceLeaf, hint: Hint) -> tuple[FieldOption, ...]:
    labels = hint.options
    return tuple(
        FieldOption(value=option.key, label=str(labels.get(option.key, option.label)))
        for option in leaf.options
    )


def _lengths(constraints: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "min_items": constraints.get("minItems") or 0,
        "max_items": constraints.get("maxItems"),
    }


def _limits(kind: str, limits: Mapping[str, Any], hint: Hint) -> dict[str, str | None]:
    """Return the ends and the step of a number."""
    low, high = limits.get("min"), limits.get("max")
    # The integer next to an excluded end is known; a fraction next to it is not, so it has no end.
    if limits.get("integer") and low is None and limits.get("exclusiveMin") is not None:
        low = limits["exclusiveMin"] + 1
    if limits.get("integer") and high is None and limits.get("exclusiveMax") is not None:
        high = limits["exclusiveMax"] - 1
    step = hint.more.get("step", limits.get("multipleOf"))
    if step is None and kind in ("slider", "number"):
        step = 1 if limits.get("integer") else _fine_step(low, high)
    return {"min": _digits(low), "max": _digits(high), "step": _digits(step)}


def _fine_step(low: Any, high: Any) -> str:
    """Return a round step that divides a range into some 20 to 200 steps."""
    try:
        width = abs(Decimal(str(high)) - Decimal(str(low)))
        return f"{Decimal(1).scaleb((width / 20).adjusted()):f}" if width else "1"
    except (InvalidOperation, TypeError):
        return "1"


def _digits(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    # Never in scientific notation, which steps cannot be added to.
    return f"{Decimal(str(value)):f}" if isinstance(value, int | float | Decimal) else str(value)


def _accepted(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")


def _singular(label: str) -> str:
    """Return the label of one row of a list: "Tool" for "Tools"."""
    for ending, singular in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if len(label) > 3 and label.endswith(ending) and not label.endswith(("ss", "us", "is")):
            return label.removesuffix(ending) + singular
    return "Item"


def hints_by_name(hints: Mapping[Any, Any]) -> dict[str, Hint]:
    """Return a form's hints by dotted name."""
    return {name_of(name): hint_of(hint) for name, hint in hints.items()}
