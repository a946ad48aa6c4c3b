"""The fields of a policy, and its conditions as rows and groups.

A server's conditions are ``{"all": [...]}``, ``{"any": [...]}`` and ``{"field", "op", "value"}``. A
`ConditionGroup` has the conditions and the groups of such a list apart, which means the same; conditions that
it cannot show are refused, and stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.fields.hint import Hint

MAX_DEPTH = 20
"""Groups inside each other that a server accepts."""
FIELD = r"^(user|resource|context)(\.[A-Za-z0-9_-]+)+$"
OPERATORS = {
    "eq": "is",
    "ne": "is not",
    "gt": "is more than",
    "gte": "is at least",
    "lt": "is less than",
    "lte": "is at most",
    "in": "is one of",
    "not_in": "is none of",
    "contains": "contains",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "matches": "matches",
    "exists": "exists",
    "not_exists": "does not exist",
}
"""What a server's operators are called."""
WITHOUT_VALUE = ("exists", "not_exists")
_LISTS = ("in", "not_in")

Operator = Literal[
    "eq",
    "ne",
    "gt",
    "gte",
    "lt",
    "lte",
    "in",
    "not_in",
    "contains",
    "starts_with",
    "ends_with",
    "matches",
    "exists",
    "not_exists",
]


class Condition(BaseModel):
    """One condition on a field; the value of ``in`` is a list with commas."""

    model_config = ConfigDict(extra="forbid")

    field: Annotated[
        str,
        Field(pattern=FIELD),
        Hint(
            placeholder="context.environment",
            messages={
                "missing": "Name a field",
                "string_pattern_mismatch": "Begin with user., resource. or context.",
            },
        ),
    ]
    op: Annotated[Operator, Hint(label="Test", options=OPERATORS)] = "eq"
    value: Annotated[str, Hint(placeholder="production")] = ""


class ConditionGroup(BaseModel):
    """Conditions and groups of which all, or any, must hold."""

    model_config = ConfigDict(extra="forbid", title="Group")

    match: Annotated[
        Literal["all", "any"],
        Hint(label="When", options={"all": "All of these hold", "any": "Any of these holds"}),
    ] = "all"
    conditions: Annotated[list[Condition], Field(default_factory=list)]
    groups: Annotated[list[ConditionGroup], Field(default_factory=list), Hint(label="Groups")]


class PolicyInput(BaseModel):
    """A policy as it is filled in by a user."""

    model_config = ConfigDict(extra="forbid", title="Policy")

    name: Annotated[
        str,
        Field(min_length=1, max_length=255),
        Hint(
            order=1,
            widget="text",
            placeholder="No production deploys by night",
            messages={"missing": "Name is required"},
        ),
    ]
    effect: Annotated[
        Literal["deny", "allow"],
        Hint(order=2, widget="radio", options={"deny": "Deny", "allow": "Allow"}),
    ] = "deny"
    resource_type: Annotated[
        str,
        Field(pattern=r"^[a-z_*]+$"),
        Hint(
            order=3,
            label="On",
            messages={
                "missing": "Say what the policy is on",
                "string_pattern_mismatch": "Use small letters, such as deployment, or * for everything",
            },
        ),
    ] = "deployment"
    action: Annotated[
        str,
        Field(pattern=r"^[a-z_*]+$"),
        Hint(
            order=4,
            messages={
                "missing": "Say which action",
                "string_pattern_mismatch": "Use small letters, such as create, or * for every action",
            },
        ),
    ] = "create"
    when: Annotated[
        ConditionGroup,
        Field(
            default_factory=lambda: ConditionGroup(conditions=[], groups=[]),
            description="Without conditions it always applies.",
        ),
        Hint(order=5, label="Conditions"),
    ]
    description: Annotated[
        str, Field(max_length=1000), Hint(widget="long_text", more={"rows": 2})
    ] = ""
    priority: Annotated[int, Field(ge=0, le=1000)] = 0


class DecisionInput(BaseModel):
    """An action of a user, to ask what the policies say about it."""

    model_config = ConfigDict(extra="forbid", title="Try a decision")

    user_id: Annotated[
        str, Field(min_length=1), Hint(label="User", messages={"missing": "Choose a user"})
    ]
    resource_type: Annotated[
        str, Field(min_length=1), Hint(label="On", messages={"missing": "Say on what"})
    ] = "deployment"
    action: Annotated[str, Field(min_length=1), Hint(messages={"missing": "Say which action"})] = (
        "create"
    )
    resource: Annotated[
        dict[str, str],
        Field(default_factory=dict, description="Facts that conditions read as resource.name."),
    ]
    context: Annotated[
        dict[str, str],
        Field(default_factory=dict, description="Facts that conditions read as context.name."),
    ]


