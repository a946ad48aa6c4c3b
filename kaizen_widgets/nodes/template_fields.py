"""Types of config fields that hold a template or a condition; one that cannot work is refused in the form."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from kaizen_widgets.nodes.templates import condition_problem, template_problem


def _check_template(source: str) -> str:
    problem = template_problem(source)
    if problem:
        raise ValueError(f"This template cannot work: {problem}")
    return source


def _check_condition(source: str) -> str:
    problem = condition_problem(source)
    if problem:
        raise ValueError(f"This condition cannot work: {problem}")
    return source


Template = Annotated[str, AfterValidator(_check_template)]
"""A Jinja2 template."""
Condition = Annotated[str, AfterValidator(_check_condition)]
"""A Jinja2 expression that is true or false."""
