"""Templates and conditions read data and do nothing else."""

from __future__ import annotations

import pytest

from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.templates import condition_problem, holds, render, template_problem


class Agent:
    name = "Ada"
    called = False

    def delete(self):
        Agent.called = True
        return "gone"


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ("'a' in text", "cat", True),
        ("text.lower().startswith('inv')", "INVOICE", True),
        ("value > 3", 4, True),
        ("value | length > 2", [1, 2], False),
        ("lang == 'de' and priority >= 2", {"lang": "de", "priority": 2}, True),
        ("value.name == 'Ada'", Agent(), True),
        ("items.text == 't'", {"items": {"text": "t"}}, True),
        ("text == ''", None, True),
    ],
)
def test_conditions_see_text_value_and_fields(condition, value, expected):
    assert holds(condition, value) is expected


@pytest.mark.parametrize(
    "condition",
    [
        "().__class__.__base__.__subclasses__()",
        "value.__class__",
        "value.delete()",
        "text.__class__.__mro__",
        "''['__class__']",
        "'%1000000000d' % 1",
        "'x' * 10000000000",
        "10 ** 100000000 > 1",
        "'x'.center(10000000000)",
        "'{:>10000000000}'.format(1)",
        "range(1000000000) | list",
        "[1] * 10000000000",
        "cycler",
        "lipsum(n=100000)",
        "'x' | center(10000000000)",
        "unknown",
        "text | unknown_filter",
    ],
)
def test_conditions_refuse_code_and_growth(condition):
    with pytest.raises(RunError):
        assert not holds(condition, Agent())
    assert not Agent.called


def test_a_value_cannot_be_changed():
    value = {"items": [1]}
    with pytest.raises(RunError):
        holds("value.update({'a': 1})", value)
    with pytest.raises(RunError):
        render("{% set _ = value['items'].append(2) %}", value)
    assert value == {"items": [1]}


def test_templates_cannot_read_files():
    with pytest.raises(RunError):
        render("{% include '/etc/passwd' %}", "t")


def test_text_is_inserted_unchanged():
    assert render("{{ text }}", "<b>{{ 7 * 7 }}</b>") == "<b>{{ 7 * 7 }}</b>"


def test_unreadable_templates_are_reported_in_advance():
    assert template_problem("{{ text }}") is None
    assert template_problem("{{ text") == "{{ is never closed: add }}"
    assert condition_problem("text in (") is not None
    assert condition_problem("'a' in text") is None
