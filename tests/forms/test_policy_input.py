"""Conditions of policies as rows and groups, and back."""

import pytest

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms import Form
from kaizen_widgets.forms.policy_input import (
    MAX_DEPTH,
    PolicyInput,
    conditions_of,
    group_of,
    text_of,
    value_of,
)
from kaizen_widgets.server.organization.policy_conditions import OPERATORS as SERVER_OPERATORS
from kaizen_widgets.server.organization.policy_conditions import condition_problems

LEAF = {"field": "context.environment", "op": "eq", "value": "production"}
NESTED = {
    "all": [
        LEAF,
        {"field": "context.hour", "op": "gte", "value": 18},
        {
            "any": [
                {"field": "user.role", "op": "not_in", "value": ["org_owner", "a,b", "7"]},
                {"field": "resource.size", "op": "exists"},
            ]
        },
    ]
}


@pytest.mark.parametrize("conditions", [{}, {"all": [LEAF]}, {"any": [LEAF]}, NESTED])
def test_conditions_survive_the_form(conditions):
    group = group_of(conditions)
    form = Form(PolicyInput, default_values={"name": "P", "when": group.model_dump()})
    assert form.value is not None
    made = conditions_of(form.value.when)
    assert made == conditions
    assert list(condition_problems(made)) == []


def test_single_condition_becomes_a_group_of_one():
    assert conditions_of(group_of(LEAF)) == {"all": [LEAF]}


def test_every_operator_of_the_server_is_known():
    for op in SERVER_OPERATORS:
        condition = {"field": "user.id", "op": op, "value": ["a"] if "in" in op else "a"}
        if "exists" in op:
            del condition["value"]
        assert conditions_of(group_of({"all": [condition]})) == {"all": [condition]}


@pytest.mark.parametrize(
    "value", ["3", "x", 3, 1.5, None, True, "true", '"a"', [1], {"a": 1}, "", " 3", "مرحبا", "NaN"]
)
def test_values_keep_their_type(value):
    assert value_of(text_of(value)) == value


def test_values_of_a_list_are_separated_by_commas():
    assert value_of("org_owner, 7, true,", "in") == ["org_owner", 7, True]


@pytest.mark.parametrize(
    "conditions",
    [
        {"all": [{"any": []}]},
        {"any": []},
        {"all": [], "any": []},
        {"all": "x"},
        {"all": [7]},
        {"not": [LEAF]},
        {"field": "user.id", "op": "~", "value": 1},
        {"field": 7, "op": "eq"},
        {**LEAF, "more": 1},
    ],
)
def test_conditions_of_another_shape_are_refused(conditions):
    with pytest.raises(FormError):
        group_of(conditions)


def test_deep_conditions_are_refused():
    conditions = {"all": [LEAF]}
    for _ in range(MAX_DEPTH + 1):
        conditions = {"all": [conditions]}
    with pytest.raises(FormError):
        group_of(conditions)


def test_groups_without_conditions_are_left_out():
    group = group_of({"all": [LEAF]})
    group.groups.append(group_of({}))
    assert conditions_of(group) == {"all": [LEAF]}


def test_field_outside_of_the_three_roots_is_refused():
    form = Form(PolicyInput, default_values={"name": "P", "when": group_of(LEAF).model_dump()})
    form.set_value("when.conditions.0.field", "environment")
    assert form.trigger().wait(30) is False
    assert "user., resource. or context." in form.errors["when.conditions.0.field"].message