def group_of(conditions: Mapping[str, Any]) -> ConditionGroup:
    """Return a server's conditions as a group.

    Raises:
        FormError: They are not of a shape that a group can show.
    """
    if not conditions:
        return ConditionGroup(conditions=[], groups=[])
    if "field" in conditions:
        return ConditionGroup(conditions=[_condition(conditions)], groups=[])
    return _group(conditions, 0)


def conditions_of(group: ConditionGroup) -> dict[str, Any]:
    """Return a group as a server's conditions; an empty one is ``{}``."""
    parts: list[dict[str, Any]] = []
    for each in group.conditions:
        condition: dict[str, Any] = {"field": each.field, "op": each.op}
        if each.op not in WITHOUT_VALUE:
            condition["value"] = value_of(each.value, each.op)
        parts.append(condition)
    # A group without parts says nothing; as "any" of nothing it would never hold.
    parts.extend(made for inner in group.groups if (made := conditions_of(inner)))
    return {group.match: parts} if parts else {}


def sentence_of(conditions: Mapping[str, Any]) -> str:
    """Return a server's conditions as a sentence, such as ``context.hour is at least 18``."""
    try:
        text = _sentence(group_of(conditions))
    except FormError:
        return "Conditions of another shape"
    return text or "Always"


def value_of(text: str, op: str = "eq") -> Any:
    """Return the value that a text stands for: a number, true, false or null, a list for ``in``, or a text.

    A text in quotes is always a text.
    """
    if op in _LISTS:
        given = _json(text)
        if isinstance(given, list):
            return given
        return [value_of(part.strip()) for part in text.split(",") if part.strip()]
    value = _json(text)
    return text if isinstance(value, list | dict) and not text.strip() else value


def text_of(value: Any) -> str:
    """Return the text that stands for a value; `value_of` returns the value again."""
    if isinstance(value, str):
        return value if value_of(value) == value else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)


def _sentence(group: ConditionGroup) -> str:
    parts = [f"{each.field} {OPERATORS[each.op]} {each.value}".strip() for each in group.conditions]
    parts += [f"({inner})" for each in group.groups if (inner := _sentence(each))]
    return {"all": " and ", "any": " or "}[group.match].join(parts)


def _json(text: str) -> Any:
    try:
        # NaN and Infinity are not JSON, although Python reads them.
        return json.loads(text, parse_constant=lambda constant: constant)
    except (ValueError, RecursionError):
        return text


def _condition(given: Mapping[str, Any]) -> Condition:
    field, op, value = given.get("field"), given.get("op"), given.get("value")
    if not isinstance(field, str) or op not in OPERATORS or set(given) - {"field", "op", "value"}:
        raise FormError("These conditions cannot be shown as rows.")
    if op in WITHOUT_VALUE:
        text = ""
    elif op in _LISTS and isinstance(value, list):
        texts = [text_of(each) for each in value]
        is_simple = not any("," in each or each != each.strip() or not each for each in texts)
        text = ", ".join(texts) if is_simple else json.dumps(value, ensure_ascii=False)
    else:
        text = text_of(value)
    return Condition.model_construct(field=field, op=op, value=text)


def _group(given: Any, depth: int) -> ConditionGroup:
    names = [name for name in ("all", "any") if isinstance(given, Mapping) and name in given]
    if (
        depth > MAX_DEPTH
        or len(names) != 1
        or len(given) != 1
        or not isinstance(given[names[0]], list)
    ):
        raise FormError("These conditions cannot be shown as rows.")
    conditions: list[Condition] = []
    groups: list[ConditionGroup] = []
    for part in given[names[0]]:
        if isinstance(part, Mapping) and "field" in part:
            conditions.append(_condition(part))
        else:
            groups.append(_group(part, depth + 1))
    if not conditions and not groups and (depth or names[0] == "any"):
        # An empty "any" never holds, an empty "all" always: left out, the group would mean something else.
        raise FormError("These conditions cannot be shown as rows.")
    return ConditionGroup.model_construct(match=names[0], conditions=conditions, groups=groups)
