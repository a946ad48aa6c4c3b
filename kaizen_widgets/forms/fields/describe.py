"""A field tree as JSON: what a browser needs to draw it, without values and without secrets.

A node has ``kind``, ``label`` and what else is not the rule (see `Description`); keys that would say "no" or
"none" are left out. A type that contains itself is drawn once more as ``{"ref": id}``, and stands under
``definitions`` by that id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

from kaizen_widgets.forms.fields.container_nodes import DictNode, ListNode, TupleNode
from kaizen_widgets.forms.fields.draft_codec import DraftCodec
from kaizen_widgets.forms.fields.hint import NO_HINT, Hint, hint_of
from kaizen_widgets.forms.fields.leaf_nodes import (
    ChoiceLeaf,
    LeafNode,
    NumberLeaf,
    OpaqueLeaf,
)
from kaizen_widgets.forms.fields.object_nodes import ObjectNode, bare
from kaizen_widgets.forms.fields.tagged_union import TaggedUnion
from kaizen_widgets.forms.fields.type_node import Field, TypeNode, UnblankError
from kaizen_widgets.forms.fields.union_nodes import UnionNode
from kaizen_widgets.forms.paths import MISSING, join, name_of


class Description(TypedDict):
    """One place, as JSON."""

    kind: NotRequired[str]
    name: NotRequired[str]
    label: NotRequired[str]
    help: NotRequired[str]
    placeholder: NotRequired[str]
    required: NotRequired[bool]
    nullable: NotRequired[bool]
    readOnly: NotRequired[bool]
    frozen: NotRequired[bool]
    deprecated: NotRequired[bool | str]
    hidden: NotRequired[bool]
    excluded: NotRequired[bool]
    derived: NotRequired[bool]
    order: NotRequired[int]
    group: NotRequired[str]
    note: NotRequired[str]
    hints: NotRequired[dict[str, Any]]
    constraints: NotRequired[dict[str, Any]]
    options: NotRequired[list[dict[str, Any]]]
    fields: NotRequired[list[Description]]
    items: NotRequired[list[Description]]
    item: NotRequired[Description]
    key: NotRequired[Description]
    value: NotRequired[Description]
    branches: NotRequired[list[dict[str, Any]]]
    discriminator: NotRequired[str]
    blank: NotRequired[Any]
    ref: NotRequired[str]


_SAME: Final = {
    "textarea": "long_text",
    "color": "colour",
    "multiselect": "multi_select",
    "text": "text",
}
_ALLOWED: Final = {
    "text": {"text", "long_text", "password", "colour"},
    "long_text": {"text", "long_text"},
    "number": {"number", "slider"},
    "select": {"select", "radio"},
    "checkbox": {"checkbox", "select"},
    "list": {"list", "multi_select"},
    "file": {"file", "text", "long_text"},
}
"""Which kinds of control may stand for which."""

SLIDER_STEPS: Final = 100
"""Whole numbers over a wider range are typed, not slid."""


class Describer:
    """Writes one tree down.

    Args:
        wire: Writes blanks.
        hints: By name, with `*` for any row: written over what the model says.
    """

    def __init__(self, wire: DraftCodec, hints: Mapping[str, Hint]) -> None:
        self._wire = wire
        self._hints = hints
        self._within: list[TypeNode] = []
        self._repeated: dict[TypeNode, str] = {}
        self._path: list[str] = []

    def whole(self, root: Field) -> dict[str, Any]:
        """Return a tree: its ``root``, and ``definitions`` of the types that contain themselves."""
        described = self.slot(root)
        definitions: dict[str, Any] = {}
        while missing := [node for node, ref in self._repeated.items() if ref not in definitions]:
            for node in missing:
                definitions[self._repeated[node]] = self.body(node, NO_HINT, None)
        return {"root": described, "definitions": definitions}

    def at(self, part: str, slot: Field, *, with_blank: bool = False) -> Description:
        """Return the description of a place one step below."""
        self._path.append(part)
        described = self.slot(slot, with_blank=with_blank)
        self._path.pop()
        return described

    def slot(self, slot: Field, *, with_blank: bool = False) -> Description:
        """Return the description of one place."""
        own = self._hints.get(join(tuple(self._path)))
        hint = own.over(slot.hint) if own else slot.hint
        node = bare(slot.node)
        said: dict[str, Any] = {
            "name": slot.name,
            "label": hint.label or slot.label or node.title,
            "help": hint.help,
            "placeholder": hint.placeholder,
            "required": slot.required and not slot.is_derived,
            "nullable": slot.nullable,
            "readOnly": hint.read_only or isinstance(node, OpaqueLeaf),
            "frozen": slot.frozen,
            "deprecated": hint.deprecated,
            "hidden": hint.hidden,
            "excluded": slot.excluded,
            "derived": slot.is_derived,
            "order": hint.order,
            "group": hint.group,
            "note": node.why if isinstance(node, OpaqueLeaf) else None,
        }
        hints = dict(hint.more)
        body = self._body_or_ref(node, hint, slot)
        if hint.widget and _SAME.get(hint.widget, hint.widget) != body.get("kind"):
            hints["widget"] = hint.widget
        said["hints"] = hints
        said |= body
        if slot.nullable or with_blank:
            said["blank"] = self._blank(slot)
        return {  # pyright: ignore[reportReturnType]
            key: value
            for key, value in said.items()
            if key in ("blank", "kind") or value not in (None, False, "", {}, [])
        }

    def _blank(self, slot: Field) -> Any:
        try:
            draft = slot.filled()
        except UnblankError:
            return None
        return None if draft is MISSING else self._wire.write(slot, draft, ())

    def _body_or_ref(self, node: TypeNode, hint: Hint, slot: Field) -> dict[str, Any]:
        if node in self._within:
            ref = self._repeated.setdefault(node, self._id_of(node))
            return {"kind": node.kind, "ref": ref}
        return self.body(node, hint, slot)

    def _id_of(self, node: TypeNode) -> str:
        name = node.title or node.kind
        taken = set(self._repeated.values())
        return next(
            ref for n in range(1, 1000) if (ref := name if n == 1 else f"{name}{n}") not in taken
        )

    def body(self, node: TypeNode, hint: Hint, slot: Field | None) -> dict[str, Any]:
        """Return what a type itself says, wherever it stands."""
        self._within.append(node)
        try:
            return self._body(node, hint, slot)
        finally:
            self._within.pop()

    def _body(self, node: TypeNode, hint: Hint, slot: Field | None) -> dict[str, Any]:
        match node:
            case ObjectNode():
                fields = [self.at(name, field) for name, field in node.fields.items()]
                fields += [self._computed(field) for field in node.computed.values()]
                return {"kind": "object", "fields": ordered(fields)}
            case ListNode():
                kind = "multi_select" if node.is_multi_select else _chosen("list", hint)
                item = bare(node.item.node)
                options = _options(item, hint) if isinstance(item, ChoiceLeaf) else []
                return {
                    "kind": kind if kind != "multi_select" or options else "list",
                    "constraints": dict(node.constraints),
                    "item": self.at("*", node.item, with_blank=True),
                    "options": options,
                }
            case TupleNode():
                places = [*node.before, *node.after]
                said: dict[str, Any] = {
                    "kind": "tuple",
                    "items": [self.at(str(n), place) for n, place in enumerate(places)],
                }
                if node.rows is not None:
                    said["item"] = self.at("*", node.rows, with_blank=True)
                return said
            case DictNode():
                self._path.append("*")
                key = self.at("0", node.key, with_blank=True)
                value = self.at("1", node.value, with_blank=True)
                self._path.pop()
                return {
                    "kind": "dict",
                    "constraints": dict(node.constraints),
                    "key": key,
                    "value": value,
                }
            case UnionNode():
                return self._union(node)
            case LeafNode():
                return self._leaf(node, hint, slot)
            case _:
                return {"kind": node.kind}

    def _union(self, node: UnionNode) -> dict[str, Any]:
        branches = []
        for index, branch in enumerate(node.branches):
            described = self.slot(branch.slot)
            one: dict[str, Any] = {"label": branch.slot.label, "node": described}
            if branch.tags:
                one["tag"] = self._plain_tag(branch.tags[0])
            try:
                draft = node.blank_of(index)
                one["blank"] = (
                    None if draft is MISSING else self._wire.write(branch.slot, draft, ())
                )
            except UnblankError:
                one["blank"] = None
            branches.append(one)
        names = node.tag_names if isinstance(node, TaggedUnion) else []
        return {"kind": "union", "branches": branches, "discriminator": names[0] if names else ""}

    @staticmethod
    def _plain_tag(tag: Any) -> Any:
        value = getattr(tag, "value", tag)
        return value if isinstance(value, str | int | float | bool) else str(value)

    def _leaf(self, leaf: LeafNode, hint: Hint, slot: Field | None) -> dict[str, Any]:
        kind = leaf.control
        if isinstance(leaf, NumberLeaf) and slot is not None and _slides(leaf, slot):
            kind = "slider"
        said: dict[str, Any] = {"kind": _chosen(kind, hint), "constraints": dict(leaf.constraints)}
        if isinstance(leaf, ChoiceLeaf):
            said["options"] = _options(leaf, hint)
        return said

    def _computed(self, field: Field) -> Description:
        said = {**self.at(field.name, field), "kind": "computed", "readOnly": True}
        said.pop("required", None)
        return said  # pyright: ignore[reportReturnType]


def ordered(fields: Sequence[Description]) -> list[Description]:
    """Return fields in the order their hints ask for; those that say nothing follow in the model's."""
    return sorted(fields, key=lambda field: (0, field["order"]) if "order" in field else (1, 0))


def _chosen(kind: str, hint: Hint) -> str:
    said = hint.widget or hint.more.get("format") or kind
    wanted = _SAME.get(said, said)
    base = "number" if kind == "slider" else kind
    return wanted if wanted in _ALLOWED.get(base, ()) else kind


def _slides(leaf: NumberLeaf, slot: Field) -> bool:
    """Whether a slider tells all there is to say: both ends, and where it stands at first."""
    low, high = leaf.constraints.get("min"), leaf.constraints.get("max")
    if not isinstance(low, int | float) or not isinstance(high, int | float) or slot.nullable:
        return False
    return slot.default is not MISSING and (
        not leaf.constraints.get("integer") or high - low <= SLIDER_STEPS
    )


def _options(leaf: ChoiceLeaf, hint: Hint) -> list[dict[str, Any]]:
    labels = hint.options
    return [
        {"value": option.key, "label": labels.get(option.key, option.label)}
        for option in leaf.options
    ]


def hints_of(hints: Mapping[Any, Any]) -> dict[str, Hint]:
    """Return a form's hints by dotted name."""
    return {name_of(name): hint_of(said) for name, said in hints.items()}
