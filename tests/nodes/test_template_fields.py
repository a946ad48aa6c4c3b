"""Prompts, templates and conditions that cannot work are refused when they are typed."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from kaizen_widgets.nodes.agent import AgentConfig
from kaizen_widgets.nodes.output import OutputConfig
from kaizen_widgets.nodes.router import RouterConfig


def route(condition):
    return RouterConfig.model_validate({"routes": [{"name": "a", "when": condition}]})


@pytest.mark.parametrize(
    "condition",
    [
        "'invoice' in text",
        "value.keyword in text",
        "priority > 3 and lang == 'de'",
        "urgent == other",
        "item in items",
        "text in allowed.values()",
        "text.lower().startswith('a')",
        "text == value",
    ],
)
def test_conditions_that_can_work_are_accepted(condition):
    assert route(condition).routes[0].when == condition


@pytest.mark.parametrize(
    "condition",
    [
        "invoice in text",
        "invoice not in text",
        "invoice == text",
        "text == invoice",
        "text != invoice",
        "invoice in text.lower()",
        "invoice in text | lower",
        "'a' in text and (refund in text or true)",
    ],
)
def test_words_without_quotes_are_refused_with_the_way_out(condition):
    with pytest.raises(ValidationError, match=r"put quotes around a word: '(invoice|refund)'"):
        route(condition)


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("text in (", "unexpected"),
        ("text | nofilter", "No filter named 'nofilter'"),
        ("text.contains('a')", "no method 'contains'"),
        ("not value.delete()", "no method 'delete'"),
    ],
)
def test_other_conditions_that_cannot_work_say_why(condition, reason):
    with pytest.raises(ValidationError, match=reason):
        route(condition)


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("Hello {{ text", "{{ is never closed: add }}"),
        ("Dear all,\n{{ text", r"never closed: add }} \(line 2\)"),
        ("Hello {% if text", "{% is never closed: add %}"),
        ("Hello {{ text }", "unexpected"),
        ("{% for x in text %}", "endfor"),
        ("{{ text.shout() }}", "no method 'shout'"),
        ("{{ 'yes' if invoice in text }}", "put quotes around a word"),
    ],
)
def test_prompts_and_templates_that_cannot_work_say_why(template, reason):
    with pytest.raises(ValidationError, match=reason):
        AgentConfig(prompt=template)
    with pytest.raises(ValidationError, match=reason):
        OutputConfig(template=template)


@pytest.mark.parametrize(
    "template",
    [
        "Dear {{ name }}",
        "{% for row in rows %}{{ loop.cycle('a', 'b') }}{% endfor %}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(text) }}",
    ],
)
def test_templates_that_can_work_are_accepted(template):
    assert OutputConfig(template=template).template == template
